// retention_test.mjs: what is old goes by itself (ORQ-29). The times are seconds here instead of days; the
// tests wait for what must go and then look at what must have stayed.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { PATIENCE_MS } from './lib/inbox.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const common = { ORQESTRA_RETENTION_INTERVAL: '1' };
const brief = await Server.start({
  env: { ...common, ORQESTRA_RETENTION_READ: '1', ORQESTRA_RETENTION_LOGS: '1', ORQESTRA_RETENTION_AUDIT: '3600', ORQESTRA_OUTBOUND_ALLOW: '127.0.0.1' },
});
const keeping = await Server.start({
  env: { ...common, ORQESTRA_RETENTION_READ: '0', ORQESTRA_RETENTION_UNREAD: '0', ORQESTRA_RETENTION_LOGS: '0', ORQESTRA_RETENTION_AUDIT: '1' },
});
after(() => Promise.all([brief.stop(), keeping.stop()]));

async function until(what, condition) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

const note = (tenant, user, message) => tenant.trigger('global.info', user, { title: 't', message });

test('ORQ-29: a read notification goes after its time, an unread one stays', async () => {
  const tenant = await brief.createTenant();
  for (const message of ['one', 'two', 'three']) await note(tenant, 'u', message);
  const [, two] = await tenant.history('u');
  assert.equal((await tenant.markRead('u', two.id)).status, 200);
  await until('the read one goes', async () => (await tenant.history('u')).length === 2);
  assert.deepEqual((await tenant.history('u')).map((one) => one.body), ['three', 'one']);
  const [three] = await tenant.history('u');
  assert.equal((await tenant.markRead('u', three.id)).status, 200);
  await until('the next read one goes', async () => (await tenant.history('u')).length === 1);
  await note(tenant, 'u', 'four');
  assert.deepEqual((await tenant.history('u')).map((one) => one.body), ['four', 'one']);
});

test('ORQ-29: events and deliveries go after the logs\' time, the feed does not need them', async () => {
  const tenant = await brief.createTenant();
  await tenant.template({ eventType: 'mail', channel: 'EMAIL', subject: 's', body: 'b' });
  const nowhere = { url: 'http://127.0.0.1:1/', secret: 'sixteen bytes or more' }; // nobody there: tried again in a minute
  await brief.admin('POST', `/tenants/${tenant.id}/providers`, { name: 'x', channel: 'EMAIL', kind: 'webhook', credentials: nowhere });
  await tenant.post({ eventType: 'mail', payload: { userId: 'w', recipientEmail: 'w@example.com' }, variables: {} });
  for (let i = 0; i < 5; i++) await note(tenant, 'v', `n ${i}`);
  await note(await brief.createTenant(), 'last', 'the newest event stays'); // so that all of the above may go
  const [{ no }] = await queryCopy(brief, `SELECT no FROM tenant WHERE slug = '${tenant.slug}'`);
  const events = () => queryCopy(brief, `SELECT type FROM event WHERE tenant = ${no}`);
  await until('all but the e-mail that waits goes', async () => (await events()).length === 1);
  assert.deepEqual(await events(), [{ type: 'mail' }]);
  assert.deepEqual(await queryCopy(brief, `SELECT status FROM delivery WHERE tenant = ${no}`), [{ status: 4 }]); // RETRYING
  assert.equal((await tenant.history('v')).length, 5);
});

test('ORQ-29: 0 keeps for ever, while what has a time goes', async () => {
  const tenant = await keeping.createTenant();
  for (let i = 0; i < 3; i++) await note(tenant, 'u', `n ${i}`);
  await tenant.markRead('u', (await tenant.history('u'))[0].id);
  const trail = async () => (await keeping.admin('GET', `/audit?tenantId=${tenant.id}`)).json.data;
  await until('the audit entry of the tenant goes', async () => (await trail()).length === 0);
  await keeping.admin('PATCH', `/tenants/${tenant.id}`, { senderName: 'again' });
  await until('the next one goes too', async () => (await trail()).length === 0);
  assert.equal((await tenant.history('u')).length, 3);
  assert.equal((await queryCopy(keeping, 'SELECT no FROM event')).length, 3);
});

test('ORQ-29: a sweep goes on after a restart, and a sweep in hand does not hold up the end', async () => {
  const tenant = await brief.createTenant();
  const many = Array.from({ length: 600 }, (_, i) => i);
  while (many.length) await Promise.all(many.splice(0, 50).map((i) => note(tenant, 'w', `n ${i}`)));
  for (const { id } of await tenant.history('w', '?limit=100')) await tenant.markRead('w', id);
  await brief.terminate();
  await brief.launch();
  const left = async () => (await tenant.history('w', '?limit=100')).filter((one) => one.status === 'READ').length;
  await until('the read ones go', async () => (await left()) === 0);
  assert.equal((await tenant.history('w', '?limit=100')).length, 100);
});
