// trigger_test.mjs: POST /api/v1/events/trigger as the seeds describe it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server } from './harness.mjs';
import { listen } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());

const tenant = await server.createTenant({ name: 'Shop & Söhne' });
await tenant.template({ eventType: 'order.confirmed', subject: 'Order {{orderNumber}}', body: 'Sum: {{amount}}' });

const order = (userId, more = {}) => ({
  eventType: 'order.confirmed', payload: { userId }, variables: { orderNumber: 'ORD-1', amount: '$49.99' }, ...more,
});

function assertProblems(answer, ...expected) {
  assert.equal(answer.status, 422, answer.text);
  assert.equal(answer.json.statusCode, 400);
  assert.equal(answer.json.error, 'Bad Request');
  assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'statusCode']);
  assert.ok(answer.json.message.every((sentence) => typeof sentence === 'string'));
  for (const sentence of expected) assert.ok(answer.json.message.includes(sentence), answer.text);
}

const UNAUTHORIZED = { statusCode: 401, message: 'Invalid or inactive API key', error: 'Unauthorized' };

test('API-03 API-04: the exact sentence, with status 200', async () => {
  const answer = await tenant.post(order('u1'));
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(answer.json, {
    success: true, message: 'Event order.confirmed dispatched securely for Shop & Söhne',
  });
});

test('API-01 API-22 KIT-14: every tenant route asks for a good key, with one exact body', async () => {
  const routes = [
    ['POST', '/api/v1/events/trigger', order('u1')],
    ['POST', '/api/v1/auth/realtime-token', { userId: 'u1' }],
    ['GET', tenant.feedPath('u1')],
    ['PUT', `${tenant.feedPath('u1')}/0190a0a0-0000-7000-8000-000000000000/read`],
  ];
  for (const [method, path, body] of routes) {
    for (const key of [undefined, '', 'wrong', `${tenant.apiKey}x`, tenant.apiKey.slice(0, -1)]) {
      const answer = await server.call(method, path, { key, body });
      assert.equal(answer.status, 401, `${method} ${path} with ${key}: ${answer.text}`);
      assert.deepEqual(answer.json, UNAUTHORIZED);
    }
  }
});

test('API-01: the name of the key header is case-insensitive', async () => {
  for (const name of ['X-API-KEY', 'X-Api-Key', 'x-aPI-kEy']) {
    const answer = await server.call('GET', tenant.feedPath('nobody'), { headers: { [name]: tenant.apiKey } });
    assert.equal(answer.status, 200);
  }
});

test('API-05: a tenant without a webhook secret may send any signature', async () => {
  const answer = await tenant.post(order('u1'), { headers: { 'X-Orqestra-Signature': 'not-even-hex' } });
  assert.equal(answer.status, 200);
});

test('API-22 ORQ-21: an inactive tenant is refused at the next request, and welcome again later', async () => {
  const team = await server.createTenant();
  const trigger = () => team.post({ eventType: 'global.info', payload: { userId: 'u' } });
  assert.equal((await trigger()).status, 200);
  assert.equal((await server.admin('POST', `/tenants/${team.id}/suspend`)).status, 200);
  const refused = await trigger();
  assert.equal(refused.status, 401);
  assert.deepEqual(refused.json, UNAUTHORIZED);
  assert.equal((await server.admin('POST', `/tenants/${team.id}/reactivate`)).status, 200);
  assert.equal((await trigger()).status, 200);
});

test('API-11 KIT-15: eventType is required, a string, not empty', async () => {
  for (const eventType of [undefined, null, 5, {}, ['x']]) {
    const answer = await tenant.post(order('u1', { eventType }));
    assertProblems(answer, 'eventType must be a string');
    assert.equal(answer.json.message[0], 'eventType must be a string');
  }
  assertProblems(await tenant.post(order('u1', { eventType: '' })), 'eventType should not be empty');
});

test('API-15 API-23: payload and payload.userId are required', async () => {
  for (const payload of [undefined, null, 'text', 7]) {
    assertProblems(await tenant.post(order('u', { payload })), 'payload must be an object');
  }
  for (const userId of [undefined, null, 7, {}]) {
    assertProblems(await tenant.post(order('u', { payload: { userId } })), 'payload.userId must be a string');
  }
});

test('E.8 KIT-06: all problems come at once, those of eventType first', async () => {
  const answer = await tenant.post({ eventType: 1, channels: ['FAX'], payload: { userId: 2 } });
  assertProblems(answer, 'eventType must be a string', 'payload.userId must be a string',
    'each value in channels must be one of the following values: EMAIL, SMS, PUSH');
  assert.match(answer.json.message[0], /^eventType /);
  assertProblems(await tenant.post({}), 'eventType must be a string', 'payload must be an object');
});

test('E.8: a body that is not a JSON object, or not called JSON, is a 422 too', async () => {
  for (const body of ['', '{', 'nonsense', '[]', '"text"', '{"eventType":"x",}', '{"a":1}{"b":2}']) {
    assertProblems(await tenant.post(body));
  }
  assertProblems(await tenant.post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])));
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
    assertProblems(await tenant.post(order('u1'), { headers: { 'content-type': type } }));
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
    assert.equal((await tenant.post(order('u1'), { headers: { 'content-type': type } })).status, 200);
  }
});

test('E.8: the key is asked for before the body is understood', async () => {
  const answer = await server.call('POST', '/api/v1/events/trigger', { key: 'wrong', body: '{ broken' });
  assert.equal(answer.status, 401);
});

test('DESIGN: JSON deeper than 64 levels is a 422, 64 levels are fine', async () => {
  const nest = (levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const body = (levels) => `{"eventType":"order.confirmed","payload":{"userId":"u1"},"variables":{"x":${nest(levels)}}}`;
  assert.equal((await tenant.post(body(62))).status, 200); // two objects around it
  assertProblems(await tenant.post(body(65)));
});

test('API-14 E.9: channels are EMAIL, SMS, PUSH exactly', async () => {
  const sentence = 'each value in channels must be one of the following values: EMAIL, SMS, PUSH';
  for (const channels of [['FAX'], ['push'], ['PUSH', 'Email'], [''], [5], [null]]) {
    assertProblems(await tenant.post(order('u1', { channels })), sentence);
  }
  for (const channels of ['PUSH', { 0: 'PUSH' }, 7]) assertProblems(await tenant.post(order('u1', { channels })));
});

test('API-13 API-28 E.9: channels narrow one dispatch only', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'both', body: 'push {{n}}' });
  await team.template({ eventType: 'both', channel: 'EMAIL', subject: 's', body: 'mail {{n}}' });
  const { inbox } = await listen(team, 'u');
  const fire = (n, channels) =>
    team.trigger('both', 'u', { n }, { channels, payload: { userId: 'u', recipientEmail: 'u@example.com' } });
  await fire(1, ['EMAIL']);
  await fire(2, ['SMS']);
  await fire(3);
  await fire(4, []);
  await fire(5, ['PUSH', 'PUSH']);
  await fire(6, ['EMAIL', 'PUSH']);
  for (const n of [3, 4, 5, 6]) assert.equal((await inbox.next()).body, `push ${n}`);
  const bodies = (await team.history('u')).map((item) => item.body);
  assert.deepEqual(bodies, ['push 6', 'push 5', 'push 4', 'push 3']);
});

test('API-11 ORQ-10 KIT-21: event types match exactly or nothing is delivered', async () => {
  for (const eventType of ['Order.confirmed', 'order.confirmed ', 'order.confirme', 'order', 'never.heard']) {
    const answer = await tenant.trigger(eventType, 'exact', {});
    assert.equal(answer.message, `Event ${eventType} dispatched securely for Shop & Söhne`);
  }
  assert.deepEqual(await tenant.history('exact'), []);
});

test('API-16 API-17 KIT-25: recipients are only routing, none is needed for the request', async () => {
  const payloads = [
    { userId: 'r' },
    { userId: 'r', recipientEmail: 'user@example.com', recipientPhone: '+254712345678' },
    { userId: 'r', recipientPhone: '+254712345678' },
  ];
  for (const payload of payloads) assert.equal((await tenant.post(order('r', { payload }))).status, 200);
  assert.equal((await tenant.history('r')).length, payloads.length);
});

test('API-18 KIT-26: payload and variables never mix', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'mix', body: '[{{plan}}][{{tier}}]' });
  await team.trigger('mix', 'u', { tier: 'gold', userId: 'someone-else' }, { payload: { userId: 'u', plan: 'paid', list: [1] } });
  assert.equal((await team.history('u'))[0].body, '[][gold]');
  assert.deepEqual(await team.history('someone-else'), []);
});

test('API-19 API-35 ORQ-07: variables of every JSON kind reach body and subject', async () => {
  const team = await server.createTenant();
  await team.template({
    eventType: 'kinds',
    subject: '{{name}} has {{count}}',
    body: '{{price}}|{{rate}}|{{yes}}|{{no}}|{{user.address.city}}|{{items.[1].sku}}|{{items.0.sku}}|{{#each items}}{{sku}};{{/each}}',
  });
  await team.trigger('kinds', 'u', {
    name: 'Zoë', count: 3, price: '$1,000.00 & $& $1 $$', rate: 0.5, yes: true, no: false,
    user: { address: { city: 'Nairobi' } }, items: [{ sku: 'A' }, { sku: 'B' }],
  });
  const [item] = await team.history('u');
  assert.equal(item.title, 'Zoë has 3');
  assert.equal(item.body, '$1,000.00 & $& $1 $$|0.5|true|false|Nairobi|B|A|A;B;');
});

test('API-20: variables may be missing, but not be something else', async () => {
  const answer = await tenant.post({ eventType: 'order.confirmed', payload: { userId: 'bare' } });
  assert.equal(answer.status, 200);
  assert.equal((await tenant.history('bare'))[0].body, 'Sum: ');
  for (const variables of ['text', 5, [1]]) assertProblems(await tenant.post(order('bare', { variables })));
});

test('KIT-17: no name in variables is reserved', async () => {
  const team = await server.createTenant();
  const names = ['userId', 'eventType', 'payload', 'variables', 'constructor', '__proto__', 'length', 'title', 'data'];
  await team.template({ eventType: 'names', subject: 's', body: names.map((name) => `{{${name}}}`).join(' ') });
  const variables = `{${names.map((name) => `"${name}":"<${name}>"`).join(',')}}`;
  const answer = await team.post(`{"eventType":"names","payload":{"userId":"u"},"variables":${variables}}`);
  assert.equal(answer.status, 200);
  assert.equal((await team.history('u'))[0].body, names.map((name) => `<${name}>`).join(' '));
});

test('API-21 KIT-22 ORQ-04: global.* work on a fresh tenant', async () => {
  const team = await server.createTenant();
  for (const kind of ['info', 'success', 'warning', 'alert', 'error']) {
    const userId = `fresh-${kind}`;
    const { inbox } = await listen(team, userId);
    await team.trigger(`global.${kind}`, userId, { title: `A ${kind}`, message: 'It <works> & "well"' });
    const data = await inbox.next();
    assert.equal(data.eventType, `global.${kind}`);
    assert.equal(data.title, `A ${kind}`);
    assert.ok(data.body.includes('It <works> & "well"'), data.body);
  }
});

test('E.3: global.* without title and message is accepted and renders empty strings', async () => {
  await tenant.trigger('global.info', 'silent', undefined);
  const [item] = await tenant.history('silent');
  assert.equal(item.type, 'global.info');
  assert.equal(item.body.trim(), '');
});

test('E.2 RT-12: the title is the subject, else variables.title, else Notification', async () => {
  const team = await server.createTenant();
  await team.template({ eventType: 'with', subject: 'Hello {{name}}', body: 'b' });
  await team.template({ eventType: 'without', body: 'b' });
  const title = async (eventType, variables) => {
    await team.trigger(eventType, 'u', variables);
    return (await team.history('u'))[0].title;
  };
  assert.equal(await title('with', { name: 'Ann', title: 'ignored' }), 'Hello Ann');
  assert.equal(await title('without', { title: 'Mine' }), 'Mine');
  for (const variables of [{}, undefined, { title: '' }, { title: 5 }, { title: null }]) {
    assert.equal(await title('without', variables), 'Notification');
  }
});

test('E.14: user ids are free text within bounds', async () => {
  const good = ['a', 'user_123', 'a b/ü', 'x'.repeat(128), 'ключ', 'a:b|c?d&e%20', '{{x}}', 'a"b\\c'];
  for (const userId of good) {
    await tenant.trigger('order.confirmed', userId, { orderNumber: userId, amount: 1 });
    const items = await tenant.history(userId);
    assert.equal(items.length, 1, userId);
    assert.equal(items[0].title, `Order ${userId}`);
  }
  for (const userId of ['', 'a#b', '#', 'a,b', 'a\nb', 'a\u0000b', '\u007f', 'x'.repeat(129), 'ü'.repeat(65)]) {
    assertProblems(await tenant.post(order(userId)));
    assertProblems(await tenant.call('POST', '/api/v1/auth/realtime-token', { body: { userId } }));
  }
});

test('API-12 API-36 E.1: an event sent again under its own eventId is answered alike and delivered once', async () => {
  const send = (eventId) => tenant.post(order('repeat', { eventId }));
  const [first, second] = [await send('evt_optional_custom_id'), await send('evt_optional_custom_id')];
  assert.equal(first.status, 200);
  assert.equal(first.text, second.text);
  await send('another');
  assert.equal((await tenant.history('repeat')).length, 2);
});

test('API-12: an eventId of a wrong kind is a 422', async () => {
  for (const eventId of [5, {}, 'x'.repeat(300)]) assertProblems(await tenant.post(order('u1', { eventId })));
});

test('API-34: all errors share one set of keys', async () => {
  const answers = [
    await server.call('POST', '/api/v1/events/trigger', { body: {} }),
    await tenant.post({}),
    await tenant.call('GET', '/api/v1/no-such-thing'),
    await tenant.call('PATCH', '/api/v1/events/trigger', { body: {} }),
    await tenant.post(Buffer.alloc(1024 * 1024 + 1, 0x20)),
    await tenant.call('GET', tenant.feedPath('u', '?limit=x')),
    await tenant.markRead('u', 'no-such-id'),
    await server.call('GET', '/api/v1/admin/tenants'),
  ];
  assert.deepEqual(answers.map((answer) => answer.status), [401, 422, 404, 405, 413, 422, 404, 401]);
  for (const { json, headers, text } of answers) {
    assert.match(headers['content-type'], /^application\/json/);
    assert.equal(typeof json.statusCode, 'number', text);
    assert.equal(typeof json.error, 'string', text);
    assert.ok(typeof json.message === 'string' || Array.isArray(json.message), text);
  }
});
