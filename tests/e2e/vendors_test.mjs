// vendors_test.mjs: the whole way from a trigger to a vendor's door: SMTP to a real server, and a vendor's API with
// its base URL turned to a stand-in.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { addProvider, courierServer, send, team, untilStatus } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';

const PASSWORD = 'an-smtp-password-of-the-test';
const API_KEY = 're_a-key-of-the-test';

const server = await courierServer();
server.secrets.add(PASSWORD).add(API_KEY);
after(() => server.stop());

// A mail server with one account; mails holds what it took. reply(mail): an error to answer with, or nothing.
async function mailServer(reply = () => null, options = {}) {
  const mails = [];
  let connections = 0;
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'], allowInsecureAuth: true, logger: false,
    onConnect: (_, done) => ((connections += 1), done()),
    onAuth: (auth, _, done) => (auth.username === 'user' && auth.password === PASSWORD ? done(null, { user: 'user' }) : done(Object.assign(new Error('no'), { responseCode: 535 }))),
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (part) => (text += part));
      stream.on('end', () => {
        const mail = { text, from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((one) => one.address) };
        const error = reply(mail, mails.length, session);
        if (!error) mails.push(mail);
        done(error);
      });
    },
    ...options,
  });
  smtp.on('error', () => {}); // a client that is cut
  await new Promise((done) => smtp.listen(0, '127.0.0.1', done));
  server.atStop(() => smtp.close());
  const { port } = smtp.server.address();
  const credentials = { host: '127.0.0.1', port, username: 'user', password: PASSWORD, tls: 'none' };
  return { mails, credentials, connections: () => connections };
}

const refusal = (responseCode, message) => Object.assign(new Error(message), { responseCode });

test('SMTP: a mail arrives whole, with its parts, its id and an envelope of bare addresses', async () => {
  const smtp = await mailServer();
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'smtp', credentials: smtp.credentials });
  await send(tenant, { name: 'Zoë\r\nBcc: evil@example.com' });
  const log = await untilStatus(tenant, 'SENT');
  assert.equal(smtp.mails.length, 1);
  const [mail] = smtp.mails;
  assert.equal(mail.from, 'team@example.com');
  assert.deepEqual(mail.to, ['u@example.com']);
  assert.match(mail.text, new RegExp(`^Message-ID: <${log.id}@`, 'im'));
  assert.match(mail.text, /^Content-Type: multipart\/alternative/im);
  assert.ok(mail.text.indexOf('text/plain') < mail.text.indexOf('text/html'));
  assert.doesNotMatch(mail.text.slice(0, mail.text.indexOf('\r\n\r\n')), /^Bcc:/im);
  assert.equal(log.attempts[0].statusCode, 250);
  assert.match(log.attempts[0].request, /^SMTP 127\.0\.0\.1:\d+$/);
});

test('SMTP: a dot alone on a line ends no mail', async () => {
  const smtp = await mailServer();
  const tenant = await team(server, {}, { format: 'text', body: 'a\n.\nMAIL FROM:<x@example.com>\n..\nend' });
  await addProvider(tenant, { kind: 'smtp', credentials: smtp.credentials });
  await send(tenant);
  await untilStatus(tenant, 'SENT');
  assert.match(smtp.mails[0].text.replaceAll('=2E', '.'), /a\r\n\.\r\nMAIL FROM:<x@example\.com>\r\n\.\.\r\nend/);
  assert.equal(smtp.mails.length, 1);
});

test('SMTP: a connection is used for many mails', async () => {
  const smtp = await mailServer();
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'smtp', credentials: smtp.credentials });
  for (let i = 0; i < 10; i++) {
    await send(tenant, { name: `${i}` });
    await untilStatus(tenant, 'SENT');
  }
  assert.equal(smtp.mails.length, 10);
  assert.equal(smtp.connections(), 1);
});

test('SMTP: replies are classes: 4yz comes again, 5yz is final, 535 is the provider\'s own fault', async () => {
  const later = await mailServer((_, taken, session) => (session.tried ? null : ((session.tried = true), refusal(451, 'try later'))));
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'smtp', credentials: later.credentials });
  await send(tenant);
  const retried = await untilStatus(tenant, 'RETRYING');
  assert.equal(retried.attempts[0].class, 'RETRY');
  assert.match(retried.cause, /451/);
  const never = await mailServer(() => refusal(554, 'no such thing'));
  const second = await team(server);
  await addProvider(second, { kind: 'smtp', credentials: never.credentials });
  await send(second);
  const failed = await untilStatus(second, 'FAILED');
  assert.equal(failed.attemptCount, 1);
  assert.match(failed.cause, /554/);
  const third = await team(server);
  await addProvider(third, { kind: 'smtp', credentials: { ...never.credentials, password: 'wrong' } });
  await send(third);
  const locked = await untilStatus(third, 'RETRYING');
  assert.equal(locked.attempts[0].class, 'CONFIGURATION');
  assert.match(locked.cause, /535/);
});

test('SMTP: nobody listens: certainly not sent, tried again; cut behind the mail: nobody knows', async () => {
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'smtp', credentials: { host: '127.0.0.1', port: 9, tls: 'none' } });
  await send(tenant);
  assert.equal((await untilStatus(tenant, 'RETRYING')).attempts[0].class, 'RETRY');
  let wire;
  const taken = await mailServer(() => wire.cut());
  wire = await relayTo(taken.credentials.port);
  const other = await team(server, {}, { delivery: 'at_most_once' });
  await addProvider(other, { kind: 'smtp', credentials: { ...taken.credentials, port: wire.port } });
  await send(other);
  const log = await untilStatus(other, 'FAILED');
  assert.equal(log.attempts[0].class, 'AMBIGUOUS');
});

// A way to a server that can be cut.
async function relayTo(port) {
  const sockets = [];
  const relay = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    sockets.push(near, far);
    near.pipe(far).pipe(near);
  });
  await new Promise((done) => relay.listen(0, '127.0.0.1', done));
  server.atStop(() => relay.close());
  return { port: relay.address().port, cut: () => sockets.forEach((socket) => socket.destroy()) };
}

test('line 1: a vendor gets the delivery id as its idempotency key; baseUrl replaces its host alone', async () => {
  const out = await StandIn.start((_, i) => (i === 0 ? { status: 500, body: '{}' } : { status: 200, body: '{"id":"vendor-1"}' }));
  server.atStop(() => out.stop());
  const tenant = await team(server);
  await addProvider(tenant, { kind: 'resend', credentials: { apiKey: API_KEY }, baseUrl: out.url });
  await send(tenant, { name: 'Ada' });
  const log = await untilStatus(tenant, 'SENT');
  assert.deepEqual(out.calls.map((call) => call.path), ['/emails', '/emails']);
  for (const call of out.calls) {
    assert.equal(call.headers.authorization, `Bearer ${API_KEY}`);
    assert.equal(call.headers['idempotency-key'], log.id);
  }
  assert.equal(log.attempts[1].providerMessageId, 'vendor-1');
  assert.ok(!JSON.stringify(log).includes(API_KEY));
});

test('line 10: a vendor that needs a sender and a tenant without one', async () => {
  const tenant = await team(server, { senderEmail: undefined, senderName: undefined });
  await addProvider(tenant, { kind: 'resend', credentials: { apiKey: API_KEY } });
  await send(tenant);
  assert.equal((await untilStatus(tenant, 'FAILED')).cause, 'No sender_email set on this tenant');
});
