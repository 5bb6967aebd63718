// A tenant's own login tokens: uploaded keys, key sets, rotation, and everything that must be refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from './harness.mjs';
import { tenantAdmin } from './lib/admin.mjs';
import { KeyServer, Signer } from './lib/identity.mjs';
import { nowSeconds } from './lib/jwt.mjs';
import { centrifuge, RawClient, subscribe } from './lib/realtime.mjs';

let server, idp, tenant, other;
const rsa = new Signer('RS256');
const ec = new Signer('ES256');
const hs = new Signer('HS256');

before(async () => {
  idp = await KeyServer.start();
  server = await Server.start({ env: { ORQESTRA_OUTBOUND_ALLOW: '127.0.0.0/8', ORQESTRA_JWKS_MIN_INTERVAL: '1' } });
  server.secrets.add(hs.secret);
  tenant = await server.createTenant({ slug: 'own-keys' });
  await tenant.template({ eventType: 'keys.tried', subject: 'Hello', body: 'There' });
  other = await server.createTenant({ slug: 'other-keys' });
});
after(async () => {
  await server.stop();
  await idp.stop();
});

const path = (of = tenant) => `/tenants/${of.id}/verification-keys`;
async function addKey(body, of = tenant) {
  const answer = await server.admin('POST', path(of), body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json.data;
}
const removeKey = async (key, of = tenant) => {
  const answer = await server.admin('DELETE', `${path(of)}/${key.id}`);
  assert.equal(answer.status, 200, answer.text);
};
const urlOf = (hint) => (hint ? `${server.socketUrl}?tenant=${hint}` : server.socketUrl);

// The server as a client of that tenant addresses it.
const at = (hint) => ({ socketUrl: urlOf(hint), atStop: (cleanUp) => server.atStop(cleanUp) });

// How a connection with that token ends: 'connected', an error code, or a close code.
async function outcome(token, hint = tenant.id) {
  server.secrets.add(token);
  const client = await RawClient.open(server, { url: urlOf(hint) });
  client.send({ id: 1, connect: { token } });
  const first = await client.inbox.next('the answer to connect').catch(() => null);
  if (first?.connect) {
    await client.close();
    return 'connected';
  }
  return first?.error?.code ?? (await client.end()).code;
}

// Asks again until the server has fetched what it needs; everything else is an answer at once.
async function settled(token, hint) {
  for (;;) {
    const how = await outcome(token, hint);
    if (how !== 3004) return how;
    await new Promise((done) => setTimeout(done, 50));
  }
}

test('KEYS: tokens signed by uploaded RS256, ES256 and HS256 keys open a live feed', async () => {
  await addKey({ kind: 'rs256', publicKey: rsa.publicKey });
  await addKey({ kind: 'es256', publicKey: ec.publicKey });
  await addKey({ kind: 'hs256', secret: hs.secret });
  for (const [i, signer] of [rsa, ec, hs].entries()) {
    const user = `own-${i}`;
    const token = signer.sign({ sub: user });
    server.secrets.add(token);
    const client = await centrifuge(at(i ? tenant.id : 'own-keys'), { token });
    const { inbox } = await subscribe(client, `global_system#${user}`);
    await tenant.trigger('keys.tried', user, {});
    assert.ok(await inbox.next('the publication'));
  }
});

test('RT-21: the same tokens read the history of their own tenant and user only', async () => {
  const token = ec.sign({ sub: 'own-1' });
  const read = (t, user, bearer) => server.call('GET', `/api/v1/notifications/${t.id}/${user}`, { bearer });
  const own = await read(tenant, 'own-1', token);
  assert.equal(own.status, 200, own.text);
  assert.notEqual((await read(tenant, 'own-2', token)).status, 200);
  assert.equal((await read(other, 'own-1', token)).status, 401);
  assert.notEqual((await read(tenant, 'own-1', ec.sign({ sub: 'own-1', channel: 'global_system#own-1' }))).status, 200);
});

test('THREAT-4: a tenant without the hint is found by the token\'s own claim, and verified by its keys only', async () => {
  assert.equal(await outcome(ec.sign({ sub: 'u', tenant: tenant.id }), null), 'connected');
  assert.equal(await outcome(ec.sign({ sub: 'u' }), null), 3500);
  assert.equal(await outcome(ec.sign({ sub: 'u', tenant: other.id }), null), 3500);
  assert.equal(await outcome(ec.sign({ sub: 'u' }), other.id), 3500);
  assert.equal(await outcome(ec.sign({ sub: 'u', tenant: tenant.id }), other.id), 3500);
  assert.equal(await outcome(ec.sign({ sub: 'u' }), 'nobody'), 3500);
});

test('THREAT-4: forged, confused, incomplete and outdated tokens are refused', async () => {
  const pem = new Signer('HS256');
  pem.secret = rsa.publicKey;
  const now = nowSeconds();
  const refused = {
    'HS256 by the public key': pem.sign({ sub: 'u' }),
    none: ec.sign({ sub: 'u' }, { alg: 'none' }),
    'another algorithm': ec.sign({ sub: 'u' }, { alg: 'RS256' }),
    crit: ec.sign({ sub: 'u' }, { crit: ['exp'] }),
    'a stranger': new Signer('ES256').sign({ sub: 'u' }),
    'no exp': ec.sign({ sub: 'u', exp: undefined }),
    'no sub': ec.sign({}),
    'empty sub': ec.sign({ sub: '' }),
    'a subscription token': ec.sign({ sub: 'u', channel: 'global_system#u' }),
    'exp as text': ec.sign({ sub: 'u', exp: String(now + 60) }),
    'a long user': ec.sign({ sub: 'x'.repeat(129) }),
  };
  for (const [name, token] of Object.entries(refused)) assert.equal(await outcome(token), 3500, name);
  assert.equal(await outcome(ec.sign({ sub: 'u', exp: now - 1 })), 109);
  assert.equal(await outcome(ec.sign({ sub: 'u', nbf: now + 1000 })), 109);
});

test('THREAT-4: issuer, audience and user claim are held to', async () => {
  const signer = new Signer('ES256', 'strict');
  const key = await addKey({ kind: 'es256', publicKey: signer.publicKey, kid: 'strict', issuer: 'https://idp.example', audience: 'bell', userClaim: 'uid' });
  const good = { iss: 'https://idp.example', aud: ['web', 'bell'], uid: 42 };
  assert.equal(await outcome(signer.sign(good)), 'connected');
  assert.equal(await outcome(signer.sign({ ...good, aud: 'bell' })), 'connected');
  assert.equal(await outcome(signer.sign({ ...good, aud: 'web' })), 3500);
  assert.equal(await outcome(signer.sign({ ...good, iss: 'https://evil.example' })), 3500);
  assert.equal(await outcome(signer.sign({ ...good, uid: undefined, sub: 'u' })), 3500);
  assert.equal(await outcome(signer.sign(good, { kid: 'another' })), 3500);
  await removeKey(key);
  assert.equal(await outcome(signer.sign(good)), 3500);
});

test('KEYS: secrets never come back, writes are audited, and the answers say what is wrong', async () => {
  const listed = await server.admin('GET', path());
  assert.deepEqual(listed.json.data.map((key) => key.kind), ['rs256', 'es256', 'hs256']);
  assert.equal(listed.json.data[2].secret, '********');
  const audit = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=verification_key.created`);
  assert.ok(audit.json.data.length >= 3);
  for (const text of [listed.text, audit.text]) assert.ok(!text.includes(hs.secret));
  const wrong = [
    [{}, /kind/], [{ kind: 'eddsa' }, /kind/], [{ kind: 'hs256' }, /secret/],
    [{ kind: 'hs256', secret: 'short' }, /32/], [{ kind: 'rs256', publicKey: ec.publicKey }, /RSA/],
    [{ kind: 'es256', publicKey: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) }, /private/],
    [{ kind: 'jwks', jwksUrl: 'http://10.0.0.1/' }, /outbound_allow/], [{ kind: 'jwks', jwksUrl: 'file:///etc/passwd' }, /https/],
    [{ kind: 'hs256', secret: hs.secret, publicKey: 'x' }, /does not go/],
  ];
  for (const [body, why] of wrong) {
    const answer = await server.admin('POST', path(), body);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.text, why);
  }
  assert.equal((await server.admin('DELETE', `${path()}/nothing`)).status, 404);
  const admin = await tenantAdmin(server, tenant);
  assert.equal((await admin.call('POST', path(), { kind: 'jwks', jwksUrl: idp.url })).status, 403);
});

test('KEYS: a tenant has at most 16', async () => {
  const full = await server.createTenant();
  for (let i = 0; i < 16; i++) await addKey({ kind: 'hs256', secret: hs.secret }, full);
  assert.equal((await server.admin('POST', path(full), { kind: 'hs256', secret: hs.secret })).status, 409);
});

test('JWKS: a key set is fetched, rotated when a token names an unknown key, and kept while its server fails', async () => {
  const team = await server.createTenant({ slug: 'jwks-team' });
  const first = new Signer('RS256', 'k1');
  const second = new Signer('ES256', 'k2');
  idp.publish(first);
  await addKey({ kind: 'jwks', jwksUrl: idp.url }, team);
  assert.equal(await settled(first.sign({ sub: 'u' }), team.id), 'connected');

  idp.publish(first, second); // rotation: an unmodified client gets in by its own reconnecting
  const token = second.sign({ sub: 'u' });
  server.secrets.add(token);
  await centrifuge(at('jwks-team'), { token });

  const stranger = new Signer('ES256', 'k1');
  assert.equal(await outcome(stranger.sign({ sub: 'u' }), team.id), 3500); // the name of a known key

  idp.answer = (_, response) => response.writeHead(500).end();
  const before_ = idp.requests.length;
  while (idp.requests.length === before_) await outcome(new Signer('ES256', 'k9').sign({ sub: 'u' }), team.id);
  assert.equal(await outcome(first.sign({ sub: 'u' }), team.id), 'connected');
  let key;
  do [key] = (await server.admin('GET', path(team))).json.data; while (!key.lastError);
  assert.match(key.lastError, /500/);
  assert.equal(key.keyCount, 2);
  assert.ok(key.fetchedAt);
  idp.answer = null;
});

test('JWKS: the last good set survives a restart without its server', async () => {
  const team = await server.createTenant({ slug: 'jwks-restart' });
  const signer = new Signer('ES256', 'r1');
  idp.publish(signer);
  await addKey({ kind: 'jwks', jwksUrl: idp.url }, team);
  assert.equal(await settled(signer.sign({ sub: 'u' }), team.id), 'connected');
  idp.answer = (_, response) => response.destroy();
  await server.terminate();
  await server.launch(server.port);
  server.session = null;
  assert.equal(await outcome(signer.sign({ sub: 'u' }), team.id), 'connected');
  idp.answer = null;
});
