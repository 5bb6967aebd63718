// lifecycle_test.mjs: starting, refusing to start, draining, restarting, backing up, and the token command.
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PASSWORD, Server, freePort, freshDirectory, runBinary } from './harness.mjs';
import { Inbox } from './lib/inbox.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';
import { RawClient, centrifuge, rawUser, subscribe } from './lib/realtime.mjs';

// Starts a server for one test and ends it, whatever happens in between.
async function withServer(options, body) {
  const server = await Server.start(options);
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}

const note = (tenant, userId, message) => tenant.trigger('global.info', userId, { title: 't', message });

function post(tenant, body, headers = '') {
  return `POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nx-api-key: ${tenant.apiKey}\r\n`
    + `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`;
}

test('P1: a graceful end answers what is in hand, closes sockets with 3001 and keeps all', async () => {
  await withServer({}, async (server) => {
    const tenant = await server.createTenant();
    const listener = await rawUser(tenant, 'drain');
    await listener.subscribe('global_system#drain');
    const idle = await RawTcp.open(server);
    idle.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await idle.response()).status, 200);
    const body = JSON.stringify({ eventType: 'global.info', payload: { userId: 'drain' }, variables: { title: 'last', message: 'm' } });
    const busy = await RawTcp.open(server);
    busy.write(post(tenant, body, 'Expect: 100-continue\r\n'));
    assert.equal((await busy.response()).status, 100); // so it is in the server's hands
    const ended = server.terminate();
    assert.deepEqual(await listener.end(), { code: 3001, reason: 'shutdown' });
    busy.write(body);
    const { status, headers } = await busy.response();
    assert.equal(status, 200);
    assert.equal(headers.connection, 'close');
    await busy.end();
    await idle.end();
    await ended;
    await server.launch();
    assert.deepEqual((await tenant.history('drain')).map((item) => item.title), ['last']);
  });
});

test('P1: a change of a tenant in hand at the end is made and answered', async () => {
  await withServer({ env: { ORQESTRA_WORKERS: '4' } }, async (server) => {
    await server.signIn();
    const body = JSON.stringify({ name: 'Last Minute' });
    const busy = await RawTcp.open(server);
    busy.write(`POST /api/v1/admin/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.session}\r\n`
      + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
    assert.equal((await busy.response()).status, 100);
    const ended = server.terminate();
    // Long enough for loops without connections to find that out; every one of them must hear of the tenant.
    await new Promise((done) => setTimeout(done, 200));
    busy.write(body);
    assert.equal((await busy.response()).status, 201);
    await ended;
    await server.launch();
    const { json } = await server.admin('GET', '/tenants');
    assert.ok(json.data.some((tenant) => tenant.name === 'Last Minute'));
  });
});

test('RT-20: a restart keeps everything, and centrifuge comes back by itself', async () => {
  await withServer({}, async (server) => {
    const tenant = await server.createTenant({ channels: ['orders'] });
    await tenant.template({ eventType: 'kept', subject: 'Kept {{n}}', body: 'b' });
    const { token } = await tenant.token('u');
    const client = await centrifuge(server, { token });
    const { subscription, inbox } = await subscribe(client, 'global_system#u');
    await tenant.trigger('kept', 'u', { n: 1 });
    assert.equal((await inbox.next()).title, 'Kept 1');
    const [item] = await tenant.history('u');
    await tenant.markRead('u', item.id);
    const before = await tenant.history('u');
    const states = new Inbox();
    for (const state of ['subscribing', 'subscribed']) subscription.on(state, () => states.push(state));
    await server.terminate();
    assert.equal(await states.next(), 'subscribing');
    await server.launch(server.port);
    assert.equal(await states.next(), 'subscribed');
    assert.deepEqual(await tenant.history('u'), before);
    assert.deepEqual((await tenant.token('u')).channels, ['global_system#u', 'orders#u']);
    await tenant.trigger('kept', 'u', { n: 2 });
    assert.equal((await inbox.next()).title, 'Kept 2');
    assert.equal((await server.admin('GET', '/tenants')).status, 200, 'the operator stays signed in');
  });
});

test('P1: kill -9 loses nothing that was answered', async () => {
  await withServer({}, async (server) => {
    const tenant = await server.createTenant();
    for (let n = 0; n < 20; n++) await note(tenant, 'u', String(n));
    const before = await tenant.history('u');
    await server.kill9();
    await server.launch(server.port);
    assert.equal(before.length, 20);
    assert.deepEqual(await tenant.history('u'), before);
  });
});

test('DESIGN: a taken port or data directory stops the start with a sentence that names it', async () => {
  await withServer({}, async (server) => {
    const other = freshDirectory();
    const taken = await runBinary(['serve', '--data', other, '--listen', `127.0.0.1:${server.port}`]);
    assert.notEqual(taken.code, 0);
    assert.match(taken.stderr, new RegExp(`${server.port}`));
    const locked = await runBinary(['serve', '--data', server.data, '--listen', `127.0.0.1:${await freePort()}`]);
    assert.notEqual(locked.code, 0);
    assert.ok(locked.stderr.includes(server.data), locked.stderr);
    assert.equal((await server.call('GET', '/health')).status, 200);
    rmSync(other, { recursive: true });
  });
});

test('DESIGN: a setting that is unknown or wrong stops the start and is named', async () => {
  const data = freshDirectory();
  const cases = [
    [['serve', '--data', data, '--no-such-setting', '1'], {}, /no.such.setting/],
    [['serve', '--data', data, '--ping-interval', 'soon'], {}, /ping.interval/i],
    [['serve', '--data', data, '--listen', 'nonsense'], {}, /listen|nonsense/],
    [['serve', '--data', data], { ORQESTRA_TOKEN_SECRET: 'short' }, /token.secret/i],
    [['serve', '--data', data], { ORQESTRA_NO_SUCH: '1' }, /NO_SUCH/i],
    [['serve', '--data', data, '--config', join(data, 'missing.ini')], {}, /missing\.ini/],
    [['no-such-command'], {}, /no-such-command/],
  ];
  for (const [args, env, pattern] of cases) {
    const { code, stdout, stderr } = await runBinary(args, { env: { ORQESTRA_OPERATOR_PASSWORD: PASSWORD, ...env } });
    assert.notEqual(code, 0, args.join(' '));
    assert.match(stdout + stderr, pattern);
  }
  rmSync(data, { recursive: true });
});

test('DESIGN: the binary tells its version and its settings', async () => {
  const version = await runBinary(['version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /\d+\.\d+\.\d+/);
  const help = await runBinary(['serve', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout + help.stderr, /ping.interval/i);
});

test('DESIGN: a backup taken while events come in can be served at once', async () => {
  await withServer({ env: { ORQESTRA_TOKEN_SECRET: undefined } }, async (server) => {
    const tenant = await server.createTenant();
    for (let n = 0; n < 30; n++) await note(tenant, 'u', String(n));
    const before = await tenant.history('u');
    const room = freshDirectory();
    const target = join(room, 'copy');
    let writing = true;
    const writer = (async () => {
      while (writing) await note(tenant, 'noise', 'x');
    })();
    const { code, stderr } = await runBinary(['backup', '--data', server.data, target]);
    writing = false;
    await writer;
    assert.equal(code, 0, stderr);
    const copy = new Server({ env: { ORQESTRA_TOKEN_SECRET: undefined }, data: target });
    await copy.launch();
    try {
      const there = Object.assign(Object.create(Object.getPrototypeOf(tenant)), tenant, { server: copy });
      assert.deepEqual(await there.history('u'), before);
      await note(there, 'u', 'in the copy only');
      assert.equal((await there.history('u')).length, before.length + 1);
      assert.deepEqual(await tenant.history('u'), before);
    } finally {
      await copy.stop();
      rmSync(room, { recursive: true });
    }
  });
});

test('E.23: the token command makes a token that connects', async () => {
  await withServer({ env: { ORQESTRA_TOKEN_SECRET: undefined } }, async (server) => {
    const tenant = await server.createTenant();
    const command = ['token', '--data', server.data, '--dialect', 'centrifuge', '--tenant', tenant.id, '--user', 'cli', '--ttl', '60'];
    const { code, stdout, stderr } = await runBinary(command);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const client = await RawClient.open(server);
    const { ttl } = await client.connect(stdout.trim());
    assert.ok(ttl > 50 && ttl <= 60, `ttl ${ttl}`);
    await client.subscribe('global_system#cli');
    await note(tenant, 'cli', 'm');
    assert.equal((await client.inbox.next()).push.pub.data.title, 't');
  });
});

test('RELIABILITY-22: secrets in the data directory are for the owner only', async () => {
  await withServer({ env: { ORQESTRA_TOKEN_SECRET: undefined } }, async (server) => {
    assert.equal(statSync(server.data).mode & 0o022, 0, 'nobody else writes there');
    for (const name of readdirSync(server.data)) {
      assert.equal(statSync(join(server.data, name)).mode & 0o077, 0, `${name} is readable by others`);
    }
  });
});

test('DESIGN: without a password in the settings one is made, and shown only once', async () => {
  await withServer({ env: { ORQESTRA_OPERATOR_PASSWORD: undefined } }, async (server) => {
    const [, password] = await server.shown(/operator \/ (\S+) /);
    server.secrets.add(password); // so it must not be in the log
    const login = () => server.call('POST', '/api/v1/admin/auth/login', { body: { username: 'operator', password } });
    assert.equal((await login()).status, 200);
    await server.terminate();
    await server.launch();
    assert.ok(!server.stdout.includes(password), 'shown again');
    assert.equal((await login()).status, 200);
  });
});
