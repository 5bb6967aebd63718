// hmac_test.mjs: signed triggers, with node's own crypto as the tenant's side.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { PATIENCE_MS } from './lib/inbox.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const server = await Server.start();
after(() => server.stop());

const MISSING = { statusCode: 401, message: 'Missing X-Orqestra-Signature header for secured tenant', error: 'Unauthorized' };
const INVALID = { statusCode: 401, message: 'Invalid HMAC signature', error: 'Unauthorized' };
const BODY = '{"eventType":"global.info","payload":{"userId":"u"},"variables":{"title":"t","message":"m"}}';

let serial = 0;
function newSecret() {
  const secret = `a webhook secret, number ${serial++}`;
  server.secrets.add(secret);
  return secret;
}

const secured = (secret, fields = {}) => server.createTenant({ webhookSecret: secret, ...fields });
const sign = (secret, body, algorithm = 'sha256') => createHmac(algorithm, secret).update(body).digest('hex');
const send = (tenant, signature, body = BODY) =>
  tenant.post(body, { headers: signature === undefined ? {} : { 'X-Orqestra-Signature': signature } });

async function assertTaken(tenant, secret, body = BODY) {
  const answer = await send(tenant, sign(secret, body), body);
  assert.equal(answer.status, 200, answer.text);
}

async function assertRefused(tenant, signature, how = INVALID, body = BODY) {
  const answer = await send(tenant, signature, body);
  assert.equal(answer.status, 401, `${signature}: ${answer.text}`);
  assert.deepEqual(answer.json, how);
}

async function change(tenant, fields) {
  const answer = await server.admin('PATCH', `/tenants/${tenant.id}`, fields);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data;
}

test('API-05 KIT-19 X2: a secured tenant signs, or gets a 401 that says what is wrong', async () => {
  const secret = newSecret();
  const tenant = await secured(secret);
  await assertTaken(tenant, secret);
  await assertRefused(tenant, undefined, MISSING);
  await assertRefused(tenant, '', MISSING);
  await assertRefused(tenant, sign('another webhook secret', BODY));
  assert.equal((await tenant.history('u')).length, 1);
});

test('API-05: without a secret the header is not looked at', async () => {
  const tenant = await server.createTenant();
  for (const signature of [undefined, '', 'nonsense', sign('some secret or other', BODY)]) {
    assert.equal((await send(tenant, signature)).status, 200);
  }
});

test('API-05 KIT-19: nothing but 64 lower-case hex digits of the right HMAC will do', async () => {
  const secret = newSecret();
  const tenant = await secured(secret);
  const good = sign(secret, BODY);
  const flip = (i) => good.slice(0, i) + (good[i] === '0' ? '1' : '0') + good.slice(i + 1);
  const wrong = [
    good.toUpperCase(), good.slice(0, 63), good.slice(0, 62), good.slice(0, 32), `${good}0`, `${good}00`, good + good,
    flip(0), flip(31), flip(63), `sha256=${good}`, `0x${good.slice(2)}`, 'g'.repeat(64), 'garbage', '0', '%00',
    createHmac('sha256', secret).update(BODY).digest('base64'), sign(secret, BODY, 'sha1'), sign(secret, BODY, 'sha512'),
    createHash('sha256').update(BODY).digest('hex'), createHash('sha256').update(secret + BODY).digest('hex'),
  ];
  for (const signature of wrong) await assertRefused(tenant, signature);
  await assertTaken(tenant, secret);
});

test('API-06: the signature is over the raw bytes, whatever they look like', async () => {
  const secret = newSecret();
  const tenant = await secured(secret);
  const bodies = [
    '  {\n\t"payload" : { "userId":"u" } ,\r\n "variables":{}, "eventType":"global.info" }\n\n',
    '{"variables":{"title":"Z\\u00f6e","message":"Zo\u00eb \u{1f600}"},"payload":{"userId":"u"},"eventType":"global.info"}',
    '{"eventType":"global.info","payload":{"userId":"u","n":1.50,"m":1e2},"eventType":"global.info"}',
    JSON.stringify({ eventType: 'global.info', payload: { userId: 'u' }, variables: { message: 'x'.repeat(20000) } }),
  ];
  for (const body of bodies) {
    await assertTaken(tenant, secret, body);
    const signature = sign(secret, body);
    for (const other of [`${body} `, ` ${body}`, JSON.stringify({ again: 1, ...JSON.parse(body) })]) {
      await assertRefused(tenant, signature, INVALID, other);
    }
    await assertRefused(tenant, sign(secret, JSON.stringify(JSON.parse(body), null, 1)), INVALID, body);
  }
});

test('API-06: a body sent in chunks is signed as a whole', async () => {
  const secret = newSecret();
  const tenant = await secured(secret);
  const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  const statusOf = async (signature) => {
    const raw = await RawTcp.open(server);
    raw.write(`POST /api/v1/events/trigger HTTP/1.1\r\nHost: x\r\nx-api-key: ${tenant.apiKey}\r\nx-orqestra-signature: ${signature}\r\n`
      + 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
    raw.write(chunk(BODY.slice(0, 30)));
    raw.write(`${chunk(BODY.slice(30))}0\r\n\r\n`);
    const { status } = await raw.response();
    raw.socket.destroy();
    return status;
  };
  assert.equal(await statusOf(sign(secret, BODY)), 200);
  assert.equal(await statusOf(sign(secret, BODY.slice(30))), 401);
});

test('E.8: key, then signature, then the body', async () => {
  const secret = newSecret();
  const tenant = await secured(secret, { rateLimitPerMinute: 1 });
  const wrongKey = await tenant.post(BODY, { key: 'wrong', headers: { 'X-Orqestra-Signature': sign(secret, BODY) } });
  assert.equal(wrongKey.status, 401);
  assert.equal(wrongKey.json.message, 'Invalid or inactive API key');
  await assertRefused(tenant, sign('x', '{ broken'), INVALID, '{ broken');
  await assertRefused(tenant, undefined, MISSING, '{ broken');
  assert.equal((await send(tenant, sign(secret, '{ broken'), '{ broken')).status, 422);
  assert.equal((await send(tenant, sign(secret, ''), '')).status, 422);
  for (let i = 0; i < 3; i++) await assertRefused(tenant, sign('x', BODY)); // and none of them was counted
  await assertTaken(tenant, secret);
  assert.equal((await send(tenant, sign(secret, BODY))).status, 429);
  await assertRefused(tenant, sign('x', BODY)); // also when there is nothing left to count
});

test('KIT-19: only triggers are signed; the key alone opens the rest', async () => {
  const tenant = await secured(newSecret());
  await tenant.token('u');
  assert.deepEqual(await tenant.history('u'), []);
});

test('ORQ-09: the operator sets and removes the secret; it holds from the next request on', async () => {
  const tenant = await server.createTenant();
  const [first, second] = [newSecret(), newSecret()];
  const connections = Array.from({ length: 8 });
  assert.equal((await send(tenant)).status, 200);
  assert.equal((await change(tenant, { webhookSecret: first })).webhookSecretSet, true);
  await Promise.all(connections.map(() => assertRefused(tenant, undefined, MISSING)));
  await Promise.all(connections.map(() => assertTaken(tenant, first)));
  await change(tenant, { webhookSecret: second });
  await Promise.all(connections.map(() => assertRefused(tenant, sign(first, BODY))));
  await assertTaken(tenant, second);
  await change(tenant, { name: 'Something else' }); // leaves the secret alone
  await assertTaken(tenant, second);
  assert.equal((await change(tenant, { webhookSecret: null })).webhookSecretSet, false);
  await Promise.all(connections.map(async () => assert.equal((await send(tenant)).status, 200)));
});

test('ORQ-09: a secret is 16 to 256 bytes, an overlap at most seven days and of a new secret', async () => {
  const tenant = await server.createTenant();
  const refused = [
    { webhookSecret: '' }, { webhookSecret: 'x'.repeat(15) }, { webhookSecret: 'x'.repeat(257) }, { webhookSecret: 5 },
    { webhookSecret: 'x'.repeat(16), webhookSecretOverlapSeconds: 7 * 86400 + 1 },
    { webhookSecret: 'x'.repeat(16), webhookSecretOverlapSeconds: -1 },
    { webhookSecret: null, webhookSecretOverlapSeconds: 1 }, { webhookSecretOverlapSeconds: 1 },
  ];
  for (const fields of refused) {
    const answer = await server.admin('PATCH', `/tenants/${tenant.id}`, fields);
    assert.equal(answer.status, 422, `${JSON.stringify(fields)}: ${answer.text}`);
    assert.ok(Array.isArray(answer.json.message));
  }
  assert.equal((await send(tenant)).status, 200); // nothing was set
  for (const secret of ['x'.repeat(16), 'ü'.repeat(128)]) {
    await change(tenant, { webhookSecret: secret });
    await assertTaken(tenant, secret);
  }
});

test('ORQ-09: while a secret is replaced both are good, and never three', async () => {
  const [first, second, third] = [newSecret(), newSecret(), newSecret()];
  const tenant = await secured(first);
  const shown = await change(tenant, { webhookSecret: second, webhookSecretOverlapSeconds: 3600 });
  assert.ok(Date.parse(shown.webhookSecretOldUntil) > Date.now());
  await assertTaken(tenant, first);
  await assertTaken(tenant, second);
  await assertRefused(tenant, sign(third, BODY));
  await change(tenant, { webhookSecret: third, webhookSecretOverlapSeconds: 3600 });
  await assertRefused(tenant, sign(first, BODY));
  await assertTaken(tenant, second);
  await assertTaken(tenant, third);
  const now = await change(tenant, { webhookSecret: first }); // at once, as when a secret has leaked
  assert.equal(now.webhookSecretOldUntil, null);
  await assertRefused(tenant, sign(second, BODY));
  await assertRefused(tenant, sign(third, BODY));
  await change(tenant, { webhookSecret: second, webhookSecretOverlapSeconds: 3600 });
  await change(tenant, { webhookSecret: null });
  assert.equal((await send(tenant)).status, 200);
  await change(tenant, { webhookSecret: third, webhookSecretOverlapSeconds: 3600 });
  await assertRefused(tenant, sign(first, BODY)); // removed means forgotten
  await assertRefused(tenant, sign(second, BODY));
});

test('ORQ-09: the overlap ends by itself', async () => {
  const [first, second] = [newSecret(), newSecret()];
  const tenant = await secured(first);
  await change(tenant, { webhookSecret: second, webhookSecretOverlapSeconds: 1 });
  const deadline = Date.now() + PATIENCE_MS;
  while ((await send(tenant, sign(first, BODY))).status === 200) {
    assert.ok(Date.now() < deadline, 'the old secret is good for ever');
    await new Promise((done) => setTimeout(done, 50));
  }
  await assertRefused(tenant, sign(first, BODY));
  await assertTaken(tenant, second);
});

test('ORQ-09: secrets survive a restart, sealed; nobody is shown them', async () => {
  const own = await Server.start();
  try {
    const [first, second] = ['first secret to be sealed', 'second secret to be sealed'];
    for (const secret of [first, second]) own.secrets.add(secret);
    const tenant = await own.createTenant({ webhookSecret: first });
    const changed = await own.admin('PATCH', `/tenants/${tenant.id}`, { webhookSecret: second, webhookSecretOverlapSeconds: 3600 });
    const got = await own.admin('GET', `/tenants/${tenant.id}`);
    const all = await own.admin('GET', '/tenants');
    const audit = JSON.stringify(await queryCopy(own, 'SELECT before, after FROM audit'));
    assert.ok(audit.includes('webhookSecretSet'));
    for (const text of [changed.text, got.text, all.text, audit]) assert.doesNotMatch(text, /secret to be sealed/);
    await own.terminate();
    for (const name of readdirSync(own.data)) {
      assert.ok(!readFileSync(join(own.data, name)).includes('secret to be sealed'), name);
    }
    await own.launch();
    await assertTaken(tenant, first);
    await assertTaken(tenant, second);
    await assertRefused(tenant, undefined, MISSING);
  } finally {
    await own.stop();
  }
});
