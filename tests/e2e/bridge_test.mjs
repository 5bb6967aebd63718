// bridge_test.mjs: one PUSH, three dialects, each in its own words (E.10, E.11).
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { member, metric, notify, watcher } from './lib/dialects.mjs';
import { centrifuge, listen } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant({ channels: ['orders'] });
await tenant.template({ eventType: 'order.paid', body: 'paid {{n}}', subject: 'Order', targetChannel: 'orders' });

const sockets = async (team, user) => ({
  centrifuge: (await listen(team, user)).inbox, workspace: (await member(team, user)).inbox, expiry: (await watcher(team, user)).inbox,
});

test('E.11: a PUSH reaches the user\'s sockets of all three dialects, with one id', async () => {
  const user = await sockets(tenant, 'three');
  await tenant.trigger('global.alert', 'three', { title: 'Recall', message: 'Do not drink', productName: 'Milk' });
  const [feed, workspace, expiry] = [await user.centrifuge.next(), await user.workspace.next(), await user.expiry.next()];
  assert.equal(feed.eventType, 'global.alert');
  const { timestamp, ...shown } = workspace;
  assert.deepEqual(shown, { id: feed.id, title: 'Recall', message: feed.body, type: 'alert', read: false });
  assert.equal(timestamp, feed.created_at);
  assert.deepEqual(expiry, { id: feed.id, message: feed.body, type: 'warning', productName: 'Milk', created_at: feed.created_at.slice(0, 19) });
  assert.equal((await tenant.history('three')).length, 1);
});

test('E.10: the workspace\'s word of severity', async () => {
  const { workspace } = await sockets(tenant, 'words');
  for (const word of ['info', 'success', 'warning', 'alert', 'error']) {
    await tenant.trigger(`global.${word}`, 'words', { title: 't', message: 'm' });
    assert.equal((await workspace.next()).type, word);
  }
  await tenant.trigger('order.paid', 'words', { n: 1 });
  assert.equal((await workspace.next()).type, 'info');
});

test('E.11: a target channel of the feed makes no difference to the other two', async () => {
  const user = await sockets(tenant, 'target');
  await tenant.trigger('order.paid', 'target', { n: 7 });
  assert.deepEqual([(await user.workspace.next()).message, (await user.expiry.next()).message], ['paid 7', 'paid 7']);
  await tenant.trigger('global.info', 'target', { title: 't', message: 'sentinel' });
  assert.match((await user.centrifuge.next()).body, /sentinel/);
});

test('E.11: with bridgeDialects off the feed alone hears it, from the next request on; and on again', async () => {
  const team = await server.createTenant();
  const user = await sockets(team, 'flag');
  const flag = async (bridgeDialects) => {
    assert.equal((await server.admin('PATCH', `/tenants/${team.id}`, { bridgeDialects })).status, 200);
  };
  const say = (message) => team.trigger('global.info', 'flag', { title: 't', message });
  await say('on');
  await flag(false);
  await say('off');
  assert.equal((await notify(team, { userId: 'flag', message: 'of the workspace\'s own' })).delivered, 1);
  await flag(true);
  await say('on again');
  const messages = async (inbox, count, member) => {
    const heard = [];
    for (let n = 0; n < count; n++) heard.push((await inbox.next())[member]);
    return heard;
  };
  const bodies = await messages(user.centrifuge, 3, 'body');
  assert.deepEqual(await messages(user.workspace, 3, 'message'), [bodies[0], 'of the workspace\'s own', bodies[2]]);
  assert.deepEqual(await messages(user.expiry, 2, 'message'), [bodies[0], bodies[2]]);
});

test('E.11 E.12: only that user, only that tenant', async () => {
  const other = await server.createTenant();
  const strangers = [await sockets(tenant, 'stranger'), await sockets(other, 'only')];
  const user = await sockets(tenant, 'only');
  await tenant.trigger('global.info', 'only', { title: 't', message: 'm' });
  await user.workspace.next();
  await user.expiry.next();
  for (const [team, name] of [[tenant, 'stranger'], [other, 'only']]) await team.trigger('global.info', name, { title: 't', message: 'own' });
  for (const one of strangers) for (const inbox of Object.values(one)) assert.match(JSON.stringify(await inbox.next()), /own/);
});

test('E.11: many sockets of a user, on all loops, each once', async () => {
  const watchers = await Promise.all(Array.from({ length: 10 }, () => watcher(tenant, 'crowd')));
  const inWorkspace = await member(tenant, 'crowd');
  for (let n = 0; n < 20; n++) await tenant.trigger('global.info', 'crowd', { title: 't', message: String(n) });
  for (const { inbox } of [...watchers, inWorkspace]) {
    for (let n = 0; n < 20; n++) assert.match((await inbox.next()).message, new RegExp(`${n}$`));
    assert.equal(inbox.length, 0);
  }
});

test('EXP-09: what is marked on the expiry socket is live on the user\'s other tabs', async () => {
  const bell = (await listen(tenant, 'marked', 'global_state#marked')).inbox;
  const listener = await watcher(tenant, 'marked');
  await tenant.trigger('global.info', 'marked', { title: 't', message: 'm' });
  const { id } = await listener.inbox.next();
  listener.socket.send(JSON.stringify({ action: 'mark_read', id }));
  assert.deepEqual(await bell.next(), { type: 'read', id, unread: 0 });
});

test('the channels behind the bridge have names no client can subscribe to', async () => {
  const { token } = await tenant.token('spy');
  const client = await centrifuge(server, { token });
  for (const channel of ['\x01spy', '\x01victim', '\x02', '\x01victim#spy', '\x02#spy', '\x01#spy']) {
    const subscription = client.newSubscription(channel);
    const refused = new Promise((resolve) => subscription.on('unsubscribed', resolve));
    subscription.subscribe();
    assert.equal((await refused).code, 103, JSON.stringify(channel));
  }
});

test('a notification of the longest kind arrives in all dialects', async () => {
  const user = await sockets(tenant, 'long');
  await tenant.template({ eventType: 'long', subject: '{{t}}', body: '{{m}}' });
  const m = 'x'.repeat(48 * 1024);
  await tenant.trigger('long', 'long', { t: 'T', m, productName: '"'.repeat(5000) });
  assert.equal((await user.centrifuge.next()).body, m);
  assert.equal((await user.workspace.next()).message, m);
  const { message, productName } = await user.expiry.next();
  assert.equal(message, m);
  assert.equal(productName, '"'.repeat(256));
});

test('METRICS: connections are counted by dialect', async () => {
  const count = (dialect) => metric(server, `orqestra_websocket_connections{dialect="${dialect}"}`);
  const before = { workspace: await count('workspace'), expiry: await count('expiry') };
  await member(tenant, 'metrics');
  await watcher(tenant, 'metrics');
  assert.equal(await count('workspace'), before.workspace + 1);
  assert.equal(await count('expiry'), before.expiry + 1);
});
