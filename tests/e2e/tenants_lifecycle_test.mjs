// tenants_lifecycle_test.mjs: what an operator changes holds from the next request on, on every loop.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { PASSWORD, Server } from './harness.mjs';
import { signInAs } from './lib/admin.mjs';
import { call } from './lib/http.mjs';
import { RawClient, centrifuge, rawUser, subscribe } from './lib/realtime.mjs';
import { within } from './lib/inbox.mjs';

const LOOPS = 4;
const server = await Server.start({ env: { ORQESTRA_WORKERS: String(LOOPS) } });
after(() => server.stop());

const BODY = { eventType: 'global.info', payload: { userId: 'u' }, variables: { title: 't', message: 'm' } };

// The same request on many connections, each new, so that the kernel spreads them over all loops.
async function everywhere(path, options) {
  const ask = () => {
    const agent = new http.Agent();
    return call(agent, server.base, options.method, path, options).finally(() => agent.destroy());
  };
  return Promise.all(Array.from({ length: 6 * LOOPS }, ask));
}

async function fires(key) {
  const answers = await everywhere('/api/v1/events/trigger', { method: 'POST', key, body: BODY });
  const statuses = [...new Set(answers.map((answer) => answer.status))];
  assert.equal(statuses.length, 1, `loops disagree: ${statuses}`);
  return statuses[0];
}

async function rotate(tenant, body) {
  const answer = await server.admin('POST', `/tenants/${tenant.id}/rotate-key`, body);
  if (answer.status === 200) server.secrets.add(answer.json.data.apiKey);
  return answer;
}

test('ORQ-21: without an overlap the old key is refused at once on every loop', async () => {
  const tenant = await server.createTenant();
  for (const body of [undefined, {}, { overlapSeconds: 0 }]) {
    const { apiKey: old } = (await server.admin('GET', `/tenants/${tenant.id}`)).json.data;
    const { json } = await rotate(tenant, body);
    assert.equal(json.data.previousKeyValidUntil, null);
    assert.deepEqual([await fires(old), await fires(json.data.apiKey)], [401, 200]);
  }
});

test('RELIABILITY-2: with an overlap both keys hold on every loop, then only the new one', async () => {
  const tenant = await server.createTenant();
  const first = tenant.apiKey;
  const second = (await rotate(tenant, { overlapSeconds: 3600 })).json.data;
  const left = Date.parse(second.previousKeyValidUntil) - Date.now();
  assert.ok(left > 3500e3 && left <= 3600e3, second.previousKeyValidUntil);
  assert.deepEqual([await fires(first), await fires(second.apiKey)], [200, 200]);
  const third = (await rotate(tenant, { overlapSeconds: 3600 })).json.data;
  assert.deepEqual([await fires(first), await fires(second.apiKey), await fires(third.apiKey)], [401, 200, 200]);
  await server.terminate();
  await server.launch();
  assert.deepEqual([await fires(first), await fires(second.apiKey), await fires(third.apiKey)], [401, 200, 200]);
  const fourth = (await rotate(tenant)).json.data;
  assert.deepEqual([await fires(third.apiKey), await fires(second.apiKey), await fires(fourth.apiKey)], [401, 401, 200]);
});

test('RELIABILITY-2: an overlap ends by itself, without another call', async () => {
  const tenant = await server.createTenant();
  const old = tenant.apiKey;
  const { json } = await rotate(tenant, { overlapSeconds: 1 });
  const until = Date.parse(json.data.previousKeyValidUntil);
  await new Promise((done) => setTimeout(done, until - Date.now() + 100));
  assert.deepEqual([await fires(old), await fires(json.data.apiKey)], [401, 200]);
});

test('RELIABILITY-2: rotating under load fails no request that uses either key', async () => {
  const tenant = await server.createTenant();
  const keys = [tenant.apiKey];
  let going = true;
  const load = Array.from({ length: 8 }, async () => {
    const statuses = new Set();
    while (going) statuses.add((await tenant.post(BODY, { key: keys[Math.floor(Math.random() * keys.length)] })).status);
    return statuses;
  });
  const { json } = await rotate(tenant, { overlapSeconds: 60 });
  keys.push(json.data.apiKey);
  for (let i = 0; i < 20; i++) await tenant.post(BODY, { key: keys[1] });
  going = false;
  for (const statuses of await Promise.all(load)) assert.deepEqual([...statuses], [200]);
});

test('ORQ-21: an overlap is a whole number of seconds, seven days at most', async () => {
  const tenant = await server.createTenant();
  for (const overlapSeconds of [-1, 1.5, '60', 7 * 86400 + 1]) {
    assert.equal((await rotate(tenant, { overlapSeconds })).status, 422, String(overlapSeconds));
  }
  assert.equal((await rotate(tenant, { overlap: 5 })).status, 422);
  assert.equal(await fires(tenant.apiKey), 200);
  assert.equal((await rotate(tenant, { overlapSeconds: 7 * 86400 })).status, 200);
});

test('ORQ-21: suspending shuts every door on every loop: key, tokens, history, sockets', async () => {
  const tenant = await server.createTenant();
  const { token } = await tenant.token('u');
  const feed = () => everywhere(tenant.feedPath('u'), { method: 'GET', bearer: token });
  assert.ok((await feed()).every((answer) => answer.status === 200));
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  assert.equal(await fires(tenant.apiKey), 401);
  assert.ok((await feed()).every((answer) => answer.status === 401));
  const tokens = await everywhere('/api/v1/auth/realtime-token', { method: 'POST', key: tenant.apiKey, body: { userId: 'u' } });
  assert.ok(tokens.every((answer) => answer.status === 401));
  const late = await RawClient.open(server);
  late.send({ id: 1, connect: { token } });
  assert.equal((await late.end()).code, 3500);
  await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
  assert.equal(await fires(tenant.apiKey), 200);
  assert.ok((await feed()).every((answer) => answer.status === 200));
});

test('ORQ-21: open sockets of a suspended tenant are closed with 3503, other tenants\' stay', async () => {
  const tenant = await server.createTenant();
  const neighbour = await server.createTenant();
  const users = Array.from({ length: 5 * LOOPS }, (_, i) => `u${i}`);
  const sockets = await Promise.all(users.map((user) => rawUser(tenant, user)));
  const kept = await rawUser(neighbour, 'n');
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  for (const socket of sockets) assert.deepEqual(await socket.end(), { code: 3503, reason: 'force disconnect' });
  await kept.subscribe('global_system#n');
  await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
  await rawUser(tenant, 'u0');
});

test('ORQ-21: the official client takes 3503 for an end and does not come back', async () => {
  const tenant = await server.createTenant();
  const { token } = await tenant.token('u');
  const client = await centrifuge(server, { token });
  await subscribe(client, 'global_system#u');
  const over = within(new Promise((done) => client.on('disconnected', done)), 'the end');
  await server.admin('POST', `/tenants/${tenant.id}/suspend`);
  assert.equal((await over).code, 3503);
});

test('ORQ-21: deleting ends everything of a tenant, its sockets too', async () => {
  const tenant = await server.createTenant();
  const socket = await rawUser(tenant, 'u');
  assert.equal((await server.admin('DELETE', `/tenants/${tenant.id}`)).status, 200);
  assert.equal((await socket.end()).code, 3503);
  assert.equal(await fires(tenant.apiKey), 401);
});

test('ORQ-11: channels outside the whitelist are skipped silently, on every loop at once', async () => {
  const tenant = await server.createTenant({ deliveryChannels: ['EMAIL'] });
  assert.equal(await fires(tenant.apiKey), 200);
  assert.deepEqual(await tenant.history('u'), []);
  await server.admin('PATCH', `/tenants/${tenant.id}`, { deliveryChannels: ['PUSH'] });
  assert.equal(await fires(tenant.apiKey), 200);
  assert.equal((await tenant.history('u')).length, 6 * LOOPS);
  await server.admin('PATCH', `/tenants/${tenant.id}`, { deliveryChannels: [] });
  assert.equal(await fires(tenant.apiKey), 200);
  assert.equal((await tenant.history('u')).length, 6 * LOOPS);
});

test('ORQ-21 E.15: a custom channel is there from the next token on, and gone likewise', async () => {
  const tenant = await server.createTenant();
  const names = async () => {
    const answers = await everywhere('/api/v1/auth/realtime-token', { method: 'POST', key: tenant.apiKey, body: { userId: 'u' } });
    for (const { json } of answers) server.secrets.add(json.token);
    const lists = [...new Set(answers.map((answer) => JSON.stringify(answer.json.channels)))];
    assert.equal(lists.length, 1, `loops disagree: ${lists}`);
    return JSON.parse(lists[0]);
  };
  assert.deepEqual(await names(), ['global_system#u']);
  await server.admin('PATCH', `/tenants/${tenant.id}`, { channels: ['orders'] });
  assert.deepEqual(await names(), ['global_system#u', 'orders#u']);
  const client = await rawUser(tenant, 'u');
  await client.subscribe('orders#u');
  await server.admin('PATCH', `/tenants/${tenant.id}`, { channels: [] });
  assert.deepEqual(await names(), ['global_system#u']);
  const next = await rawUser(tenant, 'u');
  assert.equal((await next.ask({ subscribe: { channel: 'orders#u' } })).error.code, 103);
});

test('ORQ-24: an operator\'s session works on every loop and ends on every loop', async () => {
  const me = await signInAs(server, 'operator', PASSWORD);
  const list = () => everywhere('/api/v1/admin/tenants', { method: 'GET', bearer: me.token });
  assert.ok((await list()).every((answer) => answer.status === 200));
  await me.call('POST', '/auth/logout');
  assert.ok((await list()).every((answer) => answer.status === 401));
});
