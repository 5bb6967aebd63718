// dialect_keys_test.mjs: a tenant's own login tokens on the sockets whose token is in the URL.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { Listener, expiryPath, notify, notifyPath, workspacePath } from './lib/dialects.mjs';
import { KeyServer, Signer } from './lib/identity.mjs';

const idp = await KeyServer.start();
const server = await Server.start({ env: { ORQESTRA_OUTBOUND_ALLOW: '127.0.0.0/8', ORQESTRA_JWKS_MIN_INTERVAL: '1' } });
after(async () => {
  await server.stop();
  await idp.stop();
});
const tenant = await server.createTenant({ slug: 'login-tokens' });
const other = await server.createTenant({ slug: 'other-login' });

async function addKey(body) {
  const answer = await server.admin('POST', `/tenants/${tenant.id}/verification-keys`, body);
  assert.equal(answer.status, 201, answer.text);
}
const signed = (signer, claims) => {
  const token = signer.sign({ sub: 'person', tenant: tenant.id, ...claims });
  server.secrets.add(token);
  return token;
};
const ending = async (path) => (await (await Listener.open(server, path)).end()).code;

test('CEN-26: a login token of the tenant\'s own opens its workspace, and speaks in it', async () => {
  const signer = new Signer('RS256', 'login');
  await addKey({ kind: 'rs256', publicKey: signer.publicKey, kid: 'login' });
  for (const claims of [{}, { workspaces: [tenant.slug] }]) {
    const listener = await Listener.open(server, workspacePath(signed(signer, claims), tenant.slug));
    assert.equal((await notify(tenant, { userId: 'person', title: 'Hello' })).delivered, 1);
    assert.equal((await listener.inbox.next()).title, 'Hello');
    await listener.close();
  }
  const body = { title: 't', message: 'm' };
  assert.equal((await server.call('POST', notifyPath(tenant.slug), { bearer: signed(signer), body })).status, 202);
  assert.equal((await server.call('POST', notifyPath(other.slug), { bearer: signed(signer), body })).status, 401);
});

test('CEN-20: it opens no other workspace, whatever it names', async () => {
  const signer = new Signer('RS256', 'login-2');
  await addKey({ kind: 'rs256', publicKey: signer.publicKey, kid: 'login-2' });
  assert.equal(await ending(workspacePath(signed(signer, { workspaces: [other.slug] }), other.slug)), 4001);
  assert.equal(await ending(workspacePath(signed(signer, { tenant: other.id, workspaces: [other.slug] }), other.slug)), 4001);
  assert.equal(await ending(workspacePath(signed(signer, { workspaces: [other.slug] }), tenant.slug)), 4001);
});

test('EXP-05: it is a user of the expiry dialect', async () => {
  const signer = new Signer('ES256', 'expiry');
  await addKey({ kind: 'es256', publicKey: signer.publicKey, kid: 'expiry' });
  const listener = await Listener.open(server, expiryPath(signed(signer)));
  assert.equal((await listener.inbox.next()).userId, 'person');
  await tenant.trigger('global.warning', 'person', { title: 't', message: 'm' });
  assert.equal((await listener.inbox.next()).type, 'warning');
});

// 4001 and 1008 would say that the token is wrong, and clients of a workspace stop on that for good.
test('a token whose key is still to be fetched is told to come again, and comes in', async () => {
  const signer = new Signer('RS256', 'fetched');
  idp.publish(signer);
  await addKey({ kind: 'jwks', jwksUrl: idp.url });
  const comesIn = async (path) => {
    for (;;) {
      const listener = await Listener.open(server, path);
      const closed = listener.closed.then(({ code }) => code);
      const code = await Promise.race([closed, listener.settle().then(() => null, () => closed)]);
      if (code === null) return;
      assert.equal(code, 1013);
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  await comesIn(workspacePath(signed(signer), tenant.slug));
  const next = new Signer('RS256', 'rotated');
  idp.publish(next);
  await comesIn(workspacePath(signed(next), tenant.slug));
  await comesIn(expiryPath(signed(next)));
});
