// unsubscribe_test.mjs: one-click unsubscribe (RFC 8058): the link in a mail, its page, and what pressing it does.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addProvider, courierServer, send, team, untilStatus } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const PUBLIC = 'https://notify.example.com';
const server = await courierServer({ ORQESTRA_PUBLIC_URL: PUBLIC });
after(() => server.stop());

async function mailed(template = {}, from = server) {
  const out = await StandIn.start(() => ({ status: 200, body: '{"id":"re"}' }));
  from.atStop(() => out.stop());
  const tenant = await team(from, {}, template);
  await tenant.template({ eventType: 'news', channel: 'EMAIL', subject: 'News', body: 'news' });
  await addProvider(tenant, { kind: 'resend', credentials: { apiKey: 're_a-key-of-the-test' }, baseUrl: out.url });
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  const headers = out.calls[0].json.headers ?? {};
  const link = /^<https:\/\/notify\.example\.com(\/u\/[\w-]+)>$/.exec(headers['List-Unsubscribe'])?.[1];
  return { tenant, out, headers, link };
}

const suppressed = async (tenant) => (await server.admin('GET', `/tenants/${tenant.id}/suppressions`)).json.data;
const press = (link) => server.call('POST', link, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });

test('ORQ-05: every mail carries a link; one POST ends its category for its recipient and nothing else', async () => {
  const { tenant, headers, link } = await mailed();
  assert.equal(headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
  assert.ok(link, JSON.stringify(headers));
  assert.equal((await press(link)).status, 200);
  assert.equal((await press(link)).status, 200); // again: the same
  assert.deepEqual((await suppressed(tenant)).map((row) => [row.address, row.category, row.reason, row.source]), [['u@example.com', 'mail', 'unsubscribed', 'recipient']]);
  await send(tenant);
  assert.match((await untilStatus(tenant, 'FAILED')).cause, /^Recipient is suppressed for mail: unsubscribed on /);
  await send(tenant, {}, { eventType: 'news' });
  await untilStatus(tenant, 'SENT');
  await send(tenant, {}, { userId: 'else' });
  await untilStatus(tenant, 'SENT');
});

test('ORQ-05: the page behind the link has a button and does nothing by itself', async () => {
  const { tenant, link } = await mailed();
  const page = await server.call('GET', link);
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'], /^text\/html/);
  assert.match(page.text, /<form method="post">/);
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  assert.equal(page.headers['cache-control'], 'no-store');
  assert.doesNotMatch(page.text, /u@example\.com|<script/);
  assert.deepEqual(await suppressed(tenant), []);
});

test('ORQ-05, threat 20: a link that is not ours does nothing', async () => {
  const { tenant, link } = await mailed();
  const changed = `${link.slice(0, 12)}${link[12] === 'A' ? 'B' : 'A'}${link.slice(13)}`;
  for (const bad of [changed, link.slice(0, -1), `${link}AAAA`, '/u/x']) {
    assert.equal((await press(bad)).status, 404, bad);
    assert.equal((await server.call('GET', bad)).status, 404, bad);
  }
  assert.deepEqual(await suppressed(tenant), []);
});

test('ORQ-05: no link in what is sent at most once, and none without public_url', async () => {
  const code = await mailed({ delivery: 'at_most_once' });
  assert.equal(code.headers['List-Unsubscribe'], undefined);
  const plain = await courierServer();
  after(() => plain.stop());
  assert.equal((await mailed({}, plain)).headers['List-Unsubscribe'], undefined);
});
