// ready_test.mjs: /ready tells the truth about now; /health only that the process lives.
import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { test } from 'node:test';
import { Server } from './harness.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

test('ready: everything is fine', async () => {
  const server = await Server.start();
  const answer = await server.call('GET', '/ready');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { status: 'ready', checks: { store: 'ok', disk: 'ok' } });
  assert.equal(answer.headers['cache-control'], 'no-store');
  await server.stop();
});

test('threat 32: less room than the floor is said, with 503, and health does not care', async () => {
  const probe = new Server();
  const { bsize, bavail } = statfsSync(probe.data);
  const more_mib = String(Math.ceil((bsize * bavail) / 2 ** 20) + 1024);
  probe.settings.ORQESTRA_DISK_FREE_MIN = more_mib;
  await probe.launch();
  const answer = await probe.call('GET', '/ready');
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.json, { status: 'not ready', checks: { store: 'ok', disk: 'full' } });
  assert.match(answer.headers['retry-after'], /^\d+$/);
  assert.equal((await probe.call('GET', '/health')).status, 200);
  await probe.stop();
});

test('ready: while draining it is 503', async () => {
  const server = await Server.start();
  const raw = await RawTcp.open(server);
  raw.write('GET /ready HTTP/1.1\r\nHost: x\r\n');
  await server.call('GET', '/health'); // another request later, ours has been read
  const draining = new Promise((seen) => {
    server.child.stderr.on('data', () => server.stderr.includes('server.draining') && seen());
  });
  server.child.kill('SIGTERM');
  await draining;
  raw.write('\r\n');
  const answer = await raw.response();
  assert.equal(answer.status, 503);
  assert.equal(answer.json.checks.process, 'draining');
  await server.stop();
});
