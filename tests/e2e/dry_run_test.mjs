// dry_run_test.mjs: POST /api/v1/events/trigger?dryRun=true.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { listen } from './lib/realtime.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Dry' });
const push = await tenant.template({ eventType: 'all', subject: 'Hi {{name}}', body: 'Push <{{name}}>' });
const email = await tenant.template({ eventType: 'all', channel: 'EMAIL', format: 'html', subject: 'Mail {{name}}', body: '<p>{{name}}</p>' });
await tenant.template({ eventType: 'all', channel: 'SMS', body: 'SMS {{name}} {{userId}}' });

const event = (more = {}) => ({
  eventType: 'all', variables: { name: 'A&B' },
  payload: { userId: 'ann', recipientEmail: 'ann@example.com', recipientPhone: '+254712345678' }, ...more,
});
const ask = (body, { team = tenant, query = '?dryRun=true', headers } = {}) =>
  team.call('POST', `/api/v1/events/trigger${query}`, { body, headers });

async function dry(body, options) {
  const answer = await ask(body, options);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['success', 'dryRun', 'data']);
  assert.equal(answer.json.dryRun, true);
  const { deliveries, skipped } = answer.json.data;
  const channels = [...deliveries, ...skipped].map(({ channel }) => channel);
  assert.deepEqual(channels.sort(), ['EMAIL', 'PUSH', 'SMS']); // each is told about, once
  return answer.json.data;
}

const of = (list, channel) => list.find((one) => one.channel === channel);

test('item 7: every channel rendered as it would be sent', async () => {
  const data = await dry(event());
  assert.equal(data.eventType, 'all');
  assert.equal(data.userId, 'ann');
  assert.deepEqual(data.skipped, []);
  assert.deepEqual(of(data.deliveries, 'PUSH'), {
    channel: 'PUSH', recipient: null, templateId: push.id, templateVersion: 1, title: 'Hi A&B', body: 'Push <A&B>',
    targetChannel: 'global_system#ann', status: 'SENT', cause: null,
  });
  assert.deepEqual(of(data.deliveries, 'EMAIL'), {
    channel: 'EMAIL', recipient: 'ann@example.com', templateId: email.id, templateVersion: 1, subject: 'Mail A&B',
    body: '<p>A&amp;B</p>', status: 'PENDING', cause: null,
  });
  const sms = of(data.deliveries, 'SMS');
  assert.equal(sms.body, 'SMS A&B ann');
  assert.equal(sms.subject, undefined);
  assert.equal(sms.recipient, '+254712345678');
});

test('item 7: a missing recipient is a delivery that fails, with its cause', async () => {
  const { deliveries } = await dry(event({ payload: { userId: 'ann' } }));
  assert.equal(of(deliveries, 'EMAIL').status, 'FAILED');
  assert.equal(of(deliveries, 'EMAIL').cause, 'recipientEmail is required for the EMAIL channel');
  assert.equal(of(deliveries, 'EMAIL').recipient, null);
  assert.equal(of(deliveries, 'SMS').cause, 'recipientPhone is required for the SMS channel');
  assert.equal(of(deliveries, 'PUSH').status, 'SENT');
});

test('item 7: what is skipped says why', async () => {
  const narrowed = await dry(event({ channels: ['PUSH'] }));
  const asked = 'not in the channels of this request';
  assert.deepEqual(narrowed.skipped, [{ channel: 'EMAIL', why: asked }, { channel: 'SMS', why: asked }]);

  const nothing = await dry(event({ eventType: 'nothing' }));
  assert.deepEqual(nothing.deliveries, []);
  for (const { why } of nothing.skipped) assert.equal(why, 'no active template for this eventType and channel');

  const quiet = await server.createTenant({ deliveryChannels: ['SMS'] });
  await quiet.template({ eventType: 'all', body: 'x' });
  await quiet.template({ eventType: 'all', channel: 'EMAIL', body: 'x', active: false });
  await quiet.template({ eventType: 'all', channel: 'SMS', body: 'x' });
  const data = await dry(event(), { team: quiet });
  assert.equal(of(data.deliveries, 'SMS').body, 'x');
  assert.deepEqual(data.skipped, [
    { channel: 'EMAIL', why: 'no active template for this eventType and channel' },
    { channel: 'PUSH', why: "not in the tenant's deliveryChannels" },
  ]);
});

test('item 7: the platform\'s own templates are told by a null id', async () => {
  const { deliveries } = await dry({ eventType: 'global.info', payload: { userId: 'ann' }, variables: { title: 'T', message: 'M' } });
  assert.equal(of(deliveries, 'PUSH').templateId, null);
  assert.equal(of(deliveries, 'PUSH').title, 'T');
});

test('item 7: a template that cannot be rendered shows as it would fail', async () => {
  const team = await server.createTenant();
  const endless = '{{#each a}}{{#each @root.a}}{{#each @root.a}}x{{/each}}{{/each}}{{/each}}';
  await team.template({ eventType: 'all', body: endless });
  await team.template({ eventType: 'all', channel: 'SMS', body: endless });
  const { deliveries } = await dry(event({ variables: { a: Array(200).fill(1) } }), { team });
  for (const channel of ['PUSH', 'SMS']) {
    assert.equal(of(deliveries, channel).status, 'FAILED');
    assert.match(of(deliveries, channel).cause, /could not be rendered|longer than/);
    assert.equal(of(deliveries, channel).body, undefined);
  }
});

test('item 7: it is checked like the real thing', async () => {
  const bad = { eventType: 5, payload: { userId: 7 } };
  const [real, tried] = [await ask(bad, { query: '' }), await ask(bad)];
  assert.equal(tried.status, 422);
  assert.equal(tried.text, real.text);
  assert.equal((await ask(event(), { headers: { 'X-Idempotency-Key': 'two words' } })).status, 422);
  assert.equal((await tenant.call('POST', '/api/v1/events/trigger?dryRun=true', { body: event(), key: 'no' })).status, 401);
  for (const value of ['1', 'yes', 'TRUE', '']) {
    const answer = await ask(event(), { query: `?dryRun=${value}` });
    assert.equal(answer.status, 422);
    assert.deepEqual(answer.json.message, ['dryRun must be true or false']);
  }
});

test('item 7: it changes nothing: no event, no message, no key, no user', async () => {
  const { inbox } = await listen(tenant, 'zoe');
  const mine = event({ eventId: 'zoe-1', payload: { userId: 'zoe', recipientEmail: 'zoe@example.com' } });
  await dry(mine, { headers: { 'X-Idempotency-Key': 'zoe' } });
  await dry(mine);
  await dry({ ...mine, eventType: 'no.such' });
  const rows = await queryCopy(server, `SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM delivery) AS deliveries,
    (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM idempotency) AS keys, (SELECT count(*) FROM end_user) AS users,
    (SELECT count(*) FROM audit WHERE action = 'event.unmatched') AS unmatched`);
  assert.deepEqual(rows, [{ events: 0, deliveries: 0, messages: 0, keys: 0, users: 0, unmatched: 0 }]);
  const first = await ask(mine, { query: '?dryRun=false', headers: { 'X-Idempotency-Key': 'zoe' } });
  assert.equal(first.status, 200);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  assert.equal((await inbox.next('the real one')).title, 'Hi A&B'); // and nothing before it
});
