// bell_test.mjs: what a bell does over the socket it has anyway: pages of the stream (history), the feed and its
// read marks (rpc), and what other tabs and other ways in have read meanwhile (global_state).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { BadDisk } from './lib/faults.mjs';
import { Inbox } from './lib/inbox.mjs';
import { centrifuge, rawUser, subscribe } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant({ channels: ['orders'] });
await tenant.template({ eventType: 'n', subject: 's', body: '{{n}}' });
await tenant.template({ eventType: 'order', subject: 's', body: '{{n}}', targetChannel: 'orders' });

async function fill(user, count, eventType = 'n', team = tenant) {
  for (let n = 1; n <= count; n++) await team.trigger(eventType, user, { n });
}

async function tab(user, team = tenant) {
  const { token } = await team.token(user);
  return centrifuge(server, { token });
}

const offsets = (publications) => publications.map((one) => one.offset);
const refusal = (code) => (error) => error.code === code;

// ---- history ----

test('6.6 11.4: history pages both ways, from the store', async () => {
  await fill('pages', 5);
  const client = await tab('pages');
  const { subscription } = await subscribe(client, 'global_system#pages');
  const all = await subscription.history({ limit: -1 });
  assert.deepEqual(offsets(all.publications), [1, 2, 3, 4, 5]);
  assert.equal(all.publications[0].data.body, '1');
  assert.equal(all.offset, 5);
  const { epoch } = all;
  const page = async (options) => {
    const { publications, offset } = await subscription.history(options);
    assert.equal(offset, 5, 'always the top');
    return offsets(publications);
  };
  assert.deepEqual(await page({ limit: 2 }), [1, 2]);
  assert.deepEqual(await page({ limit: 2, since: { offset: 2, epoch } }), [3, 4]);
  assert.deepEqual(await page({ limit: 2, since: { offset: 4, epoch: '' } }), [5]);
  assert.deepEqual(await page({ limit: 2, since: { offset: 5, epoch } }), []);
  assert.deepEqual(await page({ limit: 2, reverse: true }), [5, 4]);
  assert.deepEqual(await page({ limit: 10, reverse: true, since: { offset: 3, epoch } }), [2, 1]);
  assert.deepEqual(await page({ limit: 0 }), []);
  assert.deepEqual(await page({}), []);
});

test('11.4: a position of another stream is 112, before the first one is 107', async () => {
  await fill('wrong', 1);
  const client = await tab('wrong');
  const ask = (options) => client.history('global_system#wrong', options);
  await assert.rejects(ask({ limit: 1, since: { offset: 0, epoch: 'another' } }), refusal(112));
  await assert.rejects(ask({ limit: 1, reverse: true, since: { offset: 0, epoch: '' } }), refusal(107));
});

test('11.4: a client gets at most 300 at once, and pages on from the last', async () => {
  for (let sent = 0; sent < 310; sent += 100) {
    const events = Array.from({ length: Math.min(100, 310 - sent) }, (_, i) => (
      { eventType: 'n', payload: { userId: 'long' }, variables: { n: sent + i + 1 } }));
    await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
  }
  const client = await tab('long');
  const first = await client.history('global_system#long', { limit: 1000 });
  assert.equal(first.publications.length, 300);
  const since = { offset: first.publications.at(-1).offset, epoch: first.epoch };
  const rest = await client.history('global_system#long', { limit: -1, since });
  assert.deepEqual(offsets(rest.publications), [301, 302, 303, 304, 305, 306, 307, 308, 309, 310]);
});

test('6.6 RT-07: history is the user\'s own, and only of streams', async () => {
  await fill('mine', 1);
  const client = await tab('mine');
  for (const channel of ['global_system#other', 'orders#other', 'nothing#mine', 'mine']) {
    await assert.rejects(client.history(channel, { limit: 1 }), refusal(103), channel);
  }
  await assert.rejects(client.history('global_state#mine', { limit: 1 }), refusal(108));
  assert.deepEqual((await client.history('orders#mine', { limit: 1 })).publications, []);
  const raw = await rawUser(tenant, 'never-heard-of');
  const { history } = await raw.ask({ history: { channel: 'global_system#never-heard-of', limit: 5 } });
  assert.deepEqual(history, { publications: [], epoch: '', offset: 0 });
});

// ---- rpc ----

test('6.7 RT-13: feed.list answers as the HTTP history does', async () => {
  await fill('list', 4);
  const client = await tab('list');
  const { data } = await client.rpc('feed.list', { limit: 2, offset: 1 });
  assert.deepEqual(data, { success: true, data: await tenant.history('list', '?limit=2&offset=1') });
  assert.equal(data.data.length, 2);
  assert.equal((await client.rpc('feed.list', {})).data.data.length, 4);
  assert.equal((await client.rpc('feed.list', null)).data.data.length, 4);
  assert.equal((await client.rpc('feed.list', { limit: 1000 })).data.data.length, 4);
});

test('6.7: unknown methods are 104, data that makes no sense is 107', async () => {
  const client = await tab('rpc');
  for (const method of ['', 'feed', 'feed.List', 'feed.delete']) {
    await assert.rejects(client.rpc(method, {}), refusal(104), method);
  }
  for (const [method, data] of [
    ['feed.list', []], ['feed.list', 'x'], ['feed.list', 5], ['feed.list', { limit: 0 }], ['feed.list', { limit: '5' }],
    ['feed.list', { limit: 1.5 }], ['feed.list', { offset: -1 }], ['feed.read', {}], ['feed.read', { id: 5 }],
    ['feed.read', { id: 'not-a-uuid' }],
  ]) await assert.rejects(client.rpc(method, data), refusal(107), `${method} ${JSON.stringify(data)}`);
});

test('6.7 RT-14: feed.read, feed.readAll and feed.unreadCount', async () => {
  await fill('marks', 4);
  const client = await tab('marks');
  assert.deepEqual((await client.rpc('feed.unreadCount', {})).data, { unread: 4 });
  const [newest] = await tenant.history('marks');
  assert.deepEqual((await client.rpc('feed.read', { id: newest.id })).data, { success: true });
  assert.deepEqual((await client.rpc('feed.unreadCount', {})).data, { unread: 3 });
  assert.deepEqual((await tenant.history('marks')).map((one) => one.status), ['READ', 'UNREAD', 'UNREAD', 'UNREAD']);
  assert.deepEqual((await client.rpc('feed.readAll', {})).data, { success: true, count: 3 });
  assert.deepEqual((await client.rpc('feed.readAll', {})).data, { success: true, count: 0 });
  assert.ok((await tenant.history('marks')).every((one) => one.status === 'READ'));
});

test('E.6 E.12: nobody reads or marks another\'s notifications over a socket', async () => {
  const other = await server.createTenant();
  await other.template({ eventType: 'n', subject: 's', body: '{{n}}' });
  await fill('same', 1);
  await fill('same', 1, 'n', other);
  const [theirs] = await other.history('same');
  const client = await tab('same');
  await assert.rejects(client.rpc('feed.read', { id: theirs.id }), refusal(404));
  await assert.rejects(client.rpc('feed.read', { id: '0190a0a0-1234-7abc-8def-0123456789ab' }), refusal(404));
  assert.equal((await other.history('same'))[0].status, 'UNREAD');
  const { data } = await client.rpc('feed.list', { userId: 'someone', tenantId: other.id });
  assert.notEqual(data.data[0].id, theirs.id);
});

// ---- global_state ----

test('issue 4.2: a read on one tab is a live event on the others, whoever marked it', async () => {
  await fill('tabs', 5);
  const [five, four, three] = await tenant.history('tabs');
  const tabs = await Promise.all([tab('tabs'), tab('tabs'), tab('tabs')]); // on both loops
  const states = await Promise.all(tabs.map((one) => subscribe(one, 'global_state#tabs')));
  const everyone = async (expected) => {
    for (const { inbox } of states) assert.deepEqual(await inbox.next(), expected);
  };
  await tabs[0].rpc('feed.read', { id: five.id });
  await everyone({ type: 'read', id: five.id, unread: 4 });
  assert.equal((await tenant.markRead('tabs', four.id)).status, 200); // the backend, over HTTP
  await everyone({ type: 'read', id: four.id, unread: 3 });
  const { token } = await tenant.token('tabs');
  const byToken = { key: undefined, bearer: token };
  assert.equal((await tenant.markRead('tabs', three.id, byToken)).status, 200);
  await everyone({ type: 'read', id: three.id, unread: 2 });
  await tabs[1].rpc('feed.read', { id: five.id }); // read already: nothing to say
  await tabs[2].rpc('feed.readAll', {});
  await everyone({ type: 'readAll', unread: 0 });
  await tabs[2].rpc('feed.readAll', {});
  await fill('tabs', 1);
  const [six] = await tenant.history('tabs');
  await tabs[1].rpc('feed.read', { id: six.id });
  await everyone({ type: 'read', id: six.id, unread: 0 });
  assert.deepEqual(states.map(({ inbox }) => inbox.length), [0, 0, 0]);
});

test('issue 4.2 RT-05 RT-09: plain clients never see it', async () => {
  const { token, channels } = await tenant.token('plain');
  assert.deepEqual(channels, ['global_system#plain', 'orders#plain']);
  const client = await centrifuge(server, { token });
  const heard = new Inbox();
  for (const channel of channels) {
    const { subscription } = await subscribe(client, channel);
    subscription.on('publication', ({ data }) => heard.push(data));
  }
  await fill('plain', 1);
  assert.equal((await heard.next()).body, '1');
  const [one] = await tenant.history('plain');
  await tenant.markRead('plain', one.id);
  await fill('plain', 1);
  assert.equal((await heard.next()).body, '1');
  assert.equal(heard.length, 0);
});

test('RT-07: the state of a user is that user\'s alone, and no name for a tenant\'s channel', async () => {
  const raw = await rawUser(tenant, 'own');
  assert.deepEqual(await raw.subscribe('global_state#own'), {});
  assert.equal((await raw.ask({ subscribe: { channel: 'global_state#other' } })).error.code, 103);
  assert.equal((await raw.ask({ subscribe: { channel: 'global_state' } })).error.code, 103);
  const answer = await server.admin('POST', '/tenants', { name: 'greedy', channels: ['global_state'] });
  assert.equal(answer.status, 422, answer.text);
});

test('19-6 API-26: when the disk hangs a mark is answered 100 before the client gives up, reads go on', async () => {
  const disk = await BadDisk.serve();
  try {
    const team = await disk.server.createTenant();
    await team.template({ eventType: 'n', subject: 's', body: '{{n}}' });
    await fill('stuck', 2, 'n', team);
    const [newest] = await team.history('stuck');
    const client = await rawUser(team, 'stuck');
    await client.subscribe('global_state#stuck');
    disk.breaks('fsync_hangs');
    const reply = await client.ask({ rpc: { method: 'feed.read', data: { id: newest.id } } });
    assert.deepEqual(reply.error, { code: 100, message: 'internal server error', temporary: true });
    assert.equal((await client.subscribe('global_system#stuck')).offset, 2);
    assert.deepEqual((await client.ask({ rpc: { method: 'feed.unreadCount' } })).rpc.data, { unread: 2 });
    disk.heals('fsync_hangs'); // "not known" was the answer; now it becomes durable, and is told
    const { push } = await client.inbox.next('the mark');
    assert.deepEqual(push.pub.data, { type: 'read', id: newest.id, unread: 1 });
  } finally {
    await disk.stop();
  }
});
