// providers_test.mjs: the admin API of providers: what it takes, what it shows, what it never shows.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { assertEnvelope, tenantAdmin } from './lib/admin.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const URL_ = 'https://hooks.example.com/in';

const server = await Server.start();
server.secrets.add(SECRET);
after(() => server.stop());
const tenant = await server.createTenant();
const path = (id = '') => `/tenants/${tenant.id}/providers${id && `/${id}`}`;
const body = (more = {}) => ({ name: 'hook', channel: 'EMAIL', kind: 'webhook', credentials: { url: URL_, secret: SECRET }, ...more });

async function problems(input, call = (fields) => server.admin('POST', path(), fields)) {
  const answer = await call(input);
  assert.equal(answer.status, 422, answer.text);
  return answer.json.message;
}

test('ORQ-27: a provider is created, listed, read, changed and deleted; secrets are masked to their last 4', async () => {
  const made = await server.admin('POST', path(), body({ priority: 5 }));
  assert.equal(made.status, 201, made.text);
  const { data } = made.json;
  assert.deepEqual(data.credentials, { url: URL_, secret: '****LaSw' });
  assert.deepEqual([data.name, data.channel, data.kind, data.priority, data.active, data.baseUrl], ['hook', 'EMAIL', 'webhook', 5, true, null]);
  const read = await server.admin('GET', path(data.id));
  assert.deepEqual(read.json.data, data);
  const list = await server.admin('GET', path());
  assert.deepEqual(list.json.data, [data]);
  assert.equal(list.json.nextCursor, null);
  const patched = await server.admin('PATCH', path(data.id), { name: 'other', active: false, credentials: { url: `${URL_}/2` } });
  assert.equal(patched.status, 200, patched.text);
  assert.deepEqual(patched.json.data.credentials, { url: `${URL_}/2`, secret: '****LaSw' }); // what is not named stays
  assert.deepEqual([patched.json.data.name, patched.json.data.active, patched.json.data.priority], ['other', false, 5]);
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}`);
  assert.deepEqual(audit.json.data.filter(({ action }) => action.startsWith('provider.')).map(({ action }) => action), ['provider.updated', 'provider.created']);
  assert.ok(!audit.text.includes(SECRET));
  assert.equal((await server.admin('DELETE', path(data.id))).status, 200);
  assertEnvelope(await server.admin('GET', path(data.id)), 404);
  assertEnvelope(await server.admin('DELETE', path(data.id)), 404);
});

test('ORQ-27: what is missing or wrong is named', async () => {
  assert.deepEqual(await problems({}), ['name must be a string', 'channel must be one of the following values: EMAIL, SMS', 'kind must be a string']);
  const [kind] = await problems(body({ kind: 'pigeon' }));
  assert.match(kind, /^kind must be one of the following values: .*webhook.*log/);
  assert.deepEqual(await problems(body({ credentials: { url: URL_ } })), ['credentials.secret is required for webhook']);
  assert.deepEqual(await problems(body({ credentials: undefined })), ['credentials.url is required for webhook', 'credentials.secret is required for webhook']);
  assert.deepEqual(await problems(body({ credentials: { url: 'ftp://x', secret: SECRET } })), ['credentials.url must be an http or https URL', 'credentials.url is required for webhook']);
  assert.match((await problems(body({ credentials: { url: URL_, secret: 'short' } })))[0], /^credentials\.secret must be/);
  assert.deepEqual(await problems(body({ credentials: { url: URL_, secret: SECRET, key: 'x' } })), ['credentials.key is not a field of webhook']);
  assert.match((await problems(body({ channel: 'PUSH' })))[0], /^channel must be/);
  assert.match((await problems(body({ baseUrl: 'https://a.example/path' })))[0], /^baseUrl must be scheme, host and port/);
  for (const url of ['https://user@host/', 'https://a b/', 'javascript:alert(1)', 'https://', 'https://h\n/']) {
    assert.ok((await problems(body({ credentials: { url, secret: SECRET } }))).some((one) => one.startsWith('credentials.url')), url);
  }
});

test('ORQ-27: kind and channel stay; a name is used once; a bad change changes nothing', async () => {
  const { json: { data } } = await server.admin('POST', path(), body({ name: 'one' }));
  assertEnvelope(await server.admin('POST', path(), body({ name: 'one' })), 409);
  const change = (fields) => server.admin('PATCH', path(data.id), fields);
  assert.deepEqual(await problems({ kind: 'log' }, change), ['kind cannot be changed; make another provider']);
  assert.deepEqual(await problems({ channel: 'SMS' }, change), ['channel cannot be changed; make another provider']);
  assert.deepEqual(await problems({ credentials: { secret: null } }, change), ['credentials.secret is required for webhook']);
  assert.deepEqual((await server.admin('GET', path(data.id))).json.data, data);
  assertEnvelope(await server.admin('GET', path('not-an-id')), 404);
});

test('threat 1: a provider of another tenant does not exist', async () => {
  const other = await server.createTenant();
  const { json: { data } } = await server.admin('POST', path(), body({ name: 'mine' }));
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    assertEnvelope(await server.admin(method, `/tenants/${other.id}/providers/${data.id}`, method === 'PATCH' ? {} : undefined), 404);
  }
});

test('threat 18: baseUrl is the operator\'s alone', async () => {
  const admin = await tenantAdmin(server, tenant);
  await admin.call('POST', '/auth/password', { currentPassword: admin.password, newPassword: `${admin.password}-2` });
  const refused = await admin.call('POST', path(), body({ name: 'their', baseUrl: 'https://inside.example' }));
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual(refused.json.message, ['baseUrl may be set by an operator only']);
  const allowed = await server.admin('POST', path(), body({ name: 'ours', baseUrl: 'https://inside.example' }));
  assert.equal(allowed.json.data.baseUrl, 'https://inside.example');
});

test('threat 22: credentials are nowhere in the data files, and do not open in another row', async () => {
  const first = await server.admin('POST', path(), body({ name: 'sealed' }));
  assert.equal(first.status, 201, first.text);
  for (const file of readdirSync(server.data, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = readFileSync(join(file.path, file.name));
    assert.ok(!bytes.includes(SECRET), file.name);
    assert.ok(!bytes.includes(SECRET.slice(6, 30)), file.name);
  }
  const rows = await queryCopy(server, 'SELECT hex(credentials_sealed) AS sealed, key_id FROM provider');
  assert.equal(new Set(rows.map((row) => row.sealed)).size, rows.length); // equal secrets, different seals
  assert.ok(rows.every((row) => Number.isInteger(row.key_id)));
});
