// expiry_rest_test.mjs: the feed as product-expiry clients read it over HTTP.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server, TOKEN_SECRET, runBinary } from './harness.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Grocer' });
const stranger = await server.createTenant();
for (const eventType of ['product.expired', 'global.error', 'global.alert', 'global.success']) {
  await tenant.template({ eventType, subject: 'Expiry', body: '{{what}}' });
}
await stranger.template({ eventType: 'product.expired', subject: 'Expiry', body: '{{what}}' });

const NONE = { message: 'No notifications found' };

function mint(claims, team = tenant, secret = TOKEN_SECRET) {
  const token = signJwt({ tenant: team.id, exp: nowSeconds() + 60, ...claims }, secret);
  server.secrets.add(token);
  return token;
}

const list = (bearer, query = '') => server.call('GET', `/api/notification/list${query}`, { bearer });
const mark = (bearer, id) => server.call('POST', `/api/notification/mark-read/${id}`, { bearer });

async function items(bearer, query) {
  const answer = await list(bearer, query);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['notifications']);
  return answer.json.notifications;
}

function assertDetail(answer, status, detail) {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(answer.json, { detail });
}

test('EXW-01: newest first, each with id, type, message, createdAt and isRead', async () => {
  const token = mint({ sub: 'ann' });
  const answer = await list(token);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, NONE);
  await tenant.trigger('product.expired', 'ann', { what: 'Milk expires in 2 days' });
  await tenant.trigger('global.error', 'ann', { what: 'The fridge is off' });
  const [newest, oldest] = await items(token);
  assert.deepEqual(Object.keys(newest), ['id', 'type', 'message', 'createdAt', 'isRead']);
  assert.equal(newest.message, 'The fridge is off');
  assert.equal(oldest.message, 'Milk expires in 2 days');
  assert.equal(newest.isRead, false);
  assert.ok(Math.abs(Date.parse(newest.createdAt) - Date.now()) < 3600000, newest.createdAt);
  assert.deepEqual((await tenant.history('ann')).map(({ id }) => id), [newest.id, oldest.id]);
});

test('EXP-07 E.10: type is info, warning or error', async () => {
  for (const eventType of ['product.expired', 'global.success', 'global.alert', 'global.error']) {
    await tenant.trigger(eventType, 'typ', { what: eventType });
  }
  const types = (await items(mint({ sub: 'typ' }))).map(({ type, message }) => [message, type]);
  assert.deepEqual(types.reverse(), [['product.expired', 'info'], ['global.success', 'info'], ['global.alert', 'warning'], ['global.error', 'error']]);
});

test('EXP-05 E.22: the user is the token\'s userId, else its sub', async () => {
  await tenant.trigger('product.expired', '4711', { what: 'by number' });
  await tenant.trigger('product.expired', 'uma', { what: 'by name' });
  assert.equal((await items(mint({ sub: 'someone', userId: 4711 })))[0].message, 'by number');
  assert.equal((await items(mint({ sub: 'someone', userId: 'uma' })))[0].message, 'by name');
  assert.equal((await items(mint({ userId: 'uma' })))[0].message, 'by name');
  assert.equal((await items(mint({ sub: 'uma' })))[0].message, 'by name');
  assert.deepEqual((await list(mint({ sub: 'uma' }, stranger))).json, NONE);
});

test('EXW-01 E.23: a token of the command line serves as well', async () => {
  const { code, stdout, stderr } = await runBinary(
    ['token', '--data', server.data, '--dialect', 'expiry', '--tenant', tenant.id, '--user', 'uma'],
    { env: { ORQESTRA_TOKEN_SECRET: TOKEN_SECRET } });
  assert.equal(code, 0, stderr);
  server.secrets.add(stdout.trim());
  assert.equal((await items(stdout.trim())).length, 1);
});

test('EXW-01 E.5: pages by limit and offset', async () => {
  const token = mint({ sub: 'pag' });
  for (let i = 0; i < 5; i++) await tenant.trigger('product.expired', 'pag', { what: String(i) });
  const messages = async (query) => (await items(token, query)).map(({ message }) => message);
  assert.deepEqual(await messages('?limit=2'), ['4', '3']);
  assert.deepEqual(await messages('?limit=2&offset=2'), ['2', '1']);
  assert.deepEqual(await messages('?limit=1000'), ['4', '3', '2', '1', '0']);
  assert.deepEqual(await messages('?offset=5'), []);
  for (const query of ['?limit=0', '?limit=-1', '?limit=x', '?offset=-1']) assert.equal((await list(token, query)).status, 422, query);
});

test('EXW-05: no bearer, or one that is no good, is 401 with a detail', async () => {
  const wrong = [
    signJwt({ tenant: tenant.id, sub: 'ann', exp: nowSeconds() + 60 }, 'another-secret-of-at-least-32-bytes!'),
    mint({ sub: 'ann', exp: nowSeconds() - 1 }), mint({ sub: 'ann', exp: undefined }), mint({ sub: '' }), mint({}),
    mint({ sub: 'ann', userId: '' }), mint({ sub: 'ann', tenant: undefined }),
    mint({ sub: 'ann', tenant: '0190a0a0-1234-7abc-8def-0123456789ab' }), 'x', tenant.apiKey,
  ];
  for (const ask of [(bearer) => list(bearer), (bearer) => mark(bearer, '0190a0a0-1234-7abc-8def-0123456789ab')]) {
    const none = await ask(undefined);
    assertDetail(none, 401, 'Access token required');
    assert.match(none.headers['www-authenticate'], /^Bearer/);
    for (const token of wrong) assertDetail(await ask(token), 401, 'Invalid or expired access token');
  }
  const keyed = await server.call('GET', '/api/notification/list', { key: tenant.apiKey });
  assertDetail(keyed, 401, 'Access token required');
});

test('EXW-05: a suspended tenant\'s tokens are no good', async () => {
  const team = await server.createTenant();
  const token = mint({ sub: 'u' }, team);
  assert.equal((await list(token)).status, 200);
  await server.admin('POST', `/tenants/${team.id}/suspend`);
  assertDetail(await list(token), 401, 'Invalid or expired access token');
});

test('EXW-02 EXP-09 EXP-19: marking as read is the owner\'s, idempotent, and seen by every dialect', async () => {
  const token = mint({ sub: 'moe' });
  await tenant.trigger('product.expired', 'moe', { what: 'one' });
  await tenant.trigger('product.expired', 'moe', { what: 'two' });
  const [two, one] = await items(token);
  for (const foreign of [mint({ sub: 'eve' }), mint({ sub: 'moe' }, stranger)]) {
    assertDetail(await mark(foreign, one.id), 404, 'Notification not found');
  }
  for (const id of ['0190a0a0-1234-7abc-8def-0123456789ab', 'x', 'a%2Fb']) assertDetail(await mark(token, id), 404, 'Notification not found');
  assert.deepEqual((await items(token)).map(({ isRead }) => isRead), [false, false]);
  for (let i = 0; i < 2; i++) {
    const answer = await mark(token, one.id);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, { success: true });
  }
  assert.deepEqual((await items(token)).map(({ id, isRead }) => [id, isRead]), [[two.id, false], [one.id, true]]);
  assert.deepEqual((await tenant.history('moe')).map(({ status }) => status), ['UNREAD', 'READ']);
  await tenant.markRead('moe', two.id);
  assert.deepEqual((await items(token)).map(({ isRead }) => isRead), [true, true]);
});
