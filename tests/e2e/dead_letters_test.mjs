// dead_letters_test.mjs: what was given up: to look at, to send again, to throw away, each with a reason.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertEnvelope } from './lib/admin.mjs';
import { addProvider, courierServer, logOf, logs, send, SECRET, team, untilLog, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const server = await courierServer();
after(() => server.stop());
const path = (tenant, rest = '') => `/tenants/${tenant.id}/dead-letters${rest}`;
const list = async (tenant, query = '') => (await server.admin('GET', path(tenant, query))).json;
const act = (tenant, what, body) => server.admin('POST', path(tenant, `/${what}`), body);

// A team whose provider refuses for good until it is mended.
async function broken(refusal = { status: 422, body: 'no such thing' }) {
  const state = { answer: refusal };
  const out = await StandIn.start(() => state.answer);
  server.atStop(() => out.stop());
  const tenant = await team(server);
  await tenant.template({ eventType: 'news', channel: 'EMAIL', subject: 'News', body: 'news' });
  const provider = await addProvider(tenant, webhook(out));
  return { tenant, out, provider, mend: () => (state.answer = 200), breakAgain: () => (state.answer = refusal) };
}

async function untilDead(tenant, count) {
  await untilLog(tenant, (row) => row.status === 'FAILED');
  const deadline = Date.now() + 20000;
  for (;;) {
    const { data } = await list(tenant, '?limit=200');
    if (data.length === count) return data;
    assert.ok(Date.now() < deadline, `${data.length} dead letters, not ${count}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function untilAllSent(tenant, count) {
  const deadline = Date.now() + 20000;
  for (;;) {
    const rows = await logs(tenant, '?limit=200&status=SENT');
    if (rows.length === count) return rows;
    assert.ok(Date.now() < deadline, `${rows.length} sent, not ${count}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('ORQ-20: one dead letter, whole: its event, its content, each attempt with request and answer, no secret', async () => {
  const { tenant } = await broken({ status: 422, body: `refused: ${SECRET}` });
  await send(tenant, { name: '<Ada>', plan: { tier: 'gold' } });
  const [row] = await untilDead(tenant, 1);
  const answer = await server.admin('GET', path(tenant, `/${row.id}`));
  assert.equal(answer.status, 200, answer.text);
  const { data } = answer.json;
  assert.deepEqual(data.event.variables, { name: '<Ada>', plan: { tier: 'gold' } });
  assert.equal(data.event.payload.recipientEmail, 'u@example.com');
  assert.deepEqual(data.content, { from: 'team@example.com', to: 'u@example.com', subject: 'Hello <Ada>', text: 'Dear <Ada>\n', html: '<p>Dear &lt;Ada&gt;</p>' });
  assert.equal(data.attempts.length, 1);
  assert.match(data.attempts[0].request, /^POST http/);
  assert.match(data.attempts[0].answer, /refused/);
  assert.ok(!answer.text.includes(SECRET));
  assert.deepEqual(data.timeline.map(({ what }) => what), ['accepted', 'planned', 'failed']);
});

test('ORQ-20: retry one: the same delivery id, counted on, audited with its reason', async () => {
  const { tenant, out, mend } = await broken();
  await send(tenant);
  const [row] = await untilDead(tenant, 1);
  mend();
  const answer = await server.admin('POST', `/tenants/${tenant.id}/logs/${row.id}/retry`, { reason: 'provider mended' });
  assert.deepEqual(answer.json, { success: true, data: { retried: 1, skipped: 0 } }, answer.text);
  const now = await untilStatus(tenant, 'SENT');
  assert.equal(now.id, row.id);
  assert.deepEqual(now.attempts.map(({ no, status }) => [no, status]), [[1, 'FAILED'], [2, 'SENT']]);
  assert.equal(out.calls[0].headers['webhook-id'], out.calls[1].headers['webhook-id']);
  assert.deepEqual((await list(tenant)).data, []);
  const { json } = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=dead_letters.retried`);
  assert.deepEqual(json.data.map(({ subject, actor, after: it }) => [subject, actor, it.reason, it.retried]), [[row.id, 'operator', 'provider mended', 1]]);
  assertEnvelope(await server.admin('POST', `/tenants/${tenant.id}/logs/${row.id}/retry`, { reason: 'again' }), 409);
});

test('ORQ-20: retry all that fit a filter, and no others', async () => {
  const { tenant, mend } = await broken();
  for (let i = 0; i < 3; i++) await send(tenant, { name: i }, { userId: `u${i}` });
  for (let i = 0; i < 2; i++) await send(tenant, {}, { eventType: 'news', userId: `u${i}` });
  await untilDead(tenant, 5);
  mend();
  const answer = await act(tenant, 'retry', { reason: 'only the news', filter: { eventType: 'news', channel: 'EMAIL' } });
  assert.deepEqual(answer.json.data, { retried: 2, skipped: 0 }, answer.text);
  const sent = await untilAllSent(tenant, 2);
  assert.ok(sent.every(({ eventType }) => eventType === 'news'));
  assert.equal((await list(tenant)).data.length, 3);
  assert.deepEqual((await act(tenant, 'retry', { reason: 'one user', filter: { userId: 'u1' } })).json.data, { retried: 1, skipped: 0 });
  assert.deepEqual((await act(tenant, 'retry', { reason: 'the rest', filter: {} })).json.data, { retried: 2, skipped: 0 });
  await untilAllSent(tenant, 5);
});

test('ORQ-20: more than one step takes: all of them, none twice', async () => {
  const { tenant, out, mend } = await broken();
  const total = 430;
  for (let i = 0; i < total; i += 100) {
    const events = Array.from({ length: Math.min(100, total - i) }, (_, k) => ({ eventType: 'mail', payload: { userId: `u${i + k}`, recipientEmail: `u${i + k}@example.com` } }));
    const answer = await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
    assert.equal(answer.status, 200, answer.text);
  }
  const deadline = Date.now() + 60000;
  while ((await server.admin('GET', path(tenant, '/summary'))).json.data.causes[0]?.count !== total) assert.ok(Date.now() < deadline);
  const seen = new Set();
  for (let cursor = ''; cursor !== null;) {
    const page = await list(tenant, `?limit=150${cursor && `&cursor=${cursor}`}`);
    for (const { id } of page.data) assert.ok(!seen.has(id) && seen.add(id));
    cursor = page.nextCursor;
  }
  assert.equal(seen.size, total);
  mend();
  const before = out.calls.length;
  assert.deepEqual((await act(tenant, 'retry', { reason: 'all', filter: {} })).json.data, { retried: total, skipped: 0 });
  await out.until(() => out.calls.length >= before + total, 'all of them again');
  assert.equal(new Set(out.calls.slice(before).map((call) => call.headers['webhook-id'])).size, total);
  const { json } = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=dead_letters.retried`);
  assert.equal(json.data.reduce((sum, entry) => sum + entry.after.retried, 0), total);
});

test('ORQ-20: what never had a recipient is skipped, and said so', async () => {
  const { tenant, mend } = await broken();
  const answer = await tenant.post({ eventType: 'mail', payload: { userId: 'u' } });
  assert.equal(answer.status, 200, answer.text);
  const [row] = await untilDead(tenant, 1);
  mend();
  assert.deepEqual((await act(tenant, 'retry', { reason: 'all', filter: {} })).json.data, { retried: 0, skipped: 1 });
  const refused = await server.admin('POST', `/tenants/${tenant.id}/logs/${row.id}/retry`, { reason: 'all' });
  assertEnvelope(refused, 409);
  assert.match(refused.json.message, /no recipient/);
});

test('ORQ-20: purge by filter; causes are counted', async () => {
  const { tenant } = await broken();
  await send(tenant, {}, { userId: 'a' });
  await send(tenant, {}, { userId: 'b' });
  await send(tenant, { code: 1 }, { eventType: 'text' }); // no SMS provider
  await untilDead(tenant, 3);
  const { json } = await server.admin('GET', path(tenant, '/summary'));
  const causes = json.data.causes.map(({ channel, cause, count }) => [channel, cause, count]);
  assert.equal(causes.length, 2);
  assert.deepEqual(causes[1], ['SMS', 'No provider configured for the SMS channel on this tenant', 1]);
  assert.deepEqual([causes[0][0], causes[0][2]], ['EMAIL', 2]);
  const purged = await act(tenant, 'purge', { reason: 'will never work', filter: { cause: causes[0][1] } });
  assert.deepEqual(purged.json.data, { purged: 2, skipped: 0 }, purged.text);
  assert.deepEqual((await logs(tenant)).map(({ channel }) => channel), ['SMS']);
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=dead_letters.purged`);
  assert.deepEqual(audit.json.data.map(({ after: it }) => [it.reason, it.filter.cause, it.purged]), [['will never work', causes[0][1], 2]]);
});

test('ORQ-20: retried, given up again, retried again: attempts are counted on', async () => {
  const { tenant, breakAgain, mend } = await broken();
  await send(tenant);
  const [row] = await untilDead(tenant, 1);
  breakAgain();
  assert.equal((await act(tenant, 'retry', { reason: 'try', filter: {} })).status, 200);
  const again = await untilLog(tenant, ({ status, attemptCount }) => status === 'FAILED' && attemptCount === 2);
  assert.equal(again.id, row.id);
  mend();
  assert.equal((await act(tenant, 'retry', { reason: 'and again', filter: {} })).status, 200);
  await untilStatus(tenant, 'SENT');
  assert.equal((await logOf(tenant, row.id)).attemptCount, 3);
});

test('ORQ-20: nothing without a reason, nothing by a filter that means nothing, nothing of another tenant', async () => {
  const { tenant } = await broken();
  await send(tenant);
  const [row] = await untilDead(tenant, 1);
  const other = await team(server);
  const problems = (answer) => (assert.equal(answer.status, 422, answer.text), answer.json.message);
  for (const what of ['retry', 'purge']) {
    assert.deepEqual(problems(await act(tenant, what, { filter: {} })), ['reason must be a string']);
    assert.equal(problems(await act(tenant, what, { reason: '', filter: {} })).length, 1);
    assert.match(problems(await act(tenant, what, { reason: 'x' }))[0], /^filter must be an object/);
    assert.match(problems(await act(tenant, what, { reason: 'x', filter: { colour: 'red' } }))[0], /colour/);
    assert.match(problems(await act(tenant, what, { reason: 'x', filter: { channel: 'PUSH' } }))[0], /^channel must be/);
    assert.match(problems(await act(tenant, what, { reason: 'x', filter: { from: 'soon' } }))[0], /^from must be/);
    assert.equal(Object.values((await act(other, what, { reason: 'x', filter: {} })).json.data)[0], 0);
  }
  assert.deepEqual(problems(await server.admin('POST', `/tenants/${tenant.id}/logs/${row.id}/retry`, {})), ['reason must be a string']);
  assertEnvelope(await server.admin('POST', `/tenants/${other.id}/logs/${row.id}/retry`, { reason: 'x' }), 404);
  assertEnvelope(await server.admin('GET', path(other, `/${row.id}`)), 404);
  assert.equal((await list(tenant)).data.length, 1);
});
