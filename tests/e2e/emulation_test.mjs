// emulation_test.mjs: centrifuge without WebSocket: a streamed answer to hear, POSTs to /emulation to speak.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import EventSource from 'eventsource';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { REPLY, connectCommand, decode, delimited, encode, split, subscribeCommand } from './lib/protobuf.mjs';
import { subscribe } from './lib/realtime.mjs';

const ORIGIN = 'https://app.example';
const server = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: ORIGIN, ORQESTRA_WORKERS: '3' } });
after(() => server.stop());
const tenant = await server.createTenant();
const text = (bytes) => Buffer.from(bytes).toString();

// An answer that does not end: its body's parts in `parts`, `ended` when it does.
function stream(method, path, { body, type, headers = {} } = {}) {
  const request = http.request(server.base + path, { method, agent: false, headers: { ...(type && { 'Content-Type': type }), ...headers } });
  server.atStop(() => request.destroy());
  const answered = new Promise((done, fail) => {
    request.on('error', fail);
    request.on('response', (response) => {
      const parts = new Inbox();
      let left = '';
      response.setEncoding('latin1');
      response.on('data', (part) => {
        left += part;
        const lines = left.split(/\n+/);
        left = lines.pop();
        for (const line of lines) if (line.trim()) parts.push(Buffer.from(line, 'latin1').toString());
      });
      const ended = new Promise((over) => response.on('close', () => { parts.end('the stream ended'); over(response.complete); }));
      done({ request, response, parts, ended, status: response.statusCode, headers: response.headers, raw: () => left });
    });
  });
  request.end(body);
  return within(answered, `the answer to ${method} ${path}`);
}

const post = (path, body, headers) => server.call('POST', path, { body, headers });
const connect = (token, id = 1) => JSON.stringify({ id, connect: { token } });

// A JSON stream that is connected: { next, say, connected }.
async function open(userId, { sse = false, headers } = {}) {
  const { token } = await tenant.token(userId);
  const s = sse
    ? await stream('GET', `/connection/sse?cf_connect=${encodeURIComponent(connect(token))}`, { headers })
    : await stream('POST', '/connection/http_stream', { body: connect(token), type: 'application/json', headers });
  assert.equal(s.status, 200);
  s.next = async (what) => JSON.parse((await s.parts.next(what)).replace(/^data: /, ''));
  s.connected = (await s.next('the answer to connect')).connect;
  const { session, node } = s.connected;
  s.say = (...commands) => post('/emulation', JSON.stringify({ session, node, data: commands.map((c) => JSON.stringify(c)).join('\n') }));
  return s;
}

const transports = (transport) => [{ transport, endpoint: `${server.base}/connection/${transport}` }];
const shims = { emulationEndpoint: `${server.base}/emulation`, eventsource: EventSource, fetch, readableStream: ReadableStream };

for (const transport of ['http_stream', 'sse']) {
  test(`RT-01: the official client over ${transport} hears what was triggered and speaks`, async () => {
    const { token, channels } = await tenant.token(`js-${transport}`);
    const client = new Centrifuge(transports(transport), { ...shims, token, minReconnectDelay: 50 });
    server.atStop(() => client.disconnect());
    const { inbox, subscription } = await (client.connect(), within(client.ready(), 'the connection'), subscribe(client, channels[0]));
    for (const title of ['first', 'second — ünï 🎉']) {
      await tenant.trigger('global.info', `js-${transport}`, { title, message: 'm' });
      assert.equal((await inbox.next('a publication')).title, title);
    }
    await assert.rejects(client.publish(channels[0], {}), { code: 103 });
    const left = new Promise((done) => subscription.on('unsubscribed', done));
    subscription.unsubscribe();
    await within(left, 'the end of the subscription');
    const over = new Promise((done) => client.on('disconnected', done));
    client.disconnect();
    await over;
  });
}

test('RT-01: the official client in Protobuf over http_stream', async () => {
  const { token, channels } = await tenant.token('pb');
  const client = new ProtobufCentrifuge(transports('http_stream'), { ...shims, token, minReconnectDelay: 50 });
  server.atStop(() => client.disconnect());
  const inbox = new Inbox();
  const subscription = client.newSubscription(channels[0]);
  subscription.on('publication', (context) => inbox.push(JSON.parse(text(context.data))));
  subscription.subscribe();
  client.connect();
  await within(subscription.ready(), 'the subscription');
  await tenant.trigger('global.info', 'pb', { title: 'in bytes — ü', message: 'm' });
  assert.equal((await inbox.next('a publication')).title, 'in bytes — ü');
  client.disconnect();
});

test('13.1 13.2: the head of a stream: no cache, no buffering, no store; a session and a node in the answer', async () => {
  for (const sse of [false, true]) {
    const s = await open('head', { sse });
    assert.equal(s.headers['cache-control'], 'private, no-cache, no-store, must-revalidate, max-age=0');
    assert.equal(s.headers.pragma, 'no-cache');
    assert.equal(s.headers['x-accel-buffering'], 'no');
    assert.equal(s.headers['transfer-encoding'], 'chunked');
    assert.equal(s.headers['content-type'], sse ? 'text/event-stream; charset=utf-8' : 'application/json; charset=utf-8');
    assert.match(s.connected.session, /^[0-9a-f-]{39}$/);
    assert.match(s.connected.node, /^[0-9a-f-]{36}$/);
    assert.equal(s.connected.ping, 25);
    assert.equal(s.connected.pong, true);
    s.request.destroy();
  }
});

test('13.3: commands of one body are done in their order, whichever loop the POST reached', async () => {
  const s = await open('order');
  for (let round = 0; round < 8; round++) {
    const id = round * 10 + 2;
    const answer = await s.say({ id, ping: {} }, { id: id + 1, unsubscribe: { channel: 'none' } },
      { id: id + 2, subscribe: { channel: 'global_system#other' } }, { id: id + 3, ping: {} });
    assert.equal(answer.status, 204);
    const replies = [];
    for (let i = 0; i < 4; i++) replies.push(await s.next('a reply'));
    assert.deepEqual(replies, [{ id, ping: {} }, { id: id + 1, unsubscribe: {} },
      { id: id + 2, error: { code: 103, message: 'permission denied' } }, { id: id + 3, ping: {} }]);
  }
  s.request.destroy();
});

test('13.1: Protobuf by hand: varint-delimited replies, commands in an envelope of bytes', async () => {
  const { token } = await tenant.token('bytes');
  const request = http.request(`${server.base}/connection/http_stream`, { method: 'POST', agent: false, headers: { 'Content-Type': 'application/octet-stream' } });
  server.atStop(() => request.destroy());
  const replies = new Inbox();
  request.on('response', (response) => {
    assert.equal(response.headers['content-type'], 'application/octet-stream');
    let left = Buffer.alloc(0);
    response.on('error', () => {});
    response.on('data', (part) => {
      left = Buffer.concat([left, part]);
      try {
        for (const message of split(left)) replies.push(decode(message));
        left = Buffer.alloc(0);
      } catch {
        // a message in pieces: the rest is on its way
      }
    });
  });
  request.end(delimited(connectCommand(1, token)));
  const connected = decode((await replies.next('the answer to connect'))[REPLY.connect][0]);
  const [session, node] = [connected[9][0], connected[10][0]];
  const envelope = encode([[1, node], [2, session], [3, delimited(subscribeCommand(2, 'global_system#bytes'))]]);
  assert.equal((await post('/emulation', envelope, { 'Content-Type': 'application/octet-stream' })).status, 204);
  assert.ok((await replies.next('the answer to subscribe'))[REPLY.subscribe]);
  request.on('error', () => {});
  request.destroy();
});

test('13.3: an end is told by a last push, then the stream is complete', async () => {
  for (const sse of [false, true]) {
    const s = await open('end', { sse });
    await s.say({ id: 9, send: {} });
    assert.deepEqual(await s.next('the last push'), { push: { disconnect: { code: 3508, reason: 'not available' } } });
    assert.equal(await within(s.ended, 'the end'), true);
  }
});

test('RT-10 13: tokens as on WebSocket: expired is error 109, invalid and missing end the stream', async () => {
  const type = 'application/json';
  const stale = await stream('POST', '/connection/http_stream', { type, body: connect(server.mint(tenant, 'stale', { exp: 1000 })) });
  assert.equal(JSON.parse(await stale.parts.next('the error')).error.code, 109);
  stale.request.destroy();
  for (const [body, code] of [[connect('not.a.token'), 3500], ['{"id":1,"connect":{}}', 3501], ['{', 3501], ['\n', 3501]]) {
    const s = await stream('POST', '/connection/http_stream', { type, body });
    assert.equal(JSON.parse(await s.parts.next('the push')).push.disconnect.code, code, body);
    assert.equal(await within(s.ended, 'the end'), true);
  }
});

test('13: what is refused before a stream begins, and why', async () => {
  const large = 'x'.repeat(65537);
  for (const [method, path, options, status] of [
    ['POST', '/connection/http_stream', {}, 400], ['POST', '/connection/http_stream', { body: large }, 413],
    ['GET', '/connection/http_stream', {}, 405], ['GET', '/connection/sse', {}, 400], ['POST', '/connection/sse', { body: '' }, 400],
    ['POST', '/connection/http_stream', { body: '{}', headers: { Origin: 'https://evil.example' } }, 403],
    ['POST', '/emulation', { body: large }, 413], ['POST', '/emulation', { body: '{' }, 400], ['POST', '/emulation', { body: '[]' }, 400],
    ['POST', '/emulation', { body: '{"session":1}' }, 400], ['POST', '/emulation', { body: '\x7f', headers: { 'Content-Type': 'application/octet-stream' } }, 400],
    ['POST', '/emulation', { body: '{"session":"s","node":"n","data":"{}"}' }, 404], ['GET', '/emulation', {}, 405],
    ['POST', '/emulation', { body: '{}', headers: { Origin: 'https://evil.example' } }, 403],
  ]) {
    const answer = await server.call(method, path, options);
    assert.equal(answer.status, status, `${method} ${path} ${answer.text}`);
    assert.ok(answer.json.message.length > 0);
  }
});

test('13.3: a session that does not exist is answered 204 and harms nobody', async () => {
  const s = await open('safe');
  const { node, session } = s.connected;
  const last = session.endsWith('0') ? '1' : '0';
  for (const other of ['', 'x', session.slice(0, -1), `${session}0`, session.slice(0, -2) + 'ff', session.slice(0, -1) + last,
    `${session[0] === 'a' ? 'b' : 'a'}${session.slice(1)}`]) {
    const answer = await post('/emulation', JSON.stringify({ session: other, node, data: '{"id":5,"send":{}}' }));
    assert.equal(answer.status, 204, other);
  }
  assert.equal((await s.say({ id: 2, ping: {} })).status, 204);
  assert.deepEqual(await s.next('the answer to ping'), { id: 2, ping: {} });
  s.request.destroy();
});

test('1.3: browsers: preflights, and the origin that may read the answer', async () => {
  for (const path of ['/connection/http_stream', '/emulation']) {
    const answer = await server.call('OPTIONS', path, { headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' } });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
    assert.equal(answer.headers['access-control-allow-headers'], 'content-type');
    assert.equal(answer.headers['access-control-allow-credentials'], 'true');
    assert.equal(answer.headers['access-control-max-age'], '300');
    assert.match(answer.headers['access-control-allow-methods'], /POST/);
  }
  const s = await open('cors', { headers: { Origin: ORIGIN } });
  assert.equal(s.headers['access-control-allow-origin'], ORIGIN);
  assert.equal(s.headers['access-control-allow-credentials'], 'true');
  s.request.destroy();
});

test('13.3: a suspended tenant\'s streams end', async () => {
  const other = await server.createTenant();
  const { token } = await other.token('u');
  const s = await stream('POST', '/connection/http_stream', { type: 'application/json', body: connect(token) });
  await s.parts.next('the answer to connect');
  await server.admin('POST', `/tenants/${other.id}/suspend`);
  assert.equal(JSON.parse(await s.parts.next('the push')).push.disconnect.code, 3503);
  assert.equal(await within(s.ended, 'the end'), true);
});

test('8: pings are sent and pongs wanted, over the two ways', async () => {
  const quick = await Server.start({ env: { ORQESTRA_PING_INTERVAL: '2', ORQESTRA_PONG_TIMEOUT: '1' } });
  try {
    const team = await quick.createTenant();
    const { token } = await team.token('u');
    const client = new Centrifuge([{ transport: 'sse', endpoint: `${quick.base}/connection/sse` }], { ...shims, emulationEndpoint: `${quick.base}/emulation`, token });
    let closes = 0;
    client.on('connecting', ({ code }) => { if (code) closes++; });
    client.connect();
    await within(client.ready(), 'the connection');
    // Another stream, which never answers a ping, is ended after one; this one has answered its own by then.
    const silent = new Promise((done, fail) => {
      const request = http.request(`${quick.base}/connection/http_stream`, { method: 'POST', agent: false });
      request.on('error', fail);
      request.on('response', (response) => {
        let all = '';
        response.on('data', (part) => (all += part));
        response.on('end', () => done(all.trim().split('\n')));
      });
      request.end(connect(token));
    });
    const lines = await within(silent, 'the end of the silent stream');
    assert.deepEqual(lines.slice(1), ['{}', '{"push":{"disconnect":{"code":3012,"reason":"no pong"}}}']);
    await client.rpc('x', {}).catch((error) => assert.ok(error.code > 100, 'answered'));
    assert.equal(closes, 0);
    client.disconnect();
  } finally {
    await quick.stop();
  }
});

test('13.3: a drain ends streams with 3001', async () => {
  const leaving = await Server.start();
  const team = await leaving.createTenant();
  const { token } = await team.token('u');
  const lines = new Inbox();
  const request = http.request(`${leaving.base}/connection/http_stream`, { method: 'POST', agent: false });
  request.on('response', (response) => {
    response.setEncoding('utf8');
    response.on('data', (part) => part.trim().split('\n').forEach((line) => lines.push(JSON.parse(line))));
    response.on('end', () => lines.push('complete'));
  });
  request.end(connect(token));
  assert.ok((await lines.next('the answer to connect')).connect);
  await leaving.stop();
  assert.deepEqual(await lines.next('the push'), { push: { disconnect: { code: 3001, reason: 'shutdown' } } });
  assert.equal(await lines.next('the end'), 'complete');
});
