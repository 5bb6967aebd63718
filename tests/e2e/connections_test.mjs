// connections_test.mjs: how many connections there may be, and what the next one is told.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Server } from './harness.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';
import { RawClient, rawUser } from './lib/realtime.mjs';

// A server with these settings for the time of `use`.
async function withServer(env, use) {
  const server = await Server.start({ env });
  await use(server);
  await server.stop();
}

const HEALTH = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

// Every connection is used once, so that it is known to be counted.
async function admitted(server) {
  const raw = await RawTcp.open(server);
  raw.write(HEALTH);
  return { raw, answer: await raw.response() };
}

async function refused(server) {
  const raw = await RawTcp.open(server);
  const { status, headers, json } = await raw.response();
  assert.equal(status, 503);
  assert.equal(json.statusCode, 503);
  assert.equal(json.error, 'Service Unavailable');
  assert.match(headers['retry-after'], /^\d+$/);
  await raw.end();
}

// The server learns of a closed connection a moment later: ask until there is room.
async function roomAgain(server) {
  for (;;) {
    const { raw, answer } = await admitted(server).catch(() => ({}));
    if (answer?.status === 200) return raw;
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('RELIABILITY-13: an address that holds its share is refused another connection', async () => {
  await withServer({ ORQESTRA_CONNECTIONS_PER_ADDRESS: '5' }, async (server) => {
    const held = [];
    for (let n = 0; n < 6; n++) { // the harness may hold one of the five itself
      const { raw, answer } = await admitted(server);
      if (answer.status === 200) held.push(raw);
    }
    assert.ok(held.length === 4 || held.length === 5, `${held.length} are in`);
    await refused(server);
    held[0].write(HEALTH);
    assert.equal((await held[0].response()).status, 200, 'those who are in are served');
    held[1].socket.destroy();
    (await roomAgain(server)).socket.destroy();
  });
});

test('centrifuge 3504: a user who holds as many connections as may be is refused another, on whatever loop', async () => {
  await withServer({ ORQESTRA_CONNECTIONS_PER_USER: '6' }, async (server) => {
    const tenant = await server.createTenant();
    const other = await server.createTenant();
    const held = [];
    for (let n = 0; n < 6; n++) held.push(await rawUser(tenant, 'many'));
    const refusal = async () => {
      const client = await RawClient.open(server);
      client.send({ id: 1, connect: { token: (await tenant.token('many')).token } });
      return (await client.end()).code;
    };
    assert.equal(await refusal(), 3504);
    await rawUser(tenant, 'another');
    await rawUser(other, 'many');
    await held[0].ask({ refresh: { token: (await tenant.token('many')).token } });
    assert.equal(await refusal(), 3504, 'a refresh gives no room');
    held[0].socket.terminate();
    for (let again = null; !again;) again = await rawUser(tenant, 'many').catch(() => null);
    assert.equal(await refusal(), 3504);
  });
});

// The server inherits the limit of this process, which is this file's alone.
test('DESIGN: near the limit of descriptors new connections are refused, and the others served', async () => {
  const { status } = spawnSync('prlimit', ['--pid', String(process.pid), '--nofile=400:400']);
  assert.equal(status, 0);
  await withServer({}, async (server) => {
    const held = [];
    for (let n = 0; n < 295; n++) held.push(await admitted(server));
    for (let n = 0; n < 20; n++) {
      const raw = await RawTcp.open(server);
      raw.write(HEALTH);
      const { status: answered } = await raw.response();
      if (answered === 200) held.push({ raw });
      else {
        assert.equal(answered, 503);
        await raw.end();
      }
    }
    assert.ok(held.length <= 300, `${held.length} are in`);
    await refused(server);
    held[0].raw.write(HEALTH);
    assert.equal((await held[0].raw.response()).status, 200);
    for (const { raw } of held.splice(0, 100)) raw.socket.destroy();
    await roomAgain(server);
  });
});
