// batch_test.mjs: POST /api/v1/events/trigger/batch.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { listen } from './lib/realtime.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Bulk' });
await tenant.template({ eventType: 'order', subject: 'Order', body: '{{n}}' });

const PATH = '/api/v1/events/trigger/batch';
const order = (userId, n, more = {}) => ({ eventType: 'order', payload: { userId }, variables: { n }, ...more });
const send = (events, options = {}) => tenant.call('POST', PATH, { body: { events }, ...options });
const bodies = async (userId) => (await tenant.history(userId, '?limit=100')).map((item) => item.body);
const MESSAGE = 'Event order dispatched securely for Bulk';

async function results(events, options) {
  const answer = await send(events, options);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['success', 'results']);
  assert.equal(answer.json.success, true);
  assert.equal(answer.json.results.length, events.length);
  return answer.json.results;
}

test('item 7: a result per event, in order, and each delivered', async () => {
  const { inbox } = await listen(tenant, 'ann');
  const got = await results([order('ann', 1, { eventId: 'one' }), order('ann', 2), order('ben', 3)]);
  for (const result of got) {
    assert.deepEqual(Object.keys(result), ['success', 'message', 'eventId', 'replayed']);
    assert.equal(result.success, true);
    assert.equal(result.message, MESSAGE);
    assert.equal(result.replayed, false);
  }
  assert.equal(got[0].eventId, 'one');
  assert.match(got[1].eventId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assert.equal((await inbox.next('the first')).body, '1');
  assert.equal((await inbox.next('the second')).body, '2');
  assert.deepEqual(await bodies('ann'), ['2', '1']);
  assert.deepEqual(await bodies('ben'), ['3']);
});

test('item 7: events that are refused stop no others, and say all that is wrong', async () => {
  const got = await results([
    order('cid', 1), 5, { eventType: 7 }, order('cid', 2, { idempotencyKey: 'two words' }), order('cid', 3),
  ]);
  const refused = (...message) => ({ success: false, statusCode: 422, message, error: 'Bad Request' });
  assert.deepEqual(got.map(({ success }) => success), [true, false, false, false, true]);
  assert.deepEqual(got[1], refused('event must be a JSON object'));
  assert.deepEqual(got[2], refused('eventType must be a string', 'payload must be an object'));
  assert.deepEqual(got[3], refused('idempotencyKey must be 1 to 255 visible characters'));
  assert.deepEqual(await bodies('cid'), ['3', '1']);
  assert.deepEqual((await results([5]))[0], refused('event must be a JSON object'));
});

test('item 7: each event is idempotent by its own key, within a batch, between batches and with single events', async () => {
  const keyed = order('dan', 1, { idempotencyKey: 'dan' });
  const [first, again] = await results([keyed, { ...keyed, variables: { n: 'other' } }]);
  assert.equal(first.replayed, false);
  assert.deepEqual(again, { ...first, replayed: true });
  assert.deepEqual(await results([keyed, order('dan', 2)]).then(([replay, fresh]) => [replay, fresh.replayed]), [again, false]);

  const single = await tenant.post(order('dan', 1), { headers: { 'X-Idempotency-Key': 'dan' } });
  assert.equal(single.headers['idempotency-replayed'], 'true');
  assert.equal(single.json.message, first.message);
  const named = order('dan', 3, { eventId: 'dan-3' });
  assert.equal((await tenant.post(named)).headers['idempotency-replayed'], undefined);
  assert.deepEqual(await results([named]), [{ success: true, message: MESSAGE, eventId: 'dan-3', replayed: true }]);
  assert.deepEqual(await bodies('dan'), ['3', '2', '1']);
});

test('item 7: a thousand events in one transaction, and a repeat of all is all replays', async () => {
  const events = Array.from({ length: 1000 }, (_, n) => order(`eve-${n % 10}`, n, { eventId: `eve-${n}` }));
  const first = await results(events, { headers: { 'X-Trace-Id': 'bulk-1' } });
  assert.ok(first.every((result, n) => result.success && !result.replayed && result.eventId === `eve-${n}`));
  const again = await results(events);
  assert.deepEqual(again, first.map((result) => ({ ...result, replayed: true })));
  for (let user = 0; user < 10; user++) {
    const expected = Array.from({ length: 100 }, (_, i) => String(990 + user - 10 * i));
    assert.deepEqual(await bodies(`eve-${user}`), expected);
  }
  const [row] = await queryCopy(server, "SELECT count(*) AS events FROM event WHERE trace_id = 'bulk-1'");
  assert.equal(row.events, 1000);
});

test('item 7: a batch of none, of too many, or of something else is a 422 as a whole', async () => {
  const refused = async (body, ...message) => {
    const answer = await tenant.call('POST', PATH, { body });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(answer.json, { statusCode: 400, message, error: 'Bad Request' });
  };
  for (const events of [undefined, null, {}, 'x', 1]) await refused({ events }, 'events must be an array');
  await refused({ events: [] }, 'events must contain 1 to 1000 events');
  await refused({ events: Array(1001).fill(order('fay', 1)) }, 'events must contain 1 to 1000 events');
  await refused([], 'request body must be a JSON object');
  assert.equal((await tenant.call('POST', PATH, { body: '{' })).status, 422);
  assert.deepEqual(await bodies('fay'), []);
});

test('item 7: what is for a single event is refused, not ignored', async () => {
  const dry = await tenant.call('POST', `${PATH}?dryRun=true`, { body: { events: [order('gus', 1)] } });
  assert.equal(dry.status, 422);
  const keyed = await send([order('gus', 1)], { headers: { 'X-Idempotency-Key': 'k' } });
  assert.equal(keyed.status, 422);
  assert.deepEqual(await bodies('gus'), []);
});

test('item 7: the body limit is that of every request, and large ones come through', async () => {
  const text = 'x'.repeat(900);
  const events = Array.from({ length: 1000 }, (_, n) => order('hal', n, { variables: { n, text } }));
  const got = await results(events);
  assert.ok(got.every(({ success }) => success));
  assert.equal((await send([order('hal', 'y'.repeat(1 << 20))])).status, 413);
});

test('item 7: events beyond the memory of a request are refused one by one, the others accepted', async () => {
  await tenant.template({ eventType: 'wide', subject: 'w', body: 'w'.repeat(40000) });
  const events = Array.from({ length: 300 }, (_, n) => ({ eventType: 'wide', eventId: `wide-${n}`, payload: { userId: `ivy-${n}` } }));
  const got = await results(events);
  const done = got.filter(({ success }) => success).length;
  assert.ok(done > 10 && done < 300, `${done} of 300`);
  for (const result of got.slice(done)) assert.equal(result.statusCode, 413);
  assert.equal((await bodies(`ivy-${done - 1}`)).length, 1);
  assert.equal((await bodies(`ivy-${done}`)).length, 0);
  const again = await results(events.slice(done, done + 10)); // a refusal takes no key
  assert.ok(again.every(({ success, replayed }) => success && !replayed));
});

test('API-01: a batch asks for the key of an active tenant', async () => {
  assert.equal((await send([order('joe', 1)], { key: 'wrong' })).status, 401);
});
