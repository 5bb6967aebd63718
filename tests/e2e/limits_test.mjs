// limits_test.mjs: so many triggers a minute, so many a UTC day. The edges of the window and of midnight need
// a clock in our hands: src/driver/limiter/local_test.c.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { call } from './lib/http.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const server = await Server.start({ env: { ORQESTRA_WORKERS: '4' } });
after(() => server.stop());

const event = (more = {}) => ({
  eventType: 'global.info', payload: { userId: 'u' }, variables: { title: 't', message: 'm' }, ...more,
});

const secondsToMidnight = () => Math.ceil((86400000 - (Date.now() % 86400000)) / 1000);

// What is counted by the day is tested on one day.
async function startOfSomeQuietTime() {
  while (secondsToMidnight() < 30) await new Promise((done) => setTimeout(done, 1000));
}

function assertLimited(answer, message) {
  assert.equal(answer.status, 429, answer.text);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(answer.json), ['statusCode', 'error', 'message', 'retryAfter']);
  assert.equal(answer.json.statusCode, 429);
  assert.equal(answer.json.error, 'Too Many Requests');
  assert.equal(answer.json.message, message);
  assert.ok(Number.isInteger(answer.json.retryAfter), answer.text);
  assert.ok(answer.json.retryAfter >= 1);
  assert.equal(answer.headers['retry-after'], String(answer.json.retryAfter));
  assert.equal(answer.headers['ratelimit-remaining'], '0');
  assert.ok(Number(answer.headers['ratelimit-reset']) <= answer.json.retryAfter);
}

const statuses = (answers) => {
  const count = {};
  for (const { status } of answers) count[status] = (count[status] ?? 0) + 1;
  return count;
};

// Each client has a connection of its own, so that every loop gets some of them.
async function storm(tenant, clients, each) {
  const one = async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const answers = [];
    for (let i = 0; i < each; i++) {
      answers.push(await call(agent, server.base, 'POST', '/api/v1/events/trigger', { key: tenant.apiKey, body: event() }));
    }
    agent.destroy();
    return answers;
  };
  return (await Promise.all(Array.from({ length: clients }, one))).flat();
}

test('API-24 API-25 KIT-16 X3: beyond the limit it is a 429 with retryAfter in body and head', async () => {
  const tenant = await server.createTenant({ name: 'Slow "&" Söhne', rateLimitPerMinute: 3 });
  for (const remaining of ['2', '1', '0']) {
    const answer = await tenant.post(event());
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['ratelimit-limit'], '3');
    assert.equal(answer.headers['ratelimit-remaining'], remaining);
    assert.match(answer.headers['ratelimit-reset'], /^([1-9]|[1-5]\d|60)$/);
    assert.equal(answer.headers['retry-after'], undefined);
  }
  const refused = await tenant.post(event());
  assertLimited(refused, 'Rate limit exceeded for tenant Slow "&" Söhne. Limit: 3/min');
  assert.ok(refused.json.retryAfter <= 60);
  assert.equal(refused.headers['ratelimit-limit'], '3');
  assert.equal((await tenant.history('u')).length, 3); // and nothing of the fourth
});

test('KIT-16 API-32: 16 clients at once and a limit of 100: exactly 100 are admitted', async () => {
  const tenant = await server.createTenant({ rateLimitPerMinute: 100 });
  assert.deepEqual(statuses(await storm(tenant, 16, 10)), { 200: 100, 429: 60 });
  assertLimited(await tenant.post(event()), `Rate limit exceeded for tenant ${tenant.name}. Limit: 100/min`);
});

test('API-33: 16 clients at once and a cap of 100: exactly 100 are admitted', async () => {
  await startOfSomeQuietTime();
  const tenant = await server.createTenant({ dailyCap: 100 });
  assert.deepEqual(statuses(await storm(tenant, 16, 10)), { 200: 100, 429: 60 });
});

test('API-32: one tenant never limits another, and only triggers are limited', async () => {
  const busy = await server.createTenant({ rateLimitPerMinute: 1 });
  const other = await server.createTenant({ rateLimitPerMinute: 1 });
  assert.equal((await busy.post(event())).status, 200);
  assert.equal((await busy.post(event())).status, 429);
  assert.equal((await other.post(event())).status, 200);
  assert.equal((await busy.history('u')).length, 1);
  assert.ok((await busy.token('u')).token);
});

test('E.7 E.8: what is 401 or 422 does not count', async () => {
  const tenant = await server.createTenant({ rateLimitPerMinute: 2, dailyCap: 2 });
  for (let i = 0; i < 5; i++) {
    assert.equal((await tenant.post(event(), { key: 'wrong' })).status, 401);
    for (const body of ['{', {}, event({ channels: ['FAX'] })]) assert.equal((await tenant.post(body)).status, 422);
  }
  assert.equal((await tenant.post(event())).headers['ratelimit-remaining'], '1');
  assert.equal((await tenant.post(event())).status, 200);
  assert.equal((await tenant.post({})).status, 422); // validation comes first
  assert.equal((await tenant.post(event())).status, 429);
});

test('E.7: a repeated event counts in the minute, but does not use up the day', async () => {
  await startOfSomeQuietTime();
  const tenant = await server.createTenant({ rateLimitPerMinute: 5, dailyCap: 3 });
  const statusOf = async (eventId) => (await tenant.post(event({ eventId }))).status;
  for (const eventId of ['a', 'a', 'a', 'b']) assert.equal(await statusOf(eventId), 200);
  assert.equal((await server.admin('PATCH', `/tenants/${tenant.id}`, { rateLimitPerMinute: 4 })).status, 200);
  assertLimited(await tenant.post(event({ eventId: 'c' })), `Rate limit exceeded for tenant ${tenant.name}. Limit: 4/min`);
  assert.equal((await server.admin('PATCH', `/tenants/${tenant.id}`, { rateLimitPerMinute: 0 })).status, 200);
  assert.equal(await statusOf('c'), 200);
  assertLimited(await tenant.post(event({ eventId: 'd' })), `Daily notification cap exceeded for tenant ${tenant.name}. Cap: 3/day`);
  assert.equal((await tenant.history('u')).length, 3);
});

test('API-32 ORQ-22: a changed limit holds from the next request on, and what was counted stays', async () => {
  const tenant = await server.createTenant({ rateLimitPerMinute: 2 });
  const change = async (rateLimitPerMinute) => {
    const answer = await server.admin('PATCH', `/tenants/${tenant.id}`, { rateLimitPerMinute });
    assert.equal(answer.status, 200, answer.text);
  };
  assert.deepEqual(statuses([await tenant.post(event()), await tenant.post(event()), await tenant.post(event())]), { 200: 2, 429: 1 });
  await change(4);
  assert.deepEqual(statuses(await storm(tenant, 4, 1)), { 200: 2, 429: 2 });
  await change(1);
  const refused = await tenant.post(event());
  assertLimited(refused, `Rate limit exceeded for tenant ${tenant.name}. Limit: 1/min`);
  await change(0);
  const free = await tenant.post(event());
  assert.equal(free.status, 200);
  assert.equal(free.headers['ratelimit-limit'], undefined);
  await change(5);
  assert.equal((await tenant.post(event())).headers['ratelimit-remaining'], '0');
});

test('API-33 X4 X5: the daily cap says so, until midnight UTC', async () => {
  await startOfSomeQuietTime();
  const tenant = await server.createTenant({ dailyCap: 2 });
  const first = await tenant.post(event());
  assert.equal(first.headers['ratelimit-limit'], '2');
  assert.equal(first.headers['ratelimit-remaining'], '1');
  assert.equal((await tenant.post(event())).status, 200);
  const most = secondsToMidnight();
  const refused = await tenant.post(event());
  const least = secondsToMidnight();
  assertLimited(refused, `Daily notification cap exceeded for tenant ${tenant.name}. Cap: 2/day`);
  const { retryAfter } = refused.json;
  assert.ok(least <= retryAfter && retryAfter <= most, `${least} <= ${retryAfter} <= ${most}`);
});

test('API-33: what the day has used survives a restart and a kill -9', async () => {
  await startOfSomeQuietTime();
  const own = await Server.start();
  try {
    const tenant = await own.createTenant({ dailyCap: 10 });
    const unlimited = await own.createTenant();
    const send = async (count, whose = tenant) => {
      const answers = [];
      for (let i = 0; i < count; i++) answers.push(await whose.post(event()));
      return statuses(answers);
    };
    assert.deepEqual(await send(3), { 200: 3 });
    assert.deepEqual(await send(7, unlimited), { 200: 7 });
    await tenant.post(event({ eventId: 'same' }));
    await tenant.post(event({ eventId: 'same' })); // written once
    await own.terminate();
    await own.launch();
    assert.deepEqual(await send(2), { 200: 2 });
    await own.kill9();
    await own.launch();
    assert.deepEqual(await send(9), { 200: 4, 429: 5 });
    const limited = await own.admin('PATCH', `/tenants/${unlimited.id}`, { dailyCap: 8 }); // counted without a cap too
    assert.equal(limited.status, 200, limited.text);
    assert.deepEqual(await send(3, unlimited), { 200: 1, 429: 2 });
    const rows = await queryCopy(own, 'SELECT u.accepted, (SELECT count(*) FROM event e WHERE e.tenant = u.tenant) AS events FROM usage_day u ORDER BY u.tenant');
    assert.deepEqual(rows, [{ accepted: 10, events: 10 }, { accepted: 8, events: 8 }]);
  } finally {
    await own.stop();
  }
});
