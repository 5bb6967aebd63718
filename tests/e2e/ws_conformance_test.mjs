// ws_conformance_test.mjs: every clause of RFC 6455 that a server can be tested for, from the tables in lib/ws_cases.mjs
// and lib/ws_handshakes.mjs. Each row goes over connections of its own: in one packet, byte by byte (large ones in
// odd chunks), and within TLS, and must come to the same end.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { freshDirectory, Server } from './harness.mjs';
import { makeCertificate, trust } from './lib/certificate.mjs';
import { GROUPS, REPLY } from './lib/ws_cases.mjs';
import { GOOD, HANDSHAKES } from './lib/ws_handshakes.mjs';
import { OP, RawTcp, closeFrame, frame } from './lib/raw_tcp.mjs';

const files = freshDirectory();
const pair = makeCertificate(files, 'conformance');
const server = await Server.start();
const sealed = await Server.start({ env: { ORQESTRA_TLS_CERT: pair.cert, ORQESTRA_TLS_KEY: pair.key }, tls: { ca: trust(pair) } });
after(async () => {
  await server.stop();
  await sealed.stop();
  rmSync(files, { recursive: true });
});
for (const one of [server, sealed]) {
  one.token = (await (await one.createTenant()).token('conformance')).token;
}

const AT_ONCE = 12; // rows under way
const DRIP_MAX = 2000; // bytes that still go one by one
const CHUNK = 997;

async function connected(to = server) {
  const raw = await RawTcp.open(to);
  assert.equal((await raw.upgrade()).status, 101);
  raw.write(frame(OP.text, JSON.stringify({ connect: { token: to.token }, id: 1 })));
  assert.equal(JSON.parse((await raw.frame()).payload).id, 1);
  return raw;
}

// The next thing the server says, in the words of the tables.
async function event(raw) {
  const { opcode, fin, payload } = await raw.frame();
  assert.ok(fin, 'a server frame is whole');
  if (opcode === OP.pong) return `pong:${payload.toString('latin1')}`;
  if (opcode === OP.close) {
    assert.notEqual(payload.length, 1);
    assert.ok(payload.length <= 125);
    new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2));
    return `close:${payload.length ? payload.readUInt16BE() : 'none'}`;
  }
  assert.equal(opcode, OP.text);
  const text = payload.toString();
  return text === REPLY ? 'reply' : `text:${text}`;
}

const whole = (raw, bytes) => raw.write(bytes);

async function pieces(raw, bytes) {
  if (bytes.length <= DRIP_MAX) return raw.drip(bytes);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    raw.write(bytes.subarray(at, at + CHUNK));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const DELIVERIES = [['in one packet', server, whole], ['in pieces', server, pieces], ['within TLS', sealed, whole]];

async function runRow([, bytes, expected], to, deliver) {
  const raw = await connected(to);
  const closes = expected.at(-1)?.startsWith('close:');
  await deliver(raw, bytes);
  if (!closes) raw.write(frame(OP.ping, 'still here'));
  const wanted = closes ? expected : [...expected, 'pong:still here'];
  for (const one of wanted) assert.equal(await event(raw), one);
  if (closes) {
    raw.write(closeFrame(1000)); // the other half of the handshake, if the server waits for it (5.5.1)
    await raw.end();
  }
  raw.socket.destroy();
}

// All rows, a few at a time; the failures come together, with the names of their rows.
async function runAll(rows, runOne) {
  const failures = [];
  const queue = [...rows];
  const worker = async () => {
    for (let row; (row = queue.shift());) {
      await runOne(row).catch((error) => failures.push(`${row[0]}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  assert.deepEqual(failures, []);
}

for (const [clause, rows] of GROUPS) {
  for (const [how, to, deliver] of DELIVERIES) {
    test(`WS-${clause}: ${rows.length} cases, ${how}`, () => runAll(rows, (row) => runRow(row, to, deliver)));
  }
}

async function runHandshake([, changes, statuses, more = {}, body = '']) {
  const raw = await RawTcp.open(server);
  const lines = Object.values({ ...GOOD, ...changes }).flat().filter((line) => line !== null);
  raw.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  const { status, headers } = await raw.response({ toHead: lines[0].startsWith('HEAD') });
  assert.ok(statuses.includes(status), `status ${status}`);
  for (const [name, value] of Object.entries(more)) assert.equal(headers[name], value, name);
  if (status === 426) assert.equal(headers.upgrade?.toLowerCase(), 'websocket', 'RFC 9110 15.5.22');
  if (status === 101) {
    const [, key] = GOOD.key.split(': ');
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    assert.deepEqual([headers['sec-websocket-accept'], headers.upgrade.toLowerCase(), headers.connection.toLowerCase()], [accept, 'websocket', 'upgrade']);
    assert.equal(headers['content-length'], undefined);
    raw.write(frame(OP.ping, 'open'));
    assert.equal(await event(raw), 'pong:open');
  }
  raw.socket.destroy();
}

test(`WS-4.2 handshakes: ${HANDSHAKES.length} cases`, () => runAll(HANDSHAKES, runHandshake));

test('WS-5.5: a socket that has not said who it is answers pings and closes properly', async () => {
  for (const code of [1000, 1001, 4000]) {
    const raw = await RawTcp.open(server);
    await raw.upgrade({ early: frame(OP.ping, 'early') });
    assert.equal(await event(raw), 'pong:early');
    raw.write(frame(OP.ping, 'later'));
    assert.equal(await event(raw), 'pong:later');
    raw.write(closeFrame(code));
    assert.equal(await event(raw), `close:${code}`);
    await raw.end();
  }
});

test('WS-5.6: a binary message is a message, not checked for UTF-8', async () => {
  const raw = await connected();
  raw.write(frame(OP.binary, Buffer.from('ff', 'hex')));
  assert.match(await event(raw), /^close:3\d{3}$/, 'the dialect\'s own complaint, not 1007');
  raw.socket.destroy();
});

test('WS-5.5.1 7.1.1: the server closes TCP first, at once when both close frames are exchanged', async () => {
  const theirs = await connected();
  theirs.write(closeFrame(1000));
  assert.equal(await event(theirs), 'close:1000');
  await theirs.end(); // we have not closed our side
  const ours = await connected();
  ours.write(frame(OP.text, 'x', { masked: false }));
  assert.equal(await event(ours), 'close:1002');
  await ours.end(); // without an answer from us: after an error nobody need wait for one (7.1.7)
});

test('WS-7.1.5: a connection that breaks off without a close is forgotten, and the server goes on', async () => {
  for (const bytes of ['', '81', '8185', '8185000000', '0185000000006162636465']) {
    const raw = await connected();
    raw.write(Buffer.from(bytes, 'hex'));
    raw.socket.destroy();
  }
  const raw = await connected();
  raw.write(frame(OP.ping, 'on'));
  assert.equal(await event(raw), 'pong:on');
});

test('WS: the tables have what they promise', () => {
  const names = GROUPS.flatMap(([clause, rows]) => rows.map(([name]) => `${clause}: ${name}`));
  assert.equal(new Set(names).size, names.length, 'no row stands twice');
  assert.ok(names.length + HANDSHAKES.length >= 250, `${names.length} + ${HANDSHAKES.length} cases`);
});
