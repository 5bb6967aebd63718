// secrets_provider_test.mjs: what a provider is given to prove who we are is nowhere to be found afterwards: not in data files, logs,
// metrics, answers or the log of deliveries; and one tenant's does not open as another's.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addProvider, courierServer, logOf, logs, send, team, untilLog, webhook } from './lib/courier.mjs';
import { tenantAdmin } from './lib/admin.mjs';
import { StandIn } from './lib/standin.mjs';
import { editStore } from './lib/store_edit.mjs';

const SECRETS = {
  resend: 're_SecretOfResend0123456789', sendgrid: 'SG.SecretOfSendGrid0123456789', twilio: 'SecretTokenOfTwilio0123456789',
  africastalking: 'atsk_SecretOfAfricasTalking0123', webhook: 'whsec_U2VjcmV0T2ZUaGVXZWJob29rMDEyMzQ1Njc4OQ==',
};
const BASIC = Buffer.from(`AC0123:${SECRETS.twilio}`).toString('base64');
const everySecret = [...Object.values(SECRETS), BASIC, Buffer.from('SecretOfTheWebhook0123456789').toString('latin1')];

const providersOf = (url) => [
  { kind: 'resend', channel: 'EMAIL', credentials: { apiKey: SECRETS.resend }, baseUrl: url },
  { kind: 'sendgrid', channel: 'EMAIL', credentials: { apiKey: SECRETS.sendgrid }, baseUrl: url },
  { kind: 'twilio', channel: 'SMS', credentials: { accountSid: 'AC0123', authToken: SECRETS.twilio, from: '+15005550006' }, baseUrl: url },
  { kind: 'africastalking', channel: 'SMS', credentials: { username: 'team', apiKey: SECRETS.africastalking }, baseUrl: url },
  { kind: 'webhook', channel: 'EMAIL', credentials: { url: `${url}/in`, secret: SECRETS.webhook } },
];

function assertNowhere(text, where) {
  for (const secret of everySecret) assert.ok(!text.includes(secret), `${secret.slice(0, 6)}... is in ${where}`);
}

function assertNotInFiles(directory) {
  let files = 0;
  for (const file of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    files += 1;
    assertNowhere(readFileSync(join(file.path, file.name)), file.name);
  }
  assert.ok(files >= 2, 'there were files to look into');
}

test('ORQ-02 ORQ-27 line 7: a provider\'s secrets are in no file, log, metric, answer or attempt, even when the provider repeats them', async () => {
  const server = await courierServer({ ORQESTRA_LOG_LEVEL: 'debug' });
  for (const secret of everySecret) server.secrets.add(secret);
  // Says all it was told, headers included, in a refusal: the worst a vendor does.
  const parrot = await StandIn.start((call) => ({ status: 400, body: JSON.stringify({ message: `you sent ${JSON.stringify(call.headers)} ${call.text} ${everySecret.join(' ')}` }) }));
  try {
    const tenants = [];
    for (const fields of providersOf(parrot.url)) {
      const tenant = await team(server);
      const shown = await addProvider(tenant, fields);
      const secret = SECRETS[fields.kind];
      const masked = Object.values(shown.credentials).filter((value) => value.startsWith('****'));
      assert.deepEqual(masked, [`****${secret.slice(-4)}`], fields.kind); // the last 4, and no more
      if (fields.channel === 'EMAIL') await send(tenant, { name: 'Ada' });
      else await send(tenant, { code: '1' }, { eventType: 'text' });
      const log = await untilLog(tenant, (row) => row.attemptCount > 0);
      const attempt = log.attempts[0];
      assert.ok(attempt.request.length > 0 && attempt.answer.includes('you sent'), 'what was said is kept');
      const own = fields.kind === 'twilio' ? [secret, BASIC] : [secret];
      for (const one of own) assert.ok(!JSON.stringify(log).includes(one), `${fields.kind} in its log`);
      const row = JSON.stringify([await logs(tenant), await logOf(tenant, log.id)]);
      for (const one of own) assert.ok(!row.includes(one), `${fields.kind} in the list`);
      tenants.push({ tenant, own });
    }
    for (const { tenant } of tenants) {
      const admin = await tenantAdmin(server, tenant);
      await admin.call('POST', '/auth/password', { currentPassword: admin.password, newPassword: `${admin.password}-2` });
      for (const path of ['providers', 'templates', 'logs', 'verification-keys']) {
        const { text } = await server.admin('GET', `/tenants/${tenant.id}/${path}`);
        if (path !== 'logs') assertNowhere(text, path);
        if (path === 'providers') assertNowhere((await admin.call('GET', `/tenants/${tenant.id}/${path}`)).text, 'the admin\'s list');
      }
      assertNowhere((await server.admin('GET', `/audit?tenantId=${tenant.id}`)).text, 'the audit log');
    }
    assertNowhere((await server.call('GET', '/metrics')).text, 'the metrics');
    assertNowhere(server.stderr + server.stdout, 'the log');
  } finally {
    await server.terminate();
    await parrot.stop();
  }
  await server.launch(server.port);
  await server.stop();
});

test('ORQ-02 line 7: nor in the data files, while it runs and after it ended', async () => {
  const server = await courierServer();
  const out = await StandIn.start(() => ({ status: 401, body: 'no' }));
  try {
    for (const fields of providersOf(out.url)) {
      const tenant = await team(server);
      await addProvider(tenant, fields);
      await send(tenant, { name: 'Ada', code: '1' }, { eventType: fields.channel === 'EMAIL' ? 'mail' : 'text' });
      await untilLog(tenant, (row) => row.attemptCount > 0);
    }
    assertNotInFiles(server.data);
    await server.terminate();
    assertNotInFiles(server.data);
    await server.launch(server.port);
  } finally {
    await server.stop();
    await out.stop();
  }
});

test('threat 22: one tenant\'s sealed credentials do not open in another\'s row, and nothing is sent with them', async () => {
  const server = await courierServer();
  const outs = [await StandIn.start(), await StandIn.start()];
  try {
    const tenants = [];
    for (const out of outs) {
      const tenant = await team(server);
      tenants.push({ tenant, provider: await addProvider(tenant, webhook(out)) });
    }
    await server.terminate();
    const swapped = editStore(server.data, 'UPDATE provider SET credentials_sealed = other.sealed FROM (SELECT id, credentials_sealed AS sealed FROM provider) AS other WHERE other.id <> provider.id');
    assert.equal(swapped, 2);
    await server.launch(server.port);
    server.session = null;
    for (const { tenant, provider } of tenants) {
      const shown = await server.admin('GET', `/tenants/${tenant.id}/providers/${provider.id}`);
      assert.equal(shown.status, 200, shown.text);
      assert.equal(shown.json.data.credentials, null);
      await send(tenant);
      const log = await untilLog(tenant, (row) => row.cause !== null);
      assert.match(log.cause, /credentials cannot be opened/);
      assert.equal(log.attemptCount, 0);
    }
    assert.ok(outs.every((out) => out.calls.length === 0));
    const { tenant, provider } = tenants[0]; // what to do about it: set them again
    const mended = await server.admin('PATCH', `/tenants/${tenant.id}/providers/${provider.id}`, webhook(outs[0]));
    assert.equal(mended.status, 200, mended.text);
    await send(tenant);
    await outs[0].until(1);
  } finally {
    await server.stop();
    for (const out of outs) await out.stop();
  }
});
