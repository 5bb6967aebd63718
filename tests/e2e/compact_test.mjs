// compact_test.mjs: `orqestra compact` leaves nothing of what was deleted (RELIABILITY 33), and all of the rest.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, freshDirectory, runBinary } from './harness.mjs';

const compact = (data) => runBinary(['compact', '--data', data]);
const holds = (data, text) => readdirSync(data).some((name) => readFileSync(join(data, name)).includes(text));

test('RELIABILITY-33: a store too large to be rewritten at once is rewritten by compact', async (t) => {
  const data = freshDirectory();
  const server = await Server.start({ data });
  t.after(() => {
    server.child.kill('SIGKILL'); // when a test failed half way
    rmSync(data, { recursive: true, force: true });
  });
  const tenant = await server.createTenant({ rateLimitPerMinute: 0, dailyCap: 0 });
  await tenant.template({ eventType: 'note', body: '{{mark}}' });
  await tenant.template({ eventType: 'note', channel: 'EMAIL', subject: 's', body: 'b' });
  const fire = async (userId, mark) => {
    const answer = await tenant.post({
      eventType: 'note', variables: { mark }, payload: { userId, recipientEmail: `${userId}@secret-address.example` },
    });
    assert.equal(answer.status, 200, answer.text);
  };
  for (let n = 0; n < 560; n += 20) // some 130 KB each: beyond STORE_COMPACT_BYTES_MAX
    await Promise.all(Array.from({ length: 20 }, (_, i) => fire(i % 2 ? `stay-${n + i}` : `erase-${n % 200}`, 'x'.repeat(40000) + (n + i))));
  for (let n = 0; n < 200; n += 20) {
    const answer = await server.admin('DELETE', `/tenants/${tenant.id}/users/erase-${n}`);
    assert.equal(answer.status, 200, answer.text);
  }
  assert.match(server.stderr, /erase\.slack_left.*orqestra compact/);

  const running = await compact(data);
  assert.equal(running.code, 1);
  assert.match(running.stderr, new RegExp(`process ${server.child.pid}`));
  const [{ body: kept }] = await tenant.history('stay-1');
  await server.terminate();

  const before = statSync(join(data, 'orqestra.db')).size;
  const { code, stdout, stderr } = await compact(data);
  assert.equal(code, 0, stderr);
  const after = statSync(join(data, 'orqestra.db')).size;
  assert.equal(stdout, `Rewritten: ${after} bytes, ${before} before\n`);
  assert.ok(after < before * 0.6, `${after} of ${before}: half of the rows are gone`);
  assert.ok(!holds(data, 'erase-'));
  assert.ok(holds(data, 'stay-'));
  assert.deepEqual(readdirSync(data).filter((name) => /tmp|etilqs|-wal|-shm/.test(name)), []);

  await server.launch();
  assert.equal((await tenant.history('stay-1'))[0].body, kept);
  await fire('stay-1', 'again');
  assert.equal((await tenant.history('stay-1'))[0].body, 'again');
  await server.stop();
});

test('RELIABILITY-33: compact without data says so', async (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'orqestra-e2e-'));
  t.after(() => rmSync(empty, { recursive: true, force: true }));
  const { code, stderr } = await compact(empty);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`there is no Orqestra data in ${empty}`), stderr);
  assert.deepEqual(readdirSync(empty), []);
});
