// delta_test.mjs: publications as fossil deltas: the official clients ask for them, apply them, and check their sums.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { listen, rawUser } from './lib/realtime.mjs';

const peers = (name) => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
before(() => promisify(execFile)(peers('prepare'), { timeout: 170000 }));

// One loop: what its sockets share is what is tested.
const server = await Server.start({ env: { ORQESTRA_WS_COMPRESSION: 'true', ORQESTRA_WORKERS: '1' } });
after(() => server.stop());
const tenant = await server.createTenant();
// Alike but for a few places, some of them inside characters that share their first bytes.
const words = (i) => ({ title: `Order ${i} — ünï ${'äöü'[i % 3]} ${['🎉', '🎊', '🎈'][i % 3]}`, message: `${'the same as before, '.repeat(12)}${'€₭₮'[i % 3]}` });

// A raw client that asked for deltas; next() gives { pub, data } with data as it must be after applying none.
async function asked(userId, subscribe = {}) {
  const client = await rawUser(tenant, userId);
  const { subscribe: result } = await client.ask({ subscribe: { channel: `global_system#${userId}`, delta: 'fossil', ...subscribe } });
  return { client, result, next: async () => (await client.inbox.next('a publication')).push.pub };
}

test('11.5: the first publication is whole and a string, the next ones are deltas, shorter than the data', async () => {
  const plain = await listen(tenant, 'raw');
  const { result, next } = await asked('raw');
  assert.equal(result.delta, true);
  for (let i = 0; i < 4; i++) {
    await tenant.trigger('global.info', 'raw', words(i));
    const [pub, data] = [await next(), await plain.inbox.next()];
    assert.equal(typeof pub.data, 'string');
    assert.equal(pub.offset, i + 1);
    if (i === 0) {
      assert.ok(!('delta' in pub));
      assert.deepEqual(JSON.parse(pub.data), data);
    } else {
      assert.equal(pub.delta, true);
      assert.match(pub.data, /^[0-9A-Za-z_~]+\n/);
      assert.ok(pub.data.length < JSON.stringify(data).length / 2, pub.data);
    }
  }
});

test('11.5: who comes later starts with a whole one, and so do all with it', async () => {
  const first = await asked('later');
  await tenant.trigger('global.info', 'later', words(0));
  await tenant.trigger('global.info', 'later', words(1));
  assert.ok(!(await first.next()).delta);
  assert.ok((await first.next()).delta);
  const second = await asked('later');
  await tenant.trigger('global.info', 'later', words(2));
  await tenant.trigger('global.info', 'later', words(3));
  for (const one of [first, second]) {
    const [whole, delta] = [await one.next(), await one.next()];
    assert.ok(!whole.delta && delta.delta);
    assert.equal(JSON.parse(whole.data).data.title, words(2).title);
  }
});

test('11.5: what was missed comes whole and as strings, deltas go on after it', async () => {
  const away = await asked('missed');
  await tenant.trigger('global.info', 'missed', words(0));
  const { offset, epoch } = await away.next();
  await away.client.close();
  for (let i = 1; i < 4; i++) await tenant.trigger('global.info', 'missed', words(i));
  const back = await asked('missed', { recover: true, offset, epoch });
  assert.equal(back.result.recovered, true);
  assert.equal(back.result.delta, true);
  assert.deepEqual(back.result.publications.map((pub) => JSON.parse(pub.data).data.title), [1, 2, 3].map((i) => words(i).title));
  await tenant.trigger('global.info', 'missed', words(4));
  await tenant.trigger('global.info', 'missed', words(5));
  assert.ok(!(await back.next()).delta);
  assert.ok((await back.next()).delta);
});

for (const [name, Client] of [['JSON', Centrifuge], ['Protobuf', ProtobufCentrifuge]]) {
  for (const compressed of [false, true]) {
    test(`11.5: the official client in ${name}${compressed ? ', compressed,' : ''} applies what it is sent`, async () => {
      const user = `js${name}${compressed}`;
      const { token, channels } = await tenant.token(user);
      class Socket extends WebSocket { constructor(url, protocols) { super(url, protocols, { perMessageDeflate: compressed }); } }
      const client = new Client(server.socketUrl, { websocket: Socket, token });
      server.atStop(() => client.disconnect());
      const inbox = new Inbox();
      const subscription = client.newSubscription(channels[0], { delta: 'fossil' });
      subscription.on('publication', ({ data }) => inbox.push(name === 'JSON' ? data : JSON.parse(Buffer.from(data).toString())));
      client.on('disconnected', ({ code, reason }) => inbox.end(`disconnected ${code} ${reason}`));
      subscription.subscribe();
      client.connect();
      await within(subscription.ready(), 'the subscription');
      for (let i = 0; i < 30; i++) {
        const sent = i % 7 === 6 ? { title: 'quite another', message: 'short' } : words(i);
        await tenant.trigger('global.info', user, sent);
        const { data } = await inbox.next(`publication ${i}`);
        assert.deepEqual(data, sent);
      }
      client.disconnect();
    });
  }
}

for (const encoding of ['json', 'protobuf']) {
  test(`11.5: centrifuge-python in ${encoding} applies what it is sent`, async () => {
    const user = `py-${encoding}`;
    const { token, channels } = await tenant.token(user);
    const child = spawn(peers('.python/bin/python'), [peers('centrifuge_peer.py'), server.socketUrl, token, channels[0], '8', encoding, 'fossil'],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    server.atStop(() => child.kill());
    const lines = new Inbox();
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    assert.equal(await lines.next('the subscription'), 'subscribed');
    for (let i = 0; i < 8; i++) {
      await tenant.trigger('global.info', user, words(i));
      assert.deepEqual(JSON.parse(await lines.next('a publication')).data, words(i));
    }
  });
}

test('11.5: not where it is switched off, nor on the state channel; an unknown kind is 3501', async () => {
  const off = await Server.start({ env: { ORQESTRA_REALTIME_DELTA: 'false' } });
  try {
    const team = await off.createTenant();
    const client = await rawUser(team, 'u');
    const { subscribe } = await client.ask({ subscribe: { channel: 'global_system#u', delta: 'fossil' } });
    assert.ok(!('delta' in subscribe));
    await team.trigger('global.info', 'u', words(0));
    assert.equal(typeof (await client.inbox.next('a publication')).push.pub.data, 'object');
  } finally {
    await off.stop();
  }
  const client = await rawUser(tenant, 'state');
  assert.deepEqual((await client.ask({ subscribe: { channel: 'global_state#state', delta: 'fossil' } })).subscribe, {});
  client.send({ id: 9, subscribe: { channel: 'global_system#state', delta: 'other' } });
  assert.equal((await client.end()).code, 3501);
});
