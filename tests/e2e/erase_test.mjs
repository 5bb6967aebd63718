// erase_test.mjs: a person's data goes on request, and the files hold no trace of it (RELIABILITY 33).
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Server, freshDirectory } from './harness.mjs';
import { listen } from './lib/realtime.mjs';

const data = freshDirectory();
const server = await Server.start({ data });
after(() => rmSync(data, { recursive: true, force: true }));

const erase = (tenant, userId) => server.admin('DELETE', `/tenants/${tenant.id}/users/${encodeURIComponent(userId)}`);
const routes = (name) => ({ recipientEmail: `${name}@secret-address.example`, recipientPhone: '+254712345678' });
const fire = (tenant, userId, mark, more) => tenant.post({ eventType: 'note', variables: { mark }, payload: { userId, ...more } });

async function makeTenant() {
  const tenant = await server.createTenant();
  for (const channel of ['EMAIL', 'SMS', 'PUSH']) {
    await tenant.template({ eventType: 'note', channel, body: 'body {{mark}}', ...(channel === 'EMAIL' ? { subject: 's {{mark}}' } : {}) });
  }
  return tenant;
}

const tenant = await makeTenant();
const bystander = await makeTenant();

test('RELIABILITY-33: erasing counts what went, takes the feed, and leaves everybody else\'s', async () => {
  for (let i = 0; i < 3; i++) await fire(tenant, 'eve', `eve ${i}`, routes('eve'));
  await fire(tenant, 'adam', 'adam', routes('adam'));
  await fire(bystander, 'eve', 'another eve', routes('other'));
  const answer = await erase(tenant, 'eve');
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json, { success: true, data: { notifications: 3, events: 3 } });
  assert.deepEqual(await tenant.history('eve'), []);
  assert.equal((await tenant.history('adam')).length, 1);
  assert.equal((await bystander.history('eve')).length, 1);
  assert.deepEqual((await erase(tenant, 'eve')).json.data, { notifications: 0, events: 0 });
});

test('RELIABILITY-33: who comes back has a feed from the beginning, live and stored', async () => {
  await fire(tenant, 'phoenix', 'before', {});
  await erase(tenant, 'phoenix');
  const { inbox } = await listen(tenant, 'phoenix');
  await fire(tenant, 'phoenix', 'after', {});
  assert.equal((await inbox.next('a publication')).body, 'body after');
  const feed = await tenant.history('phoenix');
  assert.deepEqual(feed.map((one) => one.body), ['body after']);
  assert.equal((await tenant.markRead('phoenix', feed[0].id)).status, 200);
});

test('RELIABILITY-33: more than one step\'s worth goes as well, while others are served', async () => {
  const many = Array.from({ length: 1300 }, (_, i) => i);
  while (many.length) await Promise.all(many.splice(0, 50).map((i) => fire(tenant, 'busy', `n ${i}`, routes('busy'))));
  const [answer, ...meanwhile] = await Promise.all([erase(tenant, 'busy'),
    ...Array.from({ length: 20 }, (_, i) => fire(tenant, 'adam', `meanwhile ${i}`, {}))]);
  assert.deepEqual(answer.json.data, { notifications: 1300, events: 1300 });
  assert.ok(meanwhile.every((one) => one.status === 200));
  assert.deepEqual(await tenant.history('busy'), []);
  assert.equal((await tenant.history('adam')).length, 21);
});

test('RELIABILITY-33: an erasure is audited without saying whose it was', async () => {
  const { json, text } = await server.admin('GET', `/audit?tenantId=${tenant.id}&action=user.erased`);
  assert.ok(json.data.length >= 3);
  assert.deepEqual(json.data.at(-1).after, { notifications: 3, events: 3 });
  for (const name of ['"eve"', 'phoenix', 'busy']) assert.ok(!text.includes(name), name);
});

// Last: it stops the server and reads its files as bytes.
test('RELIABILITY-33: after it no file holds the address, the number, the words or the name', async () => {
  const person = 'zacharias.quillfeather@vanishing.example';
  const marks = ['unmistakable-words-of-the-body', 'zacharias.quillfeather', 'vanishing-mailbox', '+4915199887766'];
  const more = { recipientEmail: 'q@vanishing-mailbox.example', recipientPhone: '+4915199887766' };
  const crowd = Array.from({ length: 600 }, (_, i) => i);
  while (crowd.length) {
    await Promise.all(crowd.splice(0, 40).flatMap((i) => [
      fire(tenant, `person-${i * 7919 % 600}`, `crowd ${i}`, routes(`person-${i}`)),
      ...(i % 10 === 0 ? [fire(tenant, person, `unmistakable-words-of-the-body ${i}`, more)] : []),
      ...(i % 2 === 0 ? [fire(bystander, `b-${i}`, `by ${i}`, routes(`b-${i}`))] : []),
    ]));
  }
  const long = `unmistakable-words-of-the-body ${'x'.repeat(9000)} unmistakable-words-of-the-body`; // pages of its own
  assert.equal((await fire(tenant, person, long, more)).status, 200);
  const answer = await erase(tenant, person);
  assert.deepEqual(answer.json.data, { notifications: 61, events: 61 });
  await server.stop();
  const files = readdirSync(data).map((name) => [name, readFileSync(join(data, name))]);
  assert.ok(files.some(([, bytes]) => bytes.includes('person-7')), 'the search finds what was not erased');
  for (const [name, bytes] of files) {
    for (const mark of marks) assert.equal(bytes.indexOf(mark), -1, `${name} still holds ${mark} at ${bytes.indexOf(mark)}`);
  }
});
