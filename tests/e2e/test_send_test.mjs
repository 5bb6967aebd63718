// test_send_test.mjs: one message to one provider on an operator's word, and what it answered.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertEnvelope } from './lib/admin.mjs';
import { addProvider, courierServer, logs, SECRET, team, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const KEY = 're_a-key-of-this-test';
const server = await courierServer({ ORQESTRA_PROVIDER_TIMEOUT: '2' });
server.secrets.add(KEY);
after(() => server.stop());

async function setUp(answer, fields) {
  const out = await StandIn.start(answer);
  server.atStop(() => out.stop());
  const tenant = await team(server);
  const provider = await addProvider(tenant, fields ? { ...fields, baseUrl: out.url } : webhook(out));
  const run = (body) => server.admin('POST', `/tenants/${tenant.id}/providers/${provider.id}/test`, body);
  return { out, tenant, provider, run };
}

test('ORQ-23: the vendor\'s answer as it came: status, headers, body, and what it means', async () => {
  const { out, tenant, provider, run } = await setUp(() => ({ status: 200, headers: { 'x-trace': 'abc' }, body: '{"id":"re-1"}' }), { kind: 'resend', credentials: { apiKey: KEY } });
  const answer = await run({ to: 'ops@example.com', subject: 'Is it on?', text: 'Hello there' });
  assert.equal(answer.status, 200, answer.text);
  const { data } = answer.json;
  assert.deepEqual([data.class, data.cause, data.statusCode, data.providerMessageId], ['OK', null, 200, 're-1']);
  assert.match(data.answer, /re-1/);
  assert.ok(data.headers.some(({ name, value }) => name.toLowerCase() === 'x-trace' && value === 'abc'));
  assert.equal(out.calls.length, 1);
  const sent = out.calls[0].json;
  assert.deepEqual([sent.to, sent.subject, sent.text].flat(), ['ops@example.com', 'Is it on?', 'Hello there']);
  assert.deepEqual(await logs(tenant), []); // no delivery: nothing was triggered
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=provider.tested`);
  assert.deepEqual(audit.json.data.map(({ subject }) => subject), [provider.id]);
  assert.ok(!audit.text.includes('ops@example.com'));
});

test('ORQ-23: a refusal is shown and not repeated; secrets are taken out wherever the vendor repeats them', async () => {
  const { out, run } = await setUp(() => ({ status: 401, headers: { 'x-echo': KEY }, body: `{"message":"bad key ${KEY}"}` }), { kind: 'resend', credentials: { apiKey: KEY } });
  const answer = await run({ to: 'ops@example.com' });
  assert.deepEqual([answer.status, answer.json.data.class, answer.json.data.statusCode], [200, 'CONFIGURATION', 401]);
  assert.match(answer.json.data.cause, /401/);
  assert.ok(!answer.text.includes(KEY) && !answer.text.includes(SECRET));
  const later = await setUp(() => 503);
  assert.equal((await later.run({ to: 'ops@example.com' })).json.data.class, 'RETRY');
  assert.deepEqual([out.calls.length, later.out.calls.length], [1, 1]);
});

test('ORQ-23: nobody there, nobody answering: said so, with no status', async () => {
  const hangs = await setUp(() => 'hang');
  const silent = (await hangs.run({ to: 'ops@example.com' })).json.data;
  assert.deepEqual([silent.class, silent.statusCode], ['AMBIGUOUS', null]);
  await hangs.out.stop();
  const gone = (await hangs.run({ to: 'ops@example.com' })).json.data;
  assert.deepEqual([gone.class, gone.statusCode], ['RETRY', null]);
  assert.match(gone.cause, /could not be reached/);
});

test('threat 18: a test goes through the same guard as a message', async () => {
  const data = mkdtempSync(join(tmpdir(), 'orqestra-guard-'));
  after(() => rmSync(data, { recursive: true, force: true }));
  const open = await courierServer({}, { data });
  const tenant = await team(open);
  const provider = await addProvider(tenant, { credentials: { url: 'http://127.0.0.1:9/', secret: SECRET } });
  await open.stop();
  const guarded = await courierServer({ ORQESTRA_OUTBOUND_ALLOW: '' }, { data }); // what was saved when it was allowed
  after(() => guarded.stop());
  const answer = await guarded.admin('POST', `/tenants/${tenant.id}/providers/${provider.id}/test`, { to: 'ops@example.com' });
  assert.deepEqual([answer.json.data.class, answer.json.data.statusCode], ['CONFIGURATION', null]);
  assert.match(answer.json.data.cause, /not allowed/);
});

test('ORQ-23: a switched-off provider can be tested before it is switched on; SMS too', async () => {
  const { out, tenant, provider, run } = await setUp(() => ({ status: 201, body: '{"sid":"SM1"}' }), { kind: 'twilio', channel: 'SMS', credentials: { accountSid: 'AC01', authToken: 'a-token-of-the-test', from: '+15005550006' } });
  await server.admin('PATCH', `/tenants/${tenant.id}/providers/${provider.id}`, { active: false });
  const answer = await run({ to: '+254712345678', text: 'hi' });
  assert.deepEqual([answer.json.data.class, answer.json.data.providerMessageId], ['OK', 'SM1']);
  assert.equal(new URLSearchParams(out.calls[0].text).get('To'), '+254712345678');
});

test('ORQ-23: what is missing or wrong is named, and nothing is sent', async () => {
  const { out, tenant, run } = await setUp();
  const problems = async (body) => (await run(body)).json.message;
  assert.deepEqual(await problems({}), ['to must be a string']);
  assert.deepEqual(await problems({ to: 'nobody' }), ['to must be an email address, for example user@example.com']);
  assert.match((await problems({ to: 'a@b.c', subject: 'x\r\nBcc: y@z' }))[0], /^subject/);
  assert.match((await problems({ to: 'a@b.c', cc: 'x' }))[0], /cc/);
  assertEnvelope(await server.admin('POST', `/tenants/${tenant.id}/providers/nope/test`, { to: 'a@b.c' }), 404);
  const other = await setUp();
  assertEnvelope(await server.admin('POST', `/tenants/${tenant.id}/providers/${other.provider.id}/test`, { to: 'a@b.c' }), 404);
  assert.deepEqual([out.calls.length, other.out.calls.length], [0, 0]);
});
