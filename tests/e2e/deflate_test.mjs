// deflate_test.mjs: permessage-deflate (RFC 7692), when the setting allows it: what is agreed on, what is compressed,
// and that a bomb stops at the ceiling.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';
import { subscribe } from './lib/realtime.mjs';

const server = await Server.start({ env: { ORQESTRA_WS_COMPRESSION: 'true' } });
const plain = await Server.start();
after(() => Promise.all([server.stop(), plain.stop()]));
const tenant = await server.createTenant();
const LONG = 'the same words again and again; '.repeat(200);

// A socket that offers compression: { socket, frames }; frames know whether they came compressed.
async function open(to = server, options = { perMessageDeflate: true }) {
  const socket = new WebSocket(to.socketUrl, options);
  to.atStop(() => socket.terminate());
  const frames = new Inbox();
  socket.on('message', (bytes) => frames.push(bytes.toString()));
  const closed = new Promise((done) => socket.on('close', (code, reason) => done({ code, reason: reason.toString() })));
  await within(new Promise((done, fail) => { socket.on('open', done); socket.on('error', fail); }), 'the handshake');
  return { socket, frames, closed, received: () => socket._socket.bytesRead };
}

async function connected(userId, to, options) {
  const { token } = await tenant.token(userId);
  const client = await open(to, options);
  client.socket.send(JSON.stringify({ id: 1, connect: { token } }));
  await client.frames.next('the answer to connect');
  return client;
}

test('RFC 7692: off by default, agreed on when the setting allows it, without context takeover', async () => {
  const without = await open(plain);
  assert.equal(without.socket.extensions, '');
  const client = await open();
  assert.equal(client.socket.extensions, 'permessage-deflate');
  const parameters = client.socket._extensions?.['permessage-deflate']?.params ?? {};
  assert.ok(parameters.server_no_context_takeover && parameters.client_no_context_takeover, JSON.stringify(parameters));
  const silent = await open(server, { perMessageDeflate: false });
  assert.equal(silent.socket.extensions, '');
});

test('RFC 7692 7.1: offers that cannot be kept are passed over, the next is taken', async () => {
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13';
  for (const [offer, taken] of [
    ['permessage-deflate; client_max_window_bits', true], ['permessage-deflate; server_max_window_bits=9', false],
    ['permessage-deflate; server_max_window_bits=9, permessage-deflate', true], ['permessage-deflate; nonsense', false],
    ['permessage-deflate; client_max_window_bits=99', false],
  ]) {
    const tcp = await RawTcp.open(server);
    tcp.write(`GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\nSec-WebSocket-Extensions: ${offer}\r\n\r\n`);
    const head = await tcp.takeUntil('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 101/);
    assert.equal(/sec-websocket-extensions: permessage-deflate/i.test(head), taken, `${offer}\n${head}`);
    tcp.socket.destroy();
  }
});

test('RFC 7692: a long publication comes compressed to who agreed, plain to who did not, the same to both', async () => {
  const [small, large] = [await connected('both'), await connected('both', server, { perMessageDeflate: false })];
  for (const c of [small, large]) {
    c.socket.send(JSON.stringify({ id: 2, subscribe: { channel: 'global_system#both' } }));
    assert.ok(JSON.parse(await c.frames.next('the subscription')).subscribe);
    c.before = c.received();
  }
  await tenant.trigger('global.info', 'both', { title: 'T', message: LONG });
  const texts = [await small.frames.next('the publication'), await large.frames.next('the publication')];
  assert.equal(texts[0], texts[1]);
  assert.ok(texts[0].length > LONG.length);
  assert.ok(large.received() - large.before > LONG.length);
  assert.ok(small.received() - small.before < LONG.length / 8, `${small.received() - small.before} bytes`);
});

for (const [name, Client] of [['JSON', Centrifuge], ['Protobuf', ProtobufCentrifuge]]) {
  test(`RT-01: the official client in ${name} over compressed messages`, async () => {
    const { token, channels } = await tenant.token(`js${name}`);
    class Compressed extends WebSocket { constructor(url, protocols) { super(url, protocols, { perMessageDeflate: { threshold: 0 } }); } }
    const client = new Client(server.socketUrl, { websocket: Compressed, token });
    server.atStop(() => client.disconnect());
    client.connect();
    const { inbox } = await subscribe(client, channels[0]);
    for (const message of ['short', LONG, `${LONG} — ünï 🎉`]) {
      await tenant.trigger('global.info', `js${name}`, { title: 'T', message });
      const data = await inbox.next('a publication');
      assert.ok((name === 'JSON' ? JSON.stringify(data) : Buffer.from(data).toString()).includes(message));
    }
    client.disconnect();
  });
}

test('RFC 7692 6.1: compressed commands, also in fragments, are understood', async () => {
  const { token } = await tenant.token('frag');
  const client = await open(server, { perMessageDeflate: { threshold: 0 } });
  const text = JSON.stringify({ id: 1, connect: { token, data: LONG } });
  client.socket.send(text.slice(0, 50), { compress: true, fin: false });
  client.socket.send(text.slice(50), { compress: true, fin: true });
  assert.ok(JSON.parse(await client.frames.next('the answer')).connect);
});

// A masked frame of our own making.
function frame(first, payload) {
  const head = payload.length < 126 ? [first, 0x80 | payload.length]
    : payload.length < 65536 ? [first, 0xfe, payload.length >> 8, payload.length & 255] : assert.fail('too long');
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`))[1]) * 1024;

test('RELIABILITY 8: a frame of 64 KiB that stands for 64 MiB ends with 1009 and costs less than 1 MiB', async () => {
  const bomb = deflateRawSync(Buffer.alloc(64 << 20), { level: 9 });
  assert.ok(bomb.length < 65536 + 2048, `${bomb.length} bytes`);
  const payload = bomb.subarray(0, 65535);
  for (let i = 0; i < 3; i++) { // zlib's own state, once a loop, is not the bomb's
    const warm = await connected('warm', server, { perMessageDeflate: { threshold: 0 } });
    warm.socket.send(JSON.stringify({ id: 9, ping: {}, more: LONG }), { compress: true });
    await warm.frames.next('the answer');
    warm.socket.terminate();
  }
  const before = resident();
  const sockets = [];
  for (let i = 0; i < 8; i++) sockets.push(await connected(`bomb${i}`));
  for (const { socket } of sockets) socket._socket.write(frame(0xc1, payload));
  for (const { closed } of sockets) assert.equal((await within(closed, 'the close')).code, 1009);
  const cost = (resident() - before) / sockets.length;
  assert.ok(cost < 1 << 20, `${cost} bytes a bomb`);
});

test('RFC 7692 6: RSV1 without agreement, on a control frame or a continuation is 1002; no deflate is 1007', async () => {
  for (const [to, bytes, code] of [
    [plain, frame(0xc1, Buffer.from('{}')), 1002], [server, frame(0xc9, Buffer.alloc(0)), 1002],
    [server, Buffer.concat([frame(0x01, Buffer.from('{')), frame(0xc0, Buffer.from('}'))]), 1002],
    [server, frame(0xc1, Buffer.from([0xff, 0xff])), 1007],
  ]) {
    const client = await open(to);
    client.socket._socket.write(bytes);
    assert.equal((await within(client.closed, 'the close')).code, code);
  }
});
