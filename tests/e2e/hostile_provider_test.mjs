// hostile_provider_test.mjs: each vendor's API with a stand-in that insists on the request its documentation describes, answering what
// the real one was seen to answer, and worse: nothing, without end, or something else. Outcome, cause and retry are exact, and
// whatever one provider does, the others' messages go out.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { SECRET, addProvider, courierServer, send, team, untilLog, untilStatus, webhook } from './lib/courier.mjs';
import { StandIn } from './lib/standin.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const KEY = 'a-key-of-the-test-0123456789';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const server = await courierServer({ ORQESTRA_PROVIDER_TIMEOUT: '2' });
server.secrets.add(KEY);
after(() => server.stop());

// ---- what each vendor insists on: throws, and the stand-in answers 418 with why ----

const form = (call) => {
  assert.equal(call.headers['content-type'], 'application/x-www-form-urlencoded');
  return Object.fromEntries(new URLSearchParams(call.text));
};
const json = (call) => {
  assert.match(call.headers['content-type'], /^application\/json/);
  assert.ok(call.json, 'a JSON body');
  return call.json;
};

const VENDORS = {
  resend: {
    channel: 'EMAIL', credentials: { apiKey: KEY },
    insist(call) {
      assert.equal(call.path, '/emails');
      assert.equal(call.headers.authorization, `Bearer ${KEY}`);
      assert.match(call.headers['idempotency-key'], UUID);
      const { from, to, subject, html, text, tags, ...rest } = json(call);
      assert.deepEqual([from, to, subject, html, text.trim(), tags, rest], ['"Team" <team@example.com>', ['u@example.com'], 'Hello Ada', '<p>Dear Ada</p>', 'Dear Ada', [{ name: 'category', value: 'mail' }], {}]);
    },
    good: { status: 200, body: '{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}' },
    reference: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794',
    answers: [
      [{ status: 401, body: '{"statusCode":401,"name":"missing_api_key","message":"Missing API Key"}' }, 'CONFIGURATION', 'Resend answered 401: Missing API Key'],
      [{ status: 403, body: '{"statusCode":403,"name":"validation_error","message":"The example.com domain is not verified."}' }, 'CONFIGURATION', 'Resend answered 403: The example.com domain is not verified.'],
      [{ status: 422, body: '{"statusCode":422,"name":"validation_error","message":"Invalid `to` field."}' }, 'PERMANENT', 'Resend answered 422: Invalid `to` field.'],
      [{ status: 429, headers: { 'retry-after': '7', 'ratelimit-limit': '2', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }, body: '{"statusCode":429,"name":"rate_limit_exceeded","message":"Too many requests."}' }, 'RETRY_AFTER', 'Resend answered 429: Too many requests.', 7],
      [{ status: 429, body: '{"statusCode":429,"name":"daily_quota_exceeded","message":"You have reached your daily email sending quota."}' }, 'CONFIGURATION', 'Resend answered 429: You have reached your daily email sending quota.'],
      [{ status: 409, body: '{"statusCode":409,"name":"concurrent_idempotent_requests","message":"Same key in progress."}' }, 'RETRY', 'Resend answered 409: Same key in progress.'],
      [{ status: 500, body: '{"statusCode":500,"name":"application_error","message":"An unexpected error occurred."}' }, 'RETRY', 'Resend answered 500: An unexpected error occurred.'],
      [{ status: 200, body: '{}' }, 'AMBIGUOUS', 'Resend answered 200: without an id'],
    ],
  },
  sendgrid: {
    channel: 'EMAIL', credentials: { apiKey: KEY },
    insist(call) {
      assert.equal(call.path, '/v3/mail/send');
      assert.equal(call.headers.authorization, `Bearer ${KEY}`);
      const { personalizations: [{ to, custom_args: args, ...alone }], from, subject, content, categories, ...rest } = json(call);
      assert.deepEqual([to, alone, from, subject, categories, rest], [[{ email: 'u@example.com' }], {}, { email: 'team@example.com', name: 'Team' }, 'Hello Ada', ['mail'], {}]);
      assert.match(args.deliveryId, UUID);
      assert.ok(Object.values(args).every((value) => typeof value === 'string'));
      assert.deepEqual(content.map(({ type, value }) => [type, value.trim()]), [['text/plain', 'Dear Ada'], ['text/html', '<p>Dear Ada</p>']]);
    },
    good: { status: 202, headers: { 'X-Message-Id': 'filterdrecv-1' } },
    reference: 'filterdrecv-1',
    answers: [
      [{ status: 401, body: '{"errors":[{"message":"The provided authorization grant is invalid, expired, or revoked","field":null,"help":null}]}' }, 'CONFIGURATION', 'SendGrid answered 401: The provided authorization grant is invalid, expired, or revoked'],
      [{ status: 400, body: '{"errors":[{"message":"Does not contain a valid address.","field":"personalizations.0.to.0.email","help":null}]}' }, 'PERMANENT', 'SendGrid answered 400: Does not contain a valid address.'],
      [{ status: 413, body: '{"errors":[{"message":"too large"}]}' }, 'PERMANENT', 'SendGrid answered 413: too large'],
      [{ status: 429, headers: { 'X-RateLimit-Limit': '600', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(Math.floor(Date.now() / 1000) + 40) }, body: '{"errors":[{"message":"too many requests"}]}' }, 'RETRY_AFTER', 'SendGrid answered 429: too many requests', 20],
      [{ status: 503, body: '<html>unavailable</html>' }, 'RETRY', 'SendGrid answered 503'],
    ],
  },
  twilio: {
    channel: 'SMS', credentials: { accountSid: 'AC0123', authToken: KEY, from: '+15005550006' },
    insist(call) {
      assert.equal(call.path, '/2010-04-01/Accounts/AC0123/Messages.json');
      assert.equal(call.headers.authorization, `Basic ${Buffer.from(`AC0123:${KEY}`).toString('base64')}`);
      assert.deepEqual(form(call), { To: '+254712345678', From: '+15005550006', Body: 'Code 7 & é+' });
    },
    good: { status: 201, body: '{"sid":"SM0123","status":"queued","error_code":null,"error_message":null}' },
    reference: 'SM0123',
    answers: [
      [{ status: 201, body: '{"sid":"SM1","status":"failed","error_code":30007,"error_message":"Message filtered"}' }, 'PERMANENT', 'Twilio answered 201: Message filtered'],
      [{ status: 201, body: '{"sid":"SM1","status":"undelivered","error_code":30005,"error_message":null}' }, 'SUPPRESS', 'Twilio answered 201: undelivered'],
      [{ status: 201, body: '{"sid":"SM1","status":"failed","error_code":30001,"error_message":"Queue overflow"}' }, 'RETRY', 'Twilio answered 201: Queue overflow'],
      [{ status: 400, body: '{"code":21610,"message":"Attempt to send to unsubscribed recipient","more_info":"https://www.twilio.com/docs/errors/21610","status":400}' }, 'SUPPRESS', 'Twilio answered 400: Attempt to send to unsubscribed recipient'],
      [{ status: 400, body: '{"code":21606,"message":"The From phone number is not a valid number","status":400}' }, 'CONFIGURATION', 'Twilio answered 400: The From phone number is not a valid number'],
      [{ status: 401, body: '{"code":20003,"message":"Authenticate","status":401}' }, 'CONFIGURATION', 'Twilio answered 401: Authenticate'],
      [{ status: 429, body: '{"code":20429,"message":"Too Many Requests","status":429}' }, 'RETRY_AFTER', 'Twilio answered 429: Too Many Requests'],
      [{ status: 201, body: '{"status":"queued"}' }, 'AMBIGUOUS', 'Twilio answered 201: without a sid'],
    ],
  },
  africastalking: {
    channel: 'SMS', credentials: { username: 'sandbox', apiKey: KEY, from: 'TEAM' },
    insist(call) {
      assert.equal(call.path, '/version1/messaging');
      assert.equal(call.headers.apikey, KEY);
      assert.equal(call.headers.accept, 'application/json');
      assert.deepEqual(form(call), { username: 'sandbox', to: '+254712345678', message: 'Code 7 & é+', from: 'TEAM' });
    },
    good: { status: 201, body: '{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{"statusCode":101,"number":"+254712345678","status":"Success","cost":"KES 0.8000","messageId":"ATXid_1"}]}}' },
    reference: 'ATXid_1',
    answers: [
      ...[[405, 'CONFIGURATION', 'insufficient balance'], [403, 'SUPPRESS', 'invalid phone number'], [406, 'SUPPRESS', 'the user has opted out'], [402, 'CONFIGURATION', 'invalid sender id'], [501, 'RETRY', 'gateway error'], [407, 'PERMANENT', 'could not be routed'], [999, 'PERMANENT', 'an unknown code']]
        .map(([code, outcome, meaning]) => [{ status: 201, body: `{"SMSMessageData":{"Message":"Sent to 0/1","Recipients":[{"statusCode":${code},"number":"+254712345678","status":"x","messageId":"None"}]}}` }, outcome, `Africa's Talking answered 201: recipient code ${code}, ${meaning}`]),
      [{ status: 201, body: '{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}' }, 'CONFIGURATION', 'Africa\'s Talking answered 201: InvalidSenderId'],
      [{ status: 401, body: 'The supplied authentication is invalid' }, 'CONFIGURATION', 'Africa\'s Talking answered 401: The supplied authentication is invalid'],
      [{ status: 201, body: 'OK' }, 'AMBIGUOUS', 'Africa\'s Talking answered 201: without JSON'],
    ],
  },
  webhook: {
    channel: 'EMAIL', credentials: { secret: SECRET },
    insist(call) {
      assert.equal(call.path, '/in');
      assert.match(call.headers['webhook-signature'], /^v1,/);
      assert.match(call.headers['webhook-id'], UUID);
      assert.equal(json(call).type, 'message.email');
    },
    good: { status: 204 },
    reference: null,
    answers: [
      [{ status: 410, body: 'gone' }, 'CONFIGURATION', /answered 410/],
      [{ status: 429, headers: { 'Retry-After': new Date(Date.now() + 60000).toUTCString() } }, 'RETRY_AFTER', /answered 429/, 30],
      [{ status: 301, headers: { Location: 'https://elsewhere.example.com/' } }, 'CONFIGURATION', /answered 301/],
      [{ status: 502, body: 'bad gateway' }, 'RETRY_AFTER', /answered 502/],
      [{ status: 503, body: 'down' }, 'RETRY', /answered 503/],
    ],
  },
};

const FINAL = { OK: 'SENT', PERMANENT: 'FAILED', SUPPRESS: 'FAILED' };

async function standIn(answer) {
  const it = await StandIn.start(answer);
  server.atStop(() => it.stop());
  return it;
}

// A tenant that sends through one provider of the vendor at this URL.
async function through(vendor, url) {
  const { channel, credentials } = VENDORS[vendor];
  const tenant = await team(server);
  const where = vendor === 'webhook' ? { credentials: { ...credentials, url: `${url}/in` } } : { credentials, baseUrl: url };
  await addProvider(tenant, { kind: vendor, channel, ...where });
  return tenant;
}

const message = (tenant, vendor) => (VENDORS[vendor].channel === 'EMAIL' ? send(tenant, { name: 'Ada' }) : send(tenant, { code: '7 & é+' }, { eventType: 'text' }));

for (const [vendor, { insist, good, reference, answers }] of Object.entries(VENDORS)) {
  const strictly = (answer) => (call) => {
    try {
      insist(call);
      return answer;
    } catch (error) {
      return { status: 418, body: `not what the documentation says: ${error.message}` };
    }
  };

  test(`line 3: ${vendor}: the request is as documented, the vendor's id is kept`, async () => {
    const out = await standIn(strictly(good));
    const tenant = await through(vendor, out.url);
    await message(tenant, vendor);
    const log = await untilLog(tenant, (row) => row.attemptCount > 0);
    assert.equal(log.status, 'SENT', JSON.stringify(log.attempts[0]));
    assert.equal(log.attempts[0].providerMessageId ?? null, reference);
    assert.equal(out.calls[0].method, 'POST');
  });

  test(`line 4: ${vendor}: what it answers is read as what it means`, async () => {
    for (const [answer, outcome, cause, seconds] of answers) {
      const out = await standIn(strictly(answer));
      const tenant = await through(vendor, out.url);
      await message(tenant, vendor);
      const log = await untilLog(tenant, (row) => row.attemptCount > 0);
      const [attempt] = log.attempts;
      assert.equal(attempt.class, outcome, JSON.stringify(attempt));
      assert.equal(attempt.statusCode, answer.status);
      if (cause instanceof RegExp) assert.match(attempt.cause, cause);
      else assert.equal(attempt.cause, cause);
      const expected = FINAL[outcome];
      if (expected) assert.equal(log.status, expected);
      else assert.ok(['RETRYING', 'PENDING', 'FAILED'].includes(log.status) || log.attemptCount > 1, log.status);
      if (seconds) {
        const [{ due_ms: until }] = await queryCopy(server, `SELECT d.due_ms FROM delivery d JOIN tenant t ON t.no = d.tenant WHERE t.slug = '${tenant.slug}'`);
        const due = until - Date.parse(attempt.at);
        assert.ok(due >= seconds * 1000, `asked to wait ${seconds} s, waits ${due} ms`);
      }
    }
  });
}

// ---- answers that are none ----

// A raw server that answers each request as told, byte by byte.
async function rawServer(speak) {
  const sockets = new Set();
  const it = { calls: 0 };
  const listener = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => ((it.calls += 1), speak(socket)));
  });
  await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  server.atStop(() => (listener.close(), sockets.forEach((socket) => socket.destroy())));
  it.url = `http://127.0.0.1:${listener.address().port}`;
  return it;
}

const flood = (socket, part) => {
  const more = () => { while (!socket.destroyed && socket.write(part)); };
  socket.on('drain', more);
  more();
};
const drip = (socket, part) => {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(part)), 50);
};

// What it does, how, and what becomes of a message through Resend (whose 200 needs an id) and through a webhook (whose 200 is enough).
const HOSTILE = [
  ['accepts and never answers', () => {}, 'AMBIGUOUS', 'AMBIGUOUS'],
  ['hangs up at once', (socket) => socket.destroy(), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['never ends its head', (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), flood(socket, `X: ${'y'.repeat(1000)}\r\n`)), 'AMBIGUOUS', 'OK'],
  ['drips its head', (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), drip(socket, 'X: y\r\n')), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['never ends its body', (socket) => (socket.write('HTTP/1.1 200 OK\r\n\r\n'), flood(socket, 'x'.repeat(65536))), 'AMBIGUOUS', 'OK'],
  ['never ends its chunks', (socket) => (socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), flood(socket, `1000\r\n${'x'.repeat(4096)}\r\n`)), 'AMBIGUOUS', 'OK'],
  ['announces 1 GB and stops', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{'), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['sends 1 GB', (socket) => (socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n'), flood(socket, 'x'.repeat(65536))), 'AMBIGUOUS', 'OK'],
  ['drips its body', (socket) => (socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'), drip(socket, ' ')), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['speaks no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['answers broken JSON', (socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":"'), 'AMBIGUOUS', 'OK'],
  ['nests JSON without end', (socket) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'[{"id":'.repeat(5000)}`), 'AMBIGUOUS', 'OK'],
  ['answers 99 and 1000', (socket) => socket.end('HTTP/1.1 1000 What\r\nContent-Length: 0\r\n\r\n'), 'AMBIGUOUS', 'AMBIGUOUS'],
  ['fails after it had accepted', (socket) => socket.end('HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'), 'RETRY', 'RETRY_AFTER'],
];

test('threat 20: whatever a provider does, each message is settled and others\' go out meanwhile', async () => {
  const good = await standIn();
  const quiet = await team(server);
  await addProvider(quiet, webhook(good));
  const cases = [];
  for (const [what, speak, ...expected] of HOSTILE) {
    for (const [i, vendor] of ['resend', 'webhook'].entries()) {
      const out = await rawServer(speak);
      cases.push({ what: `${vendor} ${what}`, expected: expected[i], out, tenant: await through(vendor, out.url) });
    }
  }
  for (const { tenant } of cases) await send(tenant, { name: 'Ada' });
  await send(quiet);
  await untilStatus(quiet, 'SENT');
  for (const { what, expected, tenant, out } of cases) {
    const log = await untilLog(tenant, (row) => row.attemptCount > 0);
    assert.equal(log.attempts[0].class, expected, `${what}: ${JSON.stringify(log.attempts[0])}`);
    assert.ok(out.calls >= 1, what);
    if (expected === 'OK') assert.equal(log.status, 'SENT', what);
    else assert.ok(log.cause, what);
  }
  await send(quiet);
  await good.until(2);
});

test('P6: at most once: what may have been taken is not sent again, whatever the vendor', async () => {
  for (const vendor of ['twilio', 'africastalking', 'sendgrid']) {
    const out = await rawServer((socket) => socket.destroy());
    const tenant = await through(vendor, out.url);
    const { channel } = VENDORS[vendor];
    const { json: { data } } = await server.admin('GET', `/tenants/${tenant.id}/templates`);
    const template = data.find((one) => one.channel === channel);
    assert.equal((await server.admin('PATCH', `/tenants/${tenant.id}/templates/${template.id}`, { delivery: 'at_most_once' })).status, 200);
    await message(tenant, vendor);
    const log = await untilStatus(tenant, 'FAILED');
    assert.deepEqual([log.attemptCount, log.attempts[0].class, out.calls], [1, 'AMBIGUOUS', 1], vendor);
  }
});
