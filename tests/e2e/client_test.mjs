// client_test.mjs: @orqestra/client as browsers get it, /sdk/orqestra.js, in real tabs; and as npm packs it, in Node.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import WebSocket from 'ws';
import { Server } from './harness.mjs';
import { Browser } from './lib/browser.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { nowSeconds } from './lib/jwt.mjs';
import { ROOT } from './lib/sdk.mjs';

const server = await Server.start();
const tenant = await server.createTenant({ channels: ['orders'] });
await tenant.template({ eventType: 'order', subject: 'Order {{n}}', body: '{{n}} — ünï', targetChannel: 'orders' });
let browser;
before(async () => { browser = await Browser.open(); });
after(async () => {
  await browser?.close();
  await server.stop();
});

// ---- tabs ----

// A browser profile whose pages may ask for tokens, as an application's backend would give them out.
async function profile(giveToken = (userId) => tenant.token(userId)) {
  const visitor = await browser.visitor();
  visitor.asked = 0;
  await visitor.context.exposeFunction('giveToken', (userId) => {
    visitor.asked++;
    return giveToken(userId, visitor.asked);
  });
  return visitor;
}

// A tab with the module loaded and all it says in lists that can be waited for.
async function tab(visitor, settings = {}) {
  const page = visitor.tabs ? await visitor.context.newPage() : visitor.page;
  visitor.tabs = (visitor.tabs ?? 0) + 1;
  await page.goto(`${server.base}/`);
  await page.evaluate(async ({ more }) => {
    const kit = await import('/sdk/orqestra.js');
    Object.assign(window, { kit, got: [], states: [], connections: [] });
    window.until = (holds) => new Promise((done) => {
      const look = () => (holds() ? done() : setTimeout(look, 20));
      look();
    });
    kit.configure({ getToken: window.giveToken, ...more });
    kit.onState((state) => window.states.push(state));
    kit.onConnection((connection) => window.connections.push(connection));
  }, { more: settings });
  return page;
}

const connect = (page, user) => within(
  page.evaluate((id) => window.kit.connectRealtime(id, (one) => window.got.push(one)), user), 'connectRealtime');
const call = (page, name, ...args) => within(page.evaluate(([method, given]) => window.kit[method](...given), [name, args]), name);
const failure = (page, name, ...args) => within(page.evaluate(([method, given]) => window.kit[method](...given).then(
  () => null, ({ name: kind, status, message }) => ({ kind, status, message })), [name, args]), `the refusal of ${name}`);
const list = (page, name) => page.evaluate((which) => window[which], name);
async function has(page, name, count) {
  await within(page.evaluate(([which, length]) => window.until(() => window[which].length >= length), [name, count]), `${count} ${name}`);
  const found = await list(page, name);
  assert.equal(found.length, count, JSON.stringify(found));
  return found;
}
const isIn = (page, state) => within(
  page.evaluate((wanted) => window.until(() => window.connections.at(-1)?.state === wanted), state), state);
const tell = (user, title) => tenant.trigger('global.info', user, { title, message: 'm' });
const order = (user, n) => tenant.trigger('order', user, { n });

test('KIT-11 RT-08 RT-09 RT-21 RT-22: all channels, the four fields and the rest; the API key never comes here', async () => {
  const visitor = await profile();
  const sent = [];
  visitor.page.on('request', async (request) => sent.push(request.url(), JSON.stringify(await request.allHeaders()), request.postData()));
  visitor.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
  const page = await tab(visitor);
  await connect(page, 'all');
  await tell('all', 'personal');
  await order('all', 7);
  const [personal, ordered] = await has(page, 'got', 2);
  assert.equal(personal.title, 'personal');
  assert.equal(personal.body, 'm');
  assert.deepEqual([ordered.title, ordered.body, ordered.category, ordered.eventType], ['Order 7', '7 — ünï', 'order', 'order']);
  assert.deepEqual(ordered.data, { n: 7 });
  assert.ok(sent.some((text) => text?.includes('"subscribe"')), 'frames were seen');
  assert.ok(!sent.join().includes(tenant.apiKey));
  assert.deepEqual((await list(page, 'connections')).map(({ state }) => state), ['connecting', 'live']);
  await visitor.leave();
});

test('KIT-10 RT-23: requestRealtimeToken, by getToken or by an API key; a new one ends no old one', async () => {
  const visitor = await profile();
  const page = await tab(visitor);
  await connect(page, 'fresh');
  const expected = ['global_system#fresh', 'orders#fresh'];
  const { token, channels } = await call(page, 'requestRealtimeToken', 'fresh');
  assert.deepEqual(channels, expected);
  server.secrets.add(token);
  const trusted = await tab(visitor, { getToken: undefined, apiKey: tenant.apiKey });
  const second = await call(trusted, 'requestRealtimeToken', 'fresh');
  server.secrets.add(second.token);
  assert.deepEqual(second.channels, expected);
  await connect(trusted, 'fresh');
  await tell('fresh', 'to both');
  await has(page, 'got', 1);
  await has(trusted, 'got', 1);
  await visitor.leave();
});

test('KIT-12: disconnectRealtime: nothing more is heard, and connecting again is possible, as another user too', async () => {
  const visitor = await profile();
  const page = await tab(visitor);
  await connect(page, 'one');
  await call(page, 'disconnectRealtime');
  assert.equal((await list(page, 'connections')).at(-1).state, 'offline');
  await tell('one', 'unheard');
  assert.match((await failure(page, 'history')).message, /connectRealtime\(\) comes first/);
  await connect(page, 'two');
  await tell('one', 'unheard too');
  await tell('two', 'heard');
  assert.deepEqual((await has(page, 'got', 1)).map(({ title }) => title), ['heard']);
  await visitor.leave();
});

test('KIT-13 RT-13 RT-20: history, unread count and read marks; what was heard is what is found', async () => {
  const visitor = await profile();
  const page = await tab(visitor);
  await tell('feed', 'before');
  await connect(page, 'feed');
  await tell('feed', 'live');
  const [live] = await has(page, 'got', 1);
  const history = await call(page, 'history');
  assert.deepEqual(history.map(({ title, status }) => [title, status]), [['live', 'UNREAD'], ['before', 'UNREAD']]);
  assert.equal(history[0].id, live.id);
  assert.equal(history[0].created_at, live.created_at);
  assert.deepEqual(await call(page, 'history', { limit: 1, offset: 1 }), [history[1]]);
  assert.equal(await call(page, 'unreadCount'), 2);
  await call(page, 'markRead', live.id);
  assert.equal(await call(page, 'unreadCount'), 1);
  assert.equal(await call(page, 'markAllRead'), 1);
  assert.equal(await call(page, 'unreadCount'), 0);
  assert.equal((await failure(page, 'markRead', '0190a0a0-1234-7abc-8def-0123456789ab')).status, 404);
  await visitor.leave();
});

test('KIT-13: two tabs, each with its own connection: read in one, seen in the other', async () => {
  const visitor = await profile();
  const [one, two] = [await tab(visitor), await tab(visitor)];
  await connect(one, 'tabs');
  await connect(two, 'tabs');
  for (const title of ['a', 'b']) await tell('tabs', title);
  await has(two, 'got', 2);
  const [, b] = await has(one, 'got', 2);
  await call(one, 'markRead', b.id);
  assert.deepEqual(await has(two, 'states', 1), [{ type: 'read', id: b.id, unread: 1 }]);
  await call(two, 'markAllRead');
  assert.deepEqual((await has(one, 'states', 2))[1], { type: 'readAll', unread: 0 });
  await visitor.leave();
});

test('KIT-11 RT-11: before a token expires getToken is asked again, and the connection stays', async () => {
  const visitor = await profile(async (userId, time) => ({
    token: server.mint(tenant, userId, { exp: nowSeconds() + (time === 1 ? 3 : 3600) }),
    channels: time === 1 ? [`global_system#${userId}`] : [`global_system#${userId}`, `orders#${userId}`],
  }));
  const page = await tab(visitor);
  let sockets = 0;
  page.on('websocket', () => sockets++);
  await connect(page, 'refresh');
  await has(page, 'connections', 3); // connecting, live, and live again with one channel more
  await order('refresh', 1); // the channel came with the second answer
  assert.equal((await has(page, 'got', 1))[0].title, 'Order 1');
  assert.equal(visitor.asked, 2);
  assert.equal(sockets, 1, 'no reconnect');
  await visitor.leave();
});

test('KIT-11 RT-20: a restart of the server: it comes back by itself, what was missed comes once', async () => {
  const visitor = await profile();
  const page = await tab(visitor);
  await connect(page, 'restart');
  await tell('restart', 'before');
  await has(page, 'got', 1);
  visitor.expectTrouble(/ERR_CONNECTION_REFUSED|WebSocket connection to/);
  await server.terminate();
  await isIn(page, 'reconnecting');
  const unread = call(page, 'unreadCount'); // asked while away: answered when it is back
  await server.launch(server.port);
  await tell('restart', 'meanwhile');
  await isIn(page, 'live');
  await tell('restart', 'after');
  assert.deepEqual((await has(page, 'got', 3)).map(({ title }) => title), ['before', 'meanwhile', 'after']);
  assert.equal((await list(page, 'connections')).at(-1).missed, false);
  assert.ok(await unread >= 1);
  await visitor.leave();
});

test('KIT-11: who is refused is told why, and it is not tried again', async () => {
  const visitor = await profile();
  visitor.expectTrouble(/status of 401/);
  const page = await tab(visitor, { getToken: undefined, apiKey: 'ork_wrong' });
  const error = await failure(page, 'connectRealtime', 'nobody', null);
  assert.deepEqual(error, { kind: 'OrqestraError', status: 401, message: 'Invalid or inactive API key' });
  assert.deepEqual((await list(page, 'connections')).at(-1), { state: 'offline', reason: 'Invalid or inactive API key' });

  const greedy = await profile(async (userId) => ({ token: server.mint(tenant, userId), channels: ['global_system#somebody-else'] }));
  const other = await tab(greedy);
  assert.match((await failure(other, 'connectRealtime', 'greedy', null)).message, /^global_system#somebody-else: permission denied/);
  const empty = await tab(greedy, { getToken: undefined });
  assert.match((await failure(empty, 'connectRealtime', 'u', null)).message, /configure\(\) needs getToken/);
  await visitor.leave();
  await greedy.leave();
});

test('KIT-11: a backend that fails for a moment is asked again; a bare token is enough', async () => {
  const visitor = await profile(async (userId, time) => {
    if (time === 1) throw new Error('the backend restarts');
    return server.mint(tenant, userId);
  });
  const page = await tab(visitor);
  await connect(page, 'patient');
  await tell('patient', 'heard');
  await has(page, 'got', 1);
  assert.equal(visitor.asked, 2);
  await visitor.leave();
});

test('a callback that throws is shown as an error and ends nothing', async () => {
  const visitor = await profile();
  visitor.expectTrouble(/a bug of the page/);
  const page = await tab(visitor);
  await page.evaluate(() => window.kit.connectRealtime('bug', (one) => {
    window.got.push(one);
    if (one.title === 'first') throw new Error('a bug of the page');
  }));
  await tell('bug', 'first');
  await tell('bug', 'second');
  await has(page, 'got', 2);
  await visitor.leave();
});

// ---- the files ----

test('the module is one file that any page can import, cached by its tag', async (t) => {
  const { status, headers, text } = await server.call('GET', '/sdk/orqestra.js');
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/javascript/);
  assert.doesNotMatch(text, /\bfrom\s*["']|\bimport\s*\(/, 'nothing left to import');
  assert.equal((await server.call('GET', '/sdk/orqestra.js', { headers: { 'if-none-match': headers.etag } })).status, 304);
  const gzipped = gzipSync(text, { level: 9 }).length;
  t.diagnostic(`/sdk/orqestra.js: ${text.length} bytes, ${gzipped} gzipped`);
  assert.ok(gzipped < 45 * 1024, 'the bar of the whole bell');
});

test('npm pack: module and types; in Node it listens, and tells of a gap that cannot be filled', async () => {
  const room = mkdtempSync(join(tmpdir(), 'orqestra-pack-'));
  try {
    const kit = await installPacked(room);
    await listenThroughGap(kit);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
});

// The package as npm would install it, with the centrifuge of the tests beside it; types checked by a stranger's compiler.
async function installPacked(room) {
  const npm = (...args) => execFileSync('npm', args, { cwd: join(ROOT, 'web/client'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const [{ filename, files }] = JSON.parse(npm('pack', '--json', '--silent', '--pack-destination', room));
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'README.md', 'dist/LICENSE', 'dist/client.d.ts', 'dist/errors.d.ts', 'dist/index.d.ts', 'dist/index.js', 'dist/token.d.ts',
    'dist/types.d.ts', 'package.json']);
  const home = join(room, 'node_modules/@orqestra/client');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', join(room, filename), '-C', home, '--strip-components=1']);
  symlinkSync(join(ROOT, 'tests/node_modules/centrifuge'), join(room, 'node_modules/centrifuge'));
  writeFileSync(join(room, 'package.json'), '{"type": "module"}');
  writeFileSync(join(room, 'use.ts'), `import { configure, connectRealtime, history, type Connection } from '@orqestra/client';
    configure({ baseUrl: 'https://x', getToken: async (id: string) => ({ token: id, channels: [] }) });
    const done: Promise<void> = connectRealtime('u', ({ title, data }) => { const t: string = title; void t; void data; });
    const first: 'UNREAD' | 'READ' = (await history({ limit: 1 }))[0].status;
    // @ts-expect-error a user is named by a string
    void connectRealtime(5, () => {});
    export const all: [Promise<void>, string, Connection?] = [done, first];`);
  writeFileSync(join(room, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'], types: [] }, files: ['use.ts'],
  }));
  const compiler = join(ROOT, 'web/node_modules/typescript/bin/tsc');
  const checked = spawnSync(process.execPath, [compiler, '-p', room], { encoding: 'utf8' });
  assert.equal(checked.status, 0, checked.stdout);
  writeFileSync(join(room, 'use.mjs'), "export * from '@orqestra/client';");
  return import(join(room, 'use.mjs'));
}

async function listenThroughGap({ OrqestraClient }) {
  const sockets = [];
  let cut = false;
  class Line extends WebSocket {
    constructor(url, protocols) {
      super(cut ? 'ws://127.0.0.1:1/' : url, protocols);
      sockets.push(this);
    }
  }
  const client = new OrqestraClient({ baseUrl: server.base, getToken: (userId) => tenant.token(userId), websocket: Line });
  server.atStop(() => client.disconnectRealtime());
  const [heard, connections] = [new Inbox(), new Inbox()];
  client.onConnection((one) => connections.push(one));
  const until = async (state) => {
    for (;;) {
      const one = await connections.next(state);
      if (one.state === state) return one;
    }
  };
  await within(client.connectRealtime('gap', (one) => heard.push(one)), 'the connection');
  assert.equal((await until('live')).missed, false);
  await tell('gap', 'before');
  assert.equal((await heard.next()).title, 'before');
  cut = true;
  sockets[0].terminate();
  await until('reconnecting');
  const erased = await server.admin('DELETE', `/tenants/${tenant.id}/users/gap`); // the stream of old is gone
  assert.ok(erased.status < 300, erased.text);
  await tell('gap', 'another life');
  cut = false;
  assert.equal((await until('live')).missed, true);
  assert.deepEqual((await client.history()).map(({ title }) => title), ['another life']);
}
