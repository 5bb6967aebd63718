// admin.mjs: people of the admin API: an admin of a tenant, signed in.
import assert from 'node:assert/strict';

let serial = 1;

export function login(server, username, password) {
  return server.call('POST', '/api/v1/admin/auth/login', { body: { username, password } });
}

// Signed in: { username, password, token, data } and call(method, path, body) under /api/v1/admin.
export async function signInAs(server, username, password) {
  const answer = await login(server, username, password);
  assert.equal(answer.status, 200, answer.text);
  const { data } = answer.json;
  server.secrets.add(password).add(data.token);
  const call = (method, path, body) => server.call(method, `/api/v1/admin${path}`, { bearer: data.token, body });
  return { username, password, token: data.token, data, call };
}

export async function tenantAdmin(server, tenant, more = {}) {
  const password = `a-long-password-${serial}`;
  const username = `admin-${serial++}`;
  const made = await server.admin('POST', `/tenants/${tenant.id}/admins`, { username, password, ...more });
  assert.equal(made.status, 201, made.text);
  return signInAs(server, username, password);
}

export function assertEnvelope(answer, status) {
  assert.equal(answer.status, status, answer.text);
  for (const name of ['statusCode', 'error', 'message']) assert.ok(name in answer.json, answer.text);
}
