// record_test.mjs: what is kept of an event beyond the feed: its ids, its deliveries, its misses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addProvider, courierServer, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const CHANNELS = ['EMAIL', 'SMS', 'PUSH'];
const STATUSES = ['PENDING', 'SENT', 'DELIVERED', 'FAILED', 'RETRYING'];

// Providers that take a message and say nothing: what they hold is still PENDING.
let release;
const held = new Promise((done) => (release = done));
const silent = await StandIn.start(() => held.then(() => 200));
const server = await courierServer();
after(async () => {
  release();
  await server.stop();
  await silent.stop();
});
const tenant = await server.createTenant({ senderEmail: 'team@example.com' });
let events;
let deliveries; // event type -> [{ channel, status, recipient, cause }]
let audit;

before(async () => {
  await addProvider(tenant, webhook(silent));
  await addProvider(tenant, webhook(silent, { channel: 'SMS' }));
  for (const channel of CHANNELS) {
    await tenant.template({ eventType: 'all', channel, body: '{{x}}', ...(channel === 'EMAIL' ? { subject: 's' } : {}) });
    await tenant.template({ eventType: `only.${channel}`, channel, body: '{{x}}', ...(channel === 'EMAIL' ? { subject: 's' } : {}) });
  }
  await tenant.template({ eventType: 'broad', channel: 'EMAIL', subject: 's', body: 'b' });
  await tenant.template({ eventType: 'broad', channel: 'PUSH', body: 'b' });
  await tenant.template({ eventType: 'bomb', body: '{{#each a}}{{#each ../a}}{{#each ../../a}}x{{/each}}{{/each}}{{/each}}' });
  const routes = { recipientEmail: 'u@example.com', recipientPhone: '+254712345678' };
  const fire = async (eventType, more = {}, routing = routes, headers = {}) => {
    const body = { eventType, variables: { x: 1 }, payload: { userId: 'u', ...routing }, ...more };
    const answer = await tenant.post(body, { headers });
    assert.equal(answer.status, 200, answer.text);
  };
  await fire('all', { eventId: 'evt_mine' }, routes, { 'X-Trace-Id': 'trace-4711' });
  await fire('broad', { channels: ['EMAIL'] });
  await fire('only.EMAIL', {}, {});
  await fire('only.SMS', {}, {});
  await fire('only.PUSH', {}, {});
  await fire('only.SMS', { eventId: 'not-e164' }, { recipientPhone: '0712345678' });
  await fire('no.such.template', {}, routes, { 'x-trace-id': 'trace-miss' });
  await fire('bomb', { variables: { a: Array.from({ length: 1000 }, (_, i) => i) } });
  events = await queryCopy(server, 'SELECT id, type, trace_id FROM event ORDER BY no');
  const rows = await queryCopy(server, 'SELECT e.id AS event, e.type, d.channel, d.status, d.recipient, d.cause '
    + 'FROM delivery d JOIN event e ON e.no = d.event ORDER BY d.event, d.channel');
  deliveries = (type, event) => rows.filter((row) => row.type === type && (!event || row.event === event)).map((row) => (
    { channel: CHANNELS[row.channel], status: STATUSES[row.status], recipient: row.recipient, cause: row.cause }));
  audit = await queryCopy(server, "SELECT * FROM audit WHERE action LIKE 'event.%'");
});

test('API-10: the trace id is recorded with the event', () => {
  assert.equal(events.find((event) => event.type === 'all').trace_id, 'trace-4711');
  assert.equal(events.find((event) => event.type === 'broad').trace_id || null, null);
});

test('API-12: the client\'s event id is kept, a missing one becomes a UUID', () => {
  assert.equal(events.find((event) => event.type === 'all').id, 'evt_mine');
  assert.match(events.find((event) => event.type === 'broad').id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test('ORQ-06 ORQ-14: one delivery a channel; e-mail and SMS wait as PENDING', () => {
  assert.deepEqual(deliveries('all'), [
    { channel: 'EMAIL', status: 'PENDING', recipient: 'u@example.com', cause: null },
    { channel: 'SMS', status: 'PENDING', recipient: '+254712345678', cause: null },
    { channel: 'PUSH', status: 'SENT', recipient: null, cause: null },
  ]);
});

test('API-13: a narrowed dispatch has only the named channel\'s delivery', () => {
  assert.deepEqual(deliveries('broad').map((row) => row.channel), ['EMAIL']);
});

test('API-16 API-17 E.31: a missing or impossible recipient is a failed delivery with its cause', () => {
  const [email] = deliveries('only.EMAIL');
  assert.equal(email.status, 'FAILED');
  assert.equal(email.cause, 'recipientEmail is required for the EMAIL channel');
  const [missing, wrong] = deliveries('only.SMS');
  assert.equal(missing.status, 'FAILED');
  assert.equal(missing.cause, 'recipientPhone is required for the SMS channel');
  assert.equal(wrong.status, 'FAILED');
  assert.match(wrong.cause, /E\.164/);
  assert.equal(deliveries('only.PUSH')[0].status, 'SENT');
});

test('E.28 RELIABILITY-16: a template that runs out of steps is a failed delivery with its cause', () => {
  const [row] = deliveries('bomb');
  assert.equal(row.status, 'FAILED');
  assert.ok(row.cause);
});

test('ORQ-13 P4: an event that matched nothing leaves only an audit entry that names it', () => {
  assert.deepEqual(deliveries('no.such.template'), []);
  const entries = audit.filter((row) => JSON.stringify(row).includes('no.such.template'));
  assert.equal(entries.length, 1, JSON.stringify(audit));
  assert.equal(entries[0].trace_id, 'trace-miss');
});

test('RELIABILITY-2: no API key is readable in the database', async () => {
  const [{ found }] = await queryCopy(server,
    `SELECT count(*) AS found FROM tenant WHERE instr(cast(api_key_sealed AS BLOB), '${tenant.apiKey.slice(0, 12)}') > 0`);
  assert.equal(found, 0);
});
