// tls_test.mjs: TLS in the binary: what is spoken and what is refused, whole streams through it, and a
// certificate that changes under open sockets.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { freePort, freshDirectory, runBinary, Server } from './harness.mjs';
import { install, lockKey, makeCertificate, trust } from './lib/certificate.mjs';
import { within } from './lib/inbox.mjs';
import { OP, RawTcp, frame } from './lib/raw_tcp.mjs';
import { listen, RawClient, rawUser } from './lib/realtime.mjs';

const run = promisify(execFile);
const files = freshDirectory();
const first = makeCertificate(files, 'first');
const second = makeCertificate(files, 'second');
const rsa = makeCertificate(files, 'rsa', { kind: 'rsa' });
const expired = makeCertificate(files, 'expired', { expired: true });
const ca = trust(first, second, rsa);

// A server whose certificate files are its own to change.
async function serve(pair, env = {}) {
  const at = { cert: join(files, `live-${serial}.crt`), key: join(files, `live-${serial++}.key`) };
  install(pair, at);
  const server = await Server.start({ env: { ORQESTRA_TLS_CERT: at.cert, ORQESTRA_TLS_KEY: at.key, ...env }, tls: { ca } });
  server.files = at;
  return server;
}
let serial = 0;

const server = await serve(first);
const rsaServer = await serve(rsa);
const tenant = await server.createTenant();
after(async () => {
  await server.stop();
  await rsaServer.stop();
  rmSync(files, { recursive: true });
});

// A handshake with these wishes: the TLSSocket, or an error.
function shake(to, options = {}) {
  const socket = tls.connect({ port: to.port, host: '127.0.0.1', ca, ...options });
  to.atStop(() => socket.destroy());
  socket.on('session', (ticket) => (socket.ticket = ticket)); // with TLS 1.2 it comes before the handshake ends
  return within(new Promise((resolve, reject) => {
    socket.on('secureConnect', () => resolve(socket));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
  }), 'a TLS handshake');
}

const nameOf = (socket) => new X509Certificate(socket.getPeerCertificate().raw).subject;
const curl = (...args) => run('curl', ['-sS', '--cacert', server.files.cert, ...args]);

async function counted(server, kind) {
  const { text } = await server.call('GET', '/metrics');
  return Number(new RegExp(`^orqestra_tls_handshakes_total\\{kind="${kind}"\\} (\\d+)`, 'm').exec(text)[1]);
}

test('CEN-24: the official client and a bare one live over wss, the API over https', async () => {
  const { inbox } = await listen(tenant, 'wss-user');
  const raw = await rawUser(tenant, 'wss-user');
  await raw.subscribe('global_system#wss-user');
  await tenant.trigger('global.info', 'wss-user', { title: 'Sealed', message: 'M' });
  assert.equal((await inbox.next('the push')).title, 'Sealed');
  assert.equal((await raw.inbox.next('the push')).push.pub.data.title, 'Sealed');
  assert.equal((await tenant.history('wss-user')).length, 1);
  assert.equal((await raw.close()).code, 1000);
});

test('RELIABILITY-26: TLS 1.2 and 1.3 are spoken, 1.1 is not', async () => {
  const url = `${server.base}/health`;
  for (const version of ['1.2', '1.3']) {
    const { stdout } = await curl(`--tlsv${version}`, '--tls-max', version, '-w', '%{http_code}', '-o', '/dev/null', url);
    assert.equal(stdout, '200', version);
  }
  await assert.rejects(curl('--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0', url), /alert protocol version|unsupported protocol/);
  await assert.rejects(curl('--tlsv1.0', '--tls-max', '1.0', '--ciphers', 'DEFAULT@SECLEVEL=0', url), /alert protocol version|unsupported protocol/);
});

test('RELIABILITY-26: of TLS 1.2 only ECDHE with AEAD', async () => {
  const refused = {
    ec: ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-CCM', 'AECDH-AES128-SHA'],
    rsa: ['AES128-SHA', 'AES256-GCM-SHA384', 'AES128-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES256-SHA', 'ECDHE-RSA-AES128-SHA',
      'ECDHE-RSA-AES256-SHA384', 'NULL-SHA256', 'ADH-AES128-GCM-SHA256', 'CAMELLIA128-SHA'],
  };
  const spoken = {
    ec: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    rsa: ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'],
  };
  for (const [kind, to] of [['ec', server], ['rsa', rsaServer]]) {
    for (const cipher of refused[kind]) {
      await assert.rejects(shake(to, { maxVersion: 'TLSv1.2', ciphers: `${cipher}:@SECLEVEL=0` }), /alert handshake failure|HANDSHAKE_FAILURE/i, cipher);
    }
    for (const cipher of spoken[kind]) {
      const socket = await shake(to, { maxVersion: 'TLSv1.2', ciphers: cipher });
      assert.equal(socket.getCipher().name, cipher);
      assert.equal(socket.getEphemeralKeyInfo().type, 'ECDH');
    }
  }
});

test('RELIABILITY-26: renegotiation is refused', async () => {
  const socket = await shake(server, { maxVersion: 'TLSv1.2' });
  const answer = await within(new Promise((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({}, (error) => error && resolve(error));
  }), 'the refusal');
  assert.match(String(answer), /no.renegotiation/i);
  assert.equal((await server.call('GET', '/health')).status, 200);
});

test('ALPN: http/1.1 is agreed to; a client that offers only h2 goes on without', async () => {
  assert.equal((await shake(server, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
  assert.equal((await shake(server, { ALPNProtocols: ['h2'] })).alpnProtocol, false);
  assert.equal((await shake(server)).alpnProtocol, false);
});

// A session to come back with.
async function session(to, options) {
  const socket = await shake(to, options);
  socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  await within(once(socket, 'data'), 'an answer'); // the ticket came before it
  assert.equal(socket.isSessionReused(), false);
  assert.ok(socket.ticket);
  return socket.ticket;
}

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`RELIABILITY-26: who comes back resumes (${version})`, async () => {
    const options = { minVersion: version, maxVersion: version };
    const ticket = await session(server, options);
    const was = await counted(server, 'resumed');
    assert.equal((await shake(server, { ...options, session: ticket })).isSessionReused(), true);
    assert.equal((await shake(rsaServer, { ...options, session: ticket })).isSessionReused(), false, 'with its own server only');
    assert.ok((await counted(server, 'resumed')) > was);
  });
}

test('a client that speaks plain HTTP is told so', async () => {
  for (const text of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n']) {
    const plain = await RawTcp.open({ port: server.port, atStop: (end) => server.atStop(end) });
    plain.write(text);
    const { status, json } = await plain.response();
    assert.deepEqual([status, json.error], [400, 'Bad Request']);
    assert.match(json.message, /speaks TLS; use https:\/\/ or wss:\/\//);
    await plain.end();
  }
});

test('garbage for a handshake is refused with an alert, silence ended after the header timeout', async () => {
  const failed = await counted(server, 'failed');
  const open = () => RawTcp.open({ port: server.port, atStop: (end) => server.atStop(end) });
  const silent = await open();
  const garbage = await open();
  garbage.write(Buffer.concat([Buffer.of(22, 3, 1, 0, 100), Buffer.alloc(100, 0xaa)]));
  assert.equal((await garbage.take(7))[0], 21, 'an alert');
  await within(garbage.closed, 'the end');
  await within(silent.closed, 'the end of the silent one', 20000);
  for (let now = 0; now < failed + 2; now = await counted(server, 'failed'));
});

// Between client and server: forwards in crumbs of `bytes`.
async function crumbling(to, bytes) {
  const relay = (from, into) => from.on('data', async (part) => {
    from.pause();
    for (let at = 0; at < part.length; at += bytes) {
      into.write(part.subarray(at, at + bytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    from.resume();
  }).on('close', () => into.destroy()).on('error', () => {});
  const proxy = net.createServer((client) => {
    const onward = net.connect({ port: to.port, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    relay(client, onward);
    relay(onward, client);
  });
  proxy.listen(await freePort(), '127.0.0.1');
  await once(proxy, 'listening');
  to.atStop(() => proxy.close());
  return { ...to, port: proxy.address().port, tls: to.tls, atStop: (end) => to.atStop(end) };
}

test('records that arrive in crumbs are the same records', async () => {
  const { token } = await tenant.token('crumbs');
  for (const bytes of [1, 7]) {
    const raw = await RawTcp.open(await crumbling(server, bytes));
    assert.equal((await raw.upgrade()).status, 101);
    raw.write(frame(OP.text, JSON.stringify({ connect: { token }, id: 1 })));
    assert.equal(JSON.parse((await raw.frame()).payload).id, 1);
    raw.write(frame(OP.ping, 'x'.repeat(125)));
    assert.equal((await raw.frame()).payload.length, 125);
    raw.socket.destroy();
  }
});

test('requests in one packet with the handshake\'s end, and pipelined, are all answered', async () => {
  const raw = await RawTcp.open(server);
  raw.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
  for (let n = 0; n < 200; n++) assert.equal((await raw.response()).status, 200);
});

const BIG = 40000;

// A user whose history is some megabytes.
async function bigHistory(userId) {
  for (let n = 0; n < 60; n++) await tenant.trigger('global.info', userId, { title: `${n}`, message: `${n % 10}`.repeat(BIG) });
  return tenant.feedPath(userId, '?limit=100');
}

const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

test('big transfers: a megabyte in, megabytes out, byte for byte', async () => {
  const answer = await tenant.post('{"x":"'.padEnd(1024 * 1024, 'y'));
  assert.equal(answer.status, 422, answer.text);
  assert.equal((await tenant.post('z'.repeat(1024 * 1024 + 1))).status, 413);
  const path = await bigHistory('big');
  const { status, json, text } = await tenant.call('GET', path);
  assert.equal(status, 200);
  assert.equal(json.data.length, 60);
  for (const { body, title } of json.data) assert.equal(body, `${title % 10}`.repeat(BIG));
  assert.ok(text.length > 60 * BIG);
  const { stdout } = await run('curl', ['-sS', '--cacert', server.files.cert, '-H', `x-api-key: ${tenant.apiKey}`, server.base + path], { maxBuffer: 1e8 });
  assert.equal(sha(stdout), sha(text));
});

test('a slow reader gets everything in the end, and meanwhile holds nobody up', async () => {
  const path = await bigHistory('slow');
  const { text } = await tenant.call('GET', path);
  const raw = await RawTcp.open(server);
  raw.socket.pause();
  raw.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${tenant.apiKey}\r\n\r\n`);
  for (let n = 0; n < 20; n++) assert.equal((await server.call('GET', '/health')).status, 200);
  raw.socket.resume();
  const { text: slow } = await raw.response();
  assert.equal(sha(slow), sha(text));
});

test('RELIABILITY-11: a WebSocket that does not read is closed 3008 behind whole frames', async () => {
  const raw = await RawTcp.open(server);
  const { token } = await tenant.token('deaf');
  assert.equal((await raw.upgrade()).status, 101);
  raw.write(frame(OP.text, `{"connect":{"token":"${token}"},"id":1}\n{"subscribe":{"channel":"global_system#deaf"},"id":2}`));
  await raw.frame();
  raw.socket.pause();
  for (let n = 0; n < 300; n++) {
    await tenant.trigger('global.info', 'deaf', { title: `${n}`, message: 'm'.repeat(BIG) });
  }
  raw.socket.resume();
  let frames = 0;
  for (;;) {
    const { opcode, payload } = await raw.frame();
    if (opcode === OP.close) {
      assert.equal(payload.readUInt16BE(), 3008);
      break;
    }
    for (const line of payload.toString().split('\n')) if (line !== '{}') JSON.parse(line);
    frames++;
  }
  assert.ok(frames > 1, `${frames} frames came before`);
});

test('the end of a connection is announced: close_notify, both ways', async () => {
  const script = `
import socket, ssl, sys
ctx = ssl.create_default_context(cafile=sys.argv[2])
with ctx.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='localhost', suppress_ragged_eofs=False) as s:
    s.sendall(b'GET /health HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
    got = b''
    while part := s.recv(65536): got += part
    print(got.split(b'\\r\\n')[0].decode(), 'then the end')
    s.unwrap()
`;
  const { stdout } = await run('python3', ['-c', script, String(server.port), server.files.cert]);
  assert.equal(stdout.trim(), 'HTTP/1.1 200 OK then the end');
});

test('RELIABILITY-26: the certificate changes under 1,000 open sockets, and none is dropped', async () => {
  const { token } = await tenant.token('reload');
  const clients = [];
  for (let n = 0; n < 1000; n += 50) {
    clients.push(...await Promise.all(Array.from({ length: 50 }, () => RawClient.open(server))));
  }
  for (const client of clients) {
    await client.connect(token);
    await client.subscribe('global_system#reload');
  }
  let dropped = 0;
  for (const client of clients) client.closed.then(() => dropped++);
  assert.match(nameOf(await shake(server)), /CN=first/);
  install(second, server.files);
  server.child.kill('SIGHUP');
  while (!/CN=second/.test(nameOf(await shake(server))));
  await tenant.trigger('global.info', 'reload', { title: 'Still here', message: 'M' });
  for (const client of clients) {
    assert.equal((await client.inbox.next('the push')).push.pub.data.title, 'Still here');
  }
  assert.equal(dropped, 0);
  for (const client of clients) client.socket.terminate();
});

test('RELIABILITY-26: files that change are noticed, bad ones keep the old certificate, tickets live on', async (t) => {
  const watched = await serve(first, { ORQESTRA_TLS_RELOAD_INTERVAL: '1' });
  t.after(() => watched.child.kill('SIGKILL'));
  const ticket = await session(watched, { maxVersion: 'TLSv1.2' });
  const refusal = (pattern) => within((async () => {
    while (!pattern.test(watched.stderr)) await once(watched.child.stderr, 'data');
  })(), `${pattern} in the log`);
  copyFileSync(second.cert, watched.files.cert); // half of the change
  await refusal(/tls\.certificate_refused.*is not the key of the certificate/);
  assert.match(nameOf(await shake(watched)), /CN=first/);
  writeFileSync(watched.files.cert, 'not a certificate');
  await refusal(/tls\.certificate_refused.*holds no certificate in PEM form/);
  install(expired, watched.files);
  await refusal(/tls\.certificate_refused.*expired on \d{4}-\d\d-\d\d/);
  rmSync(watched.files.key);
  await refusal(/tls\.certificate_refused.*cannot read/);
  assert.match(nameOf(await shake(watched)), /CN=first/);
  install(second, watched.files);
  await refusal(/certificate_refused[^]*certificate_loaded|certificate_refused[^]*certificate_expires_soon/);
  while (!/CN=second/.test(nameOf(await shake(watched))));
  assert.equal((await shake(watched, { maxVersion: 'TLSv1.2', session: ticket })).isSessionReused(), true);
  const { text } = await watched.call('GET', '/metrics');
  const expires = Number(/^orqestra_tls_certificate_expires_seconds (\S+)/m.exec(text)[1]);
  assert.equal(expires * 1000, Date.parse(new X509Certificate(readFileSync(second.cert)).validTo));
  await watched.stop();
});

test('SIGHUP without TLS is no end', async () => {
  const plain = await Server.start();
  plain.child.kill('SIGHUP');
  for (let n = 0; n < 5; n++) assert.equal((await plain.call('GET', '/health')).status, 200);
  await plain.stop();
});

test('OPS: settings that cannot work are refused with a sentence that names them', async () => {
  const text = join(files, 'text.pem');
  writeFileSync(text, 'hello');
  const cases = [
    [{ cert: first.cert }, /tls_cert is set and tls_key is not; set both, or neither/],
    [{ key: first.key }, /tls_key is set and tls_cert is not; set both, or neither/],
    [{ cert: '/no/such.crt', key: first.key }, /tls_cert: cannot read "\/no\/such\.crt": No such file/],
    [{ cert: first.cert, key: '/no/such.key' }, /tls_key: cannot read "\/no\/such\.key": No such file/],
    [{ cert: files, key: first.key }, /tls_cert: /],
    [{ cert: text, key: first.key }, /tls_cert: ".*text\.pem" holds no certificate in PEM form/],
    [{ cert: first.key, key: first.key }, /tls_cert: .* holds no certificate/],
    [{ cert: first.cert, key: text }, /tls_key: ".*text\.pem" holds no private key in PEM form/],
    [{ cert: first.cert, key: first.cert }, /tls_key: .* holds no private key/],
    [{ cert: first.cert, key: second.key }, /tls_key: ".*second\.key" is not the key of the certificate in ".*first\.crt"/],
    [{ cert: first.cert, key: rsa.key }, /tls_key: .* is not the key of the certificate/],
    [{ cert: first.cert, key: lockKey(first.key, 'a passphrase') }, /tls_key: .* is protected by a passphrase/],
    [expired, /tls_cert: the certificate in ".*expired\.crt" expired on \d{4}-\d\d-\d\d/],
  ];
  for (const [{ cert, key }, sentence] of cases) {
    const env = { ORQESTRA_TLS_CERT: cert, ORQESTRA_TLS_KEY: key };
    const checked = await runBinary(['check-config'], { env });
    assert.deepEqual([checked.code, checked.stdout], [1, ''], checked.stderr);
    assert.match(checked.stderr, sentence);
    const started = await runBinary(['serve', '--data', join(files, 'data'), '--listen', `127.0.0.1:${await freePort()}`], { env });
    assert.ok([1, 2].includes(started.code), started.stderr);
    assert.match(started.stderr, sentence);
  }
  const good = await runBinary(['check-config'], { env: { ORQESTRA_TLS_CERT: first.cert, ORQESTRA_TLS_KEY: first.key } });
  assert.deepEqual([good.code, good.stderr], [0, '']);
});
