// workspace_test.mjs: the workspace dialect as its clients and its producers live it. The closes are asserted
// as a client sees them: after an open.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import tls from 'node:tls';
import { WebSocketServer } from 'ws';
import WebSocket from 'ws';
import { WorkspaceNotifications } from '../../docs/clients/workspace.mjs';
import { Server, TOKEN_SECRET, runBinary } from './harness.mjs';
import { assertEnvelope } from './lib/admin.mjs';
import { Browser } from './lib/browser.mjs';
import { Listener, member, metric, notify, notifyPath, until, workspacePath, workspaceToken } from './lib/dialects.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();
const FRAME_MAX = 65536;

const CONNECTIONS = 'orqestra_websocket_connections{dialect="workspace"}';

// Opens and waits for the close that must follow; nothing may be said before it.
async function refusal(path, options) {
  const listener = await Listener.open(server, path, options);
  const how = await listener.end();
  assert.equal(listener.frames.length, 0);
  assert.ok(how.reason.length > 0, 'a reason in words');
  return how;
}

const good = (claims) => workspaceToken(tenant, 'u', claims);

describe('the door', () => {
  test('CEN-01 CEN-08: token and slug open the root path, and nothing is said on opening', async () => {
    const listener = await member(tenant, 'opens');
    await listener.settle();
    assert.equal(listener.frames.length, 0);
  });

  test('X25: a plain GET of the same path is the page', async () => {
    const { status, headers } = await server.call('GET', '/?token=x&workspaceSlug=y');
    assert.equal(status, 200);
    assert.match(headers['content-type'], /text\/html/);
  });

  test('CEN-02: the token is percent-decoded', async () => {
    const token = good({ sub: 'decoded' });
    const escaped = [...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    const path = `/?workspaceSlug=${tenant.slug}&token=`;
    const listener = await Listener.open(server, path + (escaped.length < 6000 ? escaped : encodeURIComponent(token)));
    await listener.settle();
    await assert.rejects(Listener.open(server, `${path}%zz`), /400/, 'no request target at all');
  });

  test('CEN-03 CEN-07: no token, an empty one: 4001 after the handshake', async () => {
    for (const path of ['/', '/?', workspacePath(undefined, tenant.slug), workspacePath('', tenant.slug)]) {
      assert.equal((await refusal(path)).code, 4001, path);
    }
  });

  test('CEN-04: a token that is no token, that we did not sign, that says too little: 4001', async () => {
    const now = nowSeconds();
    const claims = { sub: 'u', tenant: tenant.id, workspaces: [tenant.slug], exp: now + 60 };
    const tokens = [
      'x', 'a.b.c', `${good().slice(0, -4)}AAAA`, signJwt(claims, 'another-secret-that-is-longer-than-32-bytes'),
      signJwt(claims, TOKEN_SECRET, { alg: 'none', typ: 'JWT' }), `${signJwt(claims, TOKEN_SECRET).split('.').slice(0, 2).join('.')}.`,
      good({ exp: undefined }), good({ sub: undefined }), good({ sub: '' }), good({ tenant: undefined }), good({ nbf: now + 60 }),
      good({ sub: 'x'.repeat(129) }),
    ];
    for (const token of tokens) assert.equal((await refusal(workspacePath(token, tenant.slug))).code, 4001, token);
  });

  test('CEN-05: no workspaceSlug, an empty one: 4002', async () => {
    for (const path of [workspacePath(good()), workspacePath(good(), '')]) assert.equal((await refusal(path)).code, 4002);
  });

  test('CEN-06: genuine and expired: 4003', async () => {
    for (const exp of [nowSeconds() - 1, nowSeconds(), 1]) {
      assert.equal((await refusal(workspacePath(good({ exp }), tenant.slug))).code, 4003);
    }
  });

  test('E.17: the order of the checks', async () => {
    const expired = { exp: nowSeconds() - 1 };
    const forged = signJwt({ sub: 'u', tenant: tenant.id, ...expired }, 'another-secret-that-is-longer-than-32-bytes');
    assert.equal((await refusal('/')).code, 4001, 'token before slug');
    assert.equal((await refusal(workspacePath('x'))).code, 4002, 'slug before what the token is worth');
    assert.equal((await refusal(workspacePath(forged, tenant.slug))).code, 4001, 'genuine before expired');
    assert.equal((await refusal(workspacePath(good({ ...expired, workspaces: [] }), tenant.slug))).code, 4003, 'expired before access');
  });

  test('CEN-20 CEW-03: the slug must be among the token\'s workspaces, and the tenant\'s own: else 4001', async () => {
    const other = await server.createTenant();
    const lists = [[], [other.slug], undefined, tenant.slug, [tenant.slug.toUpperCase()], [5], { [tenant.slug]: true }];
    for (const workspaces of lists) {
      assert.equal((await refusal(workspacePath(good({ workspaces }), tenant.slug))).code, 4001, JSON.stringify(workspaces));
    }
    const both = workspaceToken(tenant, 'u', { workspaces: [other.slug, tenant.slug] });
    assert.equal((await refusal(workspacePath(both, other.slug))).code, 4001, 'a tenant\'s token opens no other\'s workspace');
    assert.equal((await refusal(workspacePath(both, 'no-such-workspace'))).code, 4001);
    await (await Listener.open(server, workspacePath(both, tenant.slug))).settle();
  });

  test('CEW-07: slugs are lowercase letters, digits and hyphens', async () => {
    for (const slug of ['Upper', 'under_score', 'ünï', 'a b', 'a/b']) {
      assert.equal((await server.admin('POST', '/tenants', { name: 'Bad slug', slug })).status, 422, slug);
      assert.equal((await refusal(workspacePath(good({ workspaces: [slug] }), slug))).code, 4001, slug);
    }
    const named = await server.createTenant({ slug: 'a-slug-42' });
    await (await member(named, 'u')).settle();
  });

  test('ORQ-21: a suspended tenant\'s members are closed with 4001, and none is let in', async () => {
    const closing = await server.createTenant();
    const listener = await member(closing, 'u');
    assert.equal((await server.admin('POST', `/tenants/${closing.id}/suspend`)).status, 200);
    assert.equal((await listener.end()).code, 4001);
    assert.equal((await refusal(workspacePath(workspaceToken(closing, 'u'), closing.slug))).code, 4001);
    assert.equal((await closing.call('POST', notifyPath(closing.slug), { body: { title: 't', message: 'm' } })).status, 401);
  });

  test('threat 6: a foreign origin is refused before the upgrade, our own is not', async () => {
    const path = workspacePath(good({ sub: 'origin' }), tenant.slug);
    await assert.rejects(Listener.open(server, path, { origin: 'https://evil.example' }), /403/);
    await (await Listener.open(server, path, { origin: server.base })).settle();
  });

  test('threat 5: the token in the URL is in no line of the log', async () => {
    const listener = await member(tenant, 'logged'); // the harness searches stderr for every token it minted
    await listener.close();
    assert.ok(!server.stderr.includes('workspaceSlug='));
  });
});

describe('what is heard', () => {
  test('CEN-09 CEN-10: a frame is one object of these members and types', async () => {
    const listener = await member(tenant, 'shape');
    const { id, delivered } = await notify(tenant, { userId: 'shape', title: 'New Order', message: 'Order #1 — ünï' });
    assert.equal(delivered, 1);
    const frame = await listener.inbox.next();
    const { timestamp, ...rest } = frame;
    assert.deepEqual(rest, { id, title: 'New Order', message: 'Order #1 — ünï', type: 'info', read: false });
    assert.equal(new Date(timestamp).toISOString(), timestamp);
    const metadata = { deep: [1, 'two', null, { $: '$&' }] };
    await notify(tenant, { userId: 'shape', metadata });
    assert.deepEqual((await listener.inbox.next()).metadata, metadata);
  });

  test('CEN-11 X14: type is any word of the producer\'s', async () => {
    const listener = await member(tenant, 'types');
    for (const type of ['info', 'success', 'warning', 'error', 'alert', 'record_created', 'function_complete', 'ünï']) {
      await notify(tenant, { userId: 'types', type });
      assert.equal((await listener.inbox.next()).type, type);
    }
  });

  test('CEN-12: ids are unique', async () => {
    const listener = await member(tenant, 'ids');
    const said = await Promise.all(Array.from({ length: 50 }, () => notify(tenant, { userId: 'ids' })));
    const heard = [];
    for (let n = 0; n < 50; n++) heard.push((await listener.inbox.next()).id);
    assert.equal(new Set(heard).size, 50);
    assert.deepEqual([...heard].sort(), said.map(({ id }) => id).sort());
  });

  test('CEN-13: the four families, by the producer\'s kind', async () => {
    const listener = await member(tenant, 'kinds');
    for (const kind of ['system', 'data', 'function', 'custom']) {
      await notify(tenant, { userId: 'kinds', kind });
      assert.deepEqual((await listener.inbox.next()).metadata, { kind });
    }
    await notify(tenant, { userId: 'kinds', kind: 'data', metadata: { recordId: 7 } });
    assert.deepEqual((await listener.inbox.next()).metadata, { kind: 'data', recordId: 7 });
    await notify(tenant, { userId: 'kinds', kind: 'data', metadata: { kind: 'mine' } });
    assert.deepEqual((await listener.inbox.next()).metadata, { kind: 'mine' });
  });

  test('CEN-14 E.21: to one user, or to all who are in', async () => {
    const team = await server.createTenant();
    const members = [];
    for (let n = 0; n < 12; n++) members.push(await member(team, `m${n}`)); // on both loops
    assert.equal((await notify(team, { title: 'to all' })).delivered, 12);
    for (const one of members) assert.equal((await one.inbox.next()).title, 'to all');
    assert.equal((await notify(team, { title: 'to one', userId: 'm5' })).delivered, 1);
    assert.equal((await members[5].inbox.next()).title, 'to one');
    assert.equal((await notify(team, { userId: 'nobody' })).delivered, 0);
    await notify(team, { title: 'sentinel' });
    for (const one of members) assert.equal((await one.inbox.next()).title, 'sentinel');
  });

  test('CEN-15 E.18: one connection a user and workspace, the newest; others are left alone', async () => {
    const other = await server.createTenant();
    const bystanders = [await member(tenant, 'one-b'), await member(other, 'one')];
    let newest = await member(tenant, 'one');
    for (let n = 0; n < 10; n++) { // now on this loop, now on the other
      const next = await member(tenant, 'one');
      assert.deepEqual(await newest.end(), { code: 4009, reason: 'Replaced by a newer connection' });
      newest = next;
    }
    assert.equal((await notify(tenant, { userId: 'one', title: 'once' })).delivered, 1);
    assert.equal((await newest.inbox.next()).title, 'once');
    for (const one of bystanders) await one.settle();
  });

  test('CEN-15: of many that come at once exactly one stays', async () => {
    const rush = await Promise.all(Array.from({ length: 16 }, () => member(tenant, 'rush')));
    const closed = [];
    for (const one of rush) one.closed.then((how) => closed.push(how));
    await until('fifteen to be closed', () => closed.length === 15);
    assert.ok(closed.every(({ code }) => code === 4009));
    assert.equal((await notify(tenant, { userId: 'rush' })).delivered, 1);
  });

  test('CEN-16 X7: nothing is kept for who was not there', async () => {
    assert.equal((await notify(tenant, { userId: 'absent', title: 'missed' })).delivered, 0);
    const listener = await member(tenant, 'absent');
    await notify(tenant, { userId: 'absent', title: 'heard' });
    assert.equal((await listener.inbox.next()).title, 'heard');
    assert.deepEqual(await tenant.history('absent'), []);
  });

  test('CEN-19: what is said in one workspace is not heard in another', async () => {
    const other = await server.createTenant();
    const here = await member(tenant, 'same');
    const there = await member(other, 'same');
    await notify(tenant, { title: 'here', userId: 'same' });
    await notify(tenant, { title: 'here, all' });
    await notify(other, { title: 'there', userId: 'same' });
    assert.equal((await here.inbox.next()).title, 'here');
    assert.equal((await here.inbox.next()).title, 'here, all');
    assert.equal((await there.inbox.next()).title, 'there');
    await there.settle();
    assert.equal(there.inbox.length, 0);
  });

  test('CEN-23: pings are ponged; text, binary and nonsense are neither answered nor resented', async () => {
    const listener = await member(tenant, 'talker');
    for (const said of ['PING', 'ping', '{"type":"ping"}', '{}', '', 'not json', Buffer.from([0, 255])]) listener.socket.send(said);
    listener.socket.pong('unasked');
    await listener.settle();
    assert.equal(listener.frames.length, 0);
  });

  test('CEN-18: inbound 65,536 bytes pass, one more closes with 1009', async () => {
    const listener = await member(tenant, 'large');
    listener.socket.send('x'.repeat(FRAME_MAX));
    await listener.settle();
    listener.socket.send('x'.repeat(FRAME_MAX + 1));
    assert.equal((await listener.end()).code, 1009);
  });

  test('CEN-18 E.20: outbound 65,536 bytes of the serialized frame pass, one more is 413', async () => {
    const listener = await member(tenant, 'limit');
    await notify(tenant, { userId: 'limit', message: 'x' });
    const room = FRAME_MAX - Buffer.byteLength(await listener.frames.next()) + 1;
    await notify(tenant, { userId: 'limit', message: 'x'.repeat(room) });
    assert.equal(Buffer.byteLength(await listener.frames.next()), FRAME_MAX);
    const body = { title: 'A title', userId: 'limit', message: 'x'.repeat(room + 1) };
    assertEnvelope(await tenant.call('POST', notifyPath(tenant.slug), { body }), 413, 'Payload Too Large');
    await listener.settle();
    assert.equal(listener.frames.length, 0);
  });
});

describe('the producer', () => {
  const body = { title: 't', message: 'm' };
  const post = (options, slug = tenant.slug) => server.call('POST', notifyPath(slug), { body, ...options });

  test('E.21 CEN-20: the tenant\'s key or a token of the workspace; all else is 401', async () => {
    const other = await server.createTenant();
    for (const options of [{ key: tenant.apiKey }, { bearer: good() }]) {
      const answer = await post(options);
      assert.equal(answer.status, 202, answer.text);
      assert.deepEqual(Object.keys(answer.json).sort(), ['delivered', 'id']);
    }
    const refused = [
      {}, { key: 'wrong' }, { key: '' }, { key: other.apiKey }, { bearer: 'x' }, { bearer: good({ workspaces: [] }) },
      { bearer: good({ exp: nowSeconds() - 1 }) }, { bearer: workspaceToken(other, 'u') }, { key: 'wrong', bearer: good() },
    ];
    for (const options of refused) assertEnvelope(await post(options), 401, 'Unauthorized');
    assert.equal((await post({ key: 'wrong' })).json.message, 'Invalid or inactive API key');
    assertEnvelope(await post({ key: tenant.apiKey }, other.slug), 401, 'Unauthorized');
    assertEnvelope(await post({ key: tenant.apiKey }, 'no-such-workspace'), 401, 'Unauthorized');
  });

  test('E.21: what is wrong with a body is said all at once, as 422', async () => {
    const call = (fields) => tenant.call('POST', notifyPath(tenant.slug), { body: fields });
    const all = await call({ type: '', userId: 5, kind: 'other' });
    assert.equal(all.status, 422);
    assert.equal(all.json.statusCode, 400);
    assert.equal(all.json.message.length, 5);
    const wrong = [
      {}, [], '{', { ...body, title: '' }, { ...body, message: 5 }, { ...body, type: 5 }, { ...body, type: 'x'.repeat(65) },
      { ...body, userId: 'a#b' }, { ...body, userId: '' }, { ...body, kind: 'Data' }, { ...body, kind: 'data', metadata: [1] },
    ];
    for (const fields of wrong) {
      const { status, json } = await call(fields);
      assert.equal(status, 422, JSON.stringify(fields));
      assert.ok(Array.isArray(json.message));
    }
    for (const fields of [{ ...body, metadata: null, userId: null, type: null, kind: null }, { ...body, metadata: 'any' }]) {
      assert.equal((await call(fields)).status, 202);
    }
  });

  test('API-32: the tenant\'s rate limit is the producer\'s too', async () => {
    const limited = await server.createTenant({ rateLimitPerMinute: 3 });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await limited.call('POST', notifyPath(limited.slug), { body })).status);
    assert.deepEqual(statuses, [202, 202, 202, 429]);
  });

  test('CEN-27: an operator sees each call with its count, in the log and in the metrics', async () => {
    const listener = await member(tenant, 'counted');
    const sent = await metric(server, 'orqestra_workspace_notifications_total');
    const heard = await metric(server, 'orqestra_workspace_deliveries_total');
    const { id } = await notify(tenant, { userId: 'counted', kind: 'function' });
    await listener.inbox.next();
    assert.equal(await metric(server, 'orqestra_workspace_notifications_total'), sent + 1);
    assert.equal(await metric(server, 'orqestra_workspace_deliveries_total'), heard + 1);
    await until('the line in the log', () => server.stderr.includes(id));
    const line = JSON.parse(server.stderr.split('\n').find((one) => one.includes(id)));
    assert.equal(line.event, 'workspace.notification');
    assert.equal(line.delivered, 1);
    assert.equal(line.kind, 'function');
    assert.equal(line.workspace, tenant.slug);
  });
});

describe('coming and going', () => {
  test('CEN-21 CEN-28: a fresh token right after 4003, and again after a normal close, as often as one likes', async () => {
    assert.equal((await refusal(workspacePath(good({ exp: nowSeconds() - 1 }), tenant.slug))).code, 4003);
    for (let n = 0; n < 30; n++) {
      const listener = await member(tenant, 'returns');
      await listener.settle();
      assert.equal((await listener.close()).code, 1000);
    }
  });

  test('E.17: at the expiry of its token a live socket is closed with 4003', async () => {
    const listener = await member(tenant, 'expires', { exp: nowSeconds() + 1 });
    assert.equal((await listener.end()).code, 4003);
  });

  test('EXP-14: the gauge of connections returns', async () => {
    const was = await metric(server, CONNECTIONS);
    const listener = await member(tenant, 'gauge');
    assert.equal(await metric(server, CONNECTIONS), was + 1);
    listener.socket.terminate();
    await until('the gauge to fall', async () => (await metric(server, CONNECTIONS)) <= was);
  });

  test('RELIABILITY-8: a member who does not read is closed with 1013, and the others hear everything', async () => {
    const team = await server.createTenant();
    const reader = await member(team, 'reader');
    const raw = await RawTcp.open(server);
    await raw.upgrade({ path: workspacePath(workspaceToken(team, 'stuck'), team.slug) });
    raw.socket.pause();
    const slow = () => metric(server, 'orqestra_websocket_slow_closes_total');
    const was = await slow();
    let said = 0;
    const message = 'x'.repeat(60000);
    while ((await slow()) === was) {
      assert.ok(said < 2000, 'the kernel holds less than this');
      await notify(team, { message });
      said++;
    }
    for (let n = 0; n < said; n++) assert.equal((await reader.inbox.next()).message, message);
    raw.socket.resume();
    let frame = await raw.frame();
    while (frame.opcode === 1) frame = await raw.frame();
    assert.deepEqual([frame.opcode, frame.payload.readUInt16BE()], [8, 1013]);
    assert.equal((await notify(team, {})).delivered, 1);
  });

  test('CEN-25: the browser\'s own WebSocket', async (t) => {
    const browser = await Browser.open();
    t.after(() => browser.close());
    const visitor = await browser.visitor();
    await visitor.open(server.base);
    await visitor.page.evaluate((path) => new Promise((resolve) => {
      globalThis.heard = [];
      globalThis.socket = new WebSocket(`ws://${location.host}${path}`);
      globalThis.socket.onopen = resolve;
      globalThis.socket.onmessage = ({ data }) => globalThis.heard.push(JSON.parse(data));
    }), workspacePath(workspaceToken(tenant, 'browser'), tenant.slug));
    assert.equal((await notify(tenant, { userId: 'browser', title: 'To a page' })).delivered, 1);
    await visitor.page.waitForFunction(() => globalThis.heard.length === 1);
    assert.equal((await visitor.page.evaluate(() => globalThis.heard[0])).title, 'To a page');
    const closed = await visitor.page.evaluate((path) => new Promise((resolve) => {
      const socket = new WebSocket(`ws://${location.host}${path}`);
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    }), workspacePath('wrong', tenant.slug));
    assert.equal(closed.code, 4001);
    assert.ok(closed.reason);
  });

  test('CEN-26: the token of the command line opens the socket, for a user as for a machine', async () => {
    const args = (user) => ['token', '--data', server.data, '--dialect', 'workspace', '--tenant', tenant.id, '--slug', tenant.slug, '--user', user];
    for (const user of ['person', 'ci_build-server']) {
      const { code, stdout, stderr } = await runBinary(args(user), { env: { ORQESTRA_TOKEN_SECRET: TOKEN_SECRET } });
      assert.equal(code, 0, stderr);
      server.secrets.add(stdout.trim());
      await (await Listener.open(server, workspacePath(stdout.trim(), tenant.slug))).settle();
    }
  });

  test('CEN-24: wss through a terminating proxy', async (t) => {
    const place = mkdtempSync(join(tmpdir(), 'orqestra-tls-'));
    t.after(() => rmSync(place, { recursive: true }));
    const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => join(place, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
    const cert = readFileSync(certFile);
    const proxy = tls.createServer({ key: readFileSync(keyFile), cert }, (inner) => {
      const outer = net.connect(server.port, '127.0.0.1');
      inner.pipe(outer).pipe(inner);
      for (const one of [inner, outer]) one.on('error', () => one.destroy());
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    const url = `wss://127.0.0.1:${proxy.address().port}${workspacePath(workspaceToken(tenant, 'tls'), tenant.slug)}`;
    const listener = new Listener(url, { ca: cert });
    await within(listener.opened, 'the opening over TLS');
    await notify(tenant, { userId: 'tls', title: 'Sealed' });
    assert.equal((await listener.inbox.next()).title, 'Sealed');
    await listener.close();
  });
});

describe('clocks and the end', () => {
  test('CEN-17 E.19: silence is ended with 1001, whatever comes or goes puts it off', async (t) => {
    const quick = await Server.start({ env: { ORQESTRA_WORKSPACE_IDLE_TIMEOUT: '2' } });
    t.after(() => quick.stop());
    const team = await quick.createTenant();
    const users = ['silent', 'pinging', 'texting', 'listening'];
    const [silent, pinging, texting, listening] = await Promise.all(users.map((user) => member(team, user)));
    const beat = setInterval(() => {
      pinging.socket.ping();
      texting.socket.send('still here');
      notify(team, { userId: 'listening' });
    }, 300);
    t.after(() => clearInterval(beat));
    for (let n = 0; n < 2; n++) { // the others outlive two silent ones, one after the other
      const quiet = n ? await member(team, 'silent') : silent;
      assert.deepEqual(await quiet.end(), { code: 1001, reason: 'Inactivity timeout' });
    }
    for (const one of [pinging, texting, listening]) assert.equal(one.socket.readyState, WebSocket.OPEN);
    clearInterval(beat);
    for (const one of [pinging, texting, listening]) assert.equal((await one.end()).code, 1001);
  });

  test('a shutdown closes with 1001', async () => {
    const brief = await Server.start();
    const listener = await member(await brief.createTenant(), 'u');
    const stopped = brief.terminate();
    assert.deepEqual(await listener.end(), { code: 1001, reason: 'Server shutdown' });
    await stopped;
    rmSync(brief.data, { recursive: true });
  });
});

describe('the reference client', () => {
  // Its waits are recorded and over at once.
  function reference(url, { getToken, ...more } = {}) {
    const waits = [];
    const heard = new Inbox();
    const states = new Inbox();
    const client = new WorkspaceNotifications({
      url, workspace: tenant.slug, getToken: getToken ?? (() => workspaceToken(tenant, 'reference')), WebSocket,
      wait: async (ms) => void waits.push(ms), onNotification: (one) => heard.push(one), onState: (one) => states.push(one), ...more,
    });
    server.atStop(() => client.disconnect());
    return { client, waits, heard, states };
  }

  async function reaches(states, name) {
    for (;;) {
      const state = await states.next(`the state ${name}`);
      if (state.name === name) return state;
    }
  }

  // A server that treats its n-th visitor as the n-th of `treatments` says: a close code, or 0: no handshake.
  async function moody(t, treatments) {
    const verifyClient = () => {
      if (treatments[0] !== 0) return true;
      treatments.shift();
      return false;
    };
    const peers = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient });
    peers.on('connection', (socket) => socket.close(treatments.shift(), 'treated'));
    await new Promise((resolve) => peers.on('listening', resolve));
    t.after(() => peers.close());
    return `ws://127.0.0.1:${peers.address().port}`;
  }

  test('CEN-22: it listens, and takes a fresh token after 4003', async () => {
    let asked = 0;
    const getToken = () => workspaceToken(tenant, 'reference', asked++ ? {} : { exp: nowSeconds() - 1 });
    const { client, states, heard, waits } = reference(`ws://127.0.0.1:${server.port}`, { getToken });
    client.connect();
    await reaches(states, 'open');
    await reaches(states, 'open'); // the 101 of the expired token was one
    await until('it to be in', async () => (await notify(tenant, { userId: 'reference' })).delivered === 1);
    assert.equal((await heard.next()).title, 'A title');
    assert.equal(asked, 2);
    assert.deepEqual(waits, [1000]);
  });

  test('CEN-22: it waits 1 s, doubling, five times, then gives up', async (t) => {
    let asked = 0;
    const url = await moody(t, [0, 0, 0, 0, 0, 0, 1000]);
    const { client, states, waits } = reference(url, { getToken: () => `token-${asked++}` });
    client.connect();
    assert.equal((await reaches(states, 'failed')).why, 'too many attempts');
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000]);
    assert.equal(asked, 6, 'a new token each time');
  });

  test('CEN-22: an open resets its patience; 30 s is the longest wait; 4001 stops it', async (t) => {
    const url = await moody(t, [0, 0, 1001, 0, 1000, 4009, 4001, 1000]);
    const { client, states, waits } = reference(url, { getToken: () => 'x' });
    client.connect();
    assert.deepEqual(await reaches(states, 'failed'), { name: 'failed', why: 'unauthorized' });
    assert.deepEqual(waits, [1000, 2000, 1000, 2000, 1000, 1000]);
    const patient = reference(await moody(t, [0, 0, 0, 0, 0, 0, 0, 4001]), { getToken: () => 'x', attempts: 7 });
    patient.client.connect();
    await reaches(patient.states, 'failed');
    assert.deepEqual(patient.waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  });
});
