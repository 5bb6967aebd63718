// redaction_test.mjs: what must never be in a log is not there, at any level, and whatever a peer sends,
// a line stays one line of JSON (threats 5 and 21).
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { PASSWORD, Server, TOKEN_SECRET } from './harness.mjs';
import { Listener, expiryPath, workspacePath } from './lib/dialects.mjs';
import { openJwt, signJwt } from './lib/jwt.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';
import { RawClient } from './lib/realtime.mjs';

const METRICS_KEY = 'metrics-key-that-nobody-may-read';
const secret = (name) => `${name}-${randomBytes(12).toString('hex')}`;
const lines = (server) => server.stderr.split('\n').filter(Boolean);

// Everything that would tell a reader of the log too much, used in the way it is meant and in wrong ways.
async function useSecrets(server) {
  const { token: session } = await server.signIn();
  const webhookSecret = secret('webhook');
  const secured = await server.createTenant({ webhookSecret });
  const tenant = await server.createTenant();
  const email = `${secret('person')}@example.com`;
  const phone = '+15550104477';
  const body = secret('body-text');
  await tenant.template({ eventType: 'secret', body: '{{text}}' });
  await tenant.template({ eventType: 'secret', channel: 'EMAIL', subject: 'S', body: '{{text}}' });
  await tenant.trigger('secret', 'u', { text: body }, { payload: { userId: 'u', recipientEmail: email, recipientPhone: phone } });
  const signed = JSON.stringify({ eventType: 'global.info', payload: { userId: 'u' }, variables: { title: body } });
  const mac = createHmac('sha256', webhookSecret).update(signed).digest('hex');
  for (const claimed of [mac, mac.replace(/^../, 'zz')]) {
    await secured.post(signed, { headers: { 'x-orqestra-signature': claimed } });
  }
  const { token } = await tenant.token('u');
  const wrongKey = secret('wrong-key');
  const wrongPassword = secret('wrong-password');
  const wrongToken = signJwt({ sub: 'u', tenant: tenant.id, exp: 1 }, TOKEN_SECRET);
  const queryToken = secret('query-token');
  const metricsGuess = secret('metrics-guess');
  const rotated = await server.admin('POST', `/tenants/${tenant.id}/rotate-key`);
  const socket = await RawClient.open(server);
  await socket.connect(token);
  await socket.close();
  for (const path of [workspacePath(queryToken, 'x'), expiryPath(queryToken)]) {
    await (await Listener.open(server, path)).end();
  }
  const calls = [
    ['POST', '/api/v1/events/trigger', { key: wrongKey, body: { eventType: 'x', payload: { userId: 'u' } } }],
    ['POST', '/api/v1/admin/auth/login', { body: { username: 'operator', password: wrongPassword } }],
    ['GET', tenant.feedPath('u'), { bearer: token }],
    ['GET', tenant.feedPath('u'), { bearer: wrongToken }],
    ['GET', `/?token=${queryToken}&workspaceSlug=x`],
    ['GET', `/api/ws/notification?access_token=${queryToken}`],
    ['GET', `/connection/websocket?cf_connect=${queryToken}`],
    ['GET', `/api/v1/notifications/a/b?limit=x&token=${queryToken}`, { key: rotated.json.data.apiKey }],
    ['GET', '/metrics', { bearer: METRICS_KEY }],
    ['GET', '/metrics', { bearer: metricsGuess }],
    ['POST', '/api/v1/events/trigger', { key: rotated.json.data.apiKey, body: `{"payload": "${body}` }],
  ];
  for (const [method, path, options] of calls) await server.call(method, path, options);
  const signature = openJwt(token, TOKEN_SECRET) && token.split('.')[2];
  return {
    PASSWORD, TOKEN_SECRET, METRICS_KEY, session, webhookSecret, mac, securedKey: secured.apiKey, apiKey: tenant.apiKey, newKey: rotated.json.data.apiKey, email, phone,
    body, token, signature, wrongKey, wrongPassword, wrongToken, queryToken, metricsGuess,
  };
}

for (const level of ['info', 'debug']) {
  test(`threats 5, 21: no key, password, token, secret, address or body on stderr at ${level}`, async (t) => {
    const server = await Server.start({ env: { ORQESTRA_LOG_LEVEL: level, ORQESTRA_METRICS_KEY: METRICS_KEY } });
    t.after(() => server.child.kill('SIGKILL'));
    const used = await useSecrets(server);
    await server.stop();
    assert.ok(lines(server).length > 15, 'there is a log to search');
    for (const [name, value] of Object.entries(used)) {
      assert.ok(value.length >= 8, name);
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]) {
        assert.ok(!server.stderr.includes(form), `${name} was logged`);
      }
    }
    assert.ok(!/[?&](token|access_token)=/.test(server.stderr), 'no query string was logged');
  });
}

test('threat 21: one request is one line, and it says method, path, status, time and tenant', async () => {
  const server = await Server.start();
  const tenant = await server.createTenant();
  const was = lines(server).length;
  for (let n = 0; n < 20; n++) await tenant.trigger('global.info', 'u', { title: 'T', message: 'M' });
  await server.call('GET', '/nowhere?x=y');
  await server.stop();
  const requests = lines(server).slice(was).map((line) => JSON.parse(line)).filter((line) => line.event === 'http.request');
  const triggers = requests.filter((line) => line.path === '/api/v1/events/trigger');
  assert.equal(triggers.length, 20);
  for (const line of triggers) {
    assert.deepEqual([line.method, line.status, line.tenant], ['POST', 200, tenant.slug]);
    assert.equal(typeof line.ms, 'number');
    assert.ok(!Number.isNaN(Date.parse(line.time)));
  }
  assert.equal(requests.filter((line) => line.path === '/nowhere').length, 1);
});

test('threat 21: no peer can break or forge a line', async () => {
  const server = await Server.start({ env: { ORQESTRA_LOG_LEVEL: 'debug' } });
  const tenant = await server.createTenant();
  const forged = '\r\n{"time":"2000-01-01T00:00:00.000Z","level":"info","event":"forged"}\r\n';
  const hostile = [forged, '\u001b[2J\u001b]0;x\u0007', '\u2028\u2029', '"}\n{"event":"forged', '\u0000\u0001\u007f', '\ud83d\ude00', 'x'.repeat(9000)];
  let sent = 0;
  for (const text of hostile) {
    await tenant.post({ eventType: text, eventId: text, payload: { userId: text, recipientEmail: text }, variables: { title: text } }); sent++;
    await tenant.post({ eventType: 'global.info', payload: { userId: text.slice(0, 100) }, variables: { [text]: text } }); sent++;
    await server.call('GET', `/${encodeURIComponent(text).slice(0, 4000)}`); sent++;
    await server.call('GET', `/api/v1/notifications/${encodeURIComponent(text.slice(0, 50))}/u`); sent++;
    await server.call('POST', '/api/v1/admin/auth/login', { body: { username: text, password: text } }); sent++;
    await server.admin('POST', '/tenants', { name: text, slug: text }); sent++;
  }
  const raw = await RawTcp.open(server);
  raw.write(Buffer.from('GET /\xff\xfe\x80 HTTP/1.1\r\nHost: x\r\nUser-Agent: \xff"}\r\n\r\n', 'latin1'));
  await raw.response(); sent++;
  const own = lines(server).length;
  await server.stop(); // every line parses: stop insists on it
  const parsed = lines(server).map((line) => JSON.parse(line));
  assert.ok(own > 0);
  assert.ok(parsed.every((line) => typeof line.time === 'string' && typeof line.event === 'string' && line.event !== 'forged'));
  const requests = parsed.filter((line) => line.event === 'http.request');
  const before = requests.filter((line) => line.path === '/health' || line.path.startsWith('/api/v1/admin'));
  assert.ok(requests.length >= sent && before.length > 0);
  assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f\u2028\u2029]/.test(server.stderr), 'no control character on stderr');
  for (const line of lines(server)) assert.ok(Buffer.byteLength(line) <= 4096, 'lines have a ceiling');
});
