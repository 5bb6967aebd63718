// slow_test.mjs: clients that do not read, over HTTP and WebSocket: they harm nobody, and what they get is whole.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { freshDirectory, Server } from './harness.mjs';
import { makeCertificate, trust } from './lib/certificate.mjs';
import { OP, RawTcp, frame } from './lib/raw_tcp.mjs';
import { rawUser } from './lib/realtime.mjs';

const BIG = 40000; // bytes of a message
const files = freshDirectory();
const pair = makeCertificate(files, 'slow');
const plain = await Server.start();
const sealed = await Server.start({ env: { ORQESTRA_TLS_CERT: pair.cert, ORQESTRA_TLS_KEY: pair.key }, tls: { ca: trust(pair) } });
after(async () => {
  await plain.stop();
  await sealed.stop();
  rmSync(files, { recursive: true });
});

const DEAF = 20;
const HEALTHY = 8;
const CHANNEL = 'global_system#crowd';

// Connected, subscribed, and never reading again.
async function deafSocket(server, token, channel = CHANNEL) {
  const raw = await RawTcp.open(server);
  assert.equal((await raw.upgrade()).status, 101);
  raw.write(frame(OP.text, `{"connect":{"token":"${token}"},"id":1}\n{"subscribe":{"channel":"${channel}"},"id":2}`));
  for (let replies = 0; replies < 2;) replies += (await raw.frame()).payload.toString().split('\n').length;
  raw.socket.pause();
  return raw;
}

async function gauge(server, metric) {
  return Number(new RegExp(`^orqestra_websocket_${metric} (\\d+)`, 'm').exec((await server.call('GET', '/metrics')).text)[1]);
}

const sha = (text) => createHash('sha256').update(text).digest('hex');

for (const [name, server] of [['plain', plain], ['TLS', sealed]]) {
  const tenant = await server.createTenant();

  test(`RELIABILITY-13: many answers wait for a client that does not read, and come whole and in order (${name})`, async () => {
    for (let n = 0; n < 60; n++) await tenant.trigger('global.info', 'page', { title: `${n}`, message: `${n % 10}`.repeat(BIG) });
    const path = (limit) => tenant.feedPath('page', `?limit=${limit}`);
    const pages = [];
    for (let limit = 50; limit <= 61; limit++) pages.push(sha((await tenant.call('GET', path(limit))).text));
    const raw = await RawTcp.open(server);
    raw.socket.pause();
    for (let limit = 50; limit <= 61; limit++) { // 25 MB, more than any buffer on the way takes
      raw.write(`GET ${path(limit)} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${tenant.apiKey}\r\n${limit === 61 ? 'Connection: close\r\n' : ''}\r\n`);
    }
    for (let n = 0; n < 200; n++) assert.equal((await server.call('GET', '/health')).status, 200);
    raw.socket.resume();
    for (const page of pages) {
      const { status, text } = await raw.response();
      assert.equal(status, 200);
      assert.equal(sha(text), page);
    }
    await raw.end();
  });

  test(`RELIABILITY-11: ${DEAF} sockets that never read are closed 3008; ${HEALTHY} healthy ones get everything (${name})`, async () => {
    const healthy = await Promise.all(Array.from({ length: HEALTHY }, () => rawUser(tenant, 'crowd')));
    for (const client of healthy) await client.subscribe(CHANNEL);
    const { token } = await tenant.token('crowd');
    const deaf = await Promise.all(Array.from({ length: DEAF }, () => deafSocket(server, token)));
    const closedBefore = await gauge(server, 'slow_closes_total');
    let sent = 0;
    while (await gauge(server, 'slow_closes_total') < closedBefore + DEAF) {
      assert.ok(sent < 800, 'the deaf ones are noticed at last');
      for (let n = 0; n < 20; n++) await tenant.trigger('global.info', 'crowd', { title: `${sent++}`, message: 'm'.repeat(BIG) });
    }
    for (const client of healthy) {
      for (let n = 0; n < sent; n++) assert.equal((await client.inbox.next(`publication ${n}`)).push.pub.data.title, `${n}`);
    }
    // Nobody answers the close frames: the server cuts.
    while (await gauge(server, 'connections\\{dialect="centrifuge"\\}') > HEALTHY);
    for (const raw of deaf) raw.socket.destroy();
    for (const client of healthy) await client.close();
  });
}

// What is sent to a user until its socket takes no more.
async function fill(server, tenant, users, until) {
  const sent = Object.fromEntries(users.map((user) => [user, 0]));
  for (let round = 0; !(await until()); round++) {
    assert.ok(round < 60, 'the buffers on the way are full at last');
    for (const userId of users) {
      const events = Array.from({ length: 16 }, () => ({ eventType: 'global.info', payload: { userId },
        variables: { title: `${sent[userId]++}`, message: 'm'.repeat(BIG) } }));
      assert.equal((await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } })).status, 200);
    }
  }
  return sent;
}

test('RELIABILITY-11: a socket that takes no byte while something waits is told 3008, however little waits', async () => {
  const tenant = await plain.createTenant();
  const deaf = await deafSocket(plain, (await tenant.token('still')).token, 'global_system#still');
  const before = await gauge(plain, 'stall_closes_total');
  const { still: sent } = await fill(plain, tenant, ['still'], async () => await gauge(plain, 'backlog_bytes') > 0);
  while (await gauge(plain, 'stall_closes_total') === before);
  deaf.socket.resume();
  let heard = 0;
  for (;;) {
    const { opcode, payload } = await deaf.frame();
    if (opcode === OP.close) {
      assert.equal(payload.readUInt16BE(0), 3008);
      break;
    }
    if (payload.includes('"pub"')) assert.equal(JSON.parse(payload).push.pub.data.title, `${heard++}`);
  }
  assert.ok(heard < sent);
  deaf.socket.destroy();
  while (await gauge(plain, 'backlog_bytes') > 0);
});

test('RELIABILITY-11: above slow_bytes_max those that waited longest go, until the memory fits; a healthy user gets everything', async () => {
  const server = await Server.start({ env: { ORQESTRA_SLOW_BYTES_MAX: '1' } });
  try {
    const tenant = await server.createTenant();
    const users = ['d0', 'd1', 'd2', 'd3'];
    const healthy = await rawUser(tenant, 'well');
    await healthy.subscribe('global_system#well');
    const deaf = [];
    for (const user of users) deaf.push(await deafSocket(server, (await tenant.token(user)).token, `global_system#${user}`));
    const { well: sent } = await fill(server, tenant, [...users, 'well'], async () => await gauge(server, 'memory_closes_total') > 0);
    for (let n = 0; n < sent; n++) assert.equal((await healthy.inbox.next(`publication ${n}`)).push.pub.data.title, `${n}`);
    while (await gauge(server, 'backlog_bytes') > 1024 * 1024);
    assert.equal(await gauge(server, 'slow_closes_total'), await gauge(server, 'memory_closes_total') + await gauge(server, 'stall_closes_total'));
    for (const raw of deaf) raw.socket.destroy();
    while (await gauge(server, 'backlog_bytes') > 0);
    await healthy.close();
  } finally {
    await server.stop();
    rmSync(server.data, { recursive: true, force: true });
  }
});

test('a server that drains lets a slow client have the rest of its answer', async () => {
  const server = await Server.start();
  const tenant = await server.createTenant();
  for (let n = 0; n < 100; n++) await tenant.trigger('global.info', 'page', { title: `${n}`, message: 'm'.repeat(48000) });
  const path = tenant.feedPath('page', '?limit=100');
  const whole = sha((await tenant.call('GET', path)).text);
  const raw = await RawTcp.open(server);
  raw.socket.pause();
  raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${tenant.apiKey}\r\n\r\n`);
  const answered = () => server.stderr.split('\n').filter((line) => line.includes('"http.request"') && line.includes(tenant.id)).length;
  while (answered() < 2) await new Promise((done) => server.child.stderr.once('data', done));
  const stopping = server.terminate();
  while (!server.stderr.includes('server.draining')) await new Promise((done) => server.child.stderr.once('data', done));
  raw.socket.resume();
  assert.equal(sha((await raw.response()).text), whole);
  await raw.end();
  await stopping;
  rmSync(server.data, { recursive: true });
});
