// courier_test.mjs: e-mails and SMS on their way out: sent, retried, failed over, given up, and never lost.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { SECRET, addProvider, courierServer, logs, send, team, untilLog, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const server = await courierServer();
after(() => server.stop());

async function standIn(answer) {
  const it = await StandIn.start(answer);
  server.atStop(() => it.stop());
  return it;
}

test('E.28 ORQ-08: an e-mail is rendered, escaped in its HTML alone, with a text part, and signed', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant, { name: 'A & <B>' }, { eventId: 'evt-1' });
  const log = await untilStatus(tenant, 'SENT');
  const [call] = await out.until(1);
  assert.equal(call.method, 'POST');
  assert.equal(call.path, '/in');
  const { data, type } = call.json;
  assert.equal(type, 'message.email');
  assert.deepEqual({ ...data, id: undefined }, {
    id: undefined, tenant: tenant.slug, channel: 'EMAIL', eventId: 'evt-1', eventType: 'mail', userId: 'u', to: 'u@example.com',
    from: 'team@example.com', fromName: 'Team', subject: 'Hello A & <B>', html: '<p>Dear A &amp; &lt;B&gt;</p>', text: 'Dear A & <B>\n',
  });
  const key = Buffer.from(SECRET.slice(6), 'base64');
  const signed = `${call.headers['webhook-id']}.${call.headers['webhook-timestamp']}.${call.text}`;
  assert.equal(call.headers['webhook-signature'], `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  assert.equal(call.headers['webhook-id'], log.id);
  assert.equal(data.id, log.id);
  assert.match(call.headers['user-agent'], /^orqestra\//i);
  assert.equal(log.attemptCount, 1);
  assert.equal(log.attempts.length, 1);
  const [attempt] = log.attempts;
  assert.equal(attempt.status, 'SENT');
  assert.equal(attempt.statusCode, 200);
  assert.equal(attempt.request, `POST ${out.url}/in`); // a success keeps no body
  assert.ok(log.timeline.some(({ what }) => what === 'sent'));
});

test('ORQ-02: an SMS goes to the SMS provider as text, unescaped', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(out, { channel: 'SMS' }));
  await send(tenant, { code: '<7>' }, { eventType: 'text' });
  await untilStatus(tenant, 'SENT');
  assert.equal(out.calls[0].json.type, 'message.sms');
  assert.equal(out.calls[0].json.data.text, 'Code <7>');
  assert.equal(out.calls[0].json.data.to, '+254712345678');
});

test('ORQ-16 P5: a failed call is retried with the same id, then SENT; the log tells each attempt', async () => {
  const out = await standIn((_, i) => (i === 0 ? { status: 500, body: `oops ${SECRET}` } : 200));
  const tenant = await team(server);
  const provider = await addProvider(tenant, webhook(out));
  await send(tenant);
  const retrying = await untilStatus(tenant, 'RETRYING');
  assert.match(retrying.cause, /answered 500/);
  const log = await untilStatus(tenant, 'SENT');
  assert.equal(log.attemptCount, 2);
  assert.equal(log.cause, null);
  assert.equal(log.provider, provider.name);
  assert.deepEqual(log.attempts.map(({ no, class: c, statusCode }) => [no, c, statusCode]), [[1, 'RETRY', 500], [2, 'OK', 200]]);
  assert.equal(log.attempts[0].answer, 'oops ****');
  assert.match(log.attempts[0].request, /^POST .*\n\n\{/);
  assert.equal(new Set(out.calls.map((call) => call.headers['webhook-id'])).size, 1);
});

test('ORQ-16 ORQ-18: after the last retry it is FAILED, with its cause', async () => {
  const out = await standIn(() => 503);
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  const log = await untilStatus(tenant, 'FAILED');
  assert.equal(log.attemptCount, 3); // the first and one a delay
  assert.equal(out.calls.length, 3);
  assert.match(log.cause, /answered 503/);
});

test('ORQ-18: a permanent error is a dead letter at once', async () => {
  const out = await standIn(() => 422);
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  const log = await untilStatus(tenant, 'FAILED');
  assert.equal(log.attemptCount, 1);
  assert.equal(log.attempts[0].class, 'PERMANENT');
});

test('P10: Retry-After is honoured', async () => {
  const out = await standIn((_, i) => (i === 0 ? { status: 429, headers: { 'Retry-After': '3' } } : 200));
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  const waited = out.calls[1].at - out.calls[0].at;
  assert.ok(waited >= 2900, `retried after ${waited} ms`); // the schedule alone says 1 s
});

test('line 4: on a configuration fault the next provider by priority is asked, in the same breath', async () => {
  const broken = await standIn(() => ({ status: 401, body: 'bad key' }));
  const good = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(good, { name: 'second', priority: 20 }));
  await addProvider(tenant, webhook(broken, { name: 'first', priority: 10 }));
  await send(tenant);
  const log = await untilStatus(tenant, 'SENT');
  assert.deepEqual(log.attempts.map(({ provider, class: c }) => [provider, c]), [['first', 'CONFIGURATION'], ['second', 'OK']]);
  assert.equal(log.provider, 'second');
  await send(tenant);
  await good.until(2);
  assert.equal(broken.calls.length, 1); // its circuit is open
});

test('P10: a changed provider is tried again at once', async () => {
  const broken = await standIn(() => 401);
  const good = await standIn();
  const tenant = await team(server);
  const provider = await addProvider(tenant, webhook(broken));
  await send(tenant);
  await untilStatus(tenant, 'RETRYING');
  const patched = await server.admin('PATCH', `/tenants/${tenant.id}/providers/${provider.id}`, { credentials: { url: `${good.url}/in` } });
  assert.equal(patched.status, 200, patched.text);
  await untilStatus(tenant, 'SENT');
});

test('ORQ-12: without provider and sender the cause is the documented one', async () => {
  const tenant = await team(server, { senderEmail: undefined, senderName: undefined });
  await send(tenant);
  const log = await untilStatus(tenant, 'FAILED');
  assert.equal(log.cause, 'No provider configured and no sender_email set on this tenant');
  assert.deepEqual(log.attempts, []);
});

test('line 10: the other causes name what is missing', async () => {
  const tenant = await team(server);
  await send(tenant);
  assert.equal((await untilStatus(tenant, 'FAILED')).cause, 'No provider configured for the EMAIL channel on this tenant');
  await send(tenant, {}, { eventType: 'text' });
  assert.equal((await untilStatus(tenant, 'FAILED', '?limit=1&channel=SMS')).cause, 'No provider configured for the SMS channel on this tenant');
});

test('E.28: what cannot be rendered is FAILED with its cause, and no provider is asked', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await tenant.template({ eventType: 'bomb', channel: 'EMAIL', subject: 's', body: '{{#each a}}{{#each ../a}}{{#each ../../a}}x{{/each}}{{/each}}{{/each}}' });
  await send(tenant, { a: Array.from({ length: 1000 }, (_, i) => i) }, { eventType: 'bomb' });
  const log = await untilStatus(tenant, 'FAILED');
  assert.match(log.cause, /template's body could not be rendered/);
  assert.equal(out.calls.length, 0);
});

test('ORQ-23: a delivery says what its template said when it was accepted', async () => {
  let go;
  const wait = new Promise((done) => (go = done));
  const out = await standIn((_, i) => (i === 0 ? wait.then(() => 500) : 200));
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant, { name: 'Ada' });
  await out.until((calls) => calls.length === 1);
  const { json } = await server.admin('GET', `/tenants/${tenant.id}/templates`);
  const mail = json.data.find((template) => template.eventType === 'mail');
  const changed = await server.admin('PATCH', `/tenants/${tenant.id}/templates/${mail.id}`, { subject: 'Changed', body: 'Changed', active: false });
  assert.equal(changed.status, 200, changed.text);
  go();
  await untilStatus(tenant, 'SENT');
  assert.equal(out.calls[1].json.data.subject, 'Hello Ada');
});

test('ORQ-14 ORQ-15: a provider that sleeps holds up no trigger; meanwhile the delivery is PENDING', async () => {
  let go;
  const wait = new Promise((done) => (go = done));
  const out = await standIn(() => wait.then(() => 200));
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  await out.until((calls) => calls.length === 1);
  for (let i = 0; i < 20; i++) await send(tenant, {}, { userId: `u${i}` }); // each is answered while the provider is not
  assert.ok((await logs(tenant)).every((row) => row.status === 'PENDING'));
  go();
  await out.until(21);
  await untilLog(tenant, (row) => row.status === 'SENT', '?limit=1&userId=u19');
});

test('P9: first attempts to one user keep the order of their events', async () => {
  const out = await standIn(() => new Promise((done) => setTimeout(done, Math.random() * 20, 200)));
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  const events = [];
  for (let i = 0; i < 60; i++) events.push({ eventType: 'mail', payload: { userId: `u${i % 3}`, recipientEmail: 'a@example.com' }, variables: { name: `${i}` } });
  const batch = await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
  assert.equal(batch.status, 200, batch.text);
  await out.until(60);
  for (const user of ['u0', 'u1', 'u2']) {
    const names = out.calls.filter(({ json }) => json.data.userId === user).map(({ json }) => Number(json.data.subject.slice(6)));
    assert.deepEqual(names, [...names].sort((a, b) => a - b), user);
  }
});

test('line 2: a crowd in one tenant\'s queue does not hold up another tenant\'s first message', async () => {
  let go;
  const stuck = new Promise((done) => (go = done));
  const slow = await standIn(() => stuck.then(() => 200));
  const quick = await standIn();
  const noisy = await team(server);
  const quiet = await team(server);
  await addProvider(noisy, webhook(slow));
  await addProvider(quiet, webhook(quick));
  const events = Array.from({ length: 1000 }, (_, i) => ({ eventType: 'mail', payload: { userId: `u${i}`, recipientEmail: 'a@example.com' } }));
  for (let i = 0; i < 3; i++) assert.equal((await noisy.call('POST', '/api/v1/events/trigger/batch', { body: { events } })).status, 200);
  await slow.until((calls) => calls.length >= 8);
  await send(quiet);
  await untilStatus(quiet, 'SENT'); // while not one of the others has gone through
  assert.ok((await logs(noisy, '?limit=200')).every((row) => row.status === 'PENDING'));
  go();
  await slow.until(3000, 'the crowd, too');
  await untilLog(noisy, (row) => row.status === 'SENT');
  assert.equal(new Set(slow.calls.map((call) => call.headers['webhook-id'])).size, 3000);
});

test('threat 20: endless and cut answers are settled, and read only to a ceiling', async () => {
  const out = await standIn((_, i) => (i === 0 ? { status: 200, body: 'x'.repeat(10 << 20) } : 'cut'));
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  const long = await untilStatus(tenant, 'SENT');
  assert.ok(long.attempts[0].answer.length <= 2048);
  await send(tenant);
  const cut = await untilStatus(tenant, 'RETRYING');
  assert.equal(cut.attempts[0].class, 'AMBIGUOUS');
});

test('P6: at most once: when it is not known whether a message went out, it is not sent again', async () => {
  const out = await standIn(() => 'cut');
  const tenant = await team(server, {}, { delivery: 'at_most_once' });
  await addProvider(tenant, webhook(out));
  await send(tenant);
  const log = await untilStatus(tenant, 'FAILED');
  assert.equal(log.attempts.length, 1);
  assert.equal(log.attempts[0].class, 'AMBIGUOUS');
  assert.equal(out.calls.length, 1);
});

test('ORQ-21: a suspended tenant\'s messages wait until it is reactivated', async () => {
  const out = await standIn((_, i) => (i === 0 ? 500 : 200));
  const later = await standIn((_, i) => (i < 2 ? 500 : 200));
  const tenant = await team(server);
  const other = await team(server);
  await addProvider(tenant, webhook(out));
  await addProvider(other, webhook(later));
  await send(tenant);
  await untilStatus(tenant, 'RETRYING');
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  await send(other);
  await untilStatus(other, 'SENT'); // two delays of at least 0.8 s: by now the first one's is over
  assert.equal((await logs(tenant))[0].status, 'RETRYING');
  assert.equal(out.calls.length, 1);
  await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
  await untilStatus(tenant, 'SENT');
});

test('E.30: the log provider needs nothing and sends nowhere', async () => {
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'log', credentials: {} });
  await send(tenant, { name: 'nobody-should-see-this' });
  const log = await untilStatus(tenant, 'SENT');
  assert.ok(server.stderr.includes(`"delivery":"${log.id}"`));
  assert.ok(!server.stderr.includes('nobody-should-see-this'));
  assert.ok(!server.stderr.includes('u@example.com'));
});

test('calls to providers and what became of them are counted', async () => {
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'log', credentials: {} });
  const count = async (series) => Number((await server.call('GET', '/metrics')).text.split('\n').find((line) => line.startsWith(series))?.split(' ')[1] ?? 0);
  const calls = 'orqestra_provider_calls_total{channel="email",outcome="ok"}';
  const settled = 'orqestra_deliveries_settled_total{channel="email",status="sent"}';
  const before = [await count(calls), await count(settled)];
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  assert.equal(await count(calls), before[0] + 1);
  assert.equal(await count(settled), before[1] + 1);
});
