// presence_test.mjs: dialogues and rooms as clients see them: what opens one, who is there, what they say to each
// other, and what a client gets back that was away. The server has two loops and a short grace.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';
import { Server, TOKEN_SECRET } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';
import { centrifuge, rawUser, RawClient } from './lib/realtime.mjs';

const server = await Server.start({ env: { ORQESTRA_EXPIRED_CLOSE_DELAY: '1' } });
after(() => server.stop());
const tenant = await server.createTenant({ channels: ['chat'] });
const open = await server.createTenant({ channels: ['chat'], allowClientPublish: true });

const sign = (claims, team = tenant) => signJwt({ tenant: team.id, exp: nowSeconds() + 600, ...claims }, TOKEN_SECRET);
const roomToken = (user, channel, more = {}, team = tenant) => sign({ sub: user, channel, ...more }, team);

async function user(userId, { info, team = tenant, Client = Centrifuge } = {}) {
  const token = sign({ sub: userId, ...(info && { info }) }, team);
  if (Client === Centrifuge) return centrifuge(server, { token });
  const client = new Client(server.socketUrl, { token, websocket: WebSocket });
  server.atStop(() => client.disconnect());
  client.connect();
  await within(client.ready(), 'the connection');
  return client;
}

async function enter(client, channel, options = {}) {
  const subscription = client.newSubscription(channel, options);
  const events = Object.fromEntries(['publication', 'join', 'leave', 'subscribing', 'subscribed', 'unsubscribed', 'error'].map((name) => {
    const inbox = new Inbox();
    subscription.on(name, (context) => inbox.push(context));
    return [name, inbox];
  }));
  subscription.subscribe();
  await within(subscription.ready(), `the subscription to ${channel}`);
  return { subscription, ...events };
}

async function say(channel, data, team = tenant) {
  const answer = await team.call('POST', '/api/v1/realtime/publish', { body: { channel, data } });
  assert.ok(answer.json.result, answer.text);
  return answer.json.result;
}

const refusal = (code) => (error) => error.code === code;
const raw = async (userId, team = tenant) => rawUser(team, userId);

// ---- what opens a channel ----

test('RT-07 10.4: a dialogue is its users\' alone', async () => {
  const ann = await enter(await user('ann'), 'chat#ann,bob');
  const bob = await enter(await user('bob'), 'chat#ann,bob');
  await say('chat#ann,bob', { hi: 1 });
  assert.deepEqual((await ann.publication.next()).data, { hi: 1 });
  assert.deepEqual((await bob.publication.next()).data, { hi: 1 });
  const eve = await raw('eve');
  for (const channel of ['chat#ann,bob', 'nothing#eve,ann', 'chat#ann,eve2', 'chat#,']) {
    assert.equal((await eve.ask({ subscribe: { channel } })).error.code, 103, channel);
    assert.equal((await eve.ask({ history: { channel, limit: 1 } })).error.code, 103, channel);
  }
});

test('10.3: a subscription token opens its channel to its user and its connection', async () => {
  const client = await raw('holder');
  assert.equal((await client.ask({ subscribe: { channel: 'room:x' } })).error.code, 103);
  const { subscribe } = await client.ask({ subscribe: { channel: 'room:x', token: roomToken('holder', 'room:x') } });
  assert.equal(subscribe.expires, true);
  assert.ok(subscribe.ttl > 590 && subscribe.ttl <= 600);
  assert.equal(subscribe.recoverable, true);
  const again = await client.ask({ subscribe: { channel: 'room:x', token: roomToken('holder', 'room:x') } });
  assert.equal(again.error.code, 105);
});

for (const [what, channel, token] of [
  ['for another channel', 'room:x', () => roomToken('w', 'room:y')],
  ['of another user', 'room:x', () => roomToken('v', 'room:x')],
  ['of another connection', 'room:x', () => roomToken('w', 'room:x', { client: 'b7f7e3f0-0000-4000-8000-000000000000' })],
  ['of another tenant', 'room:x', () => roomToken('w', 'room:x', {}, open)],
]) {
  test(`6.2: a subscription token ${what} closes with 3500`, async () => {
    const client = await raw('w');
    client.send({ id: 9, subscribe: { channel, token: token() } });
    assert.deepEqual(await client.end(), { code: 3500, reason: 'invalid token' });
  });
}

test('6.2: an expired subscription token is 109; an invalid one, and a connection\'s, is 103', async () => {
  const client = await raw('w');
  for (const [token, code] of [
    [roomToken('w', 'room:x', { exp: nowSeconds() - 5 }), 109],
    [`${roomToken('w', 'room:x')}x`, 103],
    ['nonsense', 103],
    [sign({ sub: 'w' }), 103],
    [signJwt({ sub: 'w', tenant: tenant.id, channel: 'room:x' }, TOKEN_SECRET), 103],
    [signJwt({ sub: 'w', tenant: tenant.id, channel: 'room:x', exp: nowSeconds() + 60 }, 'another-secret-of-more-than-32-bytes'), 103],
  ]) {
    assert.equal((await client.ask({ subscribe: { channel: 'room:x', token } })).error?.code, code);
  }
});

test('10.2: a subscription token opens nothing else: no connection, no feed, no other dialect', async () => {
  const token = sign({ sub: 'w', channel: 'room:x', workspaces: [tenant.slug] });
  const client = await RawClient.open(server);
  client.send({ id: 1, connect: { token } });
  assert.deepEqual(await client.end(), { code: 3500, reason: 'invalid token' });
  const feed = await server.call('GET', tenant.feedPath('w'), { bearer: token });
  assert.equal(feed.status, 401);
  assert.equal((await server.call('GET', '/api/notification/list', { bearer: token })).status, 401);
  const notify = await server.call('POST', `/workspace/${tenant.slug}/api/v1/notifications`, { bearer: token, body: { title: 't', message: 'm' } });
  assert.equal(notify.status, 401);
});

test('RT-07: no token opens another user\'s feed', async () => {
  const client = await raw('w');
  for (const channel of ['global_system#v', 'chat#v', 'global_state#v']) {
    const reply = await client.ask({ subscribe: { channel, token: roomToken('w', channel) } });
    assert.equal(reply.error.code, 103, channel);
  }
  const answer = await tenant.call('POST', '/api/v1/auth/realtime-token', { body: { userId: 'w', channel: 'chat#v' } });
  assert.equal(answer.status, 422);
  assert.match(answer.json.message[0], /user's own channel/);
});

// ---- its time ----

test('6.10 9.3: a subscription that is not refreshed ends with 2501 after the grace; the client resubscribes', async () => {
  const client = await user('late');
  let asked = 0;
  const room = await enter(client, 'room:late', {
    token: roomToken('late', 'room:late', { exp: nowSeconds() + 1 }),
    getToken: async () => { asked++; return roomToken('late', 'room:late'); },
  });
  assert.equal(room.subscription.state, 'subscribed');
  const mute = await raw('mute');
  const { subscribe } = await mute.ask({ subscribe: { channel: 'room:mute', token: roomToken('mute', 'room:mute', { exp: nowSeconds() + 3 }) } });
  assert.ok(subscribe.ttl <= 3);
  const { push } = await mute.inbox.next('the end of the subscription');
  assert.deepEqual(push, { channel: 'room:mute', unsubscribe: { code: 2501, reason: 'subscription expired' } });
  assert.equal((await mute.ask({ presence: { channel: 'room:mute' } })).error.code, 103);
  assert.ok(asked >= 1, 'the official client has refreshed its own');
  await say('room:late', 'still here');
  assert.equal((await room.publication.next()).data, 'still here');
});

test('6.10: sub_refresh lengthens it; an expired token takes the channel; another\'s closes', async () => {
  const client = await raw('fresh');
  const channel = 'room:fresh';
  await client.ask({ subscribe: { channel, token: roomToken('fresh', channel, { exp: nowSeconds() + 60 }) } });
  const { sub_refresh: renewed } = await client.ask({ sub_refresh: { channel, token: roomToken('fresh', channel) } });
  assert.equal(renewed.expires, true);
  assert.ok(renewed.ttl > 500);
  assert.equal((await client.ask({ sub_refresh: { channel } })).error.code, 107);
  assert.equal((await client.ask({ sub_refresh: { channel, token: 'nonsense' } })).error.code, 103);
  assert.equal((await client.ask({ sub_refresh: { channel: 'room:none', token: roomToken('fresh', 'room:none') } })).error.code, 103);
  client.send({ id: 50, sub_refresh: { channel, token: roomToken('fresh', channel, { exp: nowSeconds() - 5 }) } });
  const { push } = await client.inbox.next('the end of the subscription');
  assert.equal(push.unsubscribe.code, 2501);
  await client.ask({ subscribe: { channel, token: roomToken('fresh', channel) } });
  client.send({ id: 60, sub_refresh: { channel, token: roomToken('other', channel) } });
  assert.equal((await client.end()).code, 3500);
});

// ---- who is there ----

for (const [encoding, Client, parse] of [
  ['JSON', Centrifuge, (info) => info],
  ['Protobuf', ProtobufCentrifuge, (info) => info && JSON.parse(Buffer.from(info).toString())],
]) {
  test(`6.5: presence names who is there, on all loops, with what their tokens say (${encoding})`, async () => {
    const channel = `room:there-${encoding}`;
    const first = await user('a', { info: { name: 'Ann' }, Client });
    await enter(first, channel, { token: roomToken('a', channel, { info: { seat: 1 } }), getToken: () => roomToken('a', channel) });
    for (let n = 0; n < 5; n++) await enter(await user('b'), channel, { getToken: () => roomToken('b', channel) });
    const { clients } = await first.presence(channel);
    assert.deepEqual(Object.values(clients).map((one) => one.user).sort(), ['a', 'b', 'b', 'b', 'b', 'b']);
    const ann = Object.values(clients).find((one) => one.user === 'a');
    assert.deepEqual([parse(ann.connInfo), parse(ann.chanInfo)], [{ name: 'Ann' }, { seat: 1 }]);
    const { numClients, numUsers } = await first.presenceStats(channel);
    assert.deepEqual([numClients, numUsers], [6, 2]);
    const outsider = await user('out');
    await assert.rejects(outsider.presence(channel), refusal(103));
    await assert.rejects(outsider.presenceStats(channel), refusal(103));
  });
}

test('7: who asked hears who joins and who leaves, first itself; others do not', async () => {
  const channel = 'room:door';
  const getToken = (id) => ({ getToken: () => roomToken(id, channel) });
  const ann = await enter(await user('ann', { info: { name: 'Ann' } }), channel, { joinLeave: true, ...getToken('ann') });
  const deaf = await enter(await user('deaf'), channel, getToken('deaf'));
  const own = await ann.join.next('its own join');
  assert.deepEqual([own.info.user, own.info.connInfo], ['ann', { name: 'Ann' }]);
  assert.equal((await ann.join.next('the second join')).info.user, 'deaf');
  const bobClient = await user('bob');
  const bob = await enter(bobClient, channel, { joinLeave: true, ...getToken('bob') });
  assert.equal((await ann.join.next()).info.user, 'bob');
  assert.equal((await bob.join.next()).info.user, 'bob');
  bob.subscription.unsubscribe();
  assert.equal((await ann.leave.next('the leave')).info.user, 'bob');
  bob.subscription.subscribe();
  assert.equal((await ann.join.next()).info.user, 'bob');
  bobClient.disconnect();
  assert.equal((await ann.leave.next('the leave at the end')).info.user, 'bob');
  await say(channel, 'last');
  assert.equal((await deaf.publication.next()).data, 'last');
  assert.deepEqual([deaf.join.length, deaf.leave.length], [0, 0]);
});

// ---- what is said ----

test('6.4: clients publish only where their tenant lets them and they are subscribed, never on a feed', async () => {
  const room = { channel: 'room:talk', token: roomToken('t', 'room:talk') };
  const shut = await raw('t');
  await shut.ask({ subscribe: room });
  assert.equal((await shut.ask({ publish: { channel: 'room:talk', data: 1 } })).error.code, 103);

  const client = await raw('t', open);
  assert.equal((await client.ask({ publish: { channel: 'room:talk', data: 1 } })).error.code, 103);
  await client.subscribe('chat#t');
  await client.subscribe('global_state#t');
  for (const channel of ['chat#t', 'global_state#t']) {
    assert.equal((await client.ask({ publish: { channel, data: 1 } })).error.code, 103, channel);
  }
  await client.ask({ subscribe: { channel: 'room:talk', token: roomToken('t', 'room:talk', {}, open) } });
  assert.equal((await client.ask({ publish: { channel: 'room:talk' } })).error.code, 107);
});

test('6.4: what a client publishes tells who it was, live and in the history', async () => {
  const channel = 'chat#ann,bob';
  const ann = await enter(await user('ann', { team: open, info: { name: 'Ann' } }), channel);
  const bob = await enter(await user('bob', { team: open, Client: ProtobufCentrifuge }), channel);
  await ann.subscription.publish({ text: 'hello' });
  for (const one of [ann, bob]) {
    const { data, info, offset } = await one.publication.next();
    assert.equal(info.user, 'ann');
    assert.equal(offset, 1);
    assert.ok(data);
  }
  const { publications } = await ann.subscription.history({ limit: 10 });
  assert.deepEqual(publications[0].data, { text: 'hello' });
  assert.deepEqual([publications[0].info.user, publications[0].info.connInfo], ['ann', { name: 'Ann' }]);
  await bob.subscription.publish(Buffer.from('{"text":\n"back"}'));
  assert.deepEqual((await ann.publication.next()).data, { text: 'back' });
  await assert.rejects(bob.subscription.publish(Buffer.from('no json')), refusal(107));
});

test('6.4: allowClientPublish is turned on and off by an admin, and clients that are connected feel it', async () => {
  const team = await server.createTenant({ channels: ['chat'] });
  const client = await raw('u', team);
  await client.subscribe('chat#u,v');
  const allow = async (allowClientPublish) => {
    const answer = await server.admin('PATCH', `/tenants/${team.id}`, { allowClientPublish });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.data.allowClientPublish, allowClientPublish);
  };
  const tries = async () => {
    client.send({ id: 70, publish: { channel: 'chat#u,v', data: 1 } });
    for (;;) {
      const reply = await client.inbox.next();
      if (reply.id === 70) return reply;
    }
  };
  assert.equal((await tries()).error.code, 103);
  await allow(true);
  assert.deepEqual((await tries()).publish, {});
  await allow(false);
  assert.equal((await tries()).error.code, 103);
});

// ---- what was missed ----

test('11.2: a client that was away gets exactly what was said in the room meanwhile', async () => {
  const client = await user('away');
  const channel = 'room:away';
  const room = await enter(client, channel, { getToken: () => roomToken('away', channel) });
  await say(channel, 1);
  assert.equal((await room.publication.next()).offset, 1);
  client.disconnect();
  for (let n = 2; n <= 6; n++) await say(channel, n);
  await room.subscribed.next('the first time');
  client.connect();
  const { recovered, wasRecovering } = await room.subscribed.next('the second time');
  assert.deepEqual([wasRecovering, recovered], [true, true]);
  await say(channel, 7);
  for (let n = 2; n <= 7; n++) {
    const { data, offset } = await room.publication.next();
    assert.deepEqual([data, offset], [n, n]);
  }
});

test('11.2: too much missed, or another epoch, is an honest no', async () => {
  const channel = 'room:much';
  const { epoch } = await say(channel, 0);
  for (let n = 0; n < 120; n += 20) await Promise.all(Array.from({ length: 20 }, () => say(channel, n)));
  const recover = async (more) => {
    const client = await raw('much');
    return client.ask({ subscribe: { channel, token: roomToken('much', channel), recover: true, ...more } });
  };
  for (const since of [{ offset: 1, epoch }, { offset: 121, epoch: '00000000000000e1' }, { offset: 999, epoch }]) {
    const { subscribe } = await recover(since);
    assert.equal(subscribe.was_recovering, true);
    assert.equal(subscribe.recovered, undefined, JSON.stringify(since));
    assert.deepEqual([subscribe.offset, subscribe.publications], [121, undefined]);
    assert.equal((await recover({ ...since, flag: 2 })).error.code, 112);
  }
  const { subscribe } = await recover({ offset: 119, epoch });
  assert.deepEqual(subscribe.publications.map((one) => one.offset), [120, 121]);
});

test('P13: subscribing while many speak on both loops loses nothing and repeats nothing', async () => {
  const channel = 'room:busy';
  const speaking = (async () => {
    for (let n = 0; n < 40; n++) await Promise.all(Array.from({ length: 8 }, () => say(channel, n)));
  })();
  const clients = [];
  for (let n = 0; n < 12; n++) {
    const client = await raw('busy');
    const reply = await client.ask({ subscribe: { channel, token: roomToken('busy', channel) } });
    clients.push({ client, next: (reply.subscribe.offset ?? 0) + 1 });
  }
  await speaking;
  const { offset } = await say(channel, 'end');
  assert.equal(offset, 321);
  for (const one of clients) {
    for (; one.next <= offset; one.next++) {
      const { push } = await one.client.inbox.next(`offset ${one.next}`);
      assert.equal(push.pub.offset, one.next);
    }
    assert.equal(one.client.inbox.length, 0);
  }
});

test('6.3 6.8: limits and the rest: 106 past 128 channels, send 3508', async () => {
  const client = await raw('many');
  for (let n = 0; n < 128; n++) {
    const channel = `room:${n}`;
    assert.ok((await client.ask({ subscribe: { channel, token: roomToken('many', channel) } })).subscribe);
  }
  assert.equal((await client.ask({ subscribe: { channel: 'room:128', token: roomToken('many', 'room:128') } })).error.code, 106);
  client.send({ send: { data: 1 } });
  assert.equal((await client.end()).code, 3508);
});
