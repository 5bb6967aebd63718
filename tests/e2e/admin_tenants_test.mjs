// admin_tenants_test.mjs: the operator's sign-in, and tenants from birth to deletion.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PASSWORD, Server } from './harness.mjs';
import { RawClient } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());

const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';
const login = (body) => server.call('POST', '/api/v1/admin/auth/login', { body });
const fires = async (key) => {
  const body = { eventType: 'global.info', payload: { userId: 'u' }, variables: { title: 't', message: 'm' } };
  return (await server.call('POST', '/api/v1/events/trigger', { key, body })).status;
};

function assertEnvelope(answer, status) {
  assert.equal(answer.status, status, answer.text);
  for (const name of ['statusCode', 'error', 'message']) assert.ok(name in answer.json, answer.text);
}

test('ORQ-17 E.33: the operator signs in for at most eight hours', async () => {
  const answer = await login({ username: 'operator', password: PASSWORD });
  assert.equal(answer.status, 200);
  const { success, data } = answer.json;
  assert.equal(success, true);
  assert.equal(data.role, 'operator');
  assert.ok(typeof data.token === 'string' && data.token.length >= 43, '256 bits');
  const life = (Date.parse(data.expiresAt) - Date.now()) / 3600000;
  assert.ok(life > 7.9 && life <= 8.01, `${data.expiresAt}: ${life} h`);
  assert.equal((await server.call('GET', '/api/v1/admin/tenants', { bearer: data.token })).status, 200);
  const other = await login({ username: 'operator', password: PASSWORD });
  assert.notEqual(other.json.data.token, data.token);
});

test('ORQ-17: a wrong password and an unknown user look the same', async () => {
  const wrong = await login({ username: 'operator', password: `${PASSWORD}x` });
  const unknown = await login({ username: 'nobody', password: PASSWORD });
  assertEnvelope(wrong, 401);
  assert.equal(wrong.text, unknown.text);
});

test('ORQ-17: a sign-in that is not two texts is a 422', async () => {
  for (const body of [{}, { username: 'operator' }, { username: 1, password: 2 }, '[]', '{']) assertEnvelope(await login(body), 422);
});

test('ORQ-17: nothing of the admin API answers without a session', async () => {
  const id = RANDOM_ID;
  const routes = [
    ['GET', '/tenants'], ['POST', '/tenants'], ['GET', `/tenants/${id}`], ['PATCH', `/tenants/${id}`], ['DELETE', `/tenants/${id}`],
    ['POST', `/tenants/${id}/rotate-key`], ['POST', `/tenants/${id}/suspend`], ['POST', `/tenants/${id}/reactivate`],
    ['GET', `/tenants/${id}/templates`], ['POST', `/tenants/${id}/templates`], ['POST', `/tenants/${id}/templates/preview`],
    ['GET', `/tenants/${id}/templates/${id}`], ['PATCH', `/tenants/${id}/templates/${id}`],
    ['DELETE', `/tenants/${id}/templates/${id}`], ['POST', '/auth/logout'],
  ];
  const tenant = await server.createTenant();
  const { token } = await tenant.token('u');
  const wrong = [{}, { bearer: '' }, { bearer: 'x'.repeat(43) }, { bearer: token }, { bearer: tenant.apiKey }, { key: tenant.apiKey },
    { headers: { authorization: `Basic ${server.session}` } }];
  for (const [method, path] of routes) {
    for (const options of wrong) {
      const answer = await server.call(method, `/api/v1/admin${path}`, options);
      assertEnvelope(answer, 401);
    }
  }
});

test('ORQ-17: signing out ends that session only', async () => {
  const [a, b] = [await login({ username: 'operator', password: PASSWORD }), await login({ username: 'operator', password: PASSWORD })]
    .map((answer) => answer.json.data.token);
  const list = (bearer) => server.call('GET', '/api/v1/admin/tenants', { bearer });
  const out = await server.call('POST', '/api/v1/admin/auth/logout', { bearer: a });
  assert.ok([200, 204].includes(out.status), out.text);
  assert.equal((await list(a)).status, 401);
  assert.equal((await list(b)).status, 200);
});

test('ORQ-21 ORQ-22: a new tenant: defaults, a derived slug and a key that works', async () => {
  const answer = await server.admin('POST', '/tenants', { name: 'Größe & Co. 2' });
  assert.ok([200, 201].includes(answer.status), answer.text);
  assert.equal(answer.json.success, true);
  const { data } = answer.json;
  assert.match(data.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(data.name, 'Größe & Co. 2');
  assert.match(data.slug, /^[a-z0-9]+(-[a-z0-9]+)*$/); // CEW-07
  assert.equal(data.rateLimitPerMinute, 100);
  assert.equal(data.dailyCap, 10000);
  assert.equal(data.active, true);
  assert.equal(data.bridgeDialects, true);
  assert.deepEqual(data.channels, []);
  assert.deepEqual([...data.deliveryChannels].sort(), ['EMAIL', 'PUSH', 'SMS']);
  assert.ok(data.apiKey.length >= 43, '32 random bytes');
  assert.equal(await fires(data.apiKey), 200);
});

test('API-02: the key can be seen again by the operator', async () => {
  const tenant = await server.createTenant();
  const { json } = await server.admin('GET', `/tenants/${tenant.id}`);
  assert.equal(json.data.apiKey, tenant.apiKey);
});

test('ORQ-21: names and slugs: derived, given, taken', async () => {
  const plain = await server.createTenant({ name: 'My Company' });
  assert.equal(plain.slug, 'my-company');
  const given = await server.createTenant({ name: 'Other', slug: 'given-slug-1' });
  assert.equal(given.slug, 'given-slug-1');
  const taken = await server.admin('POST', '/tenants', { name: 'Third', slug: 'given-slug-1' });
  assertEnvelope(taken, 409);
  const patched = await server.admin('PATCH', `/tenants/${plain.id}`, { slug: 'given-slug-1' });
  assertEnvelope(patched, 409);
  assert.equal((await server.admin('GET', `/tenants/${plain.id}`)).json.data.slug, 'my-company');
});

test('ORQ-21: what no tenant can be is a 422', async () => {
  const wrong = [
    {}, { name: '' }, { name: 5 }, { name: 'x'.repeat(121) }, { name: 'x', slug: 'Not A Slug' }, { name: 'x', slug: 'a'.repeat(64) },
    { name: 'x', rateLimitPerMinute: -1 }, { name: 'x', rateLimitPerMinute: 'many' }, { name: 'x', dailyCap: 1.5 },
    { name: 'x', channels: 'orders' }, { name: 'x', channels: ['a#b'] }, { name: 'x', channels: [''] }, { name: 'x', channels: [5] },
    { name: 'x', channels: Array.from({ length: 33 }, (_, i) => `c${i}`) }, { name: 'x', deliveryChannels: ['FAX'] }, '[]', '{',
  ];
  for (const body of wrong) {
    const answer = await server.admin('POST', '/tenants', body);
    assertEnvelope(answer, 422);
  }
});

test('ORQ-21: the list holds every tenant once, page by page', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await server.createTenant()).id);
  const seen = [];
  let cursor = '';
  do {
    const { status, json, text } = await server.admin('GET', `/tenants?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    assert.equal(status, 200, text);
    assert.ok(json.data.length <= 2, text);
    seen.push(...json.data.map((tenant) => tenant.id));
    cursor = json.nextCursor;
  } while (cursor);
  assert.equal(cursor, null);
  assert.equal(new Set(seen).size, seen.length);
  for (const id of made) assert.ok(seen.includes(id));
});

test('ORQ-21: a change holds from the next request on', async () => {
  const tenant = await server.createTenant({ channels: ['old'] });
  const answer = await server.admin('PATCH', `/tenants/${tenant.id}`, { name: 'Renamed', channels: ['new'], rateLimitPerMinute: 7 });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.data.name, 'Renamed');
  assert.equal(answer.json.data.rateLimitPerMinute, 7);
  assert.equal(answer.json.data.slug, tenant.slug);
  assert.deepEqual((await tenant.token('u')).channels, ['global_system#u', 'new#u']);
  const { message } = await tenant.trigger('global.info', 'u', { title: 't', message: 'm' });
  assert.equal(message, 'Event global.info dispatched securely for Renamed');
});

test('ORQ-11: delivery channels are a whitelist; others are skipped silently', async () => {
  const tenant = await server.createTenant({ deliveryChannels: ['EMAIL'] });
  await tenant.trigger('global.info', 'u', { title: 't', message: 'm' });
  assert.deepEqual(await tenant.history('u'), []);
  await server.admin('PATCH', `/tenants/${tenant.id}`, { deliveryChannels: ['EMAIL', 'PUSH'] });
  await tenant.trigger('global.info', 'u', { title: 't', message: 'm' });
  assert.equal((await tenant.history('u')).length, 1);
});

test('ORQ-21: a rotated key works at once, the old one no longer', async () => {
  const tenant = await server.createTenant();
  const old = tenant.apiKey;
  const { status, json } = await server.admin('POST', `/tenants/${tenant.id}/rotate-key`);
  assert.equal(status, 200);
  server.secrets.add(json.data.apiKey);
  assert.notEqual(json.data.apiKey, old);
  assert.deepEqual([await fires(old), await fires(json.data.apiKey)], [401, 200]);
});

test('ORQ-21 API-22: suspending ends every way in, reactivating opens them again', async () => {
  const tenant = await server.createTenant();
  const { token } = await tenant.token('u');
  const feed = () => server.call('GET', tenant.feedPath('u'), { bearer: token });
  assert.equal((await server.admin('POST', `/tenants/${tenant.id}/suspend`)).status, 200);
  assert.equal((await server.admin('GET', `/tenants/${tenant.id}`)).json.data.active, false);
  assert.equal(await fires(tenant.apiKey), 401);
  assert.equal((await feed()).status, 401);
  assert.equal((await server.admin('POST', `/tenants/${tenant.id}/suspend`)).status, 200);
  assert.equal((await server.admin('POST', `/tenants/${tenant.id}/reactivate`)).status, 200);
  assert.equal(await fires(tenant.apiKey), 200);
  assert.equal((await feed()).status, 200);
  const client = await RawClient.open(server);
  await client.connect(token);
});

test('ORQ-21: a deleted tenant is gone: key, token, row; its slug is free again', async () => {
  const tenant = await server.createTenant({ slug: 'phoenix' });
  const { token } = await tenant.token('u');
  await tenant.trigger('global.info', 'u', { title: 't', message: 'm' });
  const gone = await server.admin('DELETE', `/tenants/${tenant.id}`);
  assert.ok([200, 204].includes(gone.status), gone.text);
  assert.equal(await fires(tenant.apiKey), 401);
  assertEnvelope(await server.call('GET', tenant.feedPath('u'), { bearer: token }), 401);
  assertEnvelope(await server.admin('GET', `/tenants/${tenant.id}`), 404);
  assertEnvelope(await server.admin('DELETE', `/tenants/${tenant.id}`), 404);
  const again = await server.createTenant({ slug: 'phoenix' });
  assert.notEqual(again.id, tenant.id);
  assert.deepEqual(await again.history('u'), []);
});

test('ORQ-21: unknown and malformed ids are 404', async () => {
  for (const id of [RANDOM_ID, 'x', '0', encodeURIComponent("' or 1=1 --")]) {
    assertEnvelope(await server.admin('GET', `/tenants/${id}`), 404);
    assertEnvelope(await server.admin('PATCH', `/tenants/${id}`, { name: 'y' }), 404);
    for (const action of ['rotate-key', 'suspend', 'reactivate']) {
      assertEnvelope(await server.admin('POST', `/tenants/${id}/${action}`), 404);
    }
  }
});
