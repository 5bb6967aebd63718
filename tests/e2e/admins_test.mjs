// admins_test.mjs: a tenant's own admins: made by the operator, signed in, at home, shut out elsewhere.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { assertEnvelope, login, signInAs, tenantAdmin } from './lib/admin.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant({ name: 'Home' });
const other = await server.createTenant({ name: 'Elsewhere' });
const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';

test('ORQ-24: the operator makes an admin, who signs in with a role and a tenant', async () => {
  const password = 'a-good-long-password';
  server.secrets.add(password);
  const made = await server.admin('POST', `/tenants/${tenant.id}/admins`, { username: 'ada', password });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(Object.keys(made.json.data).sort(), ['createdAt', 'mustReset', 'role', 'tenantId', 'username']);
  assert.equal(made.json.data.mustReset, false);
  const { data } = await signInAs(server, 'ada', password);
  assert.equal(data.role, 'tenant_admin');
  assert.equal(data.tenantId, tenant.id);
  const life = (Date.parse(data.expiresAt) - Date.now()) / 3600000;
  assert.ok(life > 7.9 && life <= 8.01, data.expiresAt);
});

test('ORQ-24: the operator lists admins of one tenant, and takes them away', async () => {
  const leaving = await tenantAdmin(server, tenant);
  const there = await tenantAdmin(server, other);
  const names = async () => (await server.admin('GET', `/tenants/${tenant.id}/admins`)).json.data.map((one) => one.username);
  assert.ok((await names()).includes(leaving.username));
  assert.ok(!(await names()).includes(there.username));
  assertEnvelope(await server.admin('DELETE', `/tenants/${tenant.id}/admins/${there.username}`), 404);
  assert.equal((await server.admin('DELETE', `/tenants/${tenant.id}/admins/${leaving.username}`)).status, 200);
  assert.ok(!(await names()).includes(leaving.username));
  assertEnvelope(await leaving.call('GET', `/tenants/${tenant.id}`), 401);
  assertEnvelope(await login(server, leaving.username, leaving.password), 401);
  assert.equal((await there.call('GET', `/tenants/${other.id}`)).status, 200);
});

test('ORQ-24: a username is one person\'s; a short password and unknown fields are refused', async () => {
  const make = (body, id = tenant.id) => server.admin('POST', `/tenants/${id}/admins`, body);
  const password = 'yet-another-password';
  assert.equal((await make({ username: 'grace', password })).status, 201);
  assertEnvelope(await make({ username: 'grace', password }), 409);
  assertEnvelope(await make({ username: 'grace', password }, other.id), 409);
  assertEnvelope(await make({ username: 'operator', password }), 409);
  for (const body of [{}, { username: 'x' }, { username: 'x', password: 'short' }, { username: '', password },
    { username: 'x'.repeat(64), password }, { username: 'x', password, role: 'operator' }, { username: 'x', password, mustReset: 1 }]) {
    assertEnvelope(await make(body), 422);
  }
  assertEnvelope(await make({ username: 'nobody', password }, RANDOM_ID), 404);
});

test('ORQ-24: at home an admin sees and keeps the tenant\'s own things', async () => {
  const admin = await tenantAdmin(server, tenant);
  const mine = `/tenants/${tenant.id}`;
  assert.equal((await admin.call('GET', mine)).json.data.id, tenant.id);
  const made = await admin.call('POST', `${mine}/templates`, { eventType: 'home', channel: 'PUSH', body: 'b' });
  assert.equal(made.status, 201, made.text);
  assert.equal((await admin.call('DELETE', `${mine}/templates/${made.json.data.id}`)).status, 200);
  const patched = await admin.call('PATCH', mine, { senderName: 'Ada', channels: ['orders'] });
  assert.equal(patched.status, 200, patched.text);
  assert.equal(patched.json.data.senderName, 'Ada');
  const rotated = await admin.call('POST', `${mine}/rotate-key`);
  assert.equal(rotated.status, 200, rotated.text);
  server.secrets.add(rotated.json.data.apiKey);
});

test('ORQ-24: an admin changes no limit, name or state, and nothing then changes', async () => {
  const admin = await tenantAdmin(server, tenant);
  const before = (await server.admin('GET', `/tenants/${tenant.id}`)).json.data;
  for (const body of [{ rateLimitPerMinute: 9 }, { dailyCap: 9 }, { name: 'x' }, { slug: 'x' }, { active: false },
    { deliveryChannels: [] }, { bridgeDialects: false }, { senderName: 'ok', dailyCap: 9 }]) {
    assertEnvelope(await admin.call('PATCH', `/tenants/${tenant.id}`, body), 403);
  }
  assert.deepEqual((await server.admin('GET', `/tenants/${tenant.id}`)).json.data, before);
});

test('ORQ-01 RELIABILITY-1: another tenant\'s things look like nobody\'s', async () => {
  const admin = await tenantAdmin(server, tenant);
  const template = await other.template({ eventType: 'secret', body: 'b' });
  const paths = (id) => [['GET', `/tenants/${id}`], ['PATCH', `/tenants/${id}`, { senderName: 'x' }], ['POST', `/tenants/${id}/rotate-key`],
    ['GET', `/tenants/${id}/templates`], ['GET', `/tenants/${id}/templates/${template.id}`],
    ['DELETE', `/tenants/${id}/templates/${template.id}`], ['DELETE', `/tenants/${id}/users/u`], ['GET', `/audit?tenantId=${id}`]];
  const foreign = paths(other.id);
  const random = paths(RANDOM_ID);
  for (let i = 0; i < foreign.length; i++) {
    const [one, two] = [await admin.call(...foreign[i]), await admin.call(...random[i])];
    assertEnvelope(one, 404);
    assert.equal(one.text, two.text, foreign[i].join(' '));
  }
  assertEnvelope(await admin.call('GET', `/tenants/${tenant.id}/templates/${template.id}`), 404);
  assert.equal((await server.call('POST', '/api/v1/auth/realtime-token', { key: other.apiKey, body: { userId: 'u' } })).status, 200);
});

test('ORQ-24: a first password must be changed before anything else', async () => {
  const admin = await tenantAdmin(server, tenant, { mustReset: true });
  assert.equal(admin.data.mustReset, true);
  const refused = await admin.call('GET', `/tenants/${tenant.id}`);
  assertEnvelope(refused, 403);
  assert.match(refused.json.message, /password/);
  const change = (currentPassword, newPassword) => admin.call('POST', '/auth/password', { currentPassword, newPassword });
  const next = 'my-own-new-password';
  server.secrets.add(next);
  assertEnvelope(await change(admin.password, admin.password), 422);
  assertEnvelope(await change(admin.password, 'short'), 422);
  assertEnvelope(await change('wrong-password', next), 403);
  assertEnvelope(await admin.call('GET', `/tenants/${tenant.id}`), 403);
  const elsewhere = await signInAs(server, admin.username, admin.password);
  assert.equal((await change(admin.password, next)).status, 200);
  assert.equal((await admin.call('GET', `/tenants/${tenant.id}`)).status, 200);
  assertEnvelope(await elsewhere.call('GET', `/tenants/${tenant.id}`), 401);
  assertEnvelope(await login(server, admin.username, admin.password), 401);
  const again = await signInAs(server, admin.username, next);
  assert.ok(!again.data.mustReset);
  assert.equal((await again.call('GET', `/tenants/${tenant.id}`)).status, 200);
});

test('ORQ-17: the operator\'s password is the setting\'s while there is one', async () => {
  assertEnvelope(await server.admin('POST', '/auth/password', { currentPassword: 'x', newPassword: 'y'.repeat(12) }), 409);
});

test('ORQ-21 ORQ-24: a suspended tenant\'s admin may do nothing; a deleted one\'s is nobody', async () => {
  const home = await server.createTenant();
  const admin = await tenantAdmin(server, home);
  await server.admin('POST', `/tenants/${home.id}/suspend`);
  assertEnvelope(await admin.call('POST', `/tenants/${home.id}/rotate-key`), 403);
  assertEnvelope(await admin.call('GET', '/audit'), 403);
  await server.admin('POST', `/tenants/${home.id}/reactivate`);
  assert.equal((await admin.call('GET', `/tenants/${home.id}`)).status, 200);
  assert.equal((await server.admin('DELETE', `/tenants/${home.id}`)).status, 200);
  assertEnvelope(await admin.call('GET', '/audit'), 401);
  assertEnvelope(await login(server, admin.username, admin.password), 401);
});

test('ORQ-24: sign-ins and a first password outlive a restart', async () => {
  const fresh = await tenantAdmin(server, tenant, { mustReset: true });
  const admin = await tenantAdmin(server, tenant);
  await server.terminate();
  await server.launch();
  assertEnvelope(await fresh.call('GET', `/tenants/${tenant.id}`), 403);
  assert.equal((await admin.call('GET', `/tenants/${tenant.id}`)).status, 200);
  assertEnvelope(await admin.call('GET', `/tenants/${other.id}`), 404);
});
