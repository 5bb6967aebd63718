// expiry_test.mjs: the product-expiry dialect as its clients live it: `ws`, Python's websockets, a browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server, TOKEN_SECRET, runBinary } from './harness.mjs';
import { Browser } from './lib/browser.mjs';
import { Listener, expiryPath, metric, notify, until, watcher } from './lib/dialects.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();

const CONNECTIONS = 'orqestra_websocket_connections{dialect="expiry"}';
const REQUIRED = { code: 1008, reason: 'Access token required' };
const INVALID = { code: 1008, reason: 'Invalid or expired access token' };

const expiring = (userId, variables = {}, eventType = 'global.warning') =>
  tenant.trigger(eventType, userId, { title: 'Expiry', message: 'Product expires in 2 days', productName: 'Organic Milk', ...variables });

// Opens and waits for the close that must follow; nothing may be said before it.
async function refusal(path, options) {
  const listener = await Listener.open(server, path, options);
  const how = await listener.end();
  assert.equal(listener.frames.length, 0);
  return how;
}

const minted = (userId, claims = {}) => server.mint(tenant, userId, { userId, ...claims });
const isRead = async (userId, id) => (await tenant.history(userId)).find((item) => item.id === id).status === 'READ';

describe('the door', () => {
  test('EXP-02 E.24: no token, an empty one: 1008 with the exact reason, after the handshake', async () => {
    for (const path of [expiryPath(), expiryPath(''), '/api/ws/notification?', '/api/ws/notification?token=x']) {
      assert.deepEqual(await refusal(path), REQUIRED, path);
    }
  });

  test('EXP-03 E.24: a token that is invalid or expired: 1008 with a reason of its own', async () => {
    const now = nowSeconds();
    const claims = { sub: 'u', userId: 'u', tenant: tenant.id, exp: now + 60 };
    const tokens = [
      'x', 'a.b.c', `${minted('u').slice(0, -4)}AAAA`, signJwt(claims, 'another-secret-that-is-longer-than-32-bytes'),
      signJwt(claims, TOKEN_SECRET, { alg: 'none' }), minted('u', { exp: now - 1 }), minted('u', { exp: now }), minted('u', { exp: undefined }),
      minted('u', { nbf: now + 60 }), minted('u', { tenant: undefined }), minted('u', { tenant: 'nobody' }), minted('u', { userId: '' }),
      minted('u', { userId: true }), minted('u', { userId: ['u'] }), minted('u', { userId: undefined, sub: undefined }), minted('x'.repeat(129)),
    ];
    for (const token of tokens) assert.deepEqual(await refusal(expiryPath(token)), INVALID, token);
  });

  test('EXP-01 EXP-04: the first frame is the greeting, byte for byte', async () => {
    const listener = await Listener.open(server, expiryPath(minted('user-uuid-here')));
    assert.equal(await listener.frames.next(), '{"type":"CONNECTION_ESTABLISHED","message":"Notification WebSocket connected","userId":"user-uuid-here"}');
    await listener.settle();
    assert.equal(listener.frames.length, 0);
  });

  test('EXP-05 E.22: the user is the token\'s userId, as it is typed there, else its sub', async () => {
    const greet = async (claims) => (await (await Listener.open(server, expiryPath(minted('the-sub', claims)))).inbox.next()).userId;
    assert.equal(await greet({ userId: 'the-user' }), 'the-user');
    for (const none of [undefined, null]) assert.equal(await greet({ userId: none }), 'the-sub');
    assert.equal(await greet({ userId: 42 }), 42);
    assert.equal(await greet({ userId: 'ünï "quoted"' }), 'ünï "quoted"');
    assert.equal(await greet({ userId: 'only', sub: undefined }), 'only');
    const numbered = await watcher(tenant, 'the-sub', { userId: 4711 });
    await expiring('4711');
    assert.equal((await numbered.inbox.next()).message, 'Product expires in 2 days');
  });

  test('E.23: the token of the command line opens the socket', async () => {
    const args = ['token', '--data', server.data, '--dialect', 'expiry', '--tenant', tenant.id, '--user', 'command-line'];
    const { code, stdout, stderr } = await runBinary(args, { env: { ORQESTRA_TOKEN_SECRET: TOKEN_SECRET } });
    assert.equal(code, 0, stderr);
    server.secrets.add(stdout.trim());
    const listener = await Listener.open(server, expiryPath(stdout.trim()));
    assert.equal((await listener.inbox.next()).userId, 'command-line');
  });

  test('threat 6: a foreign origin is refused before the upgrade, our own is not', async () => {
    await assert.rejects(Listener.open(server, expiryPath(minted('o')), { origin: 'https://evil.example' }), /403/);
    await (await Listener.open(server, expiryPath(minted('o')), { origin: server.base })).settle();
  });

  test('EXP-01: the path is a WebSocket\'s; a plain GET is told so', async () => {
    const { status, headers } = await server.call('GET', expiryPath(minted('plain')));
    assert.equal(status, 426);
    assert.equal(headers.upgrade, 'websocket');
  });

  test('ORQ-21: a suspended tenant\'s users are closed with 1008, and none is let in', async () => {
    const closing = await server.createTenant();
    const listener = await watcher(closing, 'u');
    assert.equal((await server.admin('POST', `/tenants/${closing.id}/suspend`)).status, 200);
    assert.deepEqual(await listener.end(), INVALID);
    assert.deepEqual(await refusal(expiryPath(server.mint(closing, 'u'))), INVALID);
  });
});

describe('what is pushed', () => {
  test('EXP-06 EXP-08 X16 X17: a frame is one object of these members; its time has no zone', async () => {
    const listener = await watcher(tenant, 'shape');
    await expiring('shape');
    const { id, created_at: createdAt, ...rest } = await listener.inbox.next();
    assert.deepEqual(rest, { message: 'Product expires in 2 days', type: 'warning', productName: 'Organic Milk' });
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    const [item] = await tenant.history('shape');
    assert.equal(id, item.id);
    assert.equal(item.created_at.slice(0, 19), createdAt);
    await expiring('shape', { expiryDate: '2026-03-06' });
    assert.equal((await listener.inbox.next()).expiryDate, '2026-03-06');
  });

  test('EXP-07 E.10: type is info, warning or error, by the event\'s type', async () => {
    const listener = await watcher(tenant, 'types');
    await tenant.template({ eventType: 'product.expiring', body: 'soon' });
    const types = { info: 'info', success: 'info', warning: 'warning', alert: 'warning', error: 'error' };
    for (const [word, type] of Object.entries(types)) {
      await expiring('types', {}, `global.${word}`);
      assert.equal((await listener.inbox.next()).type, type, word);
    }
    await expiring('types', {}, 'product.expiring');
    assert.equal((await listener.inbox.next()).type, 'info');
  });

  test('EXP-20: any producer may speak here, and productName may be empty', async () => {
    const listener = await watcher(tenant, 'others');
    for (const productName of [undefined, 5, null, '']) {
      await expiring('others', { productName });
      assert.equal((await listener.inbox.next()).productName, '');
    }
    await expiring('others', { productName: 'ü'.repeat(200) });
    assert.equal((await listener.inbox.next()).productName, 'ü'.repeat(128), 'cut between two characters');
  });

  test('EXP-15 X15: pushed to all connections of the user, and to nobody else', async () => {
    const other = await server.createTenant();
    const mine = [];
    for (let n = 0; n < 6; n++) mine.push(await watcher(tenant, 'many')); // on both loops
    const strangers = [await watcher(tenant, 'many2'), await watcher(other, 'many')];
    await expiring('many');
    for (const one of mine) assert.equal((await one.inbox.next()).type, 'warning');
    for (const one of strangers) {
      await one.settle();
      assert.equal(one.inbox.length, 0);
    }
  });

  test('E.26: nothing is replayed on connecting; it is in the list', async () => {
    await expiring('later', { message: 'missed' });
    const listener = await watcher(tenant, 'later');
    await expiring('later', { message: 'heard' });
    assert.equal((await listener.inbox.next()).message, 'heard');
    assert.equal((await tenant.history('later')).length, 2);
  });

  test('E.21: what is told to a workspace is not for this dialect', async () => {
    const listener = await watcher(tenant, 'apart');
    await notify(tenant, { userId: 'apart' });
    await notify(tenant, {});
    await listener.settle();
    assert.equal(listener.inbox.length, 0);
  });
});

describe('what is said', () => {
  test('EXP-10 X18: PING is answered with a pong, a WebSocket ping with its own', async () => {
    const listener = await watcher(tenant, 'pings');
    await listener.frames.next(); // the greeting, which watcher read as an object
    for (const ping of ['PING', 'PING\n', 'PING\r\n']) {
      listener.socket.send(ping);
      assert.equal(await listener.frames.next(), '{"type":"pong"}');
    }
    await listener.settle();
  });

  test('E.25: what is unknown is ignored, and the socket stays', async () => {
    const listener = await watcher(tenant, 'unknown');
    const said = ['ping', 'Ping', ' PING', 'PING ', 'PINGPING', '', '{', '[]', '5', 'null', '{}', '{"action":"dance"}', '{"action":5}',
      '{"type":"PING"}', Buffer.from('PING'), Buffer.from([0, 255]), 'x'.repeat(65536)];
    for (const one of said) listener.socket.send(one);
    listener.socket.send('PING');
    assert.deepEqual(await listener.inbox.next(), { type: 'pong' }, 'and nothing before it');
  });

  test('EXP-09: mark_read marks that notification, for this user, wherever it is shown', async () => {
    const listener = await watcher(tenant, 'marks');
    await expiring('marks');
    await expiring('marks');
    const [first, second] = [await listener.inbox.next(), await listener.inbox.next()];
    listener.socket.send(JSON.stringify({ action: 'mark_read', id: first.id }));
    await until('it to be read', () => isRead('marks', first.id));
    assert.equal(await isRead('marks', second.id), false);
  });

  test('EXP-18: mark_read is never answered, also not one without an id', async () => {
    const listener = await watcher(tenant, 'silent');
    await expiring('silent');
    const { id } = await listener.inbox.next();
    const marks = [{ id }, {}, { id: null }, { id: 5 }, { id: '' }, { id: 'no-uuid' }, { id: [id] }];
    for (const mark of marks) listener.socket.send(JSON.stringify({ action: 'mark_read', ...mark }));
    await until('it to be read', () => isRead('silent', id));
    listener.socket.send('PING');
    assert.deepEqual(await listener.inbox.next(), { type: 'pong' });
    assert.equal(listener.inbox.length, 0);
  });

  test('EXP-18: a client that answers every frame with mark_read does not loop', async () => {
    const listener = await watcher(tenant, 'loop');
    let heard = 0;
    listener.socket.on('message', (bytes) => {
      heard++;
      listener.socket.send(JSON.stringify({ action: 'mark_read', id: JSON.parse(bytes).id }));
    });
    listener.socket.send('PING');
    await expiring('loop');
    const frames = [await listener.inbox.next(), await listener.inbox.next()];
    const { id } = frames.find((one) => one.id);
    await until('it to be read', () => isRead('loop', id));
    await listener.settle();
    assert.equal(heard, 2, 'a pong and a push');
  });

  test('EXP-19: again is the same; another\'s and nobody\'s change nothing', async () => {
    const listener = await watcher(tenant, 'again');
    const thief = await watcher(tenant, 'thief');
    await expiring('again');
    const { id } = await listener.inbox.next();
    for (const one of [id, '0190a0a0-1234-7abc-8def-0123456789ab']) thief.socket.send(JSON.stringify({ action: 'mark_read', id: one }));
    await expiring('thief');
    const own = await thief.inbox.next();
    thief.socket.send(JSON.stringify({ action: 'mark_read', id: own.id }));
    await until('the thief\'s own, sent last, to be read', () => isRead('thief', own.id));
    assert.equal(await isRead('again', id), false);
    for (let n = 0; n < 3; n++) listener.socket.send(JSON.stringify({ action: 'mark_read', id }));
    await until('it to be read', () => isRead('again', id));
    await listener.settle();
  });

  test('RELIABILITY-26: a flood of marks is taken at the store\'s pace, and every one counts', async () => {
    const listener = await watcher(tenant, 'flood');
    const ids = [];
    for (let n = 0; n < 50; n++) {
      await expiring('flood');
      ids.push((await listener.inbox.next()).id);
    }
    for (let n = 0; n < 4000; n++) listener.socket.send(JSON.stringify({ action: 'mark_read', id: ids[n % ids.length] }));
    listener.socket.send('PING');
    assert.deepEqual(await listener.inbox.next(), { type: 'pong' });
    await until('all to be read', async () => (await tenant.history('flood')).every(({ status }) => status === 'READ'));
    assert.equal(await metric(server, 'orqestra_expiry_marks_lost_total'), 0);
    listener.socket.send(JSON.stringify({ action: 'mark_read', id: ids[0] }));
    listener.socket.terminate(); // its last mark comes home to nobody
  });

  test('RFC 6455: more than 65,536 bytes close with 1009', async () => {
    const listener = await watcher(tenant, 'large');
    listener.socket.send('x'.repeat(65537));
    assert.equal((await listener.end()).code, 1009);
  });
});

describe('staying and going', () => {
  test('EXP-11: it stays up through PINGs, and through the silence between them', async () => {
    const brief = await Server.start({ env: { ORQESTRA_WORKSPACE_IDLE_TIMEOUT: '1', ORQESTRA_PING_INTERVAL: '2', ORQESTRA_PONG_TIMEOUT: '1', ORQESTRA_CONNECT_TIMEOUT: '1' } });
    const team = await brief.createTenant();
    const [quiet, doomed] = [await watcher(team, 'quiet'), await watcher(team, 'doomed', { exp: nowSeconds() + 5 })];
    await doomed.end(); // the timeouts of the other dialects have all passed by then
    quiet.socket.send('PING');
    assert.deepEqual(await quiet.inbox.next(), { type: 'pong' });
    await brief.stop();
  });

  test('EXP-12: at the expiry of its token a live socket is closed', async () => {
    const listener = await watcher(tenant, 'expires', { exp: nowSeconds() + 1 });
    assert.deepEqual(await listener.end(), INVALID);
  });

  test('EXP-13: a shutdown closes with 1001', async () => {
    const brief = await Server.start();
    const listener = await watcher(await brief.createTenant(), 'u');
    const stopped = brief.terminate();
    assert.deepEqual(await listener.end(), { code: 1001, reason: 'Server shutdown' });
    await stopped;
    rmSync(brief.data, { recursive: true });
  });

  test('EXP-14: however it ends, the pool is as it was', async () => {
    const was = await metric(server, CONNECTIONS);
    const listeners = await Promise.all(['p1', 'p2', 'p3'].map((user) => watcher(tenant, user)));
    listeners.push(await watcher(tenant, 'p4', { exp: nowSeconds() + 1 }));
    assert.equal(await metric(server, CONNECTIONS), was + 4);
    listeners[0].socket.terminate();
    await listeners[1].close();
    listeners[2].socket.send(Buffer.alloc(70000));
    await until('the gauge to fall', async () => (await metric(server, CONNECTIONS)) <= was);
  });
});

describe('peers', () => {
  const python = (script, ...args) => {
    const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
    const child = spawn('/usr/bin/python3', [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    server.atStop(() => child.kill());
    const lines = new Inbox();
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    child.on('close', () => lines.end('the peer ended'));
    return { child, lines };
  };
  const url = (token) => `ws://127.0.0.1:${server.port}${expiryPath(token)}`;

  test('EXP-16: Python\'s websockets is greeted, told, and marks as read', async () => {
    const { lines } = python('expiry_peer.py', url(minted('python')), '2');
    assert.equal(JSON.parse(await lines.next('the greeting')).userId, 'python');
    await expiring('python', { message: 'läuft ab' });
    const { id, message } = JSON.parse(await lines.next('the push'));
    assert.equal(message, 'läuft ab');
    assert.equal(await lines.next('the pong'), '{"type":"pong"}');
    await until('it to be read', () => isRead('python', id));
  });

  test('EXP-02 EXP-16: Python sees the close code and the reason', async () => {
    const { lines } = python('expiry_peer.py', url(), '9');
    assert.equal(await lines.next(), 'closed 1008 Access token required');
  });

  test('EXP-16: the browser\'s own WebSocket', async (t) => {
    const browser = await Browser.open();
    t.after(() => browser.close());
    const visitor = await browser.visitor();
    await visitor.open(server.base);
    await visitor.page.evaluate((path) => new Promise((resolve) => {
      globalThis.heard = [];
      const socket = new WebSocket(`ws://${location.host}${path}`);
      socket.onmessage = ({ data }) => {
        globalThis.heard.push(JSON.parse(data));
        if (globalThis.heard.length === 1) resolve();
        else socket.send(JSON.stringify({ action: 'mark_read', id: globalThis.heard[1].id }));
      };
    }), expiryPath(minted('browser')));
    await expiring('browser');
    await visitor.page.waitForFunction(() => globalThis.heard.length === 2);
    const [, { id }] = await visitor.page.evaluate(() => globalThis.heard);
    await until('it to be read', () => isRead('browser', id));
    const closed = await visitor.page.evaluate((path) => new Promise((resolve) => {
      const socket = new WebSocket(`ws://${location.host}${path}`);
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    }), expiryPath());
    assert.deepEqual(closed, REQUIRED);
  });

  test('EXP-17: the reference client pings, marks, comes back after a loss and before its token ends', async () => {
    const place = fileURLToPath(new URL('../../docs/clients', import.meta.url));
    const { child, lines } = python('expiry_reference.py', place, `ws://127.0.0.1:${server.port}/api/ws/notification`);
    const seen = [];
    const sees = async (kind, pattern) => {
      for (;;) {
        const [one, what] = JSON.parse(await lines.next(`${kind} ${pattern}`));
        seen.push(one);
        if (one === kind && (!pattern || pattern.test(what))) return what;
      }
    };
    const give = async (claims) => {
      await sees('token');
      child.stdin.write(`${minted('reference', claims)}\n`);
    };
    await give({ exp: nowSeconds() - 1 });
    await sees('state', /^lost: .*1008/);
    await give({ exp: nowSeconds() + 4 });
    await sees('state', /^connected as reference$/);
    await sees('state', /^pong$/);
    await expiring('reference', { message: 'once' });
    const { id } = await sees('notification');
    await until('it to be read', () => isRead('reference', id));
    await sees('state', /^fresh token$/);
    await give({});
    await sees('state', /^connected as reference$/);
    const ended = within(new Promise((resolve) => child.on('close', resolve)), 'the end of the peer');
    child.kill();
    await ended;
  });
});
