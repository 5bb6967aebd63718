// hooks_test.mjs: vendors tell what became of messages: DELIVERED, bounces, and who is not to be written to again.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, test } from 'node:test';
import { addProvider, courierServer, logOf, send, team, untilStatus } from './lib/courier.mjs';
import { africastalking, resend, RESEND_SECRET, sendgrid, SENDGRID_KEY, twilio, TWILIO_TOKEN } from './lib/reports.mjs';
import { StandIn } from './lib/standin.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const PUBLIC = 'https://notify.example.com';
const server = await courierServer({ ORQESTRA_PUBLIC_URL: PUBLIC });
server.secrets.add(RESEND_SECRET).add(TWILIO_TOKEN);
after(() => server.stop());

let serial = 0;
const vendor = await StandIn.start((call) => {
  serial += 1;
  if (call.path.startsWith('/2010')) return { status: 201, body: JSON.stringify({ sid: `SM${serial}`, status: 'queued' }) };
  if (call.path.startsWith('/v3')) return { status: 202, headers: { 'x-message-id': `SG${serial}` } };
  if (call.path.startsWith('/version1')) return { status: 201, body: JSON.stringify({ SMSMessageData: { Recipients: [{ statusCode: 101, number: '+254712345678', messageId: `ATX${serial}`, status: 'Success' }] } }) };
  return { status: 200, body: JSON.stringify({ id: `re-${serial}` }) };
});
server.atStop(() => vendor.stop());

const kinds = {
  resend: { kind: 'resend', credentials: { apiKey: 're_key-of-the-test', webhookSecret: RESEND_SECRET } },
  sendgrid: { kind: 'sendgrid', credentials: { apiKey: 'SG.key-of-the-test', webhookPublicKey: SENDGRID_KEY } },
  twilio: { kind: 'twilio', channel: 'SMS', credentials: { accountSid: 'AC0123456789', authToken: TWILIO_TOKEN, from: '+15005550006' } },
  africastalking: { kind: 'africastalking', channel: 'SMS', credentials: { username: 'team', apiKey: 'atsk_key-of-the-test' } },
};

// A team with that vendor, one message on its way: its log row and how to report about it.
async function sent(kind, tenant = null) {
  const own = tenant ?? (await team(server));
  const provider = own.provider ?? (await addProvider(own, { ...kinds[kind], baseUrl: vendor.url }));
  own.provider = provider;
  await send(own, {}, { eventType: provider.channel === 'SMS' ? 'text' : 'mail' });
  const log = await untilStatus(own, 'SENT');
  const path = provider.webhookUrl.slice(PUBLIC.length);
  return { tenant: own, provider, log, id: log.attempts[0].providerMessageId, path, report: (call) => server.call('POST', path, call) };
}

const whats = (log) => log.timeline.map(({ what }) => what);
const suppressed = async (tenant) => (await server.admin('GET', `/tenants/${tenant.id}/suppressions`)).json.data;
const ok = (answer) => assert.equal(answer.status, 200, answer.text);

async function counted(result) {
  const { text } = await server.call('GET', '/metrics');
  return Number(new RegExp(`^orqestra_provider_reports_total\\{result="${result}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

test('ORQ-19: Resend reports: DELIVERED is reached, opened and clicked follow in the timeline', async () => {
  const { tenant, log, id, report, provider } = await sent('resend');
  assert.match(provider.webhookUrl, /^https:\/\/notify\.example\.com\/hooks\/resend\/[\w-]{43}$/);
  ok(await report(resend('email.sent', { email_id: id, to: ['u@example.com'] })));
  assert.equal((await logOf(tenant, log.id)).status, 'SENT');
  ok(await report(resend('email.delivered', { email_id: id, to: ['u@example.com'] })));
  ok(await report(resend('email.opened', { email_id: id })));
  ok(await report(resend('email.opened', { email_id: id }))); // again: nothing new
  ok(await report(resend('email.clicked', { email_id: id })));
  const now = await logOf(tenant, log.id);
  assert.equal(now.status, 'DELIVERED');
  assert.deepEqual(whats(now).slice().sort(), ['accepted', 'clicked', 'delivered', 'opened', 'planned', 'sent']);
  const event = await server.admin('GET', `/tenants/${tenant.id}/events/${now.eventId}`);
  assert.deepEqual(whats(event.json.data).slice().sort(), whats(now).slice().sort());
  assert.deepEqual(await suppressed(tenant), []);
});

test('ORQ-19: a status moves up alone: what comes late takes nothing back', async () => {
  const { tenant, log, id, report } = await sent('resend');
  for (const type of ['email.opened', 'email.delivered', 'email.delivery_delayed', 'email.sent']) ok(await report(resend(type, { email_id: id })));
  assert.equal((await logOf(tenant, log.id)).status, 'DELIVERED');
  ok(await report(resend('email.bounced', { email_id: id, bounce: { type: 'Permanent', message: 'gone' } })));
  const now = await logOf(tenant, log.id);
  assert.equal(now.status, 'DELIVERED'); // noted, heeded, and no failure
  assert.ok(whats(now).includes('bounced'));
  assert.equal((await suppressed(tenant)).length, 1);
});

test('ORQ-19, ORQ-16: a bounce after SENT is FAILED with its cause, and the recipient is suppressed', async () => {
  const { tenant, log, id, report, provider } = await sent('resend');
  ok(await report(resend('email.bounced', { email_id: id, to: ['u@example.com'], bounce: { type: 'Permanent', message: 'mailbox is gone' } })));
  const now = await logOf(tenant, log.id);
  assert.equal(now.status, 'FAILED');
  assert.equal(now.cause, `${provider.name} reports: bounced: mailbox is gone`);
  const [row] = await suppressed(tenant);
  assert.deepEqual([row.address, row.channel, row.reason, row.category, row.source, row.note], ['u@example.com', 'EMAIL', 'bounced', null, provider.name, 'mailbox is gone']);
  await send(tenant);
  const next = await untilStatus(tenant, 'FAILED');
  assert.match(next.cause, /^Recipient is suppressed: bounced on \d{4}-\d\d-\d\d$/);
  assert.equal(next.attemptCount, 0);
});

test('ORQ-19: SendGrid reports many at once, by our own delivery id', async () => {
  const first = await sent('sendgrid');
  const second = await sent('sendgrid', first.tenant);
  const event = (log, event, more = {}) => ({ event, email: 'u@example.com', timestamp: Math.floor(Date.now() / 1000), deliveryId: log.id, sg_message_id: 'unknown.x', ...more });
  const known = await counted('applied'), before = await counted('unknown');
  ok(await first.report(sendgrid([event(first.log, 'processed'), event(first.log, 'delivered'), event(second.log, 'delivered'), event(second.log, 'spamreport'), event({ id: crypto.randomUUID() }, 'delivered')])));
  assert.equal((await logOf(first.tenant, first.log.id)).status, 'DELIVERED');
  assert.equal((await logOf(first.tenant, second.log.id)).status, 'DELIVERED');
  assert.deepEqual((await suppressed(first.tenant)).map(({ reason }) => reason), ['complained']);
  assert.equal(await counted('applied'), known + 4);
  assert.equal(await counted('unknown'), before + 1);
});

test('ORQ-19: more reports in one call than one transaction takes are all heeded', async () => {
  const { tenant, log, report } = await sent('sendgrid');
  const noise = Array.from({ length: 300 }, () => ({ event: 'open', email: 'x@example.com', timestamp: 1, deliveryId: crypto.randomUUID() }));
  ok(await report(sendgrid([...noise, { event: 'delivered', timestamp: 1, deliveryId: log.id }])));
  assert.equal((await logOf(tenant, log.id)).status, 'DELIVERED');
});

test('ORQ-19: Twilio is told where to report, and its signature is over that very address', async () => {
  const { tenant, log, id, provider, report } = await sent('twilio');
  const form = new URLSearchParams(vendor.calls.at(-1).text);
  assert.equal(form.get('StatusCallback'), provider.webhookUrl);
  const fields = { MessageSid: id, MessageStatus: 'delivered', To: '+254712345678' };
  const inside = await report(twilio(`${server.base}${provider.webhookUrl.slice(PUBLIC.length)}`, fields));
  assert.equal(inside.status, 401);
  ok(await report(twilio(provider.webhookUrl, fields)));
  assert.equal((await logOf(tenant, log.id)).status, 'DELIVERED');
});

test('ORQ-19, ORQ-05: Africa\'s Talking: a delivery report, and an opt-out that names a number alone', async () => {
  const { tenant, log, id, report } = await sent('africastalking');
  ok(await report(africastalking({ id, status: 'Success', phoneNumber: '+254712345678' })));
  assert.equal((await logOf(tenant, log.id)).status, 'DELIVERED');
  ok(await report(africastalking({ senderId: 'TEAM', phoneNumber: '+254712345678' })));
  assert.deepEqual((await suppressed(tenant)).map((row) => [row.address, row.channel, row.reason]), [['+254712345678', 'SMS', 'unsubscribed']]);
});

test('ORQ-19: a report for a delivery that waits for another attempt ends the waiting', async () => {
  const lost = await StandIn.start(() => 'cut'); // taken, and the answer lost
  server.atStop(() => lost.stop());
  const tenant = await team(server);
  const provider = await addProvider(tenant, { ...kinds.sendgrid, baseUrl: lost.url });
  await send(tenant);
  const log = await untilStatus(tenant, 'RETRYING');
  ok(await server.call('POST', provider.webhookUrl.slice(PUBLIC.length), sendgrid([{ event: 'delivered', timestamp: 1, deliveryId: log.id }])));
  const now = await logOf(tenant, log.id);
  assert.equal(now.status, 'DELIVERED');
  assert.equal(now.cause, null);
});

test('threat 20: not signed, wrongly signed, too old, by another\'s secret: 401, and nothing happens', async () => {
  const { tenant, log, id, path, report } = await sent('resend');
  const other = await sent('sendgrid');
  const good = resend('email.delivered', { email_id: id });
  const before = await counted('refused');
  const { 'svix-signature': _, ...unsigned } = good.headers;
  for (const bad of [
    { ...good, headers: unsigned },
    { ...good, body: good.body.replace('delivered', 'bounced') },
    resend('email.delivered', { email_id: id }, { at: Math.floor(Date.now() / 1000) - 3600 }),
    resend('email.delivered', { email_id: id }, { secret: `whsec_${Buffer.from('another').toString('base64')}` }),
  ]) assert.equal((await report(bad)).status, 401);
  const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  assert.equal((await other.report(sendgrid([{ event: 'delivered', deliveryId: other.log.id }], { key: privateKey }))).status, 401);
  assert.equal(await counted('refused'), before + 5);
  assert.equal((await logOf(tenant, log.id)).status, 'SENT');
  for (const wrong of [`${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`, `${path}x`, path.replace('resend', 'sendgrid'), path.replace('resend', 'webhook'), '/hooks/resend/x']) {
    assert.equal((await server.call('POST', wrong, good)).status, 404, wrong);
  }
});

test('threat 20: a tenant\'s vendor moves that tenant\'s deliveries and nobody else\'s', async () => {
  const mine = await sent('sendgrid');
  const theirs = await sent('sendgrid');
  ok(await mine.report(sendgrid([{ event: 'bounce', email: 'u@example.com', timestamp: 1, deliveryId: theirs.log.id, sg_message_id: `${theirs.id}.x` }])));
  assert.equal((await logOf(theirs.tenant, theirs.log.id)).status, 'SENT');
  assert.deepEqual(await suppressed(theirs.tenant), []);
  assert.deepEqual(await suppressed(mine.tenant), []);
});

test('threat 22: the hook\'s address is shown to admins, and is neither in the store nor in the audit log', async () => {
  const { tenant, provider } = await sent('resend');
  const token = provider.webhookUrl.split('/').at(-1);
  assert.equal((await server.admin('GET', `/tenants/${tenant.id}/providers/${provider.id}`)).json.data.webhookUrl, provider.webhookUrl);
  assert.ok(!(await server.admin('GET', `/audit?tenantId=${tenant.id}`)).text.includes(token));
  const rows = await queryCopy(server, 'SELECT hex(hook_sealed) AS sealed FROM provider');
  assert.ok(rows.length && rows.every(({ sealed }) => !Buffer.from(sealed ?? '', 'hex').toString('latin1').includes(token)));
  server.secrets.add(token); // and in no line of the server's own log
});

test('ORQ-19: a provider that was switched off is still heard', async () => {
  const { tenant, provider, log, id, report } = await sent('resend');
  await server.admin('PATCH', `/tenants/${tenant.id}/providers/${provider.id}`, { active: false });
  ok(await report(resend('email.delivered', { email_id: id })));
  assert.equal((await logOf(tenant, log.id)).status, 'DELIVERED');
});
