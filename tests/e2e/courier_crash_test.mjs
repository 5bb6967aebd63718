// courier_crash_test.mjs: the process ends in the middle of sending, in every way it can; nothing is lost, and
// nothing goes out twice but what was in flight.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addProvider, courierServer, logs, send, team, untilLog, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const IN_FLIGHT_MAX = 256;
const MESSAGES = 600;
const ROUNDS = 3;

async function sendMany(tenant, count, from = 0) {
  const events = Array.from({ length: count }, (_, i) => (
    { eventType: 'mail', payload: { userId: `u${from + i}`, recipientEmail: 'a@example.com' } }));
  const answer = await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
  assert.equal(answer.status, 200, answer.text);
}

async function allLogs(tenant) {
  const rows = [];
  for (let cursor = ''; cursor !== null;) {
    const { json } = await tenant.server.admin('GET', `/tenants/${tenant.id}/logs?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    rows.push(...json.data);
    cursor = json.nextCursor;
  }
  return rows;
}

async function untilAllFinal(tenant) {
  const deadline = Date.now() + 60000;
  for (;;) {
    const rows = await allLogs(tenant);
    const open = rows.filter((row) => row.status !== 'SENT' && row.status !== 'FAILED');
    if (!open.length) return rows;
    if (Date.now() > deadline) assert.fail(`stuck: ${open.length} of ${rows.length}, e.g. ${JSON.stringify(open[0])}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// Kills while calls are on the wire, ROUNDS times; then lets everything finish.
async function killWhileSending(delivery) {
  const server = await courierServer({ ORQESTRA_LOG_LEVEL: 'warn' });
  const out = await StandIn.start(() => new Promise((done) => setTimeout(done, 5 + Math.random() * 20, 200)));
  try {
    const tenant = await team(server, {}, { delivery });
    await addProvider(tenant, webhook(out));
    await sendMany(tenant, MESSAGES);
    for (let round = 1; round <= ROUNDS; round++) {
      await out.until((calls) => calls.length >= (round * MESSAGES) / (ROUNDS + 2), 'calls to kill among');
      await server.kill9();
      await server.launch(server.port);
      server.session = null;
    }
    const rows = await untilAllFinal(tenant);
    const count = new Map();
    for (const { headers } of out.calls) count.set(headers['webhook-id'], (count.get(headers['webhook-id']) ?? 0) + 1);
    return { rows, count, repeated: [...count.values()].filter((times) => times > 1).length };
  } finally {
    await server.stop();
    await out.stop();
  }
}

test('P5 P6 E.32: kill -9 while sending: none is lost, only what was in flight comes twice', async (t) => {
  const { rows, count, repeated } = await killWhileSending('at_least_once');
  assert.equal(rows.length, MESSAGES);
  assert.ok(rows.every((row) => row.status === 'SENT'));
  assert.equal(count.size, MESSAGES);
  assert.ok(repeated <= ROUNDS * IN_FLIGHT_MAX);
  const uncertain = rows.filter((row) => row.attemptCount > 1).length;
  assert.ok(repeated <= uncertain, `${repeated} came twice, ${uncertain} are known as uncertain`);
  assert.ok(uncertain > 0, 'the kill met calls on the wire');
  t.diagnostic(`${ROUNDS} kills: ${uncertain} uncertain, ${repeated} of them twice at the provider`);
});

test('P6: kill -9 while sending at most once: none comes twice, the uncertain ones are FAILED and say so', async () => {
  const { rows, count, repeated } = await killWhileSending('at_most_once');
  assert.equal(rows.length, MESSAGES);
  assert.equal(repeated, 0);
  const failed = rows.filter((row) => row.status === 'FAILED');
  assert.ok(failed.length > 0 && failed.length <= ROUNDS * IN_FLIGHT_MAX);
  for (const row of failed) assert.match(row.cause, /not known whether .* at most once/);
  const sent = rows.filter((row) => row.status === 'SENT');
  assert.equal(sent.length + failed.length, MESSAGES);
  assert.ok(sent.every((row) => count.get(row.id) === 1));
});

test('SIGTERM lets a call in flight end, and what waits is sent after the next start', async () => {
  const server = await courierServer();
  let go;
  const wait = new Promise((done) => (go = done));
  const out = await StandIn.start((_, i) => (i === 0 ? wait.then(() => 200) : 200));
  try {
    const tenant = await team(server);
    await addProvider(tenant, webhook(out));
    await send(tenant, { name: '1' });
    await out.until(1);
    await send(tenant, { name: '2' }); // behind the first: the same user
    const ended = server.terminate();
    go();
    await ended;
    assert.equal(out.calls.length, 1);
    await server.launch(server.port);
    server.session = null;
    await out.until(2);
    await untilStatus(tenant, 'SENT');
    const rows = await logs(tenant);
    assert.deepEqual(rows.map((row) => [row.status, row.attemptCount]), [['SENT', 1], ['SENT', 1]]);
  } finally {
    await server.stop();
    await out.stop();
  }
});

test('SIGTERM does not wait for ever: a call that hangs is cut, known as uncertain, and sent again', async () => {
  const server = await courierServer();
  const out = await StandIn.start((_, i) => (i === 0 ? 'hang' : 200));
  try {
    const tenant = await team(server);
    await addProvider(tenant, webhook(out));
    await send(tenant);
    await out.until(1);
    await server.terminate();
    await server.launch(server.port);
    server.session = null;
    const log = await untilStatus(tenant, 'SENT');
    assert.deepEqual(log.attempts.map((attempt) => attempt.class), ['AMBIGUOUS', 'OK']);
    assert.equal(out.calls[0].headers['webhook-id'], out.calls[1].headers['webhook-id']);
  } finally {
    await server.stop();
    await out.stop();
  }
});

test('P5: a retry that waits survives a restart', async () => {
  const server = await courierServer();
  const out = await StandIn.start((_, i) => (i === 0 ? 500 : 200));
  try {
    const tenant = await team(server);
    await addProvider(tenant, webhook(out));
    await send(tenant);
    await untilStatus(tenant, 'RETRYING');
    await server.terminate();
    await server.launch(server.port);
    server.session = null;
    const log = await untilLog(tenant, (row) => row.status === 'SENT');
    assert.equal(log.attemptCount, 2);
  } finally {
    await server.stop();
    await out.stop();
  }
});
