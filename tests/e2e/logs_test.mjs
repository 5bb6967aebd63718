// logs_test.mjs: the log of deliveries, one event's story, filters and cursor pages.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';

const server = await Server.start();
after(() => server.stop());

const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ROW = ['id', 'eventId', 'eventType', 'channel', 'userId', 'recipient', 'status', 'cause', 'attemptCount', 'provider',
  'traceId', 'createdAt', 'updatedAt'];

const query = (filters) => new URLSearchParams(filters).toString();
const page = (team, filters = {}) => server.admin('GET', `/tenants/${team.id}/logs?${query(filters)}`);
const one = (team, id) => server.admin('GET', `/tenants/${team.id}/logs/${id}`);
const event = (team, id) => server.admin('GET', `/tenants/${team.id}/events/${encodeURIComponent(id)}`);
const words = (data) => data.timeline.map(({ what }) => what);

async function rows(team, filters) {
  const answer = await page(team, filters);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.success, true);
  return answer.json.data;
}

// Every page from the first on; `between` runs after each.
async function allPages(team, filters, between = async () => {}) {
  const seen = [];
  let cursor;
  do {
    const answer = await page(team, cursor ? { ...filters, cursor } : filters);
    assert.equal(answer.status, 200, answer.text);
    seen.push(...answer.json.data);
    cursor = answer.json.nextCursor;
    await between();
  } while (cursor !== null);
  return seen;
}

// An event on all three channels: PUSH goes out, EMAIL waits, SMS lacks its number.
async function threeChannels(fields = {}) {
  const team = await server.createTenant(fields);
  await team.template({ eventType: 'order', subject: 'S', body: 'push' });
  await team.template({ eventType: 'order', channel: 'EMAIL', subject: 'S', body: '<p>mail</p>', format: 'html' });
  await team.template({ eventType: 'order', channel: 'SMS', body: 'text' });
  return team;
}

const send = (team, body, headers) => team.post({ eventType: 'order', variables: {}, ...body }, { headers });

test('ORQ-06 ORQ-13 ORQ-14 ORQ-19: a row for each matched channel, with its status and exact cause', async () => {
  const team = await threeChannels();
  const before = Date.now();
  const sent = await send(team, { eventId: 'ev-1', payload: { userId: 'ada', recipientEmail: 'ada@example.com' } });
  assert.equal(sent.status, 200, sent.text);
  const log = await rows(team);
  assert.deepEqual(log.map((row) => Object.keys(row)), [ROW, ROW, ROW]);
  const by = Object.fromEntries(log.map((row) => [row.channel, row]));
  assert.deepEqual(Object.keys(by).sort(), ['EMAIL', 'PUSH', 'SMS']);
  assert.equal(by.PUSH.status, 'SENT');
  assert.equal(by.PUSH.recipient, null);
  assert.ok(['PENDING', 'FAILED', 'RETRYING', 'SENT'].includes(by.EMAIL.status), by.EMAIL.status);
  assert.equal(by.EMAIL.recipient, 'ada@example.com');
  assert.equal(by.SMS.status, 'FAILED');
  assert.equal(by.SMS.cause, 'recipientPhone is required for the SMS channel');
  for (const row of log) {
    assert.equal(row.eventId, 'ev-1');
    assert.equal(row.eventType, 'order');
    assert.equal(row.userId, 'ada');
    assert.equal(row.traceId, null);
    assert.match(row.createdAt, ISO);
    assert.match(row.updatedAt, ISO);
    assert.ok(Date.parse(row.createdAt) >= before - 1000 && Date.parse(row.createdAt) <= Date.now() + 1000);
  }
});

test('API-10: the trace id is echoed and found again in row, detail, event and filter', async () => {
  const team = await threeChannels();
  const trace = 'trace-0190/ab:cd';
  const sent = await send(team, { eventId: 'traced', payload: { userId: 'u' } }, { 'X-Trace-Id': trace });
  assert.equal(sent.headers['x-trace-id'], trace);
  await send(team, { payload: { userId: 'u' } }, { 'X-Trace-Id': 'another' });
  const log = await rows(team, { traceId: trace });
  assert.deepEqual(log.map((row) => [row.eventId, row.traceId]), Array(3).fill(['traced', trace]));
  assert.equal((await one(team, log[0].id)).json.data.traceId, trace);
  assert.equal((await event(team, 'traced')).json.data.traceId, trace);
});

test('P4: one delivery tells its story from accepted to read', async () => {
  const team = await threeChannels();
  await send(team, { payload: { userId: 'ada' } });
  const [push] = await rows(team, { channel: 'PUSH' });
  const unread = (await one(team, push.id)).json.data;
  assert.deepEqual(Object.keys(unread), [...ROW, 'attempts', 'timeline']);
  assert.deepEqual(unread.attempts, []);
  assert.deepEqual(words(unread), ['accepted', 'planned', 'rendered', 'published']);
  const [item] = await team.history('ada');
  await team.markRead('ada', item.id);
  const read = (await one(team, push.id)).json.data;
  assert.deepEqual(words(read), ['accepted', 'planned', 'rendered', 'published', 'read']);
  const times = read.timeline.map(({ at }) => at);
  assert.ok(times.every((at) => ISO.test(at)), times);
  assert.deepEqual(times, [...times].sort());
  assert.equal(times[0], read.createdAt);
  const [sms] = await rows(team, { channel: 'SMS' });
  const failed = (await one(team, sms.id)).json.data;
  assert.deepEqual(words(failed), ['accepted', 'planned', 'failed']);
  assert.equal(failed.timeline[2].detail, `SMS: ${failed.cause}`);
});

test('ORQ-03 ORQ-13: an event that matched nothing answers 200 and is found by its id, without deliveries', async () => {
  const team = await threeChannels();
  const sent = await team.post({ eventType: 'nobody.listens', eventId: 'lost', payload: { userId: 'u' }, variables: {} });
  assert.equal(sent.status, 200);
  assert.deepEqual(await rows(team), []);
  const { json } = await event(team, 'lost');
  assert.equal(json.data.id, 'lost');
  assert.equal(json.data.eventType, 'nobody.listens');
  assert.equal(json.data.userId, 'u');
  assert.deepEqual(json.data.deliveries, []);
  assert.deepEqual(words(json.data), ['accepted', 'unmatched']);
});

test('ORQ-10: the event type is matched case-sensitively, also by the filter', async () => {
  const team = await threeChannels();
  await team.post({ eventType: 'Order', eventId: 'upper', payload: { userId: 'u' }, variables: {} });
  assert.deepEqual(await rows(team), []);
  assert.deepEqual((await event(team, 'upper')).json.data.deliveries, []);
  await send(team, { payload: { userId: 'u' } });
  assert.equal((await rows(team, { eventType: 'order' })).length, 3);
  assert.deepEqual(await rows(team, { eventType: 'Order' }), []);
});

test('ORQ-11: channels outside the whitelist leave no row at all', async () => {
  const team = await threeChannels({ deliveryChannels: ['PUSH'] });
  await send(team, { payload: { userId: 'u', recipientEmail: 'u@example.com' } });
  assert.deepEqual((await rows(team)).map((row) => row.channel), ['PUSH']);
});

test('an event shows its deliveries; an event id sent again is the same event', async () => {
  const team = await threeChannels();
  await send(team, { eventId: 'twice', payload: { userId: 'one' } });
  await send(team, { eventId: 'twice', payload: { userId: 'two' } });
  const { data } = (await event(team, 'twice')).json;
  assert.equal(data.userId, 'one');
  assert.deepEqual(data.deliveries.map((row) => [row.channel, row.userId]), [['EMAIL', 'one'], ['SMS', 'one'], ['PUSH', 'one']]);
  assert.equal(words(data)[0], 'accepted');
  assert.equal(words(data).filter((what) => what === 'planned').length, 3);
  assert.ok(!JSON.stringify(data).includes('push'), 'what was said to the user is not in the log');
  const odd = 'id with / and ?';
  await send(team, { eventId: odd, payload: { userId: 'odd' } });
  assert.equal((await event(team, odd)).json.data.id, odd);
});

test('each filter alone, together, and at the ends of a span', async () => {
  const team = await threeChannels();
  await team.template({ eventType: 'bill', subject: 'S', body: 'b' });
  const first = Date.now();
  await send(team, { payload: { userId: 'ada' } });
  await new Promise((done) => setTimeout(done, 5));
  await team.trigger('bill', 'ada', {});
  await team.trigger('bill', 'bob', {});
  const count = async (filters) => (await rows(team, filters)).length;
  const [bill] = await rows(team, { eventType: 'bill', userId: 'ada' });
  assert.equal(await count({}), 5);
  assert.equal(await count({ channel: 'PUSH' }), 3);
  assert.equal(await count({ channel: 'EMAIL' }), 1);
  assert.equal(await count({ status: 'SENT' }), 3);
  assert.ok((await count({ status: 'FAILED' })) >= 1);
  assert.equal(await count({ eventType: 'bill' }), 2);
  assert.equal(await count({ userId: 'ada' }), 4);
  assert.equal(await count({ userId: 'nobody' }), 0);
  assert.equal(await count({ traceId: 'nothing' }), 0);
  assert.equal(await count({ userId: 'ada', channel: 'PUSH', eventType: 'order', status: 'SENT' }), 1);
  assert.equal(await count({ from: bill.createdAt }), 2);
  const justBefore = new Date(Date.parse(bill.createdAt) - 1).toISOString();
  assert.equal(await count({ to: justBefore }), 3);
  assert.equal(await count({ from: new Date(first - 60000).toISOString(), to: bill.createdAt, userId: 'ada' }), 4);
  assert.equal(await count({ from: '2020-01-01T02:00:00+02:00', to: '2020-01-02T00:00:00Z' }), 0);
  assert.equal(await count({ from: '2099-01-01T00:00:00Z' }), 0);
});

test('a filter that cannot be read is a 422 that names it', async () => {
  const team = await server.createTenant();
  const wrong = {
    channel: ['push', 'FAX', ''], status: ['sent', 'DONE', ''], from: ['yesterday', '2026-13-01T00:00:00Z', ''],
    to: ['1700000000', '2026-04-22', ''], limit: ['0', '-1', 'x', ''], cursor: ['x', RANDOM_ID, '////////////'],
    userId: [''], eventType: [''], traceId: [''],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const answer = await page(team, { [name]: value });
      assert.equal(answer.status, 422, `${name}=${value}: ${answer.text}`);
      assert.equal(answer.json.error, 'Bad Request');
      assert.match(answer.json.message.join('; '), new RegExp(`\\b${name}\\b`));
    }
  }
  const both = await page(team, { channel: 'x', to: 'y' });
  assert.equal(both.json.message.length, 2, 'all problems at once');
});

test('pages are 50 long unless told, at most 200, and complete at every size', async () => {
  const team = await threeChannels();
  for (let n = 0; n < 70; n++) await send(team, { eventId: `e${n}`, payload: { userId: `u${n % 7}` } });
  assert.equal((await rows(team)).length, 50);
  assert.equal((await rows(team, { limit: 200 })).length, 200);
  assert.equal((await rows(team, { limit: 5000 })).length, 200);
  const whole = await allPages(team, { limit: 200 });
  assert.equal(whole.length, 210);
  assert.deepEqual(whole.filter((row) => row.channel === 'PUSH').map((row) => row.eventId),
    Array.from({ length: 70 }, (_, n) => `e${69 - n}`), 'newest first');
  for (const limit of [1, 3, 7, 50, 105, 199]) {
    assert.deepEqual((await allPages(team, { limit })).map((row) => row.id), whole.map((row) => row.id));
  }
  const filtered = await allPages(team, { limit: 4, userId: 'u3', channel: 'SMS' });
  assert.deepEqual(filtered.map((row) => row.eventId), [66, 59, 52, 45, 38, 31, 24, 17, 10, 3].map((n) => `e${n}`));
});

test('pages have neither gaps nor repeats while events come in', async () => {
  const team = await threeChannels();
  for (let n = 0; n < 40; n++) await send(team, { eventId: `old${n}`, payload: { userId: 'u' } });
  let more = 0;
  const burst = () => Promise.all(Array.from({ length: 5 }, () => send(team, { eventId: `new${more++}`, payload: { userId: 'u' } })));
  const seen = await allPages(team, { limit: 7 }, burst);
  assert.equal(new Set(seen.map((row) => row.id)).size, seen.length);
  assert.deepEqual(seen.map((row) => row.eventId), Array.from({ length: 120 }, (_, i) => `old${39 - Math.floor(i / 3)}`));
  assert.equal((await allPages(team, { limit: 200 })).length, 120 + 3 * more);
});

test('ORQ-01: a tenant sees nothing of another; its ids are like ids nobody has', async () => {
  const mine = await threeChannels();
  const other = await threeChannels();
  await send(other, { eventId: 'theirs', payload: { userId: 'canary' } }, { 'X-Trace-Id': 'their-trace' });
  const [theirs] = await rows(other);
  assert.deepEqual(await rows(mine), []);
  assert.deepEqual(await rows(mine, { userId: 'canary' }), []);
  assert.deepEqual(await rows(mine, { traceId: 'their-trace' }), []);
  const foreign = await one(mine, theirs.id);
  const random = await one(mine, RANDOM_ID);
  assert.equal(foreign.status, 404);
  assert.deepEqual([foreign.status, foreign.text], [random.status, random.text]);
  assert.equal((await one(mine, 'no-uuid')).text, random.text);
  const foreignEvent = await event(mine, 'theirs');
  assert.equal(foreignEvent.status, 404);
  assert.equal(foreignEvent.text, (await event(mine, 'nobody')).text);
  const nowhere = { id: RANDOM_ID };
  for (const answer of [await page(nowhere), await one(nowhere, theirs.id), await event(nowhere, 'theirs')]) {
    assert.equal(answer.status, 404);
  }
});

test('ORQ-17: without a session the log is closed, also with an API key', async () => {
  const team = await server.createTenant();
  for (const rest of ['logs', `logs/${RANDOM_ID}`, 'events/x']) {
    const path = `/api/v1/admin/tenants/${team.id}/${rest}`;
    for (const options of [{}, { key: team.apiKey }, { bearer: 'nonsense' }]) {
      assert.equal((await server.call('GET', path, options)).status, 401, path);
    }
  }
});

test('the log survives a restart, and a cursor with it', async () => {
  const restarted = await Server.start();
  try {
    const team = await restarted.createTenant();
    await team.template({ eventType: 'order', subject: 'S', body: 'b' });
    for (let n = 0; n < 5; n++) await team.trigger('order', 'u', {}, { eventId: `e${n}` });
    const list = async (rest) => (await restarted.admin('GET', `/tenants/${team.id}/logs${rest}`)).json;
    const { nextCursor } = await list('?limit=2');
    await restarted.terminate();
    await restarted.launch();
    const rest = await list(`?cursor=${nextCursor}`);
    assert.deepEqual(rest.data.map((row) => row.eventId), ['e2', 'e1', 'e0']);
    assert.equal(rest.nextCursor, null);
  } finally {
    await restarted.stop();
  }
});
