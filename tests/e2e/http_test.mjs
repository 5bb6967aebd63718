// http_test.mjs: HTTP/1.1 as bytes: order, limits, and everything that must be refused, not repaired.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();
await tenant.template({ eventType: 'raw', subject: 's', body: '{{n}}' });

const EVENT = (n, userId = 'raw') => JSON.stringify({ eventType: 'raw', payload: { userId }, variables: { n } });

function post(body, headers = '') {
  return `POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nX-API-Key: ${tenant.apiKey}\r\n`
    + `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

function chunkedPost(chunks, headers = '') {
  return `POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nx-api-key: ${tenant.apiKey}\r\n`
    + `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n${headers}\r\n${chunks}`;
}

const HEALTH = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

test('RFC 9112 9.3: one connection, many requests', async () => {
  const raw = await RawTcp.open(server);
  for (let i = 0; i < 3; i++) {
    raw.write(HEALTH);
    assert.equal((await raw.response()).status, 200);
    raw.write(post(EVENT(i, 'keep')));
    assert.equal((await raw.response()).json.success, true);
  }
  assert.deepEqual((await tenant.history('keep')).map((item) => item.body), ['2', '1', '0']);
});

test('RFC 9112 9.3.2: pipelined requests are answered in order, slow ones first too', async () => {
  const raw = await RawTcp.open(server);
  const missing = 'GET /api/v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n';
  const bad = post('{}');
  raw.write(post(EVENT(1, 'pipe')) + HEALTH + post(EVENT(2, 'pipe')) + missing + bad + post(EVENT(3, 'pipe')) + HEALTH);
  const statuses = [];
  for (let i = 0; i < 7; i++) statuses.push((await raw.response()).status);
  assert.deepEqual(statuses, [200, 200, 200, 404, 422, 200, 200]);
  assert.deepEqual((await tenant.history('pipe')).map((item) => item.body), ['3', '2', '1']);
});

test('RFC 9112: a hundred pipelined triggers', async () => {
  const raw = await RawTcp.open(server);
  raw.write(Array.from({ length: 100 }, (_, n) => post(EVENT(n, 'hundred'))).join(''));
  for (let i = 0; i < 100; i++) assert.equal((await raw.response()).status, 200);
  const bodies = (await tenant.history('hundred', '?limit=100')).map((item) => item.body);
  assert.deepEqual(bodies, Array.from({ length: 100 }, (_, i) => String(99 - i)));
});

test('RFC 9112 2.2: one byte at a time is the same', async () => {
  const raw = await RawTcp.open(server);
  await raw.drip(post(EVENT('drip', 'drip')));
  assert.equal((await raw.response()).status, 200);
  await raw.drip(chunkedPost(`5\r\n${EVENT('x', 'drip').slice(0, 5)}\r\n`));
  const rest = EVENT('x', 'drip').slice(5);
  await raw.drip(`${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`);
  assert.equal((await raw.response()).status, 200);
});

test('RFC 9112 7.1: chunked bodies, with extensions and trailers', async () => {
  const body = EVENT('chunked', 'chunky');
  const chunks = [body.slice(0, 1), body.slice(1, 20), body.slice(20)];
  const raw = await RawTcp.open(server);
  raw.write(chunkedPost(`${chunks.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`));
  assert.equal((await raw.response()).status, 200);
  raw.write(chunkedPost(`${body.length.toString(16).toUpperCase()};name=value\r\n${body}\r\n0\r\nX-Trailer: t\r\n\r\n`));
  assert.equal((await raw.response()).status, 200);
  raw.write(HEALTH);
  assert.equal((await raw.response()).status, 200);
  assert.equal((await tenant.history('chunky')).length, 2);
});

test('RFC 9110 10.1.1: Expect: 100-continue', async () => {
  const body = EVENT('expected', 'expect');
  const [head] = post(body, 'Expect: 100-continue\r\n').split(body);
  const raw = await RawTcp.open(server);
  raw.write(head);
  assert.equal((await raw.response()).status, 100);
  raw.write(body);
  assert.equal((await raw.response()).status, 200);
});

test('RFC 9110 10.1.1: an expectation that will be disappointed gets its answer at once', async () => {
  const raw = await RawTcp.open(server);
  raw.write(`POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nx-api-key: ${tenant.apiKey}\r\n`
    + 'Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n');
  assert.equal((await raw.response()).status, 413);
  await raw.end();
  const strange = await RawTcp.open(server);
  strange.write('GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: the-unexpected\r\n\r\n');
  assert.equal((await strange.response()).status, 417);
});

test('RFC 9110 9.3.2: HEAD is GET without the body', async () => {
  const raw = await RawTcp.open(server);
  raw.write(HEALTH);
  const { headers } = await raw.response();
  raw.write(HEALTH.replace('GET', 'HEAD') + HEALTH);
  const head = await raw.response({ toHead: true });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], headers['content-length']);
  assert.equal(head.headers['content-type'], headers['content-type']);
  assert.equal((await raw.response()).status, 200);
});

test('RFC 9112 9.6: Connection: close, and HTTP/1.0', async () => {
  const closing = {
    'HTTP/1.1 close': 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'HTTP/1.0': 'GET /health HTTP/1.0\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(closing)) {
    const raw = await RawTcp.open(server);
    raw.write(bytes);
    const { status, headers } = await raw.response();
    assert.equal(status, 200, what);
    assert.equal(headers.connection, 'close', what);
    await raw.end();
  }
  const kept = await RawTcp.open(server);
  for (let i = 0; i < 2; i++) {
    kept.write('GET /health HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
    assert.equal((await kept.response()).headers.connection, 'keep-alive');
  }
});

test('RFC 9110 15.5: 404 and 405 name what would be allowed', async () => {
  assert.equal((await server.call('GET', '/no/such/page')).status, 404);
  assert.equal((await tenant.call('GET', '/api/v1/events/trigger/')).status, 404);
  const cases = [
    ['GET', '/api/v1/events/trigger', ['POST']],
    ['DELETE', tenant.feedPath('u'), ['GET']],
    ['POST', `${tenant.feedPath('u')}/x/read`, ['PUT']],
    ['PUT', '/api/v1/admin/tenants/x', ['GET', 'PATCH', 'DELETE']],
    ['POST', '/health', ['GET']],
    ['REPORT', '/health', ['GET']],
  ];
  for (const [method, path, allowed] of cases) {
    const answer = await server.call(method, path);
    assert.equal(answer.status, 405, `${method} ${path}`);
    for (const one of allowed) assert.match(answer.headers.allow, new RegExp(`\\b${one}\\b`), `${method} ${path}`);
    assert.doesNotMatch(answer.headers.allow, new RegExp(`\\b${method}\\b`));
  }
});

test('RELIABILITY-13: a body of 1 MiB passes, one byte more is 413', async () => {
  const padded = (bytes) => EVENT('big', 'big').padEnd(bytes, ' ');
  const MIB = 1024 * 1024;
  const raw = await RawTcp.open(server);
  raw.write(post(padded(MIB)));
  assert.equal((await raw.response()).status, 200);
  raw.write(post(padded(MIB + 1)).slice(0, 400));
  assert.equal((await raw.response()).status, 413);
  await raw.end();
  const chunked = await RawTcp.open(server);
  const chunk = `10000\r\n${' '.repeat(65536)}\r\n`;
  chunked.write(chunkedPost(chunk.repeat(17)));
  assert.equal((await chunked.response()).status, 413);
  assert.equal((await tenant.history('big')).length, 1);
});

test('E.8: size comes before the key', async () => {
  const raw = await RawTcp.open(server);
  raw.write('POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n');
  assert.equal((await raw.response()).status, 413);
  await raw.end();
});

test('RELIABILITY-13: long request lines, large headers, many headers', async () => {
  const ask = async (target, headers) => {
    const raw = await RawTcp.open(server);
    raw.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    const { status } = await raw.response();
    if (status >= 400 && status !== 404) await raw.end();
    return status;
  };
  assert.equal(await ask(`/health?${'x'.repeat(7000)}`, ''), 200);
  assert.ok([414, 431].includes(await ask(`/health?${'x'.repeat(9000)}`, '')));
  assert.equal(await ask('/health', `X-Large: ${'x'.repeat(15000)}\r\n`), 200);
  assert.equal(await ask('/health', `X-Large: ${'x'.repeat(17000)}\r\n`), 431);
  assert.equal(await ask('/health', 'X: y\r\n'.repeat(90)), 200);
  assert.equal(await ask('/health', 'X: y\r\n'.repeat(101)), 431);
});

test('RELIABILITY-14: what could be read in two ways is refused once and the connection closed', async () => {
  const head = 'POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n`;
  const samples = {
    'bare LF': 'GET /health HTTP/1.1\nHost: x\n\n',
    'bare LF after one header': 'GET /health HTTP/1.1\r\nHost: x\nX: y\r\n\r\n',
    'bare LF at the end': 'GET /health HTTP/1.1\r\nHost: x\r\n\n',
    'bare CR in a value': 'GET /health HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n',
    'NUL in a value': 'GET /health HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n',
    'NUL in a name': 'GET /health HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n',
    'space before the colon': 'GET /health HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n',
    'empty name': 'GET /health HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n',
    'no colon': 'GET /health HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n',
    folding: 'GET /health HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n',
    'space before the first header': 'GET /health HTTP/1.1\r\n Host: x\r\n\r\n',
    'no Host': 'GET /health HTTP/1.1\r\nX: y\r\n\r\n',
    'two Hosts': 'GET /health HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n',
    'TE and CL': `${chunked}Content-Length: 5\r\n\r\n0\r\n\r\n`,
    'CL and TE': `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'two different CL': `${head}Content-Length: 0\r\nContent-Length: 44\r\n\r\n`,
    'two equal CL': `${head}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
    'CL list': `${head}Content-Length: 0, 0\r\n\r\n`,
    'CL with sign': `${head}Content-Length: +0\r\n\r\n`,
    'CL negative': `${head}Content-Length: -1\r\n\r\n`,
    'CL hexadecimal': `${head}Content-Length: 0x0\r\n\r\n`,
    'CL empty': `${head}Content-Length: \r\n\r\n`,
    'CL with a letter': `${head}Content-Length: 5a\r\n\r\nhello`,
    'CL overflow': `${head}Content-Length: 18446744073709551616\r\n\r\n`,
    'TE identity': `${head}Transfer-Encoding: identity\r\n\r\n`,
    'TE gzip, chunked': `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    'TE chunked, identity': `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'TE twice': `${chunked}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'TE xchunked': `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'TE with a vertical tab': `${head}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
    'TE on HTTP/1.0': 'POST /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'chunk size 0x': `${chunked}\r\n0x1\r\na\r\n0\r\n\r\n`,
    'chunk size signed': `${chunked}\r\n+1\r\na\r\n0\r\n\r\n`,
    'chunk size empty': `${chunked}\r\n\r\na\r\n0\r\n\r\n`,
    'chunk size overflow': `${chunked}\r\n10000000000000001\r\na\r\n0\r\n\r\n`,
    'chunk longer than said': `${chunked}\r\n1\r\nab\r\n0\r\n\r\n`,
    'chunk ended by LF': `${chunked}\r\n1\r\na\n0\r\n\r\n`,
    'chunk size ended by LF': `${chunked}\r\n1\na\r\n0\r\n\r\n`,
    'chunk extension beyond ASCII': `${chunked}\r\n1;\xc3\xa9\r\na\r\n0\r\n\r\n`,
    'chunk extension with CR': `${chunked}\r\n1;a\rb\r\na\r\n0\r\n\r\n`,
    'HTTP/0.9': 'GET /health\r\n\r\n',
    'HTTP/1.2.3': 'GET /health HTTP/1.2.3\r\nHost: x\r\n\r\n',
    'two spaces': 'GET  /health HTTP/1.1\r\nHost: x\r\n\r\n',
    'a space in the target': 'GET /he alth HTTP/1.1\r\nHost: x\r\n\r\n',
    'a control in the target': 'GET /health\x01 HTTP/1.1\r\nHost: x\r\n\r\n',
    'method with a control': 'GE\x01T /health HTTP/1.1\r\nHost: x\r\n\r\n',
    nonsense: '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n',
  };
  const wrong = [];
  for (const [what, bytes] of Object.entries(samples)) {
    const raw = await RawTcp.open(server);
    raw.write(Buffer.from(bytes + HEALTH, 'latin1')); // the second request must never be served
    try {
      const { status, json } = await raw.response();
      assert.ok([400, 501, 505].includes(status), `status ${status}`);
      assert.ok(json.statusCode && json.error && json.message);
      await raw.end();
    } catch (error) {
      wrong.push(`${what}: ${error.message}`);
      raw.socket.destroy();
    }
  }
  assert.deepEqual(wrong, []);
});

test('E.14 RFC 3986: broken escapes in a path are refused', async () => {
  for (const segment of ['%', '%2', '%zz', '%00', '%0a', '%ff', '%c3%28']) {
    const answer = await tenant.call('GET', `/api/v1/notifications/${tenant.id}/${segment}`);
    assert.equal(answer.status, 400, `${segment}: ${answer.text}`);
  }
});

test('RELIABILITY-8: a compressed request body is refused', async () => {
  const answer = await tenant.post(EVENT(1), { headers: { 'content-encoding': 'gzip' } });
  assert.equal(answer.status, 415);
});

test('RELIABILITY-21: hostile text in every field leaves one JSON line a request', async () => {
  const nasty = '\u001b[31m"\\\u2028\u0085line{}';
  await tenant.post({ eventType: nasty, payload: { userId: nasty.slice(4) }, variables: { nasty } });
  await tenant.post(EVENT(1), { headers: { 'x-trace-id': '"}{"level":"fatal","x":"' } });
  await server.call('GET', '/%22%7D%0A%7B?token=secret-in-the-query');
  server.secrets.add('secret-in-the-query'); // harness: no such text in the log, every line parses
});

test('DESIGN: /health tells only that we live', async () => {
  const answer = await server.call('GET', '/health');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.ok(answer.json);
});
