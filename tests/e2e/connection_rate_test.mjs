// connection_rate_test.mjs: connection_rate, the cap on new connections a second.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from './harness.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

const RATE = 5;

// What one new connection is told: the status of its answer to an upgrade.
async function knock(server) {
  const raw = await RawTcp.open(server);
  try {
    return { raw, ...await raw.upgrade() };
  } catch (error) {
    assert.match(String(error), /ECONNRESET|EPIPE|closed/); // the refusal went out before our request was in
    return { raw, status: 0 };
  }
}

const refusals = async (server) => {
  const { text } = await server.call('GET', '/metrics');
  return Number(/^orqestra_connections_refused_total\{reason="rate"\} (\d+)/m.exec(text)[1]);
};

test('RELIABILITY-7: more new connections than connection_rate get 503 before any upgrade; later there is room again', async () => {
  const server = await Server.start({ env: { ORQESTRA_CONNECTION_RATE: String(RATE) } });
  assert.equal(await refusals(server), 0); // from here on over a connection that is in
  const began = process.hrtime.bigint();
  const answers = [];
  for (let n = 0; n < 60; n++) answers.push(await knock(server));
  const tookSeconds = Number(process.hrtime.bigint() - began) / 1e9;
  const inside = answers.filter(({ status }) => status === 101);
  assert.ok(inside.length >= 1, 'some are in');
  assert.ok(inside.length <= Math.ceil(RATE * (1 + tookSeconds)), `${inside.length} are in after ${tookSeconds} s`);
  const told = answers.find(({ status }) => status === 503);
  assert.ok(told, 'somebody read the answer');
  assert.equal(told.headers['retry-after'], '1');
  assert.equal(told.json.statusCode, 503);
  assert.match(told.json.message, /new connections/);
  assert.equal(await refusals(server), 60 - inside.length);
  for (;;) if ((await knock(server)).status === 101) break;
  await server.stop();
});

test('RELIABILITY-7: without connection_rate a herd is let in', async () => {
  const server = await Server.start();
  const answers = await Promise.all(Array.from({ length: 300 }, () => knock(server)));
  assert.ok(answers.every(({ status }) => status === 101));
  assert.equal(await refusals(server), 0);
  await server.stop();
});

test('OPS: connection_rate that is no number is refused', async () => {
  await assert.rejects(Server.start({ env: { ORQESTRA_CONNECTION_RATE: 'many' } }), /ORQESTRA_CONNECTION_RATE/);
});
