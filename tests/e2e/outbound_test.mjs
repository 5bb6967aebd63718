// Where the server connects to on somebody's behalf, and where it does not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runBinary, Server } from './harness.mjs';
import { KeyServer, Signer } from './lib/identity.mjs';

let server, idp;
const signer = new Signer('ES256', 'k');

before(async () => {
  idp = await KeyServer.start();
  idp.publish(signer);
  server = await Server.start({ env: { ORQESTRA_OUTBOUND_ALLOW: '127.0.0.1', ORQESTRA_JWKS_MIN_INTERVAL: '1', ORQESTRA_JWKS_REFRESH: '1', http_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' } });
});
after(async () => {
  await server.stop();
  await idp.stop();
});

// The first state of a new key set in which a fetch has ended.
async function fetched(jwksUrl) {
  const tenant = await server.createTenant();
  const path = `/tenants/${tenant.id}/verification-keys`;
  const made = await server.admin('POST', path, { kind: 'jwks', jwksUrl });
  assert.equal(made.status, 201, made.text);
  for (;;) {
    const [key] = (await server.admin('GET', path)).json.data;
    if (key.fetchedAt || key.lastError) return key;
  }
}
const badServer = async (answer, ask) => {
  const bad = await KeyServer.start();
  bad.answer = answer;
  try {
    return await ask(bad);
  } finally {
    await bad.stop();
  }
};

test('THREAT-18: a listed address is reached, without the environment\'s proxies', async () => {
  const key = await fetched(idp.url);
  assert.equal(key.lastError, null);
  assert.equal(key.keyCount, 1);
  assert.match(idp.requests[0].headers['user-agent'], /^orqestra\//);
});

test('THREAT-18: a name that leads to an address that is not listed is refused when it connects', async () => {
  const elsewhere = await Server.start({ env: { ORQESTRA_OUTBOUND_ALLOW: '10.9.0.0/16' } });
  const tenant = await elsewhere.createTenant();
  const path = `/tenants/${tenant.id}/verification-keys`;
  const before_ = idp.requests.length;
  const made = await elsewhere.admin('POST', path, { kind: 'jwks', jwksUrl: idp.url.replace('127.0.0.1', 'localhost') });
  assert.equal(made.status, 201, made.text);
  let key;
  do [key] = (await elsewhere.admin('GET', path)).json.data; while (!key.lastError);
  assert.match(key.lastError, /outbound_allow/);
  assert.equal(idp.requests.length, before_);
  await elsewhere.stop();
});

test('THREAT-18: a redirect is not followed', async () => {
  const before_ = idp.requests.length;
  const key = await badServer((_, response) => response.writeHead(302, { location: idp.url }).end(), (bad) => fetched(bad.url));
  assert.match(key.lastError, /302/);
  assert.ok(idp.requests.slice(before_).every((request) => request.url === '/jwks.json'));
});

test('THREAT-18: an endless answer is cut, one that is no key set is refused', async () => {
  const endless = await badServer((_, response) => {
    const more = () => { while (!response.destroyed && response.write('x'.repeat(65536))); };
    response.on('drain', more);
    more();
  }, (bad) => fetched(bad.url));
  assert.match(endless.lastError, /longer/);
  const html = await badServer((_, response) => response.end('<html>'), (bad) => fetched(bad.url));
  assert.match(html.lastError, /JSON/);
});

test('THREAT-18: without a list, nothing inside is accepted, whatever its spelling', async () => {
  const strict = await Server.start();
  const tenant = await strict.createTenant();
  for (const url of ['http://127.0.0.1/', 'https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://[::ffff:127.0.0.1]/',
    'https://localhost/', 'https://example.com:22/', 'https://u:p@example.com/', 'https://169.254.169.254/latest', 'https://example.com./']) {
    const answer = await strict.admin('POST', `/tenants/${tenant.id}/verification-keys`, { kind: 'jwks', jwksUrl: url });
    assert.equal(answer.status, 422, `${url}: ${answer.text}`);
  }
  await strict.stop();
});

test('OPS: a network that is none stops the start with a sentence', async () => {
  const { code, stderr } = await runBinary(['check-config', '--outbound-allow', '10.0.0.1/8']);
  assert.notEqual(code, 0);
  assert.match(stderr, /outbound_allow/);
});
