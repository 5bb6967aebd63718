// schedule_test.mjs: events with a sendAt happen when it comes, once, whatever happens in between.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { assertEnvelope } from './lib/admin.mjs';
import { PATIENCE_MS } from './lib/inbox.mjs';
import { listen } from './lib/realtime.mjs';
import { queryCopy } from './lib/store_copy.mjs';
import { editStore } from './lib/store_edit.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Later' });
await tenant.template({ eventType: 'expiry', subject: 'Expiry', body: '{{what}}' });

const DAY_MS = 86400000;
const HOUR_MS = 3600000;
const SOON_MS = 2500; // far enough for a slow machine to accept it as something that waits
const BATCH = '/api/v1/events/trigger/batch';
const iso = (delay_ms) => new Date(Date.now() + delay_ms).toISOString();
const event = (userId, what, sendAt, more = {}) => ({ eventType: 'expiry', payload: { userId }, variables: { what }, sendAt, ...more });
const cancel = (id, team = tenant, options = {}) => team.call('DELETE', `/api/v1/events/${encodeURIComponent(id)}`, options);
const bodies = async (userId, team = tenant) => (await team.history(userId, '?limit=100')).map((item) => item.body).reverse();
const waiting = async (team = tenant) => (await server.admin('GET', `/tenants/${team.id}/scheduled?limit=200`)).json.data;

async function until(what, isSo) {
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    const seen = await isSo();
    if (seen) return seen;
    assert.ok(Date.now() < deadline, `${what}, in time`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function metric(name) {
  const { text } = await server.call('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1]);
}

async function schedule(body, team = tenant) {
  const answer = await team.post(body);
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.sendAt, answer.text);
  return answer.json;
}

test('EXW-03: an event with a sendAt is answered at once and happens when it comes', async () => {
  const { inbox } = await listen(tenant, 'ann');
  const sendAt = iso(SOON_MS + 200);
  const answer = await tenant.post(event('ann', 'milk', sendAt, { eventId: 'milk-1' }));
  assert.equal(answer.text, JSON.stringify({
    success: true, message: 'Event expiry scheduled securely for Later', eventId: 'milk-1', sendAt,
  }));
  assert.deepEqual(await bodies('ann'), []);
  assert.equal((await inbox.next('the push')).body, 'milk');
  assert.ok(Date.now() >= Date.parse(sendAt), 'not before its time');
  const [item] = await tenant.history('ann');
  assert.equal(item.body, 'milk');
  assert.ok(Date.parse(item.created_at) >= Date.parse(sendAt));
  assert.deepEqual(await waiting(), []);
  assert.equal((await cancel('milk-1')).status, 404);
  const { json: { data } } = await server.admin('GET', `/tenants/${tenant.id}/events/milk-1`);
  assert.deepEqual(data.deliveries.map(({ status }) => status), ['SENT']);
});

test('API-01: without a sendAt, and with one that has come, the answer stays what it was', async () => {
  const plain = JSON.stringify({ success: true, message: 'Event expiry dispatched securely for Later' });
  for (const sendAt of [undefined, null, iso(-DAY_MS), iso(0), '1969-07-20T20:17:40Z', iso(500)]) {
    assert.equal((await tenant.post(event('now', String(sendAt), sendAt))).text, plain);
  }
  assert.equal((await tenant.history('now')).length, 6);
});

test('E.8: a sendAt that is no moment with a zone, or too far, is 422 and says so', async () => {
  const FORM = 'sendAt must be an ISO 8601 date and time with a zone, for example 2026-12-24T18:00:00Z or 2026-12-24T21:00:00+03:00';
  const wrong = [
    [17, 'sendAt must be a string'], [{}, 'sendAt must be a string'], ['', FORM], ['tomorrow', FORM],
    ['2099-12-24', FORM], ['2099-12-24T18:00:00', FORM], ['2099-02-30T18:00:00Z', FORM], ['2099-12-24T25:00:00Z', FORM],
    ['2099-12-24T18:00:00 Z', FORM], ['2099-12-24T18:00:00+0300', FORM], [iso(367 * DAY_MS), 'sendAt must not be more than one year ahead'],
  ];
  for (const [sendAt, sentence] of wrong) {
    const answer = await tenant.post(event('eve', 'x', sendAt));
    assert.equal(answer.status, 422, `${JSON.stringify(sendAt)}: ${answer.text}`);
    assert.deepEqual(answer.json, { statusCode: 400, message: [sentence], error: 'Bad Request' });
  }
  const all = await tenant.post({ payload: { userId: 'eve' }, sendAt: 'x' });
  assert.deepEqual(all.json.message, ['eventType must be a string', 'eventType should not be empty', FORM]);
  const far = await schedule(event('eve', 'x', iso(365 * DAY_MS)));
  assert.equal((await cancel(far.eventId)).status, 200);
});

test('E.8: zones are understood, and answered in UTC', async () => {
  const at = new Date(Math.ceil((Date.now() + DAY_MS) / 1000) * 1000);
  const local = (hours) => new Date(at.getTime() + hours * HOUR_MS).toISOString().slice(0, 19);
  for (const sendAt of [`${local(3)}+03:00`, `${local(-5)}-05:00`, `${local(0)}Z`, `${local(0)}.000z`]) {
    const { sendAt: told, eventId } = await schedule(event('zoe', 'x', sendAt));
    assert.equal(told, at.toISOString());
    assert.equal((await cancel(eventId)).status, 200);
  }
});

test('API-07: a repeat is answered byte for byte and schedules nothing; so is one after it was cancelled', async () => {
  const body = event('kim', 'key', iso(HOUR_MS), { eventId: 'kim-1' });
  const first = await tenant.post(body);
  const again = await tenant.post(body);
  assert.equal(again.text, first.text);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal((await waiting()).length, 1);
  const other = await tenant.post(event('kim', 'now', undefined, { eventId: 'kim-1' }));
  assert.equal(other.text, first.text, 'another body under the key is told the first answer');
  assert.equal((await cancel('kim-1')).status, 200);
  assert.equal((await tenant.post(body)).text, first.text);
  assert.deepEqual(await waiting(), []);
  assert.deepEqual(await bodies('kim'), []);
});

test('item 5: cancelling says yes once, and 404 for all else', async () => {
  const stranger = await server.createTenant();
  const { eventId, sendAt } = await schedule(event('cat', 'never', iso(HOUR_MS), { eventId: 'a b/c#1' }));
  assertEnvelope(await cancel(eventId, stranger), 404);
  assertEnvelope(await cancel('unknown'), 404);
  assert.equal((await cancel(eventId, tenant, { key: 'wrong' })).status, 401);
  const done = await cancel(eventId);
  assert.deepEqual(done.json, { success: true, message: 'Scheduled event cancelled', eventId });
  assertEnvelope(await cancel(eventId), 404);
  const { json: { data } } = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=event.cancelled`);
  assert.ok(data.some(({ subject, before }) => subject === eventId && before.eventType === 'expiry'));
  const { json: { data: taken } } = await server.admin('GET', `/tenants/${tenant.id}/events/${encodeURIComponent(eventId)}`);
  assert.deepEqual([taken.id, taken.state, taken.sendAt, taken.userId], [eventId, 'cancelled', sendAt, null]);
  assert.deepEqual(taken.timeline.map(({ what }) => what), ['accepted', 'cancelled']);
  assert.equal((await server.admin('GET', `/tenants/${stranger.id}/events/${encodeURIComponent(eventId)}`)).status, 404);
});

test('ORQ-09: a tenant with a secret signs the cancelling as it signs the trigger', async () => {
  const webhookSecret = 'a webhook secret to cancel with';
  server.secrets.add(webhookSecret);
  const secured = await server.createTenant({ webhookSecret });
  const sign = (body) => ({ headers: { 'X-Orqestra-Signature': createHmac('sha256', webhookSecret).update(body).digest('hex') } });
  const body = JSON.stringify(event('u', 'x', iso(HOUR_MS), { eventId: 'signed' }));
  assert.equal((await secured.post(body, sign(body))).status, 200);
  assert.equal((await cancel('signed', secured)).status, 401);
  assert.equal((await cancel('signed', secured, sign('other'))).status, 401);
  assert.equal((await cancel('signed', secured, sign(''))).status, 200);
});

test('item 5: dryRun says when it would happen, and schedules nothing', async () => {
  const sendAt = iso(HOUR_MS);
  const answer = await tenant.call('POST', '/api/v1/events/trigger?dryRun=true', { body: event('dry', 'x', sendAt) });
  assert.equal(answer.json.data.sendAt, sendAt);
  assert.equal(answer.json.data.deliveries[0].body, 'x');
  assert.deepEqual(await waiting(), []);
});

test('item 7: a batch may mix events of now and of later', async () => {
  const sendAt = iso(SOON_MS + 200);
  const events = [event('bea', 'now'), event('bea', 'later', sendAt, { idempotencyKey: 'bea-2' }), event('bea', 'x', 'soon'),
    event('bea', 'later', sendAt, { idempotencyKey: 'bea-2' })];
  const { results } = (await tenant.call('POST', BATCH, { body: { events } })).json;
  assert.equal(results[0].sendAt, undefined);
  assert.equal(results[0].message, 'Event expiry dispatched securely for Later');
  assert.equal(results[1].message, 'Event expiry scheduled securely for Later');
  assert.equal(results[1].sendAt, sendAt);
  assert.equal(results[2].statusCode, 422);
  assert.deepEqual(results[3], { ...results[1], replayed: true });
  await until('both have happened', async () => (await bodies('bea')).length === 2);
  assert.deepEqual(await bodies('bea'), ['now', 'later']);
});

test('item 5: an earlier one that comes later wakes whoever sleeps for the first', async () => {
  const { inbox } = await listen(tenant, 'wes');
  const late = await schedule(event('wes', 'late', iso(HOUR_MS)));
  await schedule(event('wes', 'soon', iso(SOON_MS)));
  assert.equal((await inbox.next('the earlier')).body, 'soon');
  assert.equal((await cancel(late.eventId)).status, 200);
});

test('item 5: the template is the one of the moment it happens', async () => {
  const made = await tenant.template({ eventType: 'changing', subject: 'S', body: 'before' });
  const { inbox } = await listen(tenant, 'tim');
  await schedule({ ...event('tim', '', iso(SOON_MS + 500)), eventType: 'changing' });
  const change = await server.admin('PATCH', `/tenants/${tenant.id}/templates/${made.id}`, { body: 'after' });
  assert.equal(change.status, 200, change.text);
  assert.equal((await inbox.next('the push')).body, 'after');
});

test('item 5: the console lists what waits, the soonest first, in pages, and shows one as an event', async () => {
  const team = await server.createTenant();
  const times = [3, 1, 2].map((hours) => iso(hours * HOUR_MS));
  for (const [i, sendAt] of times.entries()) await schedule(event('lea', 'x', sendAt, { eventId: `lea-${i}` }), team);
  const seen = [];
  for (let cursor = ''; cursor !== null;) {
    const { json } = await server.admin('GET', `/tenants/${team.id}/scheduled?limit=1${cursor && `&cursor=${cursor}`}`);
    seen.push(...json.data);
    cursor = json.nextCursor;
  }
  assert.deepEqual(seen.map(({ id }) => id), ['lea-1', 'lea-2', 'lea-0']);
  assert.deepEqual(seen[0], { id: 'lea-1', eventType: 'expiry', userId: 'lea', traceId: null, createdAt: seen[0].createdAt, sendAt: times[1], state: 'scheduled' });
  const { json: { data } } = await server.admin('GET', `/tenants/${team.id}/events/lea-1`);
  assert.deepEqual(data.timeline.map(({ what, at }) => [what, at]), [['accepted', data.createdAt], ['scheduled', times[1]]]);
  assert.equal(data.state, 'scheduled');
  assert.equal((await server.admin('GET', `/tenants/${team.id}/scheduled?cursor=x`)).status, 422);
  assert.equal((await server.admin('GET', `/tenants/${tenant.id}/events/lea-1`)).status, 404);
});

test('API-21: limits count when it is accepted, and not again when it happens', async () => {
  const team = await server.createTenant({ dailyCap: 2 });
  await team.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  await schedule(event('cap', 'one', iso(SOON_MS)), team);
  await until('it has happened', async () => (await bodies('cap', team)).length === 1);
  assert.equal((await team.post(event('cap', 'two'))).status, 200);
  assert.equal((await team.post(event('cap', 'three', iso(HOUR_MS)))).status, 429);
});

test('ORQ-21: a suspended tenant sends nothing; what came due meanwhile happens when it is back, in order', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  const other = await server.createTenant();
  await other.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  await schedule(event('sue', 'second', iso(SOON_MS + 400)), team);
  await schedule(event('sue', 'first', iso(SOON_MS + 100)), team);
  await schedule(event('sue', 'other', iso(SOON_MS + 500)), other);
  await server.admin('POST', `/tenants/${team.id}/suspend`);
  await until('the other tenant\'s has happened', async () => (await bodies('sue', other)).length === 1);
  await until('both are held', async () => (await waiting(team)).every(({ state }) => state === 'held'));
  assert.equal((await waiting(team)).length, 2);
  await server.admin('POST', `/tenants/${team.id}/reactivate`);
  await until('both have happened', async () => (await bodies('sue', team)).length === 2);
  assert.deepEqual(await bodies('sue', team), ['first', 'second']);
});

test('RELIABILITY-33: erasing a user, and deleting a tenant, takes what waits along', async () => {
  const before = await metric('orqestra_scheduled_events');
  const team = await server.createTenant();
  await schedule(event('era', 'x', iso(HOUR_MS)), team);
  await schedule(event('era', 'y', iso(HOUR_MS)), team);
  await schedule(event('ivy', 'z', iso(HOUR_MS), { eventId: 'ivy-1' }), team);
  assert.equal(await metric('orqestra_scheduled_events'), before + 3);
  const erased = await server.admin('DELETE', `/tenants/${team.id}/users/era`);
  assert.deepEqual(erased.json.data, { notifications: 0, events: 2 });
  assert.deepEqual((await waiting(team)).map(({ id }) => id), ['ivy-1']);
  assert.equal((await server.admin('DELETE', `/tenants/${team.id}`)).status, 200);
  const [left] = await queryCopy(server, `SELECT (SELECT count(*) FROM scheduled s LEFT JOIN tenant t ON t.no = s.tenant WHERE t.no IS NULL) AS rows,
    (SELECT count(*) FROM scheduled_count s LEFT JOIN tenant t ON t.no = s.tenant WHERE t.no IS NULL) AS counts`);
  assert.deepEqual(left, { rows: 0, counts: 0 });
  assert.equal(await metric('orqestra_scheduled_events'), before);
});

test('item 5: thousands that are due in one moment all happen, once, and nobody waits behind them', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  const fired = await metric('orqestra_scheduled_fired_total');
  const sendAt = iso(6000);
  for (let batch = 0; batch < 3; batch++) {
    const events = Array.from({ length: 1000 }, (_, i) => event(`u${i % 50}`, `${batch}-${i}`, sendAt));
    const { json } = await team.call('POST', BATCH, { body: { events } });
    assert.ok(json.results.every((result) => result.sendAt === sendAt));
  }
  const first = async () => (await bodies('u0', team)).length > 0;
  await until('the first has happened', first);
  assert.equal((await tenant.post(event('between', 'x'))).status, 200);
  await until('all have happened', async () => (await metric('orqestra_scheduled_fired_total')) === fired + 3000);
  const rows = await queryCopy(server, `SELECT count(*) AS events, count(DISTINCT m.body) AS bodies FROM message m
    JOIN tenant t ON t.no = m.tenant WHERE t.slug = '${team.slug}'`);
  assert.deepEqual(rows, [{ events: 3000, bodies: 3000 }]);
  assert.deepEqual(await waiting(team), []);
});

test('RELIABILITY-1: what waits survives kill -9; what came due meanwhile happens at once, in order', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  await schedule(event('rex', 'third', iso(SOON_MS + 600)), team);
  await schedule(event('rex', 'second', iso(SOON_MS + 300)), team);
  await schedule(event('rex', 'first', iso(SOON_MS)), team);
  await schedule(event('rex', 'last', iso(HOUR_MS), { eventId: 'rex-last' }), team);
  await server.kill9();
  await new Promise((done) => setTimeout(done, SOON_MS + 700)); // until all three are overdue
  await server.launch(server.port);
  await until('three have happened', async () => (await bodies('rex', team)).length === 3);
  assert.deepEqual(await bodies('rex', team), ['first', 'second', 'third']);
  assert.deepEqual((await waiting(team)).map(({ id }) => id), ['rex-last']);
  assert.equal((await cancel('rex-last', team)).status, 200);
});

test('ORQ-21: what a suspension held back for more than a day is not sent, and the audit log says so', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'expiry', subject: 'S', body: '{{what}}' });
  await schedule(event('old', 'stale', iso(SOON_MS), { eventId: 'stale' }), team);
  await schedule(event('old', 'fresh', iso(SOON_MS + 100), { eventId: 'fresh' }), team);
  await server.admin('POST', `/tenants/${team.id}/suspend`);
  await until('both are held', async () => (await waiting(team)).every(({ state }) => state === 'held'));
  await server.terminate();
  assert.equal(editStore(server.data, `UPDATE scheduled SET send_at_ms = send_at_ms - ${DAY_MS} WHERE id = 'stale'`), 1);
  await server.launch(server.port);
  await server.admin('POST', `/tenants/${team.id}/reactivate`);
  await until('nothing waits', async () => (await waiting(team)).length === 0);
  await until('the fresh one has happened', async () => (await bodies('old', team)).length === 1);
  assert.deepEqual(await bodies('old', team), ['fresh']);
  const { json: { data } } = await server.admin('GET', `/audit?tenantId=${team.id}&action=event.missed`);
  const WHY = 'its tenant was suspended until more than 24 hours after sendAt';
  assert.deepEqual(data.map(({ subject, before, after }) => [subject, before.eventType, after.why]), [['stale', 'expiry', WHY]]);
  const { json: { data: missed } } = await server.admin('GET', `/tenants/${team.id}/events/stale`);
  assert.equal(missed.state, 'missed');
  assert.equal(missed.timeline.at(-1).detail, WHY);
});

test('item 5: a tenant may have so many that wait; one more is refused, with its key still free', async () => {
  const team = await server.createTenant();
  await schedule(event('max', 'x', iso(HOUR_MS)), team);
  await server.terminate();
  assert.equal(editStore(server.data, `UPDATE scheduled_count SET waiting = 99999 WHERE tenant =
    (SELECT no FROM tenant WHERE slug = '${team.slug}')`), 1);
  await server.launch(server.port);
  const full = /^sendAt cannot be accepted: the tenant has 100000 scheduled events waiting/;
  await schedule(event('max', 'the last', iso(HOUR_MS), { eventId: 'max-last' }), team);
  const surplus = event('max', 'one more', iso(HOUR_MS), { eventId: 'max-more' });
  const refused = await team.post(surplus);
  assert.equal(refused.status, 422, refused.text);
  assert.match(refused.json.message[0], full);
  const { results } = (await team.call('POST', BATCH, { body: { events: [surplus, event('max', 'now')] } })).json;
  assert.deepEqual(results.map(({ success }) => success), [false, true]);
  assert.match(results[0].message[0], full);
  assert.equal((await cancel('max-last', team)).status, 200);
  assert.equal((await schedule(surplus, team)).eventId, 'max-more');
});
