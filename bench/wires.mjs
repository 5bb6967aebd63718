// wires.mjs: what each encoding and transport costs: a silent subscriber's memory, and the CPU of a delivery to a crowd of one
// format against a crowd of four.
//
//   node bench/wires.mjs [SUBSCRIBERS] [BINARY]        2000, build/release/orqestra
//
// Memory is counted as bench_fanout counts it. CPU is the server's own, over ROUNDS broadcasts to one user's subscribers, the two
// crowds taking turns on one server; a delivery counts when its bytes have arrived. Needs the node_modules of tests/.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const count = Number(process.argv[2] ?? 2000);
process.env.ORQESTRA_BIN ??= resolve(process.argv[3] ?? join(root, 'build/release/orqestra'));
const { Server } = await import('../tests/e2e/harness.mjs');
const { connectCommand, delimited, subscribeCommand } = await import('../tests/e2e/lib/protobuf.mjs');
const ROUNDS = 10, TURNS = 24; // short turns: what a delivery costs depends on how awake its receiver is, and that drifts

const anonymousBytes = ({ child }) =>
  Number(/^Anonymous:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8'))[1]) * 1024;

async function cpuSeconds(server) {
  const { text } = await server.call('GET', '/metrics');
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)[1]);
}

function frame(opcode, payload) {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]), payload]);
}

const upgrade = (query = '') => `GET /connection/websocket${query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
  + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2gtYmVuY2gtYmVuYw==\r\n\r\n';
const jsonConnect = (token) => JSON.stringify({ id: 1, connect: { token } });
const jsonSubscribe = (channel) => JSON.stringify({ id: 2, subscribe: { channel } });

// What a subscriber of each format says, and what says that it is in. Streams subscribe through /emulation.
const FORMATS = {
  JSON: { hello: (token, channel) => [upgrade(), frame(1, Buffer.from(`${jsonConnect(token)}\n${jsonSubscribe(channel)}`))], joined: '"subscribe":{' },
  Protobuf: { hello: (token, channel) => [upgrade('?format=protobuf'), frame(2, delimited(connectCommand(1, token), subscribeCommand(2, channel)))], joined: '\x08\x02\x32' },
  http_stream: { hello: (token) => [`POST /connection/http_stream HTTP/1.1\r\nHost: x\r\nContent-Length: ${jsonConnect(token).length}\r\n\r\n${jsonConnect(token)}`], joined: '"subscribe":{' },
  sse: { hello: (token) => [`GET /connection/sse?cf_connect=${encodeURIComponent(jsonConnect(token))} HTTP/1.1\r\nHost: x\r\n\r\n`], joined: '"subscribe":{' },
};

// One subscriber; `crowd.heard` counts the broadcasts that have reached it.
async function join1(server, crowd, name, token, channel) {
  const { hello, joined } = FORMATS[name];
  const socket = net.connect(server.port, '127.0.0.1');
  server.atStop(() => socket.destroy());
  for (const part of hello(token, channel)) socket.write(part);
  await new Promise((done, fail) => {
    let text = '', asked = false;
    socket.on('error', fail);
    const onData = (part) => {
      text += part.toString('latin1');
      const session = /"session":"([^"]+)","node":"([^"]+)"/.exec(text);
      if (session && !asked) {
        asked = true;
        server.call('POST', '/emulation', { body: JSON.stringify({ session: session[1], node: session[2], data: jsonSubscribe(channel) }) });
      }
      if (!text.includes(joined)) return;
      socket.off('data', onData);
      done();
    };
    socket.on('data', onData);
  });
  socket.on('data', (part) => { crowd.heard += part.toString('latin1').split('mark:').length - 1; crowd.ring?.(); });
}

async function gather(server, tenant, names, user) {
  const crowd = { heard: 0, size: count, user };
  const { token, channels } = await tenant.token(user);
  for (let n = 0; n < count; n += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - n) }, (_, i) => join1(server, crowd, names[(n + i) % names.length], token, channels[0])));
  }
  return crowd;
}

async function broadcast(tenant, crowd, rounds) {
  const target = crowd.heard + rounds * crowd.size;
  for (let i = 0; i < rounds; i++) {
    await tenant.trigger('global.info', crowd.user, { title: 'mark:', message: 'x'.repeat(100) });
    while (crowd.heard < target - (rounds - i - 1) * crowd.size) await new Promise((done) => { crowd.ring = done; });
  }
}

async function weigh(name) {
  const server = await Server.start({ env: { ORQESTRA_WORKERS: '1' } });
  const tenant = await server.createTenant();
  await new Promise((done) => setTimeout(done, 500)); // the operator's password is being hashed; its memory goes back
  const before = anonymousBytes(server);
  await gather(server, tenant, [name], 'silent');
  await new Promise((done) => setTimeout(done, 500));
  console.log(`${name.padEnd(14)} ${Math.round((anonymousBytes(server) - before) / count).toString().padStart(6)} B a silent subscriber`);
  await server.stop();
}

async function compare() {
  const server = await Server.start({ env: { ORQESTRA_WORKERS: '1' } });
  const tenant = await server.createTenant();
  const crowds = { 'all JSON': await gather(server, tenant, ['JSON'], 'alike'), 'four formats': await gather(server, tenant, Object.keys(FORMATS), 'mixed') };
  const spent = { 'all JSON': 0, 'four formats': 0 };
  for (const crowd of Object.values(crowds)) await broadcast(tenant, crowd, 5);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, crowd] of Object.entries(crowds)) {
      const before = await cpuSeconds(server);
      await broadcast(tenant, crowd, ROUNDS);
      spent[name] += await cpuSeconds(server) - before;
    }
  }
  for (const [name, seconds] of Object.entries(spent)) {
    console.log(`${name.padEnd(14)} ${Math.round(seconds / (TURNS * ROUNDS * count) * 1e9).toString().padStart(6)} ns of CPU a delivery`);
  }
  console.log(`mixed / single ${(spent['four formats'] / spent['all JSON']).toFixed(2)}`);
  await server.stop();
}

for (const name of Object.keys(FORMATS)) await weigh(name);
await compare();
