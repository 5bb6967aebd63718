// peers_test.mjs: peers in other languages: curl for HTTP, Debian's python3-websockets for the live side.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();

// { code, stdout } of a program that was given `input`.
function run(program, args, input = '') {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (part) => (stdout += part));
  child.stdin.on('error', () => {}); // a program that reads no input may end before it is offered
  child.stdin.end(input);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout }));
  });
  return within(ended, program).finally(() => child.kill());
}

const curl = (...args) => run('curl', ['-sS', '--max-time', '15', '-w', '\n%{http_code}', ...args]);
const key = ['-H', `x-api-key: ${tenant.apiKey}`];
const json = ['-H', 'Content-Type: application/json'];
const event = JSON.stringify({ eventType: 'global.info', payload: { userId: 'curl' }, variables: { title: 'By curl', message: '— ünï' } });
const SENT = `{"success":true,"message":"Event global.info dispatched securely for ${tenant.name}"}\n200`;

test('API-03 RT-13 RT-14: the commands of the documentation, by curl', async () => {
  const trigger = await curl('-X', 'POST', `${server.base}/api/v1/events/trigger`, ...json, ...key, '-d', event);
  assert.equal(trigger.stdout, SENT);
  const feed = `${server.base}${tenant.feedPath('curl')}`;
  const [text, status] = (await curl(feed, ...key)).stdout.split('\n');
  assert.equal(status, '200');
  const [item] = JSON.parse(text).data;
  assert.equal(item.title, 'By curl');
  assert.equal((await curl('-X', 'PUT', `${feed}/${item.id}/read`, ...key)).stdout, '{"success":true}\n200');
});

test('RFC 9112: curl with chunks, with 100-continue, with HTTP/1.0, with HEAD', async () => {
  const url = `${server.base}/api/v1/events/trigger`;
  for (const extra of [['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue'], ['--http1.0']]) {
    assert.equal((await curl(url, ...json, ...key, ...extra, '-d', event)).stdout, SENT, extra.join(' '));
  }
  const head = await curl('-I', `${server.base}/health`);
  assert.match(head.stdout, /^HTTP\/1\.1 200/);
});

test('RT-01 CEN-25: python\'s websockets hears what was triggered', async () => {
  const { token, channels } = await tenant.token('python');
  const script = fileURLToPath(new URL('./peers/websockets_peer.py', import.meta.url));
  const args = [script, server.socketUrl, token, channels[0], '2'];
  const child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  server.atStop(() => child.kill());
  const lines = new Inbox();
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = new Promise((resolve) => child.on('close', resolve));
  assert.equal(await lines.next('the subscription'), 'subscribed');
  for (const title of ['first', 'second — ünï']) {
    await tenant.trigger('global.info', 'python', { title, message: 'm' });
    assert.equal(JSON.parse(await lines.next('a publication')).title, title);
  }
  assert.equal(await within(ended, 'the end of the peer'), 0);
});
