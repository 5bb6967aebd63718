// audit_test.mjs: every change of an admin leaves a line: who, what, before and after, and no secret.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { assertEnvelope, tenantAdmin } from './lib/admin.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant({ name: 'Watched', webhookSecret: 'whsec-very-private' });
server.secrets.add('whsec-very-private');
const trail = async (query = '', who = server.admin.bind(server)) => {
  const answer = await who('GET', `/audit${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const ofTenant = async (more = '') => (await trail(`?tenantId=${tenant.id}&limit=200${more}`)).data;

test('ORQ-25: a change is recorded with actor, action, subject, trace id, before and after', async () => {
  const answer = await server.call('PATCH', `/api/v1/admin/tenants/${tenant.id}`,
    { bearer: server.session, body: { dailyCap: 77 }, headers: { 'X-Trace-Id': 'trace-audit' } });
  assert.equal(answer.status, 200);
  const [row] = await ofTenant('&action=tenant.updated');
  assert.deepEqual(Object.keys(row).sort(), ['action', 'actor', 'after', 'at', 'before', 'id', 'subject', 'tenantId', 'traceId']);
  assert.equal(row.actor, 'operator');
  assert.equal(row.subject, tenant.id);
  assert.equal(row.tenantId, tenant.id);
  assert.equal(row.traceId, 'trace-audit');
  assert.equal(row.before.dailyCap, 0);
  assert.equal(row.after.dailyCap, 77);
  assert.ok(Math.abs(Date.parse(row.at) - Date.now()) < 60000, row.at);
});

test('ORQ-25: every kind of change leaves its line', async () => {
  const admin = await tenantAdmin(server, tenant);
  const template = await tenant.template({ eventType: 'audited', body: 'one' });
  await server.admin('PATCH', `/tenants/${tenant.id}/templates/${template.id}`, { body: 'two' });
  await server.admin('DELETE', `/tenants/${tenant.id}/templates/${template.id}`);
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
  const rotated = await admin.call('POST', `/tenants/${tenant.id}/rotate-key`);
  server.secrets.add(rotated.json.data.apiKey);
  const password = 'a-changed-password';
  server.secrets.add(password);
  assert.equal((await admin.call('POST', '/auth/password', { currentPassword: admin.password, newPassword: password })).status, 200);
  await admin.call('DELETE', `/tenants/${tenant.id}/users/somebody`);
  await admin.call('POST', '/auth/logout');
  await server.admin('DELETE', `/tenants/${tenant.id}/admins/${admin.username}`);
  const rows = await ofTenant();
  const actors = Object.fromEntries(rows.map((row) => [row.action, row.actor]));
  const expected = { 'tenant.created': 'operator', 'admin.created': 'operator', 'admin.signed_in': admin.username,
    'template.created': 'operator', 'template.updated': 'operator', 'template.deleted': 'operator', 'tenant.suspended': 'operator',
    'tenant.reactivated': 'operator', 'tenant.key_rotated': admin.username, 'admin.password_changed': admin.username,
    'user.erased': admin.username, 'admin.signed_out': admin.username, 'admin.deleted': 'operator' };
  for (const [action, actor] of Object.entries(expected)) assert.equal(actors[action], actor, action);
  const updated = rows.find((row) => row.action === 'template.updated');
  assert.deepEqual([updated.before.body, updated.after.body], ['one', 'two']);
  const suspended = rows.find((row) => row.action === 'tenant.suspended');
  assert.deepEqual([suspended.before.active, suspended.after.active], [true, false]);
});

test('ORQ-25: no secret is in it: no key, no webhook secret, no password', async () => {
  const { text } = await server.admin('GET', '/audit?limit=200');
  for (const secret of server.secrets) assert.ok(!text.includes(secret), secret.slice(0, 8));
  assert.ok(!text.includes('argon2'));
});

test('ORQ-25: filters and pages: every line once, newest first', async () => {
  const all = await ofTenant();
  const seen = [];
  let cursor = '';
  do {
    const page = await trail(`?tenantId=${tenant.id}&limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    assert.ok(page.data.length <= 3);
    seen.push(...page.data.map((row) => row.id));
    cursor = page.nextCursor;
  } while (cursor);
  assert.equal(cursor, null);
  assert.deepEqual(seen, all.map((row) => row.id));
  const middle = all[Math.floor(all.length / 2)].at;
  const since = await ofTenant(`&from=${middle}`);
  const until = await ofTenant(`&to=${middle}`);
  assert.equal(since.length + until.length, all.length);
  assert.ok(since.every((row) => row.at >= middle) && until.every((row) => row.at < middle));
  assert.ok((await ofTenant('&actor=operator')).every((row) => row.actor === 'operator'));
  assert.deepEqual(await ofTenant('&actor=nobody'), []);
  for (const query of ['?from=yesterday', '?to=x', '?tenantId=x', '?cursor=x', '?limit=0']) {
    assertEnvelope(await server.admin('GET', `/audit${query}`), 422);
  }
});

test('ORQ-25 ORQ-01: a tenant\'s admin sees the own tenant\'s lines and no others', async () => {
  const other = await server.createTenant({ name: 'Unwatched' });
  await server.admin('PATCH', `/tenants/${other.id}`, { senderName: 'canary-of-another' });
  const admin = await tenantAdmin(server, tenant);
  const own = await trail('?limit=200', admin.call);
  assert.ok(own.data.length > 0);
  assert.ok(own.data.every((row) => row.tenantId === tenant.id));
  assert.ok(!JSON.stringify(own).includes('canary-of-another'));
  assert.deepEqual((await trail(`?tenantId=${tenant.id}&limit=200`, admin.call)).data, own.data);
  assert.ok((await trail('?limit=200')).data.some((row) => row.tenantId === other.id));
});

test('ORQ-13: an event that matched nothing is in the tenant\'s trail', async () => {
  const mine = await server.createTenant();
  await mine.trigger('nothing.like.it', 'u', {});
  const { data } = await trail(`?tenantId=${mine.id}&action=event.unmatched`);
  assert.deepEqual(data.map((row) => [row.subject, row.actor]), [['nothing.like.it', 'system']]);
});
