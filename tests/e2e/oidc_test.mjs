// Service accounts and the tokens they get (Centrali's client credentials).
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Server, TOKEN_SECRET } from './harness.mjs';
import { tenantAdmin } from './lib/admin.mjs';
import { openJwt } from './lib/jwt.mjs';
import { RawClient } from './lib/realtime.mjs';

let server, tenant, account;

before(async () => {
  server = await Server.start();
});
// Wrong tries are counted by account and by address; a new address has made none.
let addresses = 1;
beforeEach(async () => {
  tenant = await server.createTenant({ slug: `oidc-${addresses}` });
  account = await create('ci');
  addresses++;
});
after(() => server.stop());

const path = () => `/tenants/${tenant.id}/service-accounts`;
async function create(name) {
  const answer = await server.admin('POST', path(), { name });
  assert.equal(answer.status, 201, answer.text);
  server.secrets.add(answer.json.data.clientSecret);
  return answer.json.data;
}

// From an address of 127.0.0.0/8 that is this test's own, so that no test waits for another's mistakes.
function ask(form, { basic, type = 'application/x-www-form-urlencoded', from = `127.0.7.${addresses}` } = {}) {
  const headers = { 'content-type': type };
  if (basic) headers.authorization = `Basic ${Buffer.from(basic).toString('base64')}`;
  return post(from, headers, new URLSearchParams(form).toString());
}
async function post(from, headers, body) {
  const { request } = await import('node:http');
  return new Promise((done, fail) => {
    const call = request({ host: '127.0.0.1', port: server.port, localAddress: from, method: 'POST', path: '/oidc/token', headers }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, text, json: JSON.parse(text) }));
    });
    call.on('error', fail);
    call.end(body);
  });
}
const credentials = (of = account) => ({ grant_type: 'client_credentials', client_id: of.clientId, client_secret: of.clientSecret });

test('CEW-01: client credentials in the form give a bearer token for 25200 seconds', async () => {
  const answer = await ask(credentials());
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json).sort(), ['access_token', 'expires_in', 'token_type']);
  assert.equal(answer.json.token_type, 'Bearer');
  assert.equal(answer.json.expires_in, 25200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  server.secrets.add(answer.json.access_token);
  const { claims, header, genuine } = openJwt(answer.json.access_token, TOKEN_SECRET);
  assert.ok(genuine);
  assert.equal(header.alg, 'HS256');
  assert.equal(claims.sub, account.clientId);
  assert.equal(claims.tenant, tenant.id);
  assert.equal(claims.exp - claims.iat, 25200);
});

test('CEW-01: HTTP Basic works as well', async () => {
  const answer = await ask({ grant_type: 'client_credentials' }, { basic: `${account.clientId}:${account.clientSecret}` });
  assert.equal(answer.status, 200, answer.text);
});

test('CEW-03: the token carries its workspace', async () => {
  const { json } = await ask(credentials());
  assert.deepEqual(openJwt(json.access_token, TOKEN_SECRET).claims.workspaces, [tenant.slug]);
});

test('CEN-26: a service account\'s token opens a connection like a user\'s', async () => {
  const { json } = await ask(credentials());
  server.secrets.add(json.access_token);
  const client = await RawClient.open(server);
  await client.connect(json.access_token);
  await client.close();
});

test('CEW-02: ids begin with ci_, secrets with sk_, and a secret is told once', async () => {
  assert.match(account.clientId, /^ci_[\w-]{22}$/);
  assert.match(account.clientSecret, /^sk_[\w-]{43}$/);
  const second = await create('deploy');
  const listed = await server.admin('GET', path());
  assert.deepEqual(listed.json.data.map((a) => [a.clientId, a.name]).sort(), [[account.clientId, 'ci'], [second.clientId, 'deploy']].sort());
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}`);
  assert.ok(audit.json.data.some((entry) => entry.action === 'service_account.created'));
  for (const answer of [listed, audit]) assert.ok(!answer.text.includes('sk_'));
});

test('CEW-04: wrong credentials of every kind get the same 401', async () => {
  const tries = [
    [{ ...credentials(), client_secret: 'sk_wrong' }],
    [{ ...credentials(), client_id: 'ci_nobody' }],
    [{ grant_type: 'client_credentials' }],
    [{ grant_type: 'client_credentials' }, { basic: `${account.clientId}:` }],
    [{ grant_type: 'client_credentials' }, { basic: 'no colon' }],
  ];
  for (const [form, options] of tries) {
    const answer = await ask(form, options);
    assert.equal(answer.status, 401, answer.text);
    assert.equal(answer.text, '{"error":"Unauthorized","message":"Invalid client credentials"}');
  }
});

test('CEW-04: guessing is slowed down, for the account and for the address', async () => {
  const wrong = { ...credentials(), client_secret: 'sk_wrong' };
  let limited;
  for (let i = 0; i < 10 && !limited; i++) {
    const answer = await ask(wrong);
    if (answer.status === 429) limited = answer;
  }
  assert.ok(limited, 'ten wrong tries in a row');
  assert.ok(Number(limited.headers['retry-after']) >= 1);
  assert.equal((await ask(credentials(), { from: '127.0.8.1' })).status, 429); // the account, from elsewhere
});

test('E.22: other grants and other bodies are told what to send', async () => {
  const other = await ask({ ...credentials(), grant_type: 'password' });
  assert.equal(other.status, 400);
  assert.equal(other.json.error, 'unsupported_grant_type');
  const json = await ask(credentials(), { type: 'application/json' });
  assert.equal(json.status, 400);
  assert.match(json.json.message, /form/);
});

test('CEW-02: a deleted account and a suspended tenant get no token at once', async () => {
  assert.equal((await ask(credentials())).status, 200);
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  assert.equal((await ask(credentials())).status, 401);
  await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
  assert.equal((await ask(credentials())).status, 200);
  assert.equal((await server.admin('DELETE', `${path()}/${account.clientId}`)).status, 200);
  assert.equal((await ask(credentials())).status, 401);
  assert.equal((await server.admin('DELETE', `${path()}/${account.clientId}`)).status, 404);
});

test('CEW-02: a tenant\'s admin keeps its own accounts; nobody sees another tenant\'s', async () => {
  const admin = await tenantAdmin(server, tenant);
  assert.equal((await admin.call('GET', path())).status, 200);
  const elsewhere = await server.createTenant();
  assert.equal((await admin.call('GET', `/tenants/${elsewhere.id}/service-accounts`)).status, 404);
  assert.equal((await server.admin('DELETE', `/tenants/${elsewhere.id}/service-accounts/${account.clientId}`)).status, 404);
  assert.equal((await server.admin('POST', path(), {})).status, 422);
});

test('CEW-07: a slug is lower-case letters, digits and hyphens', async () => {
  for (const slug of ['Upper', 'under_score', 'dot.ted', 'sp ace', '-edge', 'ümlaut', '']) {
    const answer = await server.admin('POST', '/tenants', { name: 'x', slug });
    assert.equal(answer.status, 422, `${slug}: ${answer.text}`);
  }
  assert.equal((await server.createTenant({ slug: 'good-slug-7' })).slug, 'good-slug-7');
});
