// suppression_test.mjs: to whom nothing is sent any more: how addresses get there, what happens, how they leave.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertEnvelope } from './lib/admin.mjs';
import { addProvider, courierServer, logs, send, team, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const server = await courierServer();
after(() => server.stop());
const path = (tenant, rest = '') => `/tenants/${tenant.id}/suppressions${rest}`;
const add = (tenant, fields) => server.admin('POST', path(tenant), { channel: 'EMAIL', address: 'u@example.com', ...fields });
const list = async (tenant, query = '') => (await server.admin('GET', path(tenant, query))).json;

async function standIn(answer) {
  const out = await StandIn.start(answer);
  server.atStop(() => out.stop());
  return out;
}

test('ORQ-05: a suppressed address is not written to, the log says since when and why, lifting ends it', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  const made = await add(tenant, { address: 'U@Example.com', note: 'asked by phone' });
  assert.equal(made.status, 201, made.text);
  const row = made.json.data;
  assert.deepEqual([row.address, row.reason, row.source, row.note, row.category], ['u@example.com', 'manual', 'operator', 'asked by phone', null]);
  await send(tenant);
  const failed = await untilStatus(tenant, 'FAILED');
  assert.equal(failed.cause, `Recipient is suppressed: manual on ${row.since.slice(0, 10)}`);
  assert.deepEqual(failed.attempts, []);
  assert.equal((await server.admin('DELETE', path(tenant, `/${row.id}`))).status, 200);
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  assert.equal(out.calls.length, 1);
  assertEnvelope(await server.admin('DELETE', path(tenant, `/${row.id}`)), 404);
});

test('ORQ-05: a category alone: other mails still arrive; another channel is not concerned', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await tenant.template({ eventType: 'news', channel: 'EMAIL', subject: 'News', body: 'news' });
  await addProvider(tenant, webhook(out));
  await addProvider(tenant, { channel: 'SMS', ...webhook(out) });
  assert.equal((await add(tenant, { category: 'news', reason: 'unsubscribed' })).status, 201);
  await send(tenant, {}, { eventType: 'news' });
  assert.match((await untilStatus(tenant, 'FAILED')).cause, /^Recipient is suppressed for news: unsubscribed on \d{4}-\d\d-\d\d$/);
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  assert.equal((await add(tenant, {})).status, 201);
  await send(tenant, { code: 1 }, { eventType: 'text' });
  await untilStatus(tenant, 'SENT');
});

test('ORQ-05: suppressed while it waits for its retry: not sent again', async () => {
  const out = await standIn(() => 500);
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  await untilStatus(tenant, 'RETRYING');
  assert.equal((await add(tenant, {})).status, 201);
  const failed = await untilStatus(tenant, 'FAILED');
  assert.match(failed.cause, /^Recipient is suppressed: manual/);
});

test('ORQ-05: a provider that refuses the recipient for good puts it on the list', async () => {
  const out = await standIn(() => ({ status: 400, body: JSON.stringify({ code: 21610, message: 'unsubscribed recipient' }) }));
  const tenant = await team(server);
  const provider = await addProvider(tenant, { channel: 'SMS', kind: 'twilio', credentials: { accountSid: 'AC01', authToken: 'a-token-of-this-test', from: '+15005550006' }, baseUrl: out.url });
  await send(tenant, { code: 1 }, { eventType: 'text' });
  assert.equal((await untilStatus(tenant, 'FAILED')).attempts[0].class, 'SUPPRESS');
  const [row] = (await list(tenant)).data;
  assert.deepEqual([row.address, row.reason, row.source], ['+254712345678', 'rejected', provider.name]);
  await send(tenant, { code: 2 }, { eventType: 'text' });
  assert.match((await untilStatus(tenant, 'FAILED')).cause, /^Recipient is suppressed: rejected on /);
  assert.equal(out.calls.length, 1);
});

test('ORQ-05: the list has pages and filters', async () => {
  const tenant = await team(server);
  for (let i = 0; i < 5; i++) assert.equal((await add(tenant, { address: `n${i}@example.com`, reason: i % 2 ? 'bounced' : 'manual' })).status, 201);
  assert.equal((await add(tenant, { channel: 'SMS', address: '+254700000000' })).status, 201);
  const seen = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await list(tenant, `?limit=4${cursor && `&cursor=${cursor}`}`);
    seen.push(...page.data.map(({ address }) => address));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen.slice().sort(), ['+254700000000', 'n0@example.com', 'n1@example.com', 'n2@example.com', 'n3@example.com', 'n4@example.com']);
  const of = async (query) => (await list(tenant, query)).data.map(({ address }) => address).slice().sort();
  assert.deepEqual(await of('?reason=bounced'), ['n1@example.com', 'n3@example.com']);
  assert.deepEqual(await of('?channel=SMS'), ['+254700000000']);
  assert.deepEqual(await of('?address=N2@example.com'), ['n2@example.com']);
  assert.equal((await server.admin('GET', path(tenant, '?reason=whim'))).status, 422);
  assert.equal((await server.admin('GET', path(tenant, '?cursor=x'))).status, 422);
});

test('ORQ-05: what is missing or wrong is named; twice is a conflict', async () => {
  const tenant = await team(server);
  const problems = async (fields) => {
    const answer = await server.admin('POST', path(tenant), fields);
    assert.equal(answer.status, 422, answer.text);
    return answer.json.message;
  };
  assert.deepEqual(await problems({}), ['channel must be one of the following values: EMAIL, SMS', 'address must be a string']);
  assert.deepEqual(await problems({ channel: 'EMAIL', address: 'nobody' }), ['address must be an e-mail address for the channel EMAIL']);
  assert.deepEqual(await problems({ channel: 'SMS', address: '0712' }), ['address must be a number like +254712345678 for the channel SMS']);
  assert.match((await problems({ channel: 'SMS', address: '+12', reason: 'whim' }))[0], /^reason must be one of/);
  assert.equal((await add(tenant, {})).status, 201);
  assertEnvelope(await add(tenant, { address: 'U@EXAMPLE.COM' }), 409);
});

test('ORQ-05: audited without the address; another tenant\'s row does not exist', async () => {
  const tenant = await team(server);
  const other = await team(server);
  const { data } = (await add(tenant, {})).json;
  assertEnvelope(await server.admin('DELETE', path(other, `/${data.id}`)), 404);
  assert.equal((await server.admin('DELETE', path(tenant, `/${data.id}`))).status, 200);
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}`);
  const actions = audit.json.data.filter(({ subject }) => subject === data.id).map(({ action }) => action);
  assert.deepEqual(actions, ['suppression.lifted', 'suppression.added']);
  assert.ok(!audit.text.includes('u@example.com'));
});

test('threat 33: whoever is erased is on no list either', async () => {
  const out = await standIn();
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  assert.equal((await add(tenant, {})).status, 201);
  assert.equal((await add(tenant, { address: 'else@example.com' })).status, 201);
  assert.equal((await server.admin('DELETE', `/tenants/${tenant.id}/users/u`)).status, 200);
  assert.deepEqual((await list(tenant)).data.map(({ address }) => address), ['else@example.com']);
  assert.deepEqual(await logs(tenant), []);
});
