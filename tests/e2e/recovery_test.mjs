// recovery_test.mjs: the feed is the stream. Whoever was away gets exactly what was missed, in order, once, or
// is told honestly that it must read the history; across reconnects, restarts and kills.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';
import { Server, freshDirectory } from './harness.mjs';
import { Inbox, PATIENCE_MS } from './lib/inbox.mjs';
import { RawClient, centrifuge, rawUser } from './lib/realtime.mjs';

const server = await Server.start(); // two loops
after(() => server.stop());
const tenant = await makeTenant(server);

async function makeTenant(of) {
  const made = await of.createTenant({ channels: ['orders'] });
  await made.template({ eventType: 'n', subject: 's', body: '{{n}}' });
  await made.template({ eventType: 'order', subject: 's', body: '{{n}}', targetChannel: 'orders' });
  return made;
}

const notify = (team, user, n, eventType = 'n') => team.trigger(eventType, user, { n });
const bodies = (publications) => publications.map((one) => one.data.body);
const offsets = (publications) => publications.map((one) => one.offset);

async function notifyMany(team, user, count) {
  for (let done = 0; done < count; done += 100) {
    const events = Array.from({ length: Math.min(100, count - done) }, (_, i) => (
      { eventType: 'n', payload: { userId: user }, variables: { n: done + i + 1 } }));
    const answer = await team.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
    assert.equal(answer.status, 200, answer.text);
  }
}

// Subscribes by hand with a position: the reply's subscribe object.
async function recover(team, user, since, { channel = `global_system#${user}`, flag = 1 } = {}) {
  const client = await rawUser(team, user);
  const reply = await client.ask({ subscribe: { channel, recover: true, flag, ...since } });
  return { client, reply, result: reply.subscribe };
}

// An official client that keeps its subscription through whatever happens to the connection.
async function keeper(team, user, channel = `global_system#${user}`) {
  const { token } = await team.token(user);
  const client = await centrifuge(team.server, { token, maxReconnectDelay: 200 });
  const subscription = client.newSubscription(channel);
  const publications = new Inbox();
  const states = new Inbox();
  subscription.on('publication', (one) => publications.push(one));
  subscription.on('subscribed', (context) => states.push(context));
  subscription.subscribe();
  await states.next('the first subscription');
  return { client, subscription, publications, states };
}

test('P12 RT-20 11.2: a subscriber learns the position of its stream; publications carry theirs', async () => {
  await notify(tenant, 'pos', 1);
  const client = await rawUser(tenant, 'pos');
  const subscribed = await client.subscribe('global_system#pos');
  assert.deepEqual({ ...subscribed, epoch: null }, { recoverable: true, positioned: true, epoch: null, offset: 1 });
  assert.match(subscribed.epoch, /^[0-9a-f]{16}$/);
  await notify(tenant, 'pos', 2);
  const { push } = await client.inbox.next();
  assert.equal(push.pub.offset, 2);
  assert.ok(!('epoch' in push.pub));
});

test('P12 7: who subscribes before the first event learns the epoch with it', async () => {
  const client = await rawUser(tenant, 'early');
  assert.deepEqual(await client.subscribe('global_system#early'), { recoverable: true, positioned: true });
  await notify(tenant, 'early', 1);
  const { push } = await client.inbox.next();
  const { result } = await recover(tenant, 'early', { offset: 1, epoch: push.pub.epoch });
  assert.equal(push.pub.offset, 1);
  assert.equal(result.recovered, true);
  assert.equal(result.epoch, push.pub.epoch);
});

test('P13 11.2 19-5: what was missed comes with the reply, whose offset is the one that was asked from', async () => {
  for (let n = 1; n <= 4; n++) await notify(tenant, 'missed', n);
  const { result: { epoch } } = await recover(tenant, 'missed', { offset: 4 });
  const { client, result } = await recover(tenant, 'missed', { offset: 1, epoch });
  assert.deepEqual(bodies(result.publications), ['2', '3', '4']);
  assert.deepEqual(offsets(result.publications), [2, 3, 4]);
  delete result.publications;
  assert.deepEqual(result, {
    recoverable: true, positioned: true, epoch, offset: 1, recovered: true, was_recovering: true,
  });
  await notify(tenant, 'missed', 5);
  assert.equal((await client.inbox.next()).push.pub.offset, 5);
});

test('P13: a position that cannot be recovered from is told as such, with the top and nothing else', async () => {
  for (let n = 1; n <= 3; n++) await notify(tenant, 'honest', n);
  const { result: { epoch } } = await recover(tenant, 'honest', { offset: 3 });
  const lost = { recoverable: true, positioned: true, epoch, offset: 3, was_recovering: true };
  for (const since of [{ offset: 4, epoch }, { offset: 1, epoch: '_' }, { offset: 1, epoch: `${epoch}0` },
    { offset: 3, epoch: '0123456789abcdef' }, { offset: Number.MAX_SAFE_INTEGER, epoch }]) {
    assert.deepEqual((await recover(tenant, 'honest', since)).result, lost, JSON.stringify(since));
  }
});

test('P13 9.1: who would rather have an error gets 112, and is not subscribed', async () => {
  await notify(tenant, 'strict', 1);
  const { client, reply } = await recover(tenant, 'strict', { offset: 9 }, { flag: 3 });
  assert.deepEqual(reply.error, { code: 112, message: 'unrecoverable position' });
  const { epoch } = await client.subscribe('global_system#strict');
  await notify(tenant, 'strict', 2);
  assert.equal((await client.inbox.next()).push.pub.offset, 2);
  const again = await recover(tenant, 'strict', { offset: 1, epoch }, { flag: 3 });
  assert.deepEqual(bodies(again.result.publications), ['2']);
});

test('P13: 300 missed are recovered, 301 are not', async () => {
  await notifyMany(tenant, 'many', 301);
  const { result: all } = await recover(tenant, 'many', { offset: 1 });
  assert.equal(all.recovered, true);
  assert.deepEqual(offsets(all.publications), Array.from({ length: 300 }, (_, i) => i + 2));
  const { result: more } = await recover(tenant, 'many', { offset: 0, epoch: all.epoch });
  assert.ok(!more.recovered && !more.publications);
  assert.equal(more.offset, 301);
});

test('P13: what is too large for one reply is not recovered in part', async () => {
  const team = await makeTenant(server);
  await team.template({ eventType: 'large', subject: 's', body: '{{text}}' });
  for (let i = 0; i < 20; i++) await team.trigger('large', 'large', { text: 'x'.repeat(30000) });
  const { result } = await recover(team, 'large', { offset: 1 });
  assert.ok(!result.recovered && !result.publications);
  const few = await recover(team, 'large', { offset: 15, epoch: result.epoch });
  assert.deepEqual(offsets(few.result.publications), [16, 17, 18, 19, 20]);
});

test('RT-17 P12: channels of one user share the positions; each recovers its own', async () => {
  for (const [n, type] of [[1, 'n'], [2, 'order'], [3, 'n'], [4, 'order']]) await notify(tenant, 'two', n, type);
  const personal = await recover(tenant, 'two', { offset: 0 });
  assert.deepEqual(offsets(personal.result.publications), [1, 3]);
  const orders = await recover(tenant, 'two', { offset: 2 }, { channel: 'orders#two' });
  assert.deepEqual(offsets(orders.result.publications), [4]);
  assert.equal(orders.result.epoch, personal.result.epoch);
});

test('P12 RT-20: centrifuge-js that lost its connection misses nothing', async () => {
  const { client, publications, states } = await keeper(tenant, 'js');
  await notify(tenant, 'js', 1);
  assert.equal((await publications.next()).data.body, '1');
  client.disconnect();
  for (let n = 2; n <= 6; n++) await notify(tenant, 'js', n);
  client.connect();
  const { wasRecovering, recovered } = await states.next('the subscription after the reconnect');
  assert.deepEqual([wasRecovering, recovered], [true, true]);
  await notify(tenant, 'js', 7);
  for (let n = 2; n <= 7; n++) {
    const { data, offset } = await publications.next();
    assert.deepEqual([data.body, offset], [String(n), n]);
  }
  assert.equal(publications.length, 0);
});

test('P12 P13: subscribers that come while their user is being notified miss and repeat nothing', async () => {
  const user = 'flood';
  let sent = 0;
  let going = true;
  const flood = (async () => {
    while (going) await notify(tenant, user, ++sent);
  })();
  const newcomers = [];
  for (let i = 0; i < 60; i++) {
    const client = await rawUser(tenant, user);
    const recovers = i % 2 === 1;
    const reply = await client.ask({ subscribe: {
      channel: `global_system#${user}`, ...(recovers ? { recover: true, offset: Math.max(0, sent - 3) } : {}) } });
    newcomers.push({ client, subscribed: reply.subscribe });
  }
  going = false;
  await flood;
  for (const { client, subscribed } of newcomers) {
    let at = subscribed.offset ?? 0;
    for (const { offset } of subscribed.publications ?? []) assert.equal(offset, ++at);
    while (at < sent) assert.equal((await client.inbox.next()).push.pub.offset, ++at);
    assert.equal(client.inbox.length, 0);
    client.socket.terminate();
  }
});

test('RELIABILITY-33 P12: an erased user comes back with another epoch', async () => {
  for (let n = 1; n <= 3; n++) await notify(tenant, 'eve', n);
  const { result: before } = await recover(tenant, 'eve', { offset: 3 });
  assert.equal((await server.admin('DELETE', `/tenants/${tenant.id}/users/eve`)).status, 200);
  const { result: nobody } = await recover(tenant, 'eve', { offset: 3, epoch: before.epoch });
  assert.deepEqual(nobody, { recoverable: true, positioned: true, was_recovering: true });
  for (let n = 1; n <= 4; n++) await notify(tenant, 'eve', n);
  const { result: after_ } = await recover(tenant, 'eve', { offset: 3, epoch: before.epoch });
  assert.ok(!after_.recovered);
  assert.notEqual(after_.epoch, before.epoch);
  assert.equal(after_.offset, 4);
});

test('P12: equal names of two tenants have streams of their own', async () => {
  const other = await makeTenant(server);
  await notify(tenant, 'twin', 1);
  await notify(other, 'twin', 2);
  const mine = (await recover(tenant, 'twin', { offset: 0 })).result;
  const theirs = (await recover(other, 'twin', { offset: 0 })).result;
  assert.deepEqual([bodies(mine.publications), bodies(theirs.publications)], [['1'], ['2']]);
  assert.notEqual(mine.epoch, theirs.epoch);
});

test('ORQ-29 P13: what retention removed is not recovered over', async () => {
  const sweeping = await Server.start({ env: { ORQESTRA_RETENTION_INTERVAL: '1', ORQESTRA_RETENTION_READ: '1' } });
  try {
    const team = await makeTenant(sweeping);
    for (let n = 1; n <= 4; n++) await notify(team, 'swept', n);
    const { result: { epoch } } = await recover(team, 'swept', { offset: 4 });
    const second = (await team.history('swept'))[2];
    assert.equal((await team.markRead('swept', second.id)).status, 200);
    const deadline = Date.now() + PATIENCE_MS;
    while ((await team.history('swept')).length === 4) {
      assert.ok(Date.now() < deadline, 'waited in vain for the sweep');
      await new Promise((done) => setTimeout(done, 100));
    }
    const { result: over } = await recover(team, 'swept', { offset: 1, epoch });
    assert.ok(!over.recovered && !over.publications);
    const { result: behind } = await recover(team, 'swept', { offset: 2, epoch });
    assert.deepEqual(offsets(behind.publications), [3, 4]);
  } finally {
    await sweeping.stop();
  }
});

test('issue 4.9 P13: a herd that comes back after a kill gets all it missed, at one read for a user\'s tabs', async (t) => {
  const users = Array.from({ length: 60 }, (_, i) => `h${i}`);
  const tabs = 5;
  const data = freshDirectory();
  const mortal = await Server.start({ data });
  try {
    const team = await makeTenant(mortal);
    const batch = (n) => team.call('POST', '/api/v1/events/trigger/batch', { body: {
      events: users.map((userId) => ({ eventType: 'n', payload: { userId }, variables: { n } })) } });
    assert.equal((await batch(1)).status, 200);
    const tokens = await Promise.all(users.map(async (user) => (await team.token(user)).token));
    for (let n = 2; n <= 4; n++) await batch(n);
    await mortal.kill9();
    await mortal.launch(mortal.port);
    const herd = await Promise.all(users.flatMap((user, i) => Array.from({ length: tabs }, async () => {
      const client = await RawClient.open(mortal);
      const recovering = { channel: `global_system#${user}`, recover: true, offset: 1, flag: 1 };
      client.send({ connect: { token: tokens[i] }, id: 1 }, { subscribe: recovering, id: 2 });
      assert.ok((await client.inbox.next('the connect reply')).connect);
      return { client, reply: await client.inbox.next('the subscribe reply') };
    })));
    for (const { reply } of herd) assert.deepEqual(offsets(reply.subscribe.publications), [2, 3, 4]);
    await batch(5);
    for (const { client } of herd) assert.equal((await client.inbox.next('live again')).push.pub.offset, 5);
    const { text } = await mortal.call('GET', '/metrics');
    const metric = (name) => Number(text.split('\n').find((line) => line.startsWith(name)).split(' ')[1]);
    assert.equal(metric('orqestra_websocket_recoveries_total{result="complete"}'), herd.length);
    assert.equal(metric('orqestra_websocket_recoveries_total{result="lost"}'), 0);
    const reads = metric('orqestra_websocket_stream_reads_total');
    assert.ok(reads >= users.length && reads <= herd.length);
    t.diagnostic(`${herd.length} connections of ${users.length} users asked the store ${reads} times`);
    for (const { client } of herd) client.socket.terminate();
  } finally {
    await mortal.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('P12 5: the official client in Protobuf recovers, reads history and calls as the one in JSON does', async () => {
  const { token } = await tenant.token('pb');
  await notify(tenant, 'pb', 1);
  const client = new ProtobufCentrifuge(server.socketUrl, { websocket: WebSocket, token, minReconnectDelay: 50 });
  server.atStop(() => client.disconnect());
  const subscription = client.newSubscription('global_system#pb');
  const states = new Inbox();
  const publications = new Inbox();
  subscription.on('subscribed', (context) => states.push(context));
  subscription.on('publication', (one) => publications.push(one));
  subscription.subscribe();
  client.connect();
  assert.equal((await states.next('the subscription')).streamPosition.offset, 1);
  client.disconnect();
  for (let n = 2; n <= 3; n++) await notify(tenant, 'pb', n);
  client.connect();
  assert.equal((await states.next('the subscription again')).recovered, true);
  const json = (bytes) => JSON.parse(Buffer.from(bytes).toString());
  for (let n = 2; n <= 3; n++) {
    const { data, offset } = await publications.next();
    assert.deepEqual([json(data).body, offset], [String(n), n]);
  }
  assert.deepEqual(offsets((await subscription.history({ limit: 2, reverse: true })).publications), [3, 2]);
  const { data } = await client.rpc('feed.unreadCount', Buffer.from('{}'));
  assert.deepEqual(json(data), { unread: 3 });
  const all = await client.rpc('feed.list', Buffer.from('{"limit":1}'));
  assert.deepEqual(json(all.data).data, await tenant.history('pb', '?limit=1'));
  client.disconnect();
});

test('P12 verdict gap: a client that was away while the server was killed gets exactly what it missed', async () => {
  const data = freshDirectory();
  const mortal = await Server.start({ data });
  try {
    const team = await makeTenant(mortal);
    const { client, publications, states } = await keeper(team, 'k');
    const { token } = await team.token('k');
    await notify(team, 'k', 1);
    assert.equal((await publications.next()).offset, 1);
    const { result: { epoch } } = await recover(team, 'k', { offset: 1 });
    client.disconnect();
    for (let n = 2; n <= 4; n++) await notify(team, 'k', n); // missed before the kill
    await mortal.kill9();
    await mortal.launch(mortal.port);
    for (let n = 5; n <= 6; n++) await notify(team, 'k', n); // and after it
    client.setToken(token);
    client.connect();
    const { recovered, streamPosition } = await states.next('the subscription after the restart');
    assert.equal(recovered, true);
    assert.equal(streamPosition.epoch, epoch);
    for (let n = 2; n <= 6; n++) {
      const { data: said, offset } = await publications.next();
      assert.deepEqual([said.body, offset], [String(n), n]);
    }
    await notify(team, 'k', 7);
    assert.equal((await publications.next()).offset, 7);
    assert.equal(publications.length, 0);
  } finally {
    await mortal.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('P12 verdict gap: clients that stay connected through kills under load see every position once', async () => {
  const data = freshDirectory();
  const mortal = await Server.start({ data });
  try {
    const team = await makeTenant(mortal);
    const seen = [];
    const { client, subscription, publications, states } = await keeper(team, 'g');
    subscription.on('publication', ({ offset }) => seen.push(offset));
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      const load = (async () => {
        for (let i = 0; ; i++) {
          try {
            await notify(team, 'g', `${round}-${i}`);
            acknowledged++;
          } catch {
            return; // killed
          }
        }
      })();
      for (let i = 0; i < 10; i++) await publications.next('some load');
      await mortal.kill9();
      await load;
      await mortal.launch(mortal.port);
      const { recovered } = await states.next('the subscription after a kill');
      assert.equal(recovered, true);
    }
    await notify(team, 'g', 'last');
    while ((await publications.next('the last one')).data.body !== 'last');
    assert.deepEqual(seen, seen.map((_, i) => i + 1)); // no hole, no repeat
    assert.ok(seen.length > acknowledged);
    client.disconnect();
  } finally {
    await mortal.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
