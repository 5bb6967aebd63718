// feed_test.mjs: history and mark-read, with the API key and with a realtime token; CORS.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { listen } from './lib/realtime.mjs';

const APP = 'https://app.example.com';
const server = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: `${APP},https://*.trusted.example` } });
after(() => server.stop());

const tenant = await server.createTenant();
await tenant.template({ eventType: 'note', subject: 'T{{n}}', body: 'B{{n}}' });

const RANDOM_ID = '0190a0a0-1234-7abc-8def-0123456789ab';
const NOT_FOUND = {
  success: false, statusCode: 404, error: 'Not Found', message: 'Notification not found or access denied.',
};

async function fill(userId, count) {
  for (let n = 0; n < count; n++) await tenant.trigger('note', userId, { n });
}

test('RT-13 KIT-18: an item has the six fields of the seeds', async () => {
  const before = Date.now();
  await fill('shape', 1);
  const [item] = await tenant.history('shape');
  assert.deepEqual(Object.keys(item).slice(0, 6).sort(), ['body', 'created_at', 'id', 'status', 'title', 'type']);
  assert.match(item.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(item.type, 'note');
  assert.equal(item.title, 'T0');
  assert.equal(item.body, 'B0');
  assert.equal(item.status, 'UNREAD');
  assert.match(item.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const created = Date.parse(item.created_at);
  assert.ok(created >= before - 1000 && created <= Date.now() + 1000, item.created_at);
});

test('E.4: an unknown user has an empty history', async () => {
  const answer = await tenant.call('GET', tenant.feedPath('never-seen'));
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { success: true, data: [] });
});

test('API-29 API-30 E.5: pages are newest first, 50 by default, 100 at most, without overlap', async () => {
  await fill('pages', 105);
  const titles = async (query) => (await tenant.history('pages', query)).map((item) => item.title);
  const expected = Array.from({ length: 105 }, (_, i) => `T${104 - i}`);
  assert.deepEqual(await titles(''), expected.slice(0, 50));
  assert.deepEqual(await titles('?limit=10'), expected.slice(0, 10));
  assert.deepEqual(await titles('?limit=10&offset=10'), expected.slice(10, 20));
  assert.deepEqual(await titles('?offset=100'), expected.slice(100));
  assert.deepEqual(await titles('?limit=100'), expected.slice(0, 100));
  assert.deepEqual(await titles('?limit=101'), expected.slice(0, 100));
  assert.deepEqual(await titles('?limit=100000&offset=1'), expected.slice(1, 101));
  assert.deepEqual(await titles('?limit=99999999999999999999999'), expected.slice(0, 100));
  assert.deepEqual(await titles('?limit=10&offset=105'), []);
  assert.deepEqual(await titles('?offset=4000000000'), []);
  assert.deepEqual(await titles('?other=1&limit=1'), expected.slice(0, 1));
});

test('E.5: limit and offset that are no such numbers are a 422', async () => {
  const wrong = ['limit=0', 'limit=-1', 'limit=abc', 'limit=1.5', 'limit=', 'limit=1e1', 'limit=%2010',
    'offset=-1', 'offset=x', 'offset=', 'offset=0x10'];
  for (const query of wrong) {
    const answer = await tenant.call('GET', tenant.feedPath('u', `?${query}`));
    assert.equal(answer.status, 422, `${query}: ${answer.text}`);
    assert.equal(answer.json.statusCode, 400);
    assert.equal(answer.json.error, 'Bad Request');
    assert.ok(Array.isArray(answer.json.message), answer.text);
  }
});

test('RT-14 API-31 E.6: mark-read with nothing but the key, again and again', async () => {
  await fill('reader', 3);
  const [newest, middle] = await tenant.history('reader');
  for (let i = 0; i < 2; i++) {
    const answer = await tenant.markRead('reader', middle.id);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{"success":true}');
  }
  const statuses = (await tenant.history('reader')).map((item) => item.status);
  assert.deepEqual(statuses, ['UNREAD', 'READ', 'UNREAD']);
  const withBody = await tenant.markRead('reader', newest.id, { body: { anything: 1 } });
  assert.equal(withBody.status, 200);
  assert.equal((await tenant.history('reader'))[0].status, 'READ');
});

test('E.6: an id that is unknown, malformed or of another user is the same 404', async () => {
  await fill('owner', 1);
  const [mine] = await tenant.history('owner');
  const answers = [
    await tenant.markRead('owner', RANDOM_ID),
    await tenant.markRead('owner', 'not-an-id'),
    await tenant.markRead('owner', `${mine.id}0`),
    await tenant.markRead('thief', mine.id),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json, NOT_FOUND);
  }
  assert.equal((await tenant.history('owner'))[0].status, 'UNREAD');
});

test('E.4: another tenant in the path looks like a wrong key, existing or not', async () => {
  const other = await server.createTenant();
  await other.trigger('global.info', 'u', { title: 't', message: 'm' });
  const [theirs] = await other.history('u');
  const ask = (id) => server.call('GET', `/api/v1/notifications/${id}/u`, { key: tenant.apiKey });
  const mark = (id) => server.call('PUT', `/api/v1/notifications/${id}/u/${theirs.id}/read`, { key: tenant.apiKey });
  for (const call of [ask, mark]) {
    const real = await call(other.id);
    const random = await call(RANDOM_ID);
    assert.equal(real.status, 401);
    assert.deepEqual(real.json, { statusCode: 401, message: 'Invalid or inactive API key', error: 'Unauthorized' });
    assert.equal(real.text, random.text);
  }
  assert.equal((await other.history('u'))[0].status, 'UNREAD');
});

test('E.12: two tenants with one user id share neither history nor publications', async () => {
  const [a, b] = [await server.createTenant(), await server.createTenant()];
  const [atA, atB] = [await listen(a, 'same'), await listen(b, 'same')];
  await a.trigger('global.info', 'same', { title: 'for A', message: 'canary-A' });
  await b.trigger('global.info', 'same', { title: 'for B', message: 'canary-B' });
  assert.equal((await atA.inbox.next()).title, 'for A');
  assert.equal((await atB.inbox.next()).title, 'for B');
  assert.equal(atA.inbox.length + atB.inbox.length, 0);
  assert.deepEqual((await a.history('same')).map((item) => item.title), ['for A']);
  assert.deepEqual((await b.history('same')).map((item) => item.title), ['for B']);
});

test('E.14: user ids are percent-decoded in paths', async () => {
  for (const userId of ['a b/ü', 'x?y', 'p%25', '+', 'ключ']) {
    await fill(userId, 1);
    const [item] = await tenant.history(userId);
    assert.equal((await tenant.markRead(userId, item.id)).status, 200);
    assert.equal((await tenant.history(userId))[0].status, 'READ');
  }
  const lower = await tenant.call('GET', `/api/v1/notifications/${tenant.id}/a%20b%2f%c3%bc`);
  assert.equal(lower.json.data.length, 1);
});

test('RT-20 RT-21: what was pushed is found in the history under the same id', async () => {
  const { inbox } = await listen(tenant, 'both');
  await tenant.trigger('note', 'both', { n: 'live' });
  const data = await inbox.next();
  const [item] = await tenant.history('both');
  assert.equal(data.id, item.id);
  assert.equal(data.created_at, item.created_at);
  assert.equal(data.title, item.title);
});

test('RT-21: a browser reads and marks its own feed with the realtime token alone', async () => {
  await fill('browser', 2);
  const { token } = await tenant.token('browser');
  const own = await server.call('GET', tenant.feedPath('browser', '?limit=1'), { bearer: token });
  assert.equal(own.status, 200);
  assert.deepEqual(own.json.data.map((item) => item.title), ['T1']);
  const path = `${tenant.feedPath('browser')}/${own.json.data[0].id}/read`;
  assert.equal((await server.call('PUT', path, { bearer: token })).text, '{"success":true}');
  const again = await server.call('GET', tenant.feedPath('browser'), { bearer: token });
  assert.deepEqual(again.json.data.map((item) => item.status), ['READ', 'UNREAD']);
});

test('DESIGN: a token opens nothing of others, and cannot tell what exists', async () => {
  const other = await server.createTenant();
  await other.trigger('global.info', 'eve', { title: 't', message: 'm' });
  await fill('victim', 1);
  await fill('eve', 1);
  const [victims] = await tenant.history('victim');
  const [theirs] = await other.history('eve');
  const { token } = await tenant.token('eve');
  const ask = (method, path) => server.call(method, path, { bearer: token });
  const feed = (tenantId, userId) => `/api/v1/notifications/${tenantId}/${userId}`;
  const pairs = [
    ['GET', feed(tenant.id, 'victim'), feed(tenant.id, 'nobody-at-all')],
    ['GET', feed(other.id, 'eve'), feed(RANDOM_ID, 'eve')],
    ['PUT', `${feed(tenant.id, 'eve')}/${victims.id}/read`, `${feed(tenant.id, 'eve')}/${RANDOM_ID}/read`],
    ['PUT', `${feed(tenant.id, 'victim')}/${victims.id}/read`, `${feed(tenant.id, 'victim')}/${RANDOM_ID}/read`],
    ['PUT', `${feed(other.id, 'eve')}/${theirs.id}/read`, `${feed(RANDOM_ID, 'eve')}/${RANDOM_ID}/read`],
  ];
  for (const [method, real, random] of pairs) {
    const [first, second] = [await ask(method, real), await ask(method, random)];
    assert.ok([401, 404].includes(first.status), `${method} ${real}: ${first.status} ${first.text}`);
    assert.equal(first.status, second.status);
    assert.equal(first.text, second.text);
  }
  assert.equal((await tenant.history('victim'))[0].status, 'UNREAD');
  assert.equal((await other.history('eve'))[0].status, 'UNREAD');
  for (const path of ['/api/v1/events/trigger', '/api/v1/auth/realtime-token']) {
    assert.equal((await server.call('POST', path, { bearer: token, body: {} })).status, 401);
  }
});

test('RT-10 E.13: forged, expired and unbounded tokens open no feed', async () => {
  const past = Math.floor(Date.now() / 1000) - 1;
  const { token } = await tenant.token('u');
  const [header, claims, signature] = token.split('.');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const wrong = {
    expired: server.mint(tenant, 'u', { exp: past }),
    'without exp': server.mint(tenant, 'u', { exp: undefined }),
    'exp as text': server.mint(tenant, 'u', { exp: '9999999999' }),
    'not yet valid': server.mint(tenant, 'u', { nbf: past + 3600 }),
    'empty sub': server.mint(tenant, '', {}),
    'without tenant': server.mint(tenant, 'u', { tenant: undefined }),
    'unknown tenant': server.mint(tenant, 'u', { tenant: RANDOM_ID }),
    'alg none': `${none}.${claims}.`,
    'no signature': `${header}.${claims}.`,
    'other signature': `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
    nonsense: 'nonsense',
    empty: '',
  };
  for (const [what, bearer] of Object.entries(wrong)) {
    const answer = await server.call('GET', tenant.feedPath('u'), { bearer });
    assert.equal(answer.status, 401, `${what}: ${answer.status} ${answer.text}`);
  }
  assert.equal((await server.call('GET', tenant.feedPath('u'), { bearer: server.mint(tenant, 'u') })).status, 200);
});

test('ORQ-28: preflight of a configured origin', async () => {
  for (const origin of [APP, 'https://shop.trusted.example']) {
    const answer = await server.call('OPTIONS', tenant.feedPath('u'), {
      headers: {
        origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization',
      },
    });
    assert.equal(answer.status, 204, answer.text);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers['access-control-allow-methods'], /\bPUT\b/);
    assert.match(answer.headers['access-control-allow-headers'], /authorization/i);
    assert.match(answer.headers.vary ?? '', /origin/i);
  }
});

test('ORQ-28: answers and errors carry the origin too, so that a browser can read them', async () => {
  const good = await tenant.call('GET', tenant.feedPath('u'), { headers: { origin: APP } });
  const bad = await server.call('GET', tenant.feedPath('u'), { headers: { origin: APP } });
  assert.deepEqual([good.status, bad.status], [200, 401]);
  for (const answer of [good, bad]) assert.equal(answer.headers['access-control-allow-origin'], APP);
});

test('ORQ-28: unknown origins are told nothing', async () => {
  const unknown = ['https://evil.example', 'http://app.example.com', `${APP}:8443`, `${APP}.evil.example`, 'null',
    'https://trusted.example.evil', 'https://eviltrusted.example'];
  for (const origin of unknown) {
    for (const method of ['OPTIONS', 'GET']) {
      const answer = await tenant.call(method, tenant.feedPath('u'), {
        headers: { origin, 'access-control-request-method': 'GET' },
      });
      const told = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'));
      assert.deepEqual(told, [], `${method} for ${origin}`);
    }
  }
});
