// admin_templates_test.mjs: templates as the operator manages them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';

const server = await Server.start();
after(() => server.stop());

const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';
const tenant = await server.createTenant({ channels: ['orders'] });
const at = (team, rest = '') => `/tenants/${team.id}/templates${rest}`;
const create = (fields, team = tenant) => server.admin('POST', at(team), { eventType: 'e', channel: 'PUSH', body: 'b', ...fields });

function assertProblem(answer, pattern) {
  assert.equal(answer.status, 422, answer.text);
  for (const name of ['statusCode', 'error', 'message']) assert.ok(name in answer.json, answer.text);
  if (pattern) assert.match(JSON.stringify(answer.json.message), pattern);
}

test('RT-15 KIT-21: created, read, listed, changed, deleted', async () => {
  const made = await create({ eventType: 'life', subject: 'S {{x}}', body: 'B {{x}}', targetChannel: 'orders', active: true });
  assert.ok([200, 201].includes(made.status), made.text);
  const { id } = made.json.data;
  const wanted = { id, eventType: 'life', channel: 'PUSH', subject: 'S {{x}}', body: 'B {{x}}', targetChannel: 'orders', active: true };
  const read = async () => (await server.admin('GET', at(tenant, `/${id}`))).json.data;
  const subset = (data) => Object.fromEntries(Object.keys(wanted).map((name) => [name, data[name]]));
  assert.deepEqual(subset(made.json.data), wanted);
  assert.deepEqual(subset(await read()), wanted);
  const { json: list } = await server.admin('GET', at(tenant));
  assert.equal(list.success, true);
  assert.equal(list.nextCursor, null);
  assert.deepEqual(list.data.filter((one) => one.id === id).map(subset), [wanted]);
  const patched = await server.admin('PATCH', at(tenant, `/${id}`), { body: 'New {{x}}', targetChannel: '' });
  assert.equal(patched.status, 200, patched.text);
  const after = await read();
  assert.equal(after.body, 'New {{x}}');
  assert.equal(after.subject, 'S {{x}}');
  assert.ok(!after.targetChannel, `blank: ${after.targetChannel}`);
  await tenant.trigger('life', 'u', { x: 1 });
  assert.equal((await tenant.history('u'))[0].body, 'New 1');
  const gone = await server.admin('DELETE', at(tenant, `/${id}`));
  assert.ok([200, 204].includes(gone.status), gone.text);
  assert.equal((await server.admin('GET', at(tenant, `/${id}`))).status, 404);
  await tenant.trigger('life', 'u', { x: 2 });
  assert.equal((await tenant.history('u')).length, 1);
});

test('E.28: a syntax error is refused at save with line and column', async () => {
  const broken = [
    '{{#if x}}never closed', 'a\nb {{/if}}', '{{#each}}x{{/each}}', '{{x', '{{#if x}}a{{/each}}', 'ok\nok\n{{{x}}', '{{> partial}}',
  ];
  for (const body of broken) assertProblem(await create({ body }), /line \d+.*column \d+/i);
  assertProblem(await create({ body: 'one\ntwo\n  {{/if}}' }), /line 3\b/i);
  assertProblem(await create({ body: 'fine', subject: '{{#if' }), /line 1\b/i);
  const good = (await create({ eventType: 'syntax', body: 'fine', active: true })).json.data;
  assertProblem(await server.admin('PATCH', at(tenant, `/${good.id}`), { body: '{{#if x}}' }), /line 1\b/i);
  await tenant.trigger('syntax', 'syntax', {});
  assert.equal((await tenant.history('syntax'))[0].body, 'fine');
});

test('E.15: a target channel must be one of the tenant\'s', async () => {
  assertProblem(await create({ targetChannel: 'unknown' }), /unknown|targetChannel/);
  assertProblem(await create({ targetChannel: 'orders#u' }));
  assertProblem(await create({ targetChannel: 'orders#' }));
  const good = (await create({ eventType: 'target', targetChannel: 'orders' })).json.data;
  assertProblem(await server.admin('PATCH', at(tenant, `/${good.id}`), { targetChannel: 'nope' }));
  assert.equal((await server.admin('GET', at(tenant, `/${good.id}`))).json.data.targetChannel, 'orders');
});

test('RT-15: what no template can be is a 422', async () => {
  const wrong = [
    { eventType: undefined }, { eventType: '' }, { eventType: 5 }, { eventType: 'x'.repeat(129) }, { channel: undefined },
    { channel: 'FAX' }, { channel: 'push' }, { body: undefined }, { body: 5 }, { subject: 5 }, { active: 'yes' },
    { format: 'pdf' }, { body: 'x'.repeat(256 * 1024 + 1) }, { body: '{{#if a}}'.repeat(40) + '{{/if}}'.repeat(40) },
  ];
  for (const fields of wrong) assertProblem(await create({ eventType: 'wrong', ...fields }));
  for (const body of ['{', '[]', '']) assertProblem(await server.admin('POST', at(tenant), body));
});

test('ORQ-06: one event type, one template a channel', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'multi', body: 'first' });
  await team.template({ eventType: 'multi', channel: 'EMAIL', subject: 's', body: 'mail' });
  await team.template({ eventType: 'multi', channel: 'SMS', body: 'text' });
  const twice = await create({ eventType: 'multi', body: 'second' }, team);
  assert.equal(twice.status, 409, twice.text);
  await team.trigger('multi', 'u', {});
  assert.deepEqual((await team.history('u')).map((item) => item.body), ['first']);
});

test('KIT-22: a tenant\'s own global.info goes before the platform\'s', async () => {
  const team = await server.createTenant();
  const { id } = await team.template({ eventType: 'global.info', subject: 'own', body: 'own {{message}}' });
  const latest = async () => {
    await team.trigger('global.info', 'u', { title: 't', message: 'm' });
    return (await team.history('u'))[0].title;
  };
  assert.equal(await latest(), 'own');
  await server.admin('DELETE', at(team, `/${id}`));
  assert.equal(await latest(), 't');
});

test('RELIABILITY-1: another tenant\'s template is as unknown as a random id', async () => {
  const other = await server.createTenant();
  const theirs = await other.template({ eventType: 'secret', body: 'canary' });
  const calls = [['GET', undefined], ['PATCH', { body: 'stolen' }], ['DELETE', undefined]];
  for (const [method, body] of calls) {
    const real = await server.admin(method, at(tenant, `/${theirs.id}`), body);
    const random = await server.admin(method, at(tenant, `/${RANDOM_ID}`), body);
    assert.equal(real.status, 404);
    assert.equal(real.text, random.text);
  }
  assert.equal((await server.admin('GET', at(other, `/${theirs.id}`))).json.data.body, 'canary');
  for (const method of ['GET', 'POST']) {
    const body = method === 'POST' ? { eventType: 'e', channel: 'PUSH', body: 'b' } : undefined;
    const answer = await server.admin(method, `/tenants/${RANDOM_ID}/templates`, body);
    assert.equal(answer.status, 404, answer.text);
  }
});

test('ORQ-23: a preview renders and says which variables are missing or unused', async () => {
  const { status, json, text } = await server.admin('POST', at(tenant, '/preview'), {
    channel: 'PUSH', format: 'text', subject: 'Hi {{name}}', body: '{{name}} owes {{amount}} {{#if late}}now{{/if}}',
    variables: { name: '<Ann>', spare: 1 }, payload: { userId: 'u' },
  });
  assert.equal(status, 200, text);
  assert.equal(json.data.subject, 'Hi <Ann>');
  assert.equal(json.data.body, '<Ann> owes  ');
  assert.deepEqual([...json.data.missingVariables].sort(), ['amount', 'late']);
  assert.deepEqual(json.data.unusedVariables, ['spare']);
  assert.ok(Array.isArray(json.data.warnings));
});

test('ORQ-23 E.28: a preview of an e-mail escapes HTML, and broken templates are a 422', async () => {
  const plain = { channel: 'EMAIL', format: 'html', subject: 's', body: 'b', variables: {} };
  const preview = (fields) => server.admin('POST', at(tenant, '/preview'), { ...plain, ...fields });
  const { json } = await preview({ body: '{{x}} {{{x}}}', variables: { x: '<b>&"\'`=' } });
  assert.equal(json.data.body, '&lt;b&gt;&amp;&quot;&#x27;&#x60;&#x3D; <b>&"\'`=');
  assertProblem(await preview({ body: '{{#if x}}' }), /line 1.*column/i);
});

test('RELIABILITY-16: values are never read as templates', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'inject', body: '{{x}} {{{x}}}' });
  await team.trigger('inject', 'u', { x: '{{y}} {{#each z}}', y: 'boom' });
  assert.equal((await team.history('u'))[0].body, '{{y}} {{#each z}} {{y}} {{#each z}}');
});

test('RELIABILITY-16: a template that would never end fails alone', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'bomb', body: '{{#each a}}{{#each ../a}}{{#each ../../a}}x{{/each}}{{/each}}{{/each}}' });
  const a = Array.from({ length: 1000 }, (_, i) => i);
  assert.equal((await team.post({ eventType: 'bomb', payload: { userId: 'u' }, variables: { a } })).status, 200);
  await team.trigger('global.info', 'u', { title: 'still', message: 'well' });
  assert.deepEqual((await team.history('u')).map((item) => item.title), ['still']);
});
