// rbac_test.mjs: every admin route as every role; the expected answers are in rbac.json and nowhere else.
//
// The routes are read from the server's own table. One that rbac.json does not know fails the test, and
// so does one it knows that is gone: who adds a route says who may call it (RELIABILITY 25).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { PASSWORD, Server } from './harness.mjs';
import { assertEnvelope, signInAs, tenantAdmin } from './lib/admin.mjs';

const here = (path) => new URL(path, import.meta.url);
const expected = JSON.parse(readFileSync(here('rbac.json'), 'utf8')).routes;
const table = readFileSync(here('../../src/app/http/routes.def'), 'utf8');
const routes = [...table.matchAll(/^ROUTE\(METHOD_(\w+),\s*"([^"]+)",\s*(GUARD_\w+)/gm)]
  .map(([, method, path, guard]) => ({ method, path, guard, name: `${method} ${path}` }))
  .filter(({ path }) => path.startsWith('/api/v1/admin/'));
const ROLES = ['operator', 'own', 'foreign', 'reset', 'none'];
const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';

const server = await Server.start();
after(() => server.stop());
// Every route asks as an admin of its own, and a tenant has room for a hundred: a home for each role.
async function moveHome() {
  home = await server.createTenant({ name: 'Home' });
  homeTemplate = await home.template({ eventType: 'e', body: 'b' });
}
let home;
let elsewhere;
let homeTemplate;
let foreignTemplate;
before(async () => {
  await moveHome();
  elsewhere = await server.createTenant({ name: 'Elsewhere' });
  foreignTemplate = await elsewhere.template({ eventType: 'e', body: 'b' });
});

const fill = (path, tenant, template) => path.replace('{id}', tenant.id).replace('{templateId}', template.id)
  .replace(/\{\w+\}/g, RANDOM_ID);
// Nothing that a test leaves behind is in the way of the next one: bodies are empty, so whatever is let
// through and needs a body stops there; what needs none is harmless, deleting a tenant aside.
const bodyOf = (method) => (method === 'GET' || method === 'DELETE' ? undefined : '{}');

// Who asks, freshly signed in (a logout ends it), and where.
async function as(role) {
  switch (role) {
    case 'operator': return { bearer: (await signInAs(server, 'operator', PASSWORD)).token };
    case 'own': case 'foreign': return { bearer: (await tenantAdmin(server, home)).token };
    case 'reset': return { bearer: (await tenantAdmin(server, home, { mustReset: true })).token };
    default: return {};
  }
}

async function place(role, route) {
  if (route.name === 'DELETE /api/v1/admin/tenants/{id}') {
    const victim = await server.createTenant();
    return role === 'operator' ? [victim, homeTemplate] : [home, homeTemplate];
  }
  return role === 'foreign' ? [elsewhere, foreignTemplate] : [home, homeTemplate];
}

test('RELIABILITY-25: rbac.json knows every admin route, every role, and nothing else', () => {
  assert.ok(routes.length > 15, 'the route table could not be read');
  assert.deepEqual(Object.keys(expected).sort(), routes.map((route) => route.name).sort());
  for (const [name, answers] of Object.entries(expected)) assert.deepEqual(Object.keys(answers).sort(), [...ROLES].sort(), name);
});

test('RELIABILITY-25: nothing of the admin API but the sign-in is without a guard', () => {
  const guards = ['GUARD_SESSION', 'GUARD_ADMIN', 'GUARD_OPERATOR'];
  for (const { name, guard } of routes) {
    if (name !== 'POST /api/v1/admin/auth/login') assert.ok(guards.includes(guard), `${name} has ${guard}`);
  }
});

for (const role of ROLES) {
  test(`RELIABILITY-25 ORQ-24: every admin route as ${role}`, async () => {
    await moveHome();
    for (const route of routes) {
      const want = expected[route.name]?.[role];
      const [tenant, template] = await place(role, route);
      const answer = await server.call(route.method, fill(route.path, tenant, template), { ...(await as(role)), body: bodyOf(route.method) });
      const said = `${route.name} as ${role}: ${answer.status} ${answer.text.slice(0, 200)}`;
      if (want === 'open') continue;
      if (want === 'allowed') assert.ok(![401, 403].includes(answer.status), said);
      else assertEnvelope(answer, want);
      if (want === 404) {
        const random = await server.call(route.method, fill(route.path, { id: RANDOM_ID }, template), { ...(await as(role)), body: bodyOf(route.method) });
        assert.equal(answer.text, random.text, `${route.name} tells that the tenant exists`);
      }
      // The operator may have suspended it just now, and its own admin would then be refused.
      if (role === 'operator') await server.admin('POST', `/tenants/${home.id}/reactivate`);
    }
  });
}
