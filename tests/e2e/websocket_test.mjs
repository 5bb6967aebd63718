// websocket_test.mjs: RFC 6455 below the centrifuge protocol: handshake, frames, closing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { within } from './lib/inbox.mjs';
import { OP, RawTcp, closeFrame, frame } from './lib/raw_tcp.mjs';
import { RawClient, rawUser } from './lib/realtime.mjs';

const APP = 'https://app.example.com';
const server = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: APP } });
after(() => server.stop());
const tenant = await server.createTenant();

// A TCP connection that is a WebSocket and has a user.
async function connected(userId = 'u') {
  const raw = await RawTcp.open(server);
  assert.equal((await raw.upgrade()).status, 101);
  raw.write(frame(OP.text, JSON.stringify({ connect: { token: (await tenant.token(userId)).token }, id: 1 })));
  assert.equal(JSON.parse((await raw.frame()).payload).id, 1);
  return raw;
}

const COMMAND = '{"id":2,"unsubscribe":{"channel":"x"}}';
const REPLY = '{"id":2,"unsubscribe":{}}';

async function assertReplies(raw) {
  const { opcode, fin, payload } = await raw.frame();
  assert.deepEqual({ opcode, fin, text: payload.toString() }, { opcode: OP.text, fin: true, text: REPLY });
}

test('RFC 6455 4.2: the handshake, and a first frame in the same packet', async () => {
  const raw = await RawTcp.open(server);
  const { token } = await tenant.token('early');
  const early = frame(OP.text, JSON.stringify({ connect: { token }, id: 1 }));
  assert.equal((await raw.upgrade({ early })).status, 101);
  assert.equal(JSON.parse((await raw.frame()).payload).id, 1);
});

test('1.1: a subprotocol is echoed only if it was offered and is known', async () => {
  const offers = { 'centrifuge-json': 'centrifuge-json', 'foo, centrifuge-json': 'centrifuge-json', foo: undefined };
  for (const [offered, echoed] of Object.entries(offers)) {
    const raw = await RawTcp.open(server);
    const { status, headers } = await raw.upgrade({ headers: `Sec-WebSocket-Protocol: ${offered}\r\n` });
    assert.equal(status, 101);
    assert.equal(headers['sec-websocket-protocol'], echoed);
  }
  const plain = await RawTcp.open(server);
  assert.equal((await plain.upgrade()).headers['sec-websocket-protocol'], undefined);
  const client = await RawClient.open(server, { protocols: ['centrifuge-json'] });
  assert.equal(client.socket.protocol, 'centrifuge-json');
  await client.connect((await tenant.token('u')).token);
});

test('RFC 6455 9.1: no extension is agreed to', async () => {
  const raw = await RawTcp.open(server);
  const { headers } = await raw.upgrade({ headers: 'Sec-WebSocket-Extensions: permessage-deflate\r\n' });
  assert.equal(headers['sec-websocket-extensions'], undefined);
});

test('1.3 RELIABILITY-6: origins: ours, configured ones and none; all others get 403', async () => {
  const { port } = server;
  for (const origin of [undefined, APP, 'HTTPS://App.Example.Com', `http://127.0.0.1:${port}`]) {
    const client = await RawClient.open(server, { origin });
    await client.connect((await tenant.token('u')).token);
  }
  const foreign = ['https://evil.example', 'http://app.example.com', `${APP}:444`, `${APP}.evil.example`, 'null',
    `http://127.0.0.1:${port + 1}`, `https://evil.example/?${APP}`, `http://127.0.0.1:${port}.evil.example`];
  for (const origin of foreign) {
    const raw = await RawTcp.open(server);
    const { status } = await raw.upgrade({ headers: `Origin: ${origin}\r\n` });
    assert.equal(status, 403, `origin ${JSON.stringify(origin)}`);
  }
});

test('RFC 6455 4.2: handshakes that are none', async () => {
  const head = (lines) => `GET /connection/websocket HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`;
  const good = {
    connection: 'Connection: keep-alive, Upgrade', upgrade: 'Upgrade: WebSocket',
    version: 'Sec-WebSocket-Version: 13', key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  };
  const ask = async (change) => {
    const raw = await RawTcp.open(server);
    raw.write(head(Object.values({ ...good, ...change }).filter(Boolean)));
    return raw.response();
  };
  const sample = await ask({});
  assert.equal(sample.status, 101);
  assert.equal(sample.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='); // RFC 6455 1.3
  assert.equal((await ask({ key: null })).status, 400);
  assert.equal((await ask({ key: 'Sec-WebSocket-Key: short' })).status, 400);
  assert.equal((await ask({ key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTEyMw==' })).status, 400);
  for (const version of ['Sec-WebSocket-Version: 8', null]) {
    const { status, headers } = await ask({ version });
    assert.ok(version ? status === 426 : [400, 426].includes(status), `${version}: ${status}`);
    if (status === 426) assert.equal(headers['sec-websocket-version'], '13');
  }
  for (const change of [{ connection: null }, { upgrade: null }]) {
    assert.ok([400, 404, 426].includes((await ask(change)).status));
  }
});

test('RFC 6455 5.4: fragments, with control frames in between', async () => {
  const raw = await connected();
  raw.write(frame(OP.text, COMMAND.slice(0, 10), { fin: false }));
  raw.write(frame(OP.ping, 'mid'));
  raw.write(frame(OP.continuation, COMMAND.slice(10, 11), { fin: false }));
  raw.write(frame(OP.continuation, '', { fin: false }));
  raw.write(frame(OP.continuation, COMMAND.slice(11)));
  const pong = await raw.frame();
  assert.deepEqual([pong.opcode, pong.payload.toString()], [OP.pong, 'mid']);
  await assertReplies(raw);
});

test('RFC 6455 5.2: one byte at a time is the same', async () => {
  const raw = await connected();
  await raw.drip(frame(OP.text, COMMAND));
  await assertReplies(raw);
});

test('RFC 6455 5.5: pings are echoed, pongs ignored', async () => {
  const raw = await connected();
  const payload = Buffer.alloc(125, 'p');
  raw.write(Buffer.concat([frame(OP.pong, 'unasked'), frame(OP.ping), frame(OP.ping, payload), frame(OP.text, COMMAND)]));
  assert.deepEqual((await raw.frame()).payload, Buffer.alloc(0));
  const echo = await raw.frame();
  assert.equal(echo.opcode, OP.pong);
  assert.deepEqual(echo.payload, payload);
  await assertReplies(raw);
});

test('RFC 6455 5.5: node\'s ws gets its pong', async () => {
  const client = await rawUser(tenant, 'u');
  client.socket.ping('hello');
  const [payload] = await within(once(client.socket, 'pong'), 'a pong');
  assert.equal(payload.toString(), 'hello');
});

test('RFC 6455 5: broken frames close 1002', async () => {
  const broken = {
    'not masked': frame(OP.text, COMMAND, { masked: false }),
    'reserved bit 1': frame(OP.text, COMMAND, { reserved: 0x40 }),
    'reserved bit 3': frame(OP.text, COMMAND, { reserved: 0x10 }),
    'unknown opcode': frame(3, 'x'),
    'unknown control opcode': frame(11, 'x'),
    'long ping': frame(OP.ping, 'x'.repeat(126)),
    'fragmented ping': frame(OP.ping, 'x', { fin: false }),
    'continuation of nothing': frame(OP.continuation, 'x'),
    'text inside a text': Buffer.concat([frame(OP.text, 'x', { fin: false }), frame(OP.text, 'y')]),
    'close of one byte': frame(OP.close, 'x'),
    'close code 999': closeFrame(999),
    'close code 1005': closeFrame(1005),
    'close code 5000': closeFrame(5000),
    'length not minimal': Buffer.concat([Buffer.of(0x81, 0xfe, 0, 1), Buffer.alloc(4), Buffer.from('x')]),
  };
  for (const [what, bytes] of Object.entries(broken)) {
    const raw = await connected();
    raw.write(bytes);
    const { code } = await raw.closeFrame();
    assert.equal(code, 1002, what);
    raw.socket.destroy();
  }
});

test('RFC 6455 8.1: text that is not UTF-8 closes 1007, cleverly split or not', async () => {
  const samples = ['ff', 'c0af', 'eda080', 'f4908080', '7b22c3', 'e282'];
  for (const hex of samples) {
    const raw = await connected();
    raw.write(frame(OP.text, Buffer.from(hex, 'hex')));
    assert.equal((await raw.closeFrame()).code, 1007, hex);
    raw.socket.destroy();
  }
  const raw = await connected();
  const [a, b] = ['{"id":2,"unsubscribe":{"channel":"x"},"pad":"', '"}'];
  raw.write(frame(OP.text, Buffer.concat([Buffer.from(a), Buffer.from('e2', 'hex')]), { fin: false }));
  raw.write(frame(OP.continuation, Buffer.concat([Buffer.from('82ac', 'hex'), Buffer.from(b)])));
  await assertReplies(raw);
});

test('RFC 6455 8.1: a close reason that is not UTF-8 is refused', async () => {
  const raw = await connected();
  raw.write(frame(OP.close, Buffer.from('03e8ff', 'hex')));
  assert.ok([1002, 1007].includes((await raw.closeFrame()).code));
});

test('1.2: a length beyond the limit closes 1009 before the payload comes', async () => {
  for (const claim of [65537, 0x7fffffff]) {
    const raw = await connected();
    raw.write(frame(OP.text, '', { claim }));
    assert.equal((await raw.closeFrame()).code, 1009);
    raw.socket.destroy();
  }
});

test('RFC 6455 7.1: the closing handshake is echoed and the connection ends', async () => {
  for (const [sent, code] of [[closeFrame(1000, 'bye'), 1000], [closeFrame(4321), 4321]]) {
    const raw = await connected();
    raw.write(sent);
    assert.equal((await raw.closeFrame()).code, code);
    await raw.end();
  }
  const raw = await connected();
  raw.write(frame(OP.close));
  const { opcode } = await raw.frame();
  assert.equal(opcode, OP.close);
  await raw.end();
});

test('RFC 6455 7.1: after a close frame nothing more is answered', async () => {
  const raw = await connected();
  raw.write(Buffer.concat([closeFrame(1000), frame(OP.text, COMMAND), frame(OP.ping, 'x')]));
  assert.equal((await raw.closeFrame()).code, 1000);
  await raw.end();
});

test('RELIABILITY-7: more than 1,000 fragments, and a flood of pings, are ended', async () => {
  const raw = await connected();
  raw.write(frame(OP.text, ' ', { fin: false }));
  raw.write(Buffer.concat(Array.from({ length: 1001 }, () => frame(OP.continuation, ' ', { fin: false }))));
  assert.ok([1008, 1009, 3501].includes((await raw.closeFrame()).code));
  raw.socket.destroy();
  const flood = await connected();
  flood.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(OP.ping))));
  let last;
  do last = await flood.frame();
  while (last.opcode === OP.pong);
  assert.equal(last.opcode, OP.close);
});

test('RT-02: the endpoint is exactly /connection/websocket', async () => {
  for (const path of ['/connection/websocket/x', '/connection', '/connection/WebSocket', '/connection/websocket2']) {
    const raw = await RawTcp.open(server);
    assert.equal((await raw.upgrade({ path })).status, 404, path);
  }
  const raw = await RawTcp.open(server);
  assert.equal((await raw.upgrade({ path: '/connection/websocket?cf_protocol_version=v2' })).status, 101);
});
