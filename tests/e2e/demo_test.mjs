// demo_test.mjs: the demo page in a real browser (RT-20, RT-21, RT-22, KIT-13), and the files of the web pages.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Server } from './harness.mjs';
import { Browser } from './lib/browser.mjs';

const run = promisify(execFile);
const server = await Server.start({ env: { ORQESTRA_DEMO: 'true' } });
let browser;
before(async () => { browser = await Browser.open(); });
after(async () => {
  await browser?.close();
  await server.stop();
});

// A visitor of their own: a fresh browser profile, the page open and live.
async function visit() {
  const visitor = await browser.visitor();
  await visitor.open(`${server.base}/demo`);
  await visitor.sees('#connection[data-state="live"]');
  visitor.user = await visitor.page.textContent('#user');
  return visitor;
}

async function send(visitor, { type = 'global.info', title, message = 'It works.' }) {
  await visitor.page.selectOption('#event-type', type);
  await visitor.page.fill('#title', title);
  await visitor.page.fill('#message', message);
  await visitor.page.click('#send');
}

const row = (title) => `#feed li:has(.item-title:text-is(${JSON.stringify(title)}))`;

test('RT-22 KIT-13: fired, live with a badge, read at a click, still read after a reload', async () => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.sees('#empty');
  await visitor.hidden('#badge');

  await send(visitor, { type: 'global.success', title: 'Backup complete', message: 'All 14 projects — copied.' });
  await visitor.sees(`${row('Backup complete')}[data-state="unread"]`);
  await visitor.sees('#toasts .toast:has-text("Backup complete")');
  assert.equal(await page.textContent('#badge'), '1');
  assert.match(await page.title(), /^\(1\) /);
  assert.equal(await page.textContent(`${row('Backup complete')} .item-body`), 'All 14 projects — copied.');
  assert.equal(await page.textContent(`${row('Backup complete')} .type`), 'global.success');
  assert.match(await page.textContent(`${row('Backup complete')} time`), /^(just now|\d+ seconds? ago)$/);

  const requests = [];
  page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  const marked = page.waitForResponse((response) => response.request().method() === 'PUT');
  await page.click(`${row('Backup complete')} button`);
  assert.equal((await marked).status(), 200);
  await visitor.sees(`${row('Backup complete')}[data-state="read"]`);
  await visitor.hidden('#badge');
  assert.equal(requests.length, 1, `no refetch: ${requests}`);

  await page.reload();
  await visitor.sees(`${row('Backup complete')}[data-state="read"]`);
  await visitor.sees('#connection[data-state="live"]');
  await visitor.hidden('#badge');
  assert.equal(await page.textContent('#user'), visitor.user, 'the same user after a reload');
  await visitor.leave();
});

test('every event type of the form arrives, newest first, and all can be marked read at once', async () => {
  const visitor = await visit();
  const types = ['global.info', 'global.success', 'global.warning', 'global.alert', 'global.error', 'order.confirmed'];
  for (const type of types) {
    await send(visitor, { type, title: `About ${type}` });
    await visitor.sees(row(`About ${type}`));
  }
  const shown = await visitor.page.locator('#feed .type').allTextContents();
  assert.deepEqual(shown, types.reverse());
  assert.equal(await visitor.page.textContent('#badge'), '6');
  await visitor.page.click('#read-all');
  await visitor.hidden('#badge');
  await visitor.leave();
});

test('what others wrote is text, never markup', async () => {
  const visitor = await visit();
  const title = '<img src=x onerror="document.title=1"><b>bold</b>';
  await send(visitor, { title, message: '<script>alert(1)</script>' });
  await visitor.sees('#feed li');
  assert.equal(await visitor.page.textContent('#feed .item-title'), title);
  assert.equal(await visitor.page.locator('#feed img, #feed b, #feed script, #toasts img').count(), 0);
  await visitor.leave();
});

test('two visitors are two users: what one is told the other is not', async () => {
  const [one, two] = [await visit(), await visit()];
  assert.notEqual(one.user, two.user);
  await send(one, { title: 'For one only' });
  await one.sees(row('For one only'));
  await send(two, { title: 'For two only' });
  await two.sees(row('For two only'));
  assert.equal(await two.page.locator('#feed li').count(), 1);
  assert.equal(await one.page.locator('#feed li').count(), 1);
  await one.leave();
  await two.leave();
});

test('the curl on the page works when it is pasted into a shell', async () => {
  const visitor = await visit();
  const list = await server.admin('GET', '/tenants');
  const demo = list.json.data.find(({ name }) => /demo/i.test(name));
  const key = (await server.admin('POST', `/tenants/${demo.id}/rotate-key`)).json.data.apiKey;
  const title = `It's "quoted" $HOME \\ and – long`;
  await visitor.page.fill('#title', title);
  const command = await visitor.page.textContent('#curl');
  const { stdout } = await run('bash', ['-c', command.replace('curl ', 'curl -sS ')], {
    env: { ...process.env, ORQESTRA_API_KEY: key },
  });
  assert.equal(JSON.parse(stdout).success, true, stdout);
  await visitor.sees('#feed li');
  assert.equal(await visitor.page.textContent('#feed .item-title'), title);
  await visitor.leave();
});

test('RT-20: through a restart of the server the page finds its way back and misses nothing', async () => {
  const visitor = await visit();
  await send(visitor, { title: 'Before' });
  await visitor.sees(row('Before'));
  visitor.expectTrouble(/ERR_CONNECTION_REFUSED|WebSocket connection to/);
  await server.terminate();
  await visitor.sees('#connection[data-state="reconnecting"]');
  await server.launch(server.port);
  const answer = await server.call('POST', '/demo/trigger', {
    body: { userId: visitor.user, eventType: 'global.info', title: 'Meanwhile', message: 'You were away.' },
  });
  assert.equal(answer.status, 200, answer.text);
  await visitor.sees(row('Meanwhile'));
  await visitor.sees('#connection[data-state="live"]');
  await send(visitor, { title: 'After' });
  await visitor.sees(row('After'));
  assert.deepEqual(await visitor.page.locator('#feed .item-title').allTextContents(), ['After', 'Meanwhile', 'Before']);
  await visitor.leave();
});

test('a refused trigger is explained in place', async () => {
  const visitor = await visit();
  visitor.expectTrouble(/status of 422/);
  await visitor.page.route('**/demo/trigger', (route) => route.fulfill({
    status: 422, json: { statusCode: 400, message: ['title must be a string', 'message must be a string'], error: 'Bad Request' },
  }));
  await send(visitor, { title: 'Never sent' });
  await visitor.sees('#trigger-error:has-text("title must be a string; message must be a string")');
  assert.equal(await visitor.page.locator('#feed li').count(), 0);
  await visitor.leave();
});

test('pages and their files: strict policy, cacheable, compressed when asked for', async () => {
  for (const path of ['/', '/demo']) {
    const page = await server.call('GET', path);
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
    assert.match(page.headers['content-security-policy'], /default-src 'self'/);
    assert.doesNotMatch(page.headers['content-security-policy'], /unsafe-/);
    const files = [...page.text.matchAll(/(?:src|href)="(\/(?:assets\/|favicon)[^"]+)"/g)].map(([, file]) => file);
    assert.ok(files.length >= 2, page.text);
    for (const file of files) await checkFile(file);
  }
  assert.equal((await server.call('GET', '/assets/no-such.js')).status, 404);
});

async function checkFile(path) {
  const plain = await server.call('GET', path);
  assert.equal(plain.status, 200, path);
  assert.match(plain.headers['content-type'], { js: /javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/ }[path.split('.').pop()]);
  const zipped = await server.call('GET', path, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(zipped.headers['content-encoding'], 'gzip', path);
  assert.match(zipped.headers.vary, /accept-encoding/i);
  assert.ok(Number(zipped.headers['content-length']) < Number(plain.headers['content-length']), path);
  const known = await server.call('GET', path, { headers: { 'if-none-match': plain.headers.etag } });
  assert.equal(known.status, 304, path);
  assert.equal(known.text, '');
}
