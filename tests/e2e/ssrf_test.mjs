// ssrf_test.mjs: addresses that people give us, in every spelling an attacker would try: refused when they are saved, with a
// sentence; and refused again when they are connected to, because a name may have come to mean something else.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { SECRET, addProvider, courierServer, send, team, untilLog } from './lib/courier.mjs';
import { tenantAdmin } from './lib/admin.mjs';
import { StandIn } from './lib/standin.mjs';

const HOSTS = [ // what stands between "https://" and the path
  '127.0.0.1', '127.0.0.2', '127.1', '127.0.1', '0', '0.0.0.0', '2130706433', '0x7f000001', '0x7f.0.0.1', '0x7f.1', '0177.0.0.1', '017700000001',
  '127.0.0.01', '127.0.0.1.', '127.000.000.001', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.0.2.1',
  '198.18.0.1', '198.51.100.1', '203.0.113.1', '100.64.0.1', '169.254.169.254', '2852039166', '0xa9fea9fe', '224.0.0.1', '240.0.0.1', '255.255.255.255',
  '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::ffff:169.254.169.254]', '[64:ff9b::7f00:1]',
  '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fc00::1]', '[fd00::1]', '[fe80::1]', '[fe80::1%25eth0]', '[ff02::1]', '[2001:db8::1]', '[::1',
  'localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'intranet', 'example.com.', 'example..com', '-example.com', 'ex%61mple.com', 'b\u00fccher.example',
  'user@example.com', 'example.com@127.0.0.1', 'user:pw@example.com', '127.0.0.1:443', '127.0.0.1:80', 'example.com:22', 'example.com:0', 'example.com:65536', 'example.com:0443',
  'example.com\\@127.0.0.1', '\u24d4xample.com', '\uff11\uff12\uff17.0.0.1', '127\u30020.0.1', '127.0.0.1%00.example.com', 'example.com#@127.0.0.1', ' example.com',
];
const URLS = [...HOSTS.map((host) => `https://${host}`), 'http://example.com', 'ftp://example.com', 'file:///etc/passwd', 'gopher://127.0.0.1:25', 'HTTPS://127.0.0.1', '//127.0.0.1', 'https:127.0.0.1'];

const strict = await courierServer({ ORQESTRA_OUTBOUND_ALLOW: undefined });
after(() => strict.stop());
const tenant = await strict.createTenant();
const providers = `/tenants/${tenant.id}/providers`;

async function assertRefused(answer, field, what) {
  assert.equal(answer.status, 422, `${what}: ${answer.text}`);
  assert.ok(answer.json.message.some((one) => one.startsWith(field)), `${what}: ${answer.text}`);
}

test('threat 18: a webhook\'s url is refused when it is saved, in every spelling of an inner address', async () => {
  assert.ok(HOSTS.length >= 60);
  for (const url of URLS) {
    await assertRefused(await strict.admin('POST', providers, { name: 'h', channel: 'EMAIL', kind: 'webhook', credentials: { url: `${url}/in`, secret: SECRET } }), 'credentials.url', url);
  }
  assert.deepEqual((await strict.admin('GET', providers)).json.data, []);
});

test('threat 18: and when it is changed; the sentence says what to do, and the old one stays', async () => {
  const made = await addProvider(tenant, { credentials: { url: 'https://hooks.example.com/in', secret: SECRET } });
  for (const url of ['https://127.0.0.1/', 'https://169.254.169.254/latest/meta-data', 'http://hooks.example.com/']) {
    const answer = await strict.admin('PATCH', `${providers}/${made.id}`, { credentials: { url } });
    await assertRefused(answer, 'credentials.url', url);
    assert.match(answer.json.message[0], /public addresses only.*outbound_allow/);
  }
  assert.equal((await strict.admin('GET', `${providers}/${made.id}`)).json.data.credentials.url, 'https://hooks.example.com/in');
});

test('threat 18: an operator\'s baseUrl passes the same guard', async () => {
  for (const url of URLS) {
    await assertRefused(await strict.admin('POST', providers, { name: 'b', channel: 'EMAIL', kind: 'resend', credentials: { apiKey: 're_a-key-of-the-test' }, baseUrl: url }), 'baseUrl', url);
  }
});

test('threat 18: a mail server\'s host too', async () => {
  const hosts = ['127.0.0.1', 'localhost', 'mail', '10.0.0.1', '[::1]', '::1', '::ffff:127.0.0.1', '2130706433', '0x7f.1', '127.1', '0177.0.0.1', '169.254.169.254', 'mail.example.com.', 'a.localhost'];
  for (const host of hosts) {
    await assertRefused(await strict.admin('POST', providers, { name: 'm', channel: 'EMAIL', kind: 'smtp', credentials: { host } }), 'credentials.host', host);
  }
  const fine = await strict.admin('POST', providers, { name: 'm', channel: 'EMAIL', kind: 'smtp', credentials: { host: 'mail.example.com' } });
  assert.equal(fine.status, 201, fine.text);
});

test('threat 18: a key set\'s jwksUrl too', async () => {
  for (const url of URLS) {
    await assertRefused(await strict.admin('POST', `/tenants/${tenant.id}/verification-keys`, { kind: 'jwks', jwksUrl: `${url}/keys` }), 'jwksUrl', url);
  }
});

test('threat 18: a tenant\'s admin sets no baseUrl, however harmless, not even of a provider that has one', async () => {
  const admin = await tenantAdmin(strict, tenant);
  await admin.call('POST', '/auth/password', { currentPassword: admin.password, newPassword: `${admin.password}-2` });
  const body = { name: 'own', channel: 'SMS', kind: 'twilio', credentials: { accountSid: 'AC0123', authToken: 'a-token-of-the-test', from: '+15005550006' } };
  const refused = await admin.call('POST', providers, { ...body, baseUrl: 'https://api.example.com' });
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual(refused.json.message, ['baseUrl may be set by an operator only']);
  const made = await strict.admin('POST', providers, { ...body, baseUrl: 'https://api.example.com' });
  assert.equal(made.status, 201, made.text);
  const changed = await admin.call('PATCH', `${providers}/${made.json.data.id}`, { baseUrl: 'https://other.example.com' });
  assert.equal(changed.status, 422, changed.text);
  assert.equal((await strict.admin('GET', `${providers}/${made.json.data.id}`)).json.data.baseUrl, 'https://api.example.com');
});

test('threat 18: what was saved under another rule is refused when it connects; so is a name that leads inside', async () => {
  const out = await StandIn.start();
  const server = await courierServer(); // 127.0.0.0/8 is listed
  const { port } = new URL(out.url);
  try {
    const members = await Promise.all(['127.0.0.1', 'localhost'].map(async (host) => {
      const member = await team(server);
      await addProvider(member, { credentials: { url: `http://${host}:${port}/in`, secret: SECRET } });
      return member;
    }));
    await server.terminate();
    server.settings.ORQESTRA_OUTBOUND_ALLOW = '10.9.0.0/16';
    await server.launch(server.port);
    server.session = null;
    for (const member of members) {
      await send(member);
      const log = await untilLog(member, (row) => row.attemptCount > 0);
      assert.equal(log.attempts[0].class, 'CONFIGURATION');
      assert.match(log.attempts[0].cause, /not allowed|outbound_allow/);
    }
    assert.equal(out.calls.length, 0);
  } finally {
    await server.stop();
    await out.stop();
  }
});

test('threat 18: a redirect is an answer, not a way on', async () => {
  const inside = await StandIn.start();
  const out = await StandIn.start(() => ({ status: 307, headers: { Location: `${inside.url}/latest/meta-data` } }));
  const server = await courierServer();
  try {
    const member = await team(server);
    await addProvider(member, { credentials: { url: `${out.url}/in`, secret: SECRET } });
    await send(member);
    const log = await untilLog(member, (row) => row.attemptCount > 0);
    assert.equal(log.attempts[0].statusCode, 307);
    assert.equal(log.attempts[0].class, 'CONFIGURATION');
    assert.equal(inside.calls.length, 0);
  } finally {
    await server.stop();
    await out.stop();
    await inside.stop();
  }
});
