// sdk_test.mjs: the backend modules, sdk/node, sdk/python and sdk/go. All of them against sdk/vectors.json, then
// all of them against the real server: one behaviour in three languages.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Orqestra } from '../../sdk/node/index.mjs';
import { Server } from './harness.mjs';
import { BadDisk } from './lib/faults.mjs';
import { listen } from './lib/realtime.mjs';
import { GoPrograms, ROOT, Runner, ScriptedServer, runProgram } from './lib/sdk.mjs';

const { environment: COMMON, vectors } = JSON.parse(readFileSync(join(ROOT, 'sdk/vectors.json')));
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const NONE = Object.fromEntries(['HOST', 'API_KEY', 'TENANT_ID', 'WEBHOOK_SECRET'].map((name) => [`ORQESTRA_${name}`, null]));

const go = new GoPrograms();
const scripted = await ScriptedServer.start();
const server = await Server.start();
const runners = await Runner.all(go);
after(async () => {
  for (const runner of Object.values(runners)) runner.stop();
  scripted.stop();
  go.remove();
  await server.stop();
});

// ---- the vectors ----

const filled = (environment) => Object.fromEntries(Object.entries({ ...NONE, ORQESTRA_PREFLIGHT: 'off', ...environment })
  .map(([name, value]) => [name, value?.replace('{host}', scripted.base) ?? null]));

// What stands for {uuid} in this run; the same everywhere, as every request carries the same bytes.
function checkRequests(expect, requests) {
  assert.equal(requests.length, expect.requests, 'requests');
  const [first] = requests;
  const uuid = UUID.exec(first?.body ?? '')?.[0];
  for (const request of requests) {
    assert.equal(request.method, 'POST');
    if (expect.path) assert.equal(request.path, expect.path);
    if (expect.body !== undefined) assert.equal(request.body, expect.body.replace('{uuid}', uuid));
    for (const [name, value] of Object.entries(expect.headers ?? {})) assert.equal(request.headers[name], value ?? undefined, name);
    assert.equal(request.body, first.body, 'a retry is the same bytes');
    assert.equal(request.headers['x-orqestra-signature'], first.headers['x-orqestra-signature']);
  }
  return uuid;
}

function checkError(expected, error) {
  assert.equal(error?.kind, expected.kind);
  assert.equal(error.status, expected.status);
  if (expected.retryAfter !== undefined) assert.equal(error.retryAfter, expected.retryAfter);
  if (expected.messages) assert.deepEqual(error.messages, expected.messages);
  else assert.ok(error.messages[0].length > 0);
}

for (const { name, proves, only, environment, call, answers, expect } of vectors) {
  for (const [language, runner] of Object.entries(runners)) {
    if (only && !only.includes(language)) continue;
    test(`${proves.join(' ')}: ${language}: ${name}`, async () => {
      scripted.play(answers);
      const seen = await runner.run({ environment: filled({ ...COMMON, ...environment }), call });
      const uuid = checkRequests(expect, scripted.requests);
      if (expect.waits) assert.deepEqual(seen.waits, expect.waits);
      if (expect.log) assert.deepEqual(seen.log, expect.log);
      if (expect.error) return checkError(expect.error, seen.error);
      assert.equal(seen.error, undefined);
      return assert.deepEqual(seen.result, JSON.parse(JSON.stringify(expect.result).replace('{uuid}', uuid)));
    });
  }
}

// ---- against the real server ----

const SECRET = 'a webhook sécret';
server.secrets.add(SECRET);
const tenant = await server.createTenant({ name: 'Kit', webhookSecret: SECRET, deliveryChannels: ['PUSH', 'EMAIL', 'SMS'] });
await tenant.template({ eventType: 'order.confirmed', subject: 'Order {{orderNumber}}', body: '{{amount}} — danke' });
await tenant.template({ eventType: 'user.registered', subject: 'Welcome', body: 'Hello {{firstName}}' });

const settings = (more = {}) => ({
  ORQESTRA_HOST: server.base, ORQESTRA_API_KEY: tenant.apiKey, ORQESTRA_TENANT_ID: tenant.id,
  ORQESTRA_WEBHOOK_SECRET: SECRET, ORQESTRA_PREFLIGHT: 'off', ...more,
});
const job = (call, more) => ({ environment: settings(more), call: { method: 'sendNotification', ...call } });

for (const [language, runner] of Object.entries(runners)) {
  test(`KIT-01 KIT-04 KIT-26: ${language}: signed and sent, it arrives as it was given`, async () => {
    const user = `arrives ${language}`;
    const { inbox } = await listen(tenant, user);
    const variables = { orderNumber: '<12> & "ünï" 🎉', amount: '1 € / 2' };
    const { result } = await runner.run(job({ eventType: 'order.confirmed', payload: { userId: user }, variables }));
    assert.match(result.eventId, UUID);
    assert.equal(result.message, 'Event order.confirmed dispatched securely for Kit');
    const item = await inbox.next('the notification');
    assert.equal(item.title, 'Order <12> & "ünï" 🎉');
    assert.equal(item.body, '1 € / 2 — danke');
  });

  test(`KIT-03 KIT-08: ${language}: the same key, and the same event id, again: once`, async () => {
    const user = `once-${language}`;
    for (const options of [{ idempotencyKey: `key-${language}` }, { eventId: `event-${language}` }]) {
      const call = { eventType: 'order.confirmed', payload: { userId: user }, variables: { orderNumber: '1' }, options };
      assert.equal((await runner.run(job(call))).result.replayed, false);
      assert.equal((await runner.run(job(call))).result.replayed, true);
    }
    assert.equal((await tenant.history(user)).length, 2);
  });

  test(`KIT-05 KIT-06: ${language}: what the server itself says to a wrong key, a wrong signature and wrong fields`, async () => {
    const call = { eventType: 'order.confirmed', payload: { userId: 'refused' } };
    for (const wrong of [{ ORQESTRA_API_KEY: 'ork_wrong' }, { ORQESTRA_WEBHOOK_SECRET: 'another' }, { ORQESTRA_WEBHOOK_SECRET: null }]) {
      const { error, log, waits } = await runner.run(job(call, wrong));
      assert.equal(error.kind, 'auth');
      assert.deepEqual([log, waits], [['Invalid API key or inactive tenant'], []]);
    }
    const { error, log } = await runner.run(job({ eventType: 'order.confirmed', payload: { userId: '' }, options: { channels: ['FAX'] } }));
    assert.equal(error.kind, 'validation');
    assert.ok(error.messages.length >= 2, error.messages);
    assert.deepEqual(log, [`Validation errors: ${JSON.stringify(error.messages)}`]);
    assert.deepEqual(await tenant.history('refused'), []);
  });

  test(`KIT-10 RT-13 RT-14: ${language}: token, history, read, and a scheduled event taken back`, async () => {
    const userId = `feed/${language} ü`;
    const token = await runner.run(job({ method: 'requestRealtimeToken', userId }));
    server.secrets.add(token.result.token);
    assert.deepEqual(token.result.channels, [`global_system#${userId}`]);
    for (const n of [1, 2]) await tenant.call('POST', '/api/v1/events/trigger', signed(userId, n));
    const page = await runner.run(job({ method: 'history', userId, page: { limit: 1, offset: 1 } }));
    assert.deepEqual(page.result.map(({ title, status }) => [title, status]), [['Order 1', 'UNREAD']]);
    assert.equal((await runner.run(job({ method: 'markRead', userId, id: page.result[0].id }))).error, undefined);
    assert.deepEqual((await tenant.history(userId)).map(({ status }) => status), ['UNREAD', 'READ']);

    const sendAt = new Date(Date.now() + 3600e3).toISOString();
    const later = await runner.run(job({ eventType: 'order.confirmed', payload: { userId }, options: { sendAt } }));
    assert.equal(later.result.sendAt, sendAt);
    const cancel = { method: 'cancelNotification', eventId: later.result.eventId };
    assert.equal((await runner.run(job(cancel))).error, undefined);
    assert.equal((await runner.run(job(cancel))).error.status, 404);
  });

  test(`KIT-23: ${language}: the three steps before the first call, said once`, async () => {
    scripted.play(Array(3).fill({ status: 200, body: { success: true, message: 'm' } }));
    const environment = { ...filled(COMMON), ORQESTRA_PREFLIGHT: null };
    const call = { method: 'sendNotification', eventType: 'global.info', payload: { userId: 'u' } };
    const [first, ...others] = (await runner.run({ environment, call })).log;
    assert.match(first, /1\..*Providers.*\n.*2\..*Templates.*exactly.*\n.*3\..*global\.info.*title, message/);
    assert.deepEqual(others, []);
    assert.deepEqual((await runner.run({ environment, call })).log, []);
  });

  test(`KIT-07 KIT-08: ${language}: with the clock of the module itself`, async () => {
    scripted.play([{ status: 429, body: { message: 'slow down', retryAfter: 0.05 } }, { status: 200, body: { success: true, message: 'm' } }]);
    const call = { method: 'sendNotification', eventType: 'global.info', payload: { userId: 'u' } };
    const { result, log } = await runner.run({ environment: filled(COMMON), call, real: true });
    assert.equal(result.message, 'm');
    assert.deepEqual(log, ['Rate limit exceeded: retry 1 of 3 in 0.05 s']);
  });
}

function signed(userId, n) {
  const body = JSON.stringify({ eventType: 'order.confirmed', payload: { userId }, variables: { orderNumber: String(n) } });
  return { body, headers: { 'X-Orqestra-Signature': createHmac('sha256', SECRET).update(body).digest('hex') } };
}

// A client of this process, whose waits are moments to change the world.
function client(team, sleep) {
  const logger = { warn() {}, error() {} };
  return new Orqestra({ host: team.server.base, apiKey: team.apiKey, tenantId: team.id, webhookSecret: '', logger, sleep });
}

test('KIT-07: refused for its rate, sent again with the same key: delivered, once', async () => {
  const team = await server.createTenant({ rateLimitPerMinute: 1 });
  await team.trigger('global.info', 'rate', { title: 'first', message: 'm' });
  const waits = [];
  const kit = client(team, async (seconds) => {
    waits.push(seconds);
    await server.admin('PATCH', `/tenants/${team.id}`, { rateLimitPerMinute: 0 });
  });
  const result = await kit.sendNotification(
    'global.info', { userId: 'rate' }, { title: 'second', message: 'm' }, { idempotencyKey: 'rate-1' });
  assert.equal(result.replayed, false);
  assert.equal(waits.length, 1);
  assert.ok(waits[0] >= 1 && waits[0] <= 60, waits);
  assert.deepEqual((await team.history('rate')).map(({ title }) => title), ['second', 'first']);
});

test('KIT-08: a 500 of a failing disk is tried again under the same id: delivered, once', async () => {
  const disk = await BadDisk.serve();
  try {
    const team = await disk.server.createTenant();
    const waits = [];
    const kit = client(team, async (seconds) => {
      waits.push(seconds);
      if (waits.length === 2) disk.heals('fsync_fails');
    });
    disk.breaks('fsync_fails');
    await kit.sendNotification('global.info', { userId: 'disk' }, { title: 'kept', message: 'm' });
    assert.deepEqual(waits, [2, 8]);
    assert.deepEqual((await team.history('disk')).map(({ title }) => title), ['kept']);
  } finally {
    await disk.stop();
  }
});

// ---- the examples, as they stand ----

const EXAMPLES = {
  node: async () => [process.execPath, ['sdk/node/examples.mjs']],
  python: async () => ['/usr/bin/python3', ['-B', 'sdk/python/examples.py']],
  go: async () => [await go.build('examples', join(ROOT, 'sdk/go/examples')), []],
};

for (const [language, program] of Object.entries(EXAMPLES)) {
  test(`KIT-09 KIT-22: ${language}: the examples run, and the tenant's log shows what they asked for`, async () => {
    const user = `example-${language}`;
    const [command, args] = await program();
    const env = { ...settings(), ORQESTRA_PREFLIGHT: 'on' };
    const { code, stdout, stderr } = await runProgram(command, [...args, user], { env });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '4 events accepted\n');
    assert.equal(stderr.match(/pre-flight/g).length, 1, stderr);
    const order = language === 'node' ? 1 : 0; // the key is the order's own: whoever runs later confirms it no second time
    const titles = (await tenant.history(user)).map(({ title }) => title);
    assert.deepEqual(titles, [...(order ? ['Order ORD-2026-1234'] : []), 'Welcome']);
    const { json } = await server.admin('GET', `/tenants/${tenant.id}/logs?userId=${user}&eventType=global.alert`);
    assert.deepEqual(json.data.map(({ channel, recipient }) => [channel, recipient]).sort(), [
      ['EMAIL', 'user@example.com'], ['SMS', '+254712345678']]);
  });
}
