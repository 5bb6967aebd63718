// realtime_api_test.mjs: /api/v1/realtime, for backends that only want real time: what they say is heard on every
// loop and by every kind of client, who is there is asked of every loop, and one tenant never meets another.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import EventSource from 'eventsource';
import WebSocket from 'ws';
import { Server, TOKEN_SECRET } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';
import { centrifuge, rawUser } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant({ channels: ['orders'] });
const other = await server.createTenant({ channels: ['orders'] });

async function api(method, body, team = tenant) {
  const answer = await team.call('POST', `/api/v1/realtime/${method}`, { body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function ok(method, body, team) {
  const answer = await api(method, body, team);
  assert.ok(answer.result, JSON.stringify(answer));
  return answer.result;
}

async function channelToken(team, userId, channel) {
  const answer = await team.call('POST', '/api/v1/auth/realtime-token', { body: { userId, channel } });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.channels, [channel]);
  return answer.json.token;
}

// A subscription to a room, and all that it hears.
async function enter(client, userId, channel, team = tenant) {
  const subscription = client.newSubscription(channel, { getToken: () => channelToken(team, userId, channel) });
  const heard = new Inbox();
  const ended = new Inbox();
  subscription.on('publication', (context) => heard.push(context));
  subscription.on('unsubscribed', (context) => ended.push(context));
  subscription.subscribe();
  await within(subscription.ready(), `the subscription to ${channel}`);
  return { subscription, heard, ended };
}

async function user(userId, team = tenant) {
  const { token } = await team.token(userId);
  return centrifuge(server, { token });
}

async function protobufUser(userId) {
  const { token } = await tenant.token(userId);
  const client = new ProtobufCentrifuge(server.socketUrl, { token, websocket: WebSocket });
  server.atStop(() => client.disconnect());
  client.connect();
  await within(client.ready(), 'the connection');
  return client;
}

async function streamUser(userId, transport) {
  const { token } = await tenant.token(userId);
  const client = new Centrifuge([{ transport, endpoint: `${server.base}/connection/${transport}` }],
    { token, emulationEndpoint: `${server.base}/emulation`, eventsource: EventSource, fetch, readableStream: ReadableStream });
  server.atStop(() => client.disconnect());
  client.connect();
  await within(client.ready(), `the connection over ${transport}`);
  return client;
}

const data = async (heard) => (await heard.next('a publication')).data;

// ---- publish, broadcast ----

test('18.2: publish reaches JSON, Protobuf and streaming clients on all loops, and tells its place', async () => {
  const rooms = [
    await enter(await user('p1'), 'p1', 'room:news'),
    await enter(await user('p2'), 'p2', 'room:news'),
    await enter(await streamUser('p4', 'http_stream'), 'p4', 'room:news'),
    await enter(await streamUser('p5', 'sse'), 'p5', 'room:news'),
  ];
  const binary = await enter(await protobufUser('p3'), 'p3', 'room:news');
  const first = await ok('publish', { channel: 'room:news', data: { n: 1 } });
  const second = await ok('publish', { channel: 'room:news', data: { n: 2 } });
  assert.equal(first.offset, 1);
  assert.equal(second.offset, 2);
  assert.equal(first.epoch, second.epoch);
  assert.match(first.epoch, /^[0-9a-f]{16}$/);
  for (const room of rooms) {
    assert.deepEqual(await data(room.heard), { n: 1 });
    const last = await room.heard.next('the second publication');
    assert.deepEqual([last.data, last.offset], [{ n: 2 }, 2]);
  }
  assert.deepEqual(JSON.parse(Buffer.from(await data(binary.heard)).toString()), { n: 1 });
});

test('18.2: an idempotency_key is published once, and told the first place again', async () => {
  const room = await enter(await user('i1'), 'i1', 'room:once');
  const body = { channel: 'room:once', data: 1, idempotency_key: 'k1' };
  const first = await ok('publish', body);
  assert.deepEqual(await ok('publish', { ...body, data: 2 }), first);
  await ok('publish', { ...body, data: 3, idempotency_key: 'k2' });
  assert.equal(await data(room.heard), 1);
  assert.equal(await data(room.heard), 3);
});

test('18.2: b64data and newlines of data arrive as one line of JSON; skip_history has no place', async () => {
  const room = await enter(await user('b1'), 'b1', 'room:b64');
  const b64data = Buffer.from('{"a":\n [1,\n2]}').toString('base64');
  await ok('publish', { channel: 'room:b64', b64data });
  assert.deepEqual(await ok('publish', { channel: 'room:b64', data: 'gone', skip_history: true }), {});
  assert.deepEqual(await data(room.heard), { a: [1, 2] });
  const gone = await room.heard.next();
  assert.deepEqual([gone.data, gone.offset], ['gone', undefined]);
  const page = await ok('history', { channel: 'room:b64', limit: -1 });
  assert.deepEqual(page.publications.map((one) => one.data), [{ a: [1, 2] }]);
});

test('18.2: broadcast answers for each channel in order; a bad one harms no other', async () => {
  const room = await enter(await user('c1'), 'c1', 'room:b');
  const { responses } = await ok('broadcast', { channels: ['room:a', '', 'room:b', 'orders#someone'], data: { x: 1 } });
  assert.equal(responses.length, 4);
  assert.equal(responses[0].result.offset, 1);
  assert.equal(responses[1].error.code, 107);
  assert.equal(responses[2].result.offset, 1);
  assert.deepEqual(responses[3].result, {}, 'a feed has its own positions');
  assert.deepEqual(await data(room.heard), { x: 1 });
});

test('18.2: a publication on a feed channel is live only, and never moves the feed', async () => {
  await tenant.template({ eventType: 'n', subject: 's', body: '{{n}}' });
  const client = await user('feed');
  const subscription = client.newSubscription('global_system#feed');
  const heard = new Inbox();
  subscription.on('publication', (context) => heard.push(context));
  subscription.subscribe();
  await within(subscription.ready(), 'the feed');
  assert.deepEqual(await ok('publish', { channel: 'global_system#feed', data: { typing: true } }), {});
  assert.deepEqual(await data(heard), { typing: true });
  await tenant.trigger('n', 'feed', { n: 'stored' });
  const stored = await heard.next();
  assert.deepEqual([stored.data.body, stored.offset], ['stored', 1]);
  const page = await ok('history', { channel: 'global_system#feed', limit: -1 });
  assert.deepEqual(page.publications.map((one) => [one.offset, one.data.body]), [[1, 'stored']]);
  assert.equal(page.offset, 1);
});

// ---- history ----

test('18.2 11.4: history of a room pages both ways', async () => {
  for (let n = 1; n <= 5; n++) await ok('publish', { channel: 'room:pages', data: n });
  const { epoch } = await ok('history', { channel: 'room:pages' });
  const page = async (options) => {
    const found = await ok('history', { channel: 'room:pages', ...options });
    assert.equal(found.offset, 5, 'always the top');
    return found.publications.map((one) => one.data);
  };
  assert.deepEqual(await page({}), []);
  assert.deepEqual(await page({ limit: -1 }), [1, 2, 3, 4, 5]);
  assert.deepEqual(await page({ limit: 2, since: { offset: 2, epoch } }), [3, 4]);
  assert.deepEqual(await page({ limit: 2, reverse: true }), [5, 4]);
  assert.deepEqual(await page({ limit: 9, reverse: true, since: { offset: 3, epoch } }), [2, 1]);
  const refused = await api('history', { channel: 'room:pages', limit: 1, since: { offset: 1, epoch: '00000000000000e1' } });
  assert.equal(refused.error.code, 112);
  assert.equal((await api('history', { channel: 'room:pages', reverse: true, since: { offset: 0 } })).error.code, 107);
  assert.equal((await api('history', { channel: 'global_state#u', limit: 1 })).error.code, 108);
});

// ---- who is there ----

test('18.2: presence and presence_stats see every client on every loop, and its conn_info', async () => {
  const token = signJwt({ sub: 'named', tenant: tenant.id, exp: nowSeconds() + 60, info: { name: 'Ann' } }, TOKEN_SECRET);
  await enter(await centrifuge(server, { token }), 'named', 'room:people');
  for (let n = 0; n < 5; n++) await enter(await user('twice'), 'twice', 'room:people');
  await enter(await streamUser('streamed', 'sse'), 'streamed', 'room:people');
  const { presence } = await ok('presence', { channel: 'room:people' });
  const people = Object.values(presence);
  assert.deepEqual(people.map((one) => one.user).sort(), ['named', 'streamed', 'twice', 'twice', 'twice', 'twice', 'twice']);
  for (const [id, one] of Object.entries(presence)) assert.equal(one.client, id);
  assert.deepEqual(people.find((one) => one.user === 'named').conn_info, { name: 'Ann' });
  assert.deepEqual(await ok('presence_stats', { channel: 'room:people' }), { num_clients: 7, num_users: 3 });
  assert.deepEqual(await ok('presence_stats', { channel: 'room:nobody' }), { num_clients: 0, num_users: 0 });
});

test('18.2: channels lists those with listeners, by pattern, and none of the server\'s own', async () => {
  const team = await server.createTenant({ channels: ['orders'] });
  const client = await user('lister', team);
  for (const channel of ['chat:1', 'chat:2', 'hall']) await enter(client, 'lister', channel, team);
  await enter(await user('lister2', team), 'lister2', 'chat:1', team);
  const workspace = signJwt({ sub: 'w', tenant: team.id, workspaces: [team.slug], exp: nowSeconds() + 60 }, TOKEN_SECRET);
  const socket = new WebSocket(`${server.socketUrl.replace('/connection/websocket', '/')}?token=${workspace}&workspaceSlug=${team.slug}`);
  server.atStop(() => socket.terminate());
  await within(new Promise((done, fail) => { socket.on('open', done); socket.on('error', fail); }), 'the workspace socket');
  const { channels } = await ok('channels', {}, team);
  assert.deepEqual(channels, { 'chat:1': { num_clients: 2 }, 'chat:2': { num_clients: 1 }, hall: { num_clients: 1 } });
  assert.deepEqual(Object.keys((await ok('channels', { pattern: 'chat:*' }, team)).channels).sort(), ['chat:1', 'chat:2']);
  assert.deepEqual((await ok('channels', { pattern: '*nothing' }, team)).channels, {});
});

test('E.12: another tenant\'s channel is simply empty, whatever is asked or said', async () => {
  const room = await enter(await user('mine'), 'mine', 'room:ours');
  await ok('publish', { channel: 'room:ours', data: 'ours' });
  assert.equal((await ok('publish', { channel: 'room:ours', data: 'theirs' }, other)).offset, 1);
  assert.deepEqual(await ok('presence', { channel: 'room:ours' }, other), { presence: {} });
  assert.equal((await ok('history', { channel: 'room:ours', limit: -1 }, other)).publications.length, 1);
  assert.deepEqual(await ok('channels', { pattern: 'room:ours' }, other), { channels: {} });
  await ok('disconnect', { user: 'mine' }, other);
  await ok('unsubscribe', { user: 'mine', channel: 'room:ours' }, other);
  await ok('publish', { channel: 'room:ours', data: 'still ours' });
  assert.equal(await data(room.heard), 'ours');
  assert.equal(await data(room.heard), 'still ours');
});

// ---- ending ----

const gone = (client) => {
  const inbox = new Inbox();
  client.on('disconnected', (context) => inbox.push(context));
  return inbox;
};

test('18.2: disconnect ends the user\'s connections on all loops and transports with 3503', async () => {
  const clients = [];
  for (let n = 0; n < 4; n++) clients.push(await user('thrown'));
  clients.push(await protobufUser('thrown'), await streamUser('thrown', 'http_stream'), await streamUser('thrown', 'sse'));
  const kept = await user('kept');
  const ends = clients.map(gone);
  await ok('disconnect', { user: 'thrown' });
  for (const end of ends) {
    const { code, reason } = await end.next('the end');
    assert.deepEqual([code, reason], [3503, 'force disconnect']);
  }
  assert.equal(kept.state, 'connected');
});

test('18.2: disconnect spares the whitelist, or means one client; 3011 lets it come back', async () => {
  const ids = [];
  const clients = [];
  for (let n = 0; n < 3; n++) {
    const client = await rawUser(tenant, 'chosen');
    const room = await client.ask({ subscribe: { channel: 'global_system#chosen' } });
    assert.ok(room.subscribe);
    clients.push(client);
    const { presence } = await ok('presence', { channel: 'global_system#chosen' });
    ids.push(Object.keys(presence).find((id) => !ids.includes(id)));
  }
  await ok('disconnect', { user: 'chosen', whitelist: [ids[0], ids[1]] });
  assert.deepEqual(await clients[2].end(), { code: 3503, reason: 'force disconnect' });
  await ok('disconnect', { user: 'chosen', client: ids[1], disconnect: { code: 3011, reason: 'x' } });
  assert.deepEqual(await clients[1].end(), { code: 3011, reason: 'force reconnect' });
  assert.ok((await clients[0].ask({ rpc: { method: 'feed.unreadCount' } })).rpc);
});

test('18.2: unsubscribe ends one subscription with 2000 everywhere; the connection stays', async () => {
  const rooms = [];
  for (let n = 0; n < 3; n++) {
    const client = await user('left');
    rooms.push({ client, ...(await enter(client, 'left', 'room:left')), stays: await enter(client, 'left', 'room:stays') });
  }
  await ok('unsubscribe', { user: 'left', channel: 'room:left' });
  for (const room of rooms) {
    const { code, reason } = await room.ended.next('the end of the subscription');
    assert.deepEqual([code, reason], [2000, 'server unsubscribe']);
    assert.equal(room.client.state, 'connected');
  }
  await ok('publish', { channel: 'room:stays', data: 'on' });
  for (const room of rooms) assert.equal(await data(room.stays.heard), 'on');
  assert.deepEqual(await ok('presence', { channel: 'room:left' }), { presence: {} });
});

// ---- refusals ----

test('18.1: no key 401, no JSON 400, and what is wrong in words', async () => {
  for (const key of [undefined, 'wrong']) {
    const answer = await server.call('POST', '/api/v1/realtime/publish', { key, body: { channel: 'c', data: 1 } });
    assert.equal(answer.status, 401);
  }
  for (const body of ['{', '[]', '']) {
    const answer = await tenant.call('POST', '/api/v1/realtime/publish', { body });
    assert.equal(answer.status, 400, body);
    assert.equal(answer.json.statusCode, 400);
  }
  for (const [method, body, code, about] of [
    ['publish', { data: 1 }, 107, /channel/],
    ['publish', { channel: 'c' }, 107, /data/],
    ['publish', { channel: 'a\u0001b', data: 1 }, 107, /channel/],
    ['publish', { channel: 'c', b64data: '!' }, 107, /b64data/],
    ['publish', { channel: 'c', data: 'x'.repeat(70000) }, 107, /larger/],
    ['publish', { channel: 'x'.repeat(256), data: 1 }, 107, /channel/],
    ['publish', { channel: 'global_state#u', data: 1 }, 103, /server's own/],
    ['broadcast', { channels: [], data: 1 }, 107, /channels/],
    ['broadcast', { channels: Array(1001).fill('c'), data: 1 }, 107, /channels/],
    ['history', {}, 107, /channel/],
    ['history', { channel: 'c', limit: 'x' }, 107, /limit/],
    ['history', { channel: 'c', since: 3 }, 107, /since/],
    ['presence', {}, 107, /channel/],
    ['presence_stats', { channel: 7 }, 107, /channel/],
    ['channels', { pattern: 7 }, 107, /pattern/],
    ['disconnect', {}, 107, /user/],
    ['disconnect', { user: 'u', disconnect: { code: 1000 } }, 107, /disconnect.code/],
    ['unsubscribe', { user: 'u' }, 107, /channel/],
  ]) {
    const { error } = await api(method, body);
    assert.equal(error?.code, code, `${method} ${JSON.stringify(body).slice(0, 60)}`);
    assert.match(error.message, about);
  }
});

test('18.2: metrics tell how many rooms are remembered, and in how many bytes', async () => {
  await ok('publish', { channel: 'room:measured', data: 'x'.repeat(1000) });
  const { text } = await server.call('GET', '/metrics');
  assert.ok(Number(/^orqestra_recent_channels (\d+)/m.exec(text)[1]) >= 1);
  assert.ok(Number(/^orqestra_recent_bytes (\d+)/m.exec(text)[1]) >= 1000);
});
