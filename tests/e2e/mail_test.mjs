// mail_test.mjs: real mail servers of two makes: encrypted in every way or not at all, with and without a password; what arrives is what
// was meant, as a mail program reads it; and nothing a template or a trigger can say makes one mail into two.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { freshDirectory } from './harness.mjs';
import { makeCertificate } from './lib/certificate.mjs';
import { addProvider, courierServer, logs, send, team, untilStatus } from './lib/courier.mjs';
import { PASSWORD, SINKS, credentialsOf } from './lib/mail_sinks.mjs';

const room = freshDirectory();
const pair = makeCertificate(room, 'mail');
const stranger = makeCertificate(room, 'stranger');
const server = await courierServer({ ORQESTRA_OUTBOUND_CA: pair.cert, ORQESTRA_PROVIDER_TIMEOUT: '10' });
server.secrets.add(PASSWORD);
after(() => server.stop());

// A sink, and a tenant whose e-mails go there.
async function reached(make, told = {}, template = {}, credentials = {}) {
  const sink = await SINKS[make](server, { pair, ...told });
  const tenant = await team(server, {}, template);
  await addProvider(tenant, { kind: 'smtp', credentials: { ...credentialsOf(sink, told), ...credentials } });
  return { sink, tenant };
}

const text = (mail, type = 'text/plain') => mail.parts.find((part) => part.type === type).text.replaceAll('\r\n', '\n');

for (const make of Object.keys(SINKS)) {
  for (const told of [{}, { auth: true }, { auth: true, login: true }, { tls: 'starttls' }, { tls: 'starttls', auth: true }, { tls: 'implicit' }, { tls: 'implicit', auth: true, login: true }]) {
    test(`SMTP, ${make}: ${told.tls ?? 'none'}${told.auth ? `, AUTH ${told.login ? 'LOGIN' : 'PLAIN'}` : ''}: a mail arrives`, async () => {
      const { sink, tenant } = await reached(make, told);
      await send(tenant, { name: 'Ada' });
      const log = await untilStatus(tenant, 'SENT');
      const mail = await sink.mails.next('a mail');
      assert.equal(mail.tls, ['starttls', 'implicit'].includes(told.tls));
      assert.equal(mail.auth, Boolean(told.auth));
      assert.equal(mail.mailFrom, 'team@example.com');
      assert.deepEqual(mail.rcptTos, ['u@example.com']);
      assert.deepEqual(mail.to, ['u@example.com']);
      assert.equal(mail.subject, 'Hello Ada');
      assert.equal(mail.type, 'multipart/alternative');
      assert.deepEqual(mail.parts.map((part) => part.type), ['text/plain', 'text/html']);
      assert.equal(text(mail), 'Dear Ada');
      assert.equal(text(mail, 'text/html').trim(), '<p>Dear Ada</p>');
      assert.deepEqual(mail.defects, []);
      assert.match(mail.messageId, new RegExp(`^<${log.id}@`));
      assert.ok(!JSON.stringify(log).includes(PASSWORD));
    });
  }

  test(`SMTP, ${make}: a wrong password is the provider's fault, and the cause is the server's own words`, async () => {
    const { sink, tenant } = await reached(make, { auth: true }, {}, { password: 'not-the-password' });
    await send(tenant);
    const log = await untilStatus(tenant, 'RETRYING');
    assert.equal(log.attempts[0].class, 'CONFIGURATION');
    assert.equal(log.attempts[0].statusCode, 535);
    assert.match(log.cause, /^The mail server answered 535: 5\.7\.8 Authentication credentials invalid$/);
    assert.equal(sink.mails.length, 0);
  });

  test(`SMTP, ${make}: many mails, one connection`, async () => {
    const { sink, tenant } = await reached(make, { tls: 'starttls', auth: true });
    for (let i = 0; i < 25; i++) await send(tenant, { name: `${i}` }); // to one user: one after the other
    for (let i = 0; i < 25; i++) assert.equal((await sink.mails.next('a mail')).subject, `Hello ${i}`);
    assert.equal(sink.connections, 1);
  });

  test(`SMTP, ${make}: a mail that is tried again has the same Message-ID`, async () => {
    const { sink, tenant } = await reached(make, { failFirst: true });
    await send(tenant);
    const first = await sink.mails.next('the first attempt');
    const log = await untilStatus(tenant, 'SENT');
    const second = await sink.mails.next('the second attempt');
    assert.ok(first.refused && !second.refused);
    assert.equal(first.messageId, second.messageId);
    assert.deepEqual(first.raw, second.raw); // nothing of it depends on when it is sent
    assert.deepEqual(log.attempts.map((one) => [one.class, one.statusCode]), [['RETRY', 451], ['OK', 250]]);
  });

  test(`SMTP, ${make}: no header and no second mail can be smuggled in by what is rendered`, async () => {
    const { sink, tenant } = await reached(make, {}, { format: 'text', body: '{{{body}}}' });
    const subjects = ['a\r\nBcc: evil@example.com', 'a\nBcc: evil@example.com', 'a\rBcc: evil@example.com', 'a\r\n\r\nBody', '=?UTF-8?B?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=', 'a\u2028Bcc: x\u0085Bcc: y', 'a\0b'];
    const bodies = [
      'x\n.\nMAIL FROM:<evil@example.com>\n', 'x\n.\r\nMAIL FROM:<evil@example.com>\r\n', 'x\r.\rMAIL FROM:<evil@example.com>\r', 'x\r\n.\r\nMAIL FROM:<evil@example.com>\r\n',
      'x\r\n.\rRSET\r\n', 'x\r.\r\nRSET\r\n', '.', '..', '.\n', '\n.\n', 'x\r\n\0.\r\nRSET', 'From me\n.hidden', `--=_\n--`,
    ];
    for (const name of subjects) await send(tenant, { name, body: 'b' });
    for (const body of bodies) await send(tenant, { name: 'n', body });
    await send(tenant, { name: 'the last one', body: 'b' });
    for (const name of subjects) {
      const mail = await sink.mails.next(`the mail with the subject ${JSON.stringify(name)}`);
      assert.deepEqual(mail.names.filter((one) => !['date', 'from', 'to', 'subject', 'message-id', 'mime-version', 'content-type', 'content-transfer-encoding', 'x-peer', 'x-mailfrom', 'x-rcptto'].includes(one)), []);
      assert.deepEqual(mail.rcptTos, ['u@example.com']);
      assert.equal(text(mail).trim(), 'b');
    }
    for (const body of bodies) {
      const mail = await sink.mails.next(`the mail with the body ${JSON.stringify(body)}`);
      assert.equal(mail.subject, 'Hello n');
      const lines = (it) => it.replaceAll(/\r\n|\r/g, '\n').replaceAll('\0', '').trimEnd();
      assert.equal(lines(text(mail)), lines(body));
      assert.doesNotMatch(mail.raw.toString('latin1'), /[^\r]\n|\r[^\n]/, 'every line ends in CRLF');
    }
    assert.equal((await sink.mails.next('the last mail')).subject, 'Hello the last one');
    assert.equal(sink.taken, subjects.length + bodies.length + 1);
  });

  test(`SMTP, ${make}: other scripts, long lines and long subjects arrive as they were written`, async () => {
    const { sink, tenant } = await reached(make, {}, { body: '<p>{{{body}}}</p>' });
    const named = await server.admin('PATCH', `/tenants/${tenant.id}`, { senderName: 'Zoë "Ω" Müller, GmbH' });
    assert.equal(named.status, 200, named.text);
    const names = ['Zoë', '日本語の件名がとても長いので折り返される必要があります。'.repeat(4), '🎉'.repeat(60), 'a'.repeat(700), 'word '.repeat(120).trim(), '=?x?', 'ünï '.repeat(80).trim(), '=?UTF-8?Q?no?='];
    const bodies = ['x'.repeat(100000), 'é'.repeat(5000), 'a = b; =3D', ' leads and trails ', 'tab\tend\t'];
    for (const name of names) await send(tenant, { name, body: 'b' });
    for (const body of bodies) await send(tenant, { name: 'n', body });
    for (const [i, name] of names.entries()) {
      const mail = await sink.mails.next(`mail ${i}`);
      assert.equal(mail.subject, `Hello ${name}`);
      assert.deepEqual(mail.from, [['Zoë "Ω" Müller, GmbH', 'team@example.com']]);
    }
    for (const body of bodies) {
      const mail = await sink.mails.next('a mail');
      assert.equal(text(mail, 'text/html').trimEnd(), `<p>${body}</p>`);
      assert.ok(mail.raw.toString('latin1').split('\r\n').every((line) => line.length <= 78));
      assert.ok(mail.raw.every((byte) => byte < 0x80), 'a server without 8BITMIME or SMTPUTF8 may take it');
      assert.deepEqual(mail.defects, []);
    }
  });

  for (const tls of ['starttls', 'implicit']) {
    test(`SMTP, ${make}: ${tls}: a certificate nobody vouches for: no mail, no password, and the cause says so`, async () => {
      const { sink, tenant } = await reached(make, { tls, auth: true, pair: stranger });
      await send(tenant);
      const log = await untilStatus(tenant, 'RETRYING');
      assert.equal(log.attempts[0].class, 'RETRY');
      assert.match(log.cause, /the provider could not be reached: .*certificate/i);
      assert.equal(sink.method, undefined);
      assert.equal(sink.mails.length, 0);
    });
  }
}

// Somebody between us and the mail server who takes the offer of STARTTLS out of its answer. heard: what we said.
async function stripper(port) {
  const it = { heard: '' };
  const relay = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (part) => (it.heard += part));
    near.pipe(far);
    far.on('data', (part) => near.write(part.toString('latin1').replace(/250-STARTTLS\r\n/, '').replace(/\r\n250-([^\r]*)\r\n250 STARTTLS\r\n/, '\r\n250 $1\r\n'), 'latin1'));
    far.on('end', () => near.end());
    server.atStop(() => (near.destroy(), far.destroy()));
  });
  await new Promise((done) => relay.listen(0, '127.0.0.1', done));
  server.atStop(() => relay.close());
  it.port = relay.address().port;
  return it;
}

test('SMTP: an offer of STARTTLS that somebody took away: nothing is said in the clear', async () => {
  const sink = await SINKS.aiosmtpd(server, { tls: 'starttls', auth: true, pair });
  const thief = await stripper(sink.port);
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'smtp', credentials: { ...credentialsOf(sink, { tls: 'starttls', auth: true }), port: thief.port } });
  await send(tenant);
  const log = await untilStatus(tenant, 'RETRYING');
  assert.match(log.cause, /STARTTLS|TLS|SSL/);
  assert.doesNotMatch(thief.heard, /MAIL FROM|AUTH|RCPT/i);
  assert.match(thief.heard, /EHLO/);
  assert.equal(sink.mails.length, 0);
});

test('SMTP: who asks for STARTTLS never gets a kept connection that has none', async () => {
  const sink = await SINKS['smtp-server'](server, {});
  const [open, closed] = [await team(server), await team(server)];
  await addProvider(open, { kind: 'smtp', credentials: credentialsOf(sink, { tls: 'none' }) });
  await addProvider(closed, { kind: 'smtp', credentials: credentialsOf(sink, { tls: 'starttls' }) }); // which the server has not
  await send(open);
  await untilStatus(open, 'SENT');
  await send(closed);
  const log = await untilStatus(closed, 'RETRYING');
  assert.equal(log.attempts[0].class, 'RETRY');
  assert.equal(sink.taken, 1);
});

test('threat 19: what a trigger or an admin says of people is one line, or is refused before anything is queued', async () => {
  const { sink, tenant } = await reached('aiosmtpd');
  for (const recipientEmail of ['a@example.com\r\nBcc: b@example.com', 'a@example.com>\r\nRCPT TO:<b@example.com', 'a@example.com\0', 'a b@example.com', 'a@example.com, b@example.com', '<a@example.com>']) {
    await tenant.post({ eventType: 'mail', payload: { userId: 'u', recipientEmail } });
    const [log] = await logs(tenant, '?limit=1');
    assert.deepEqual([log.status, log.cause, log.attemptCount], ['FAILED', 'recipientEmail must be an email address, for example user@example.com', 0], recipientEmail);
  }
  for (const fields of [{ senderName: 'Team\r\nBcc: b@example.com' }, { senderEmail: 'team@example.com\r\nBcc: b@example.com' }]) {
    const answer = await server.admin('PATCH', `/tenants/${tenant.id}`, fields);
    assert.equal(answer.status, 422, answer.text);
  }
  await send(tenant, { name: 'only' });
  assert.equal((await sink.mails.next('a mail')).subject, 'Hello only');
  assert.equal(sink.taken, 1);
});
