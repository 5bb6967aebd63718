// idempotency_test.mjs: the same event twice is one event, told the same twice (E.1, RELIABILITY P7).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { listen } from './lib/realtime.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Keys & Co' });
await tenant.template({ eventType: 'order', subject: 'Order', body: '{{n}}' });

const order = (userId, n, more = {}) => ({ eventType: 'order', payload: { userId }, variables: { n }, ...more });
const send = (key, body, team = tenant) => team.post(body, { headers: key === null ? {} : { 'X-Idempotency-Key': key } });
const bodies = async (userId, team = tenant) => (await team.history(userId)).map((item) => item.body);

function assertFirst(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['idempotency-replayed'], undefined);
}

function assertReplay(answer, first) {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['idempotency-replayed'], 'true');
  assert.equal(answer.text, first.text);
}

test('API-07 API-36: a repeated key is answered byte for byte and does nothing else', async () => {
  const { inbox } = await listen(tenant, 'ann');
  const first = await send('key-1', order('ann', 1));
  assertFirst(first);
  for (let i = 0; i < 3; i++) assertReplay(await send('key-1', order('ann', 1)), first);
  assertFirst(await send('key-2', order('ann', 2)));
  assert.equal((await inbox.next('the first')).body, '1');
  assert.equal((await inbox.next('the second')).body, '2'); // nothing came between
  assert.deepEqual(await bodies('ann'), ['2', '1']);
  const [count] = await queryCopy(server, `SELECT count(*) AS events, (SELECT count(*) FROM delivery d WHERE d.event IN
    (SELECT e.no FROM event e JOIN end_user u ON u.no = e.end_user WHERE u.id = 'ann')) AS deliveries
    FROM event e JOIN end_user u ON u.no = e.end_user WHERE u.id = 'ann'`);
  assert.deepEqual(count, { events: 2, deliveries: 2 });
});

test('E.1: without a key and an eventId, equal bodies are two events', async () => {
  for (let i = 0; i < 2; i++) assertFirst(await send(null, order('bob', 'same')));
  assert.deepEqual(await bodies('bob'), ['same', 'same']);
});

test('API-12 API-36 E.1: an eventId of the client is a key when no header is sent', async () => {
  const event = order('cid', 1, { eventId: 'evt-1' });
  const first = await send(null, event);
  assertFirst(first);
  assertReplay(await send(null, event), first);
  assert.deepEqual(await bodies('cid'), ['1']);
});

test('E.1: the header goes before the eventId: one eventId under two keys is two events', async () => {
  const event = order('dan', 1, { eventId: 'evt-2' });
  const first = await send('dan-1', event);
  assertFirst(first);
  assertFirst(await send('dan-2', event));
  assertReplay(await send('dan-1', { ...event, eventId: 'evt-3' }), first);
  assert.deepEqual(await bodies('dan'), ['1', '1']);
});

test('an eventId spelled like a key is another key', async () => {
  assertFirst(await send('twin', order('eve', 1)));
  assertFirst(await send(null, order('eve', 2, { eventId: 'twin' })));
  assert.deepEqual(await bodies('eve'), ['2', '1']);
});

test('E.1: another body under a known key gets the first answer, and changes nothing', async () => {
  const first = await send('fay', order('fay', 1));
  assertReplay(await send('fay', order('fay', 2)), first);
  assertReplay(await send('fay', { eventType: 'global.info', payload: { userId: 'someone.else' } }), first);
  assert.deepEqual(await bodies('fay'), ['1']);
  assert.deepEqual(await bodies('someone.else'), []);
});

test('API-09: keys are each tenant\'s own', async () => {
  const other = await server.createTenant();
  await other.template({ eventType: 'order', body: '{{n}}' });
  assertFirst(await send('shared', order('gus', 1)));
  assertFirst(await send('shared', order('gus', 2), other));
  assert.deepEqual(await bodies('gus'), ['1']);
  assert.deepEqual(await bodies('gus', other), ['2']);
});

test('E.1: the first answer stays as it was when the tenant is renamed', async () => {
  const team = await server.createTenant({ name: 'Before "now"' });
  const first = await send('name', order('hal', 1), team);
  assert.equal(first.json.message, 'Event order dispatched securely for Before "now"');
  assert.equal((await server.admin('PATCH', `/tenants/${team.id}`, { name: 'After' })).status, 200);
  assertReplay(await send('name', order('hal', 1), team), first);
  assert.match((await send('other', order('hal', 1), team)).json.message, /for After$/);
});

test('KIT-07 E.1: what is refused takes no key', async () => {
  const wrong = await tenant.post(order('ida', 1), { key: 'wrong', headers: { 'X-Idempotency-Key': 'ida' } });
  assert.equal(wrong.status, 401);
  for (const bad of ['{', { eventType: 'order' }, order('ida', 1, { channels: ['FAX'] })]) {
    assert.equal((await send('ida', bad)).status, 422);
  }
  const text = await tenant.post('x', { headers: { 'X-Idempotency-Key': 'ida', 'content-type': 'text/plain' } });
  assert.equal(text.status, 422);
  const first = await send('ida', order('ida', 1));
  assertFirst(first);
  assertReplay(await send('ida', order('ida', 1)), first);
  assert.equal((await send('ida', '{')).status, 422); // validation comes before the key (E.8)
});

test('E.8: a key that is none is a 422, told after the body\'s problems', async () => {
  for (const key of ['', 'two words', 'ü', 'x'.repeat(256)]) {
    const answer = await send(key, { payload: { userId: 'joe' } });
    assert.equal(answer.status, 422);
    assert.deepEqual(answer.json.message, ['eventType must be a string', 'eventType should not be empty',
      'X-Idempotency-Key must be 1 to 255 visible characters']);
  }
  assertFirst(await send('x'.repeat(255), order('joe', 1)));
  assert.deepEqual(await bodies('joe'), ['1']);
});

test('P7: concurrent repeats over many connections are one event, and all get its answer', async () => {
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 16 }, () => send(`race-${round}`, order('kim', round))));
    assert.equal(answers.filter((answer) => answer.headers['idempotency-replayed'] === undefined).length, 1);
    for (const answer of answers) assert.equal(answer.text, answers[0].text);
  }
  assert.equal((await bodies('kim')).length, 20);
});

test('P7: a key survives kill -9 and a restart, the answer byte for byte', async () => {
  const first = await send('kill', order('lea', 1));
  await server.kill9();
  await server.launch(server.port);
  assertReplay(await send('kill', order('lea', 1)), first);
  await server.terminate();
  await server.launch(server.port);
  assertReplay(await send('kill', order('lea', 1)), first);
  assert.deepEqual(await bodies('lea'), ['1']);
});

test('P7: an event that matched no template is recorded once too', async () => {
  const nothing = { eventType: 'no.such.template', payload: { userId: 'max' } };
  const first = await send('none', nothing);
  assertReplay(await send('none', nothing), first);
  const rows = await queryCopy(server, "SELECT no FROM audit WHERE action = 'event.unmatched' AND subject = 'no.such.template'");
  assert.equal(rows.length, 1);
});

test('API-08: after its time a key is free again, under header and eventId; then it is swept', async (t) => {
  const short = await Server.start({ env: { ORQESTRA_IDEMPOTENCY_TTL: '1' } });
  t.after(() => short.stop());
  const team = await short.createTenant();
  await team.template({ eventType: 'order', body: '{{n}}' });
  const untilFirst = async (request) => { // repeats until the key is free; every repeat before is a replay
    for (;;) {
      const answer = await request();
      assert.equal(answer.status, 200, answer.text);
      if (answer.headers['idempotency-replayed'] === undefined) return;
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const byHeader = () => send('again', order('ned', 'h'), team);
  const byId = () => send(null, order('oda', 'i', { eventId: 'again' }), team);
  for (const request of [byHeader, byId]) {
    assertFirst(await request());
    await untilFirst(request);
  }
  assert.deepEqual(await bodies('ned', team), ['h', 'h']);
  assert.deepEqual(await bodies('oda', team), ['i', 'i']);
  for (;;) { // the test's time limit is the patience
    const [{ keys }] = await queryCopy(short, 'SELECT count(*) AS keys FROM idempotency');
    if (keys === 0) break;
    await new Promise((done) => setTimeout(done, 200));
  }
});
