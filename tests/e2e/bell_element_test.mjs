// bell_element_test.mjs: <orqestra-bell> in a real browser, in a page of another origin with a strict policy
// (KIT-13, RT-20, RT-21, RT-22). Playwright's selectors look into open shadow trees.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { freePort, Server } from './harness.mjs';
import { BellPages } from './lib/bell_page.mjs';
import { Browser } from './lib/browser.mjs';
import { within } from './lib/inbox.mjs';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const GZIP_MAX = 45 * 1024;

const pagePort = await freePort();
const server = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: `http://127.0.0.1:${pagePort}` } });
const pages = await BellPages.open(pagePort);
const tenant = await server.createTenant();
for (const eventType of ['comment.created', 'order.shipped']) await tenant.template({ eventType, subject: '{{title}}', body: '{{message}}' });
let browser;
before(async () => { browser = await Browser.open(); });
after(async () => {
  await browser?.close();
  pages.close();
  await server.stop();
});

const send = (user, title, message = 'It works.', eventType = 'global.info') => tenant.trigger(eventType, user, { title, message });
const item = (title) => `orqestra-bell li:has(.title:has-text(${JSON.stringify(title)}))`;
const TITLES = '.title > span:first-child';

// Until it is true in the page. Playwright's own waitForFunction needs eval, which the page's policy refuses.
async function until(page, predicate, argument) {
  const holds = async () => {
    while (!(await page.evaluate(predicate, argument))) await page.evaluate(() => new Promise((done) => { setTimeout(done, 20); }));
  };
  await within(holds(), String(predicate));
}

// A visitor whose page has the user's bell; ready when the feed was read.
async function visit(user, { attributes = {}, inside, html, ready = true } = {}) {
  const { token } = await tenant.token(user);
  const visitor = await browser.visitor();
  const { page } = visitor;
  visitor.url = pages.page(server.base, pages.bell(server, { token, ...attributes }, inside), { html });
  await visitor.open(visitor.url);
  if (ready) await until(page, () => window.heard?.some(([name]) => name === 'orqestra-count') && document.querySelector('orqestra-bell').shadowRoot);
  visitor.toggle = () => page.click('orqestra-bell');
  visitor.badge = (text) => until(page, (expected) => {
    const badge = document.querySelector('orqestra-bell').shadowRoot.querySelector('.badge');
    return (badge.hidden ? '' : badge.textContent) === expected;
  }, text);
  visitor.titles = () => page.locator(TITLES).allTextContents();
  visitor.heard = () => page.evaluate(() => window.heard);
  visitor.focused = () => page.evaluate(() => {
    const at = document.querySelector('orqestra-bell').shadowRoot.activeElement;
    return at && (at.querySelector('span')?.textContent && at.classList.contains('title') ? at.querySelector('span').textContent : at.classList[0]);
  });
  return visitor;
}

const framesOf = (page) => {
  const sent = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
  return sent;
};

// ---- what it is for ----

test('KIT-13 RT-21: history on mount, badge, relative time; a click marks read with no refetch', async () => {
  await send('first', 'Invoice paid', 'Invoice 7 was paid.', 'global.success');
  await send('first', 'Build failed', 'Have a look.', 'global.error');
  const visitor = await visit('first', { ready: false });
  const { page } = visitor;
  const sent = framesOf(page);
  await page.reload();
  await visitor.badge('2');
  assert.equal(await page.getAttribute('.bell', 'aria-label'), 'Notifications, 2 unread');
  await visitor.toggle();
  await visitor.sees('[role=dialog]');
  assert.deepEqual(await visitor.titles(), ['Build failed', 'Invoice paid']);
  assert.match(await page.textContent(`${item('Invoice paid')} time`), /^(now|\d+ seconds? ago)$/);
  assert.equal(await page.textContent(`${item('Invoice paid')} .body`), 'Invoice 7 was paid.');
  await visitor.sees(`${item('Invoice paid')}.unread`);
  sent.length = 0;
  await page.click(item('Invoice paid'));
  await visitor.sees(`${item('Invoice paid')}.read`);
  await visitor.sees(`${item('Build failed')}.unread`);
  await visitor.badge('1');
  await until(page, () => window.heard.some(([name]) => name === 'orqestra-read'));
  const history = await tenant.history('first');
  assert.ok(!sent.some((frame) => frame.includes('feed.list')), `no refetch: ${sent}`);
  assert.ok(history.length === 2 && sent.some((frame) => frame.includes('feed.read')));
  await visitor.leave();
});

test('RT-22: what arrives is prepended, counted and announced; the host hears of it', async () => {
  const visitor = await visit('live');
  const { page } = visitor;
  await visitor.toggle();
  await visitor.sees('[part=empty]');
  await send('live', 'One');
  await visitor.sees(item('One'));
  await send('live', 'Two');
  await visitor.sees(item('Two'));
  assert.deepEqual(await visitor.titles(), ['Two', 'One']);
  await visitor.badge('2');
  assert.equal(await page.textContent('[aria-live=polite]'), 'New notification: Two');
  assert.deepEqual((await visitor.heard()).filter(([name]) => name === 'orqestra-notification'),
    [['orqestra-notification', 'One'], ['orqestra-notification', 'Two']]);
  await page.click('[part=read-all]');
  await visitor.badge('');
  assert.ok((await tenant.history('live')).length === 2);
  await page.reload();
  await visitor.toggle();
  await visitor.sees(`${item('One')}.read`);
  await visitor.badge('');
  await visitor.leave();
});

test('KIT-13: "3 minutes ago" comes by itself', async () => {
  await send('clock', 'Aging');
  const visitor = await browser.visitor();
  const { page } = visitor;
  await page.clock.install();
  await visitor.open(pages.page(server.base, pages.bell(server, { token: (await tenant.token('clock')).token })));
  await page.click('.bell');
  await visitor.sees(item('Aging'));
  await page.clock.fastForward('03:00');
  await visitor.sees(`${item('Aging')} time:text-is("3 minutes ago")`);
  await visitor.leave();
});

test('a second tab and a second device see the read', async () => {
  await send('tabs', 'Shared');
  await send('tabs', 'Also');
  const [one, two] = [await visit('tabs'), await visit('tabs')];
  await one.badge('2');
  await two.badge('2');
  await one.toggle();
  await two.toggle();
  await one.page.click(item('Shared'));
  await two.sees(`${item('Shared')}.read`);
  await two.badge('1');
  await two.page.click('[part=read-all]');
  await one.sees(`${item('Also')}.read`);
  await one.badge('');
  await one.leave();
  await two.leave();
});

test('infinite scroll, and more than 99', async () => {
  const events = Array.from({ length: 100 }, (_, n) => ({ eventType: 'global.info', payload: { userId: 'many' }, variables: { title: `No. ${n}`, message: 'm' } }));
  assert.equal((await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } })).status, 200);
  await send('many', 'The newest');
  const visitor = await visit('many');
  const { page } = visitor;
  await visitor.badge('99+');
  await visitor.toggle();
  await visitor.sees(item('The newest'));
  assert.ok((await visitor.titles()).length < 60, 'not all at once');
  await until(page, () => {
    const { shadowRoot } = document.querySelector('orqestra-bell');
    shadowRoot.querySelector('.scroll').scrollTop = 1e6;
    return shadowRoot.querySelectorAll('.title').length === 101;
  });
  assert.equal(new Set(await visitor.titles()).size, 101);
  await visitor.leave();
});

// ---- when things go wrong ----

test('RT-20: offline is said, a mark waits for the connection, and nothing is missed', async () => {
  const own = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: pages.base } });
  const team = await own.createTenant();
  const tell = (title) => team.trigger('global.info', 'away', { title, message: 'm' });
  await tell('Before');
  const visitor = await browser.visitor();
  const { page } = visitor;
  visitor.expectTrouble(/ERR_CONNECTION_REFUSED|WebSocket connection to/);
  await visitor.open(pages.page(own.base, pages.bell(own, { token: (await team.token('away')).token })));
  await page.click('.bell');
  await visitor.sees(item('Before'));
  await own.terminate();
  await visitor.sees('[part=notice]:has-text("You are offline")');
  await page.click(item('Before'));
  await visitor.sees(`${item('Before')}.read`);
  await own.launch(own.port);
  await tell('Meanwhile');
  await visitor.sees(item('Meanwhile'));
  await visitor.hidden('[part=notice]');
  await until(page, () => document.querySelector('orqestra-bell').unread === 1);
  await until(page, () => document.querySelector('orqestra-bell').items.length === 2);
  const status = async () => (await team.history('away')).find(({ title }) => title === 'Before').status;
  for (let n = 0; n < 100 && (await status()) !== 'READ'; n++) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await status(), 'READ');
  await visitor.leave();
  await own.stop();
});

// The server behind a socket that answers some calls with an error of its own.
function refusing(page, refuses) {
  return page.routeWebSocket(/connection\/websocket/, (socket) => {
    const upstream = socket.connectToServer();
    socket.onMessage((frame) => {
      const commands = String(frame).split('\n').filter(Boolean).map((line) => JSON.parse(line));
      const refused = commands.filter(({ rpc }) => rpc && refuses(rpc.method));
      for (const { id } of refused) socket.send(JSON.stringify({ id, error: { code: 100, message: 'internal server error', temporary: true } }));
      const rest = commands.filter((command) => !refused.includes(command));
      if (rest.length || commands.length === 0) upstream.send(rest.map((one) => JSON.stringify(one)).join('\n'));
    });
  });
}

test('a mark that is refused is taken back with a word', async () => {
  await send('refused', 'Stubborn');
  const visitor = await browser.visitor();
  const { page } = visitor;
  await refusing(page, (method) => ['feed.read', 'feed.readAll'].includes(method));
  await visitor.open(pages.page(server.base, pages.bell(server, { token: (await tenant.token('refused')).token })));
  await page.click('.bell');
  for (const target of [item('Stubborn'), '[part=read-all]']) {
    await page.click(target);
    await visitor.sees('[part=notice]:has-text("could not be marked")');
    await visitor.sees(`${item('Stubborn')}.unread`);
    assert.equal(await page.textContent('.badge'), '1');
    await page.click('[part=notice] button');
    await visitor.hidden('[part=notice]');
  }
  assert.equal((await tenant.history('refused'))[0].status, 'UNREAD');
  await visitor.leave();
});

test('a feed that cannot be read says so, and can be tried again', async () => {
  await send('unread', 'Hidden at first');
  const visitor = await browser.visitor();
  let broken = true;
  await refusing(visitor.page, (method) => broken && method === 'feed.list');
  await visitor.open(pages.page(server.base, pages.bell(server, { token: (await tenant.token('unread')).token })));
  await visitor.page.click('.bell');
  await visitor.sees('[part=error]:has-text("could not be loaded")');
  broken = false;
  await visitor.page.click('[part=error] button');
  await visitor.sees(item('Hidden at first'));
  await visitor.leave();
});

test('a bad token is an error that says so, and a new one mends it', async () => {
  await send('bad', 'Waiting');
  const visitor = await visit('bad', { attributes: { token: 'not.a.token', 'user-id': 'bad' }, ready: false });
  const { page } = visitor;
  await visitor.toggle();
  await visitor.sees('[part=error][role=alert]:has-text("sign-in was refused")');
  await page.click('[part=error] button');
  await visitor.sees('[part=error]');
  const { token } = await tenant.token('bad');
  await page.evaluate((fresh) => Object.assign(document.querySelector('orqestra-bell'), { token: undefined, getToken: async () => fresh }), token);
  await visitor.sees(item('Waiting'));
  await visitor.leave();
});

// ---- for everybody ----

test('the keyboard walks the list, marks, closes, and gives the focus back', async () => {
  for (const title of ['C', 'B', 'A']) await send('keys', title);
  const visitor = await visit('keys');
  const { page } = visitor;
  await visitor.badge('3');
  await page.focus('.bell');
  await page.keyboard.press('Enter');
  await visitor.sees('[role=dialog]');
  assert.equal(await visitor.focused(), 'A');
  for (const [key, expected] of [['ArrowDown', 'B'], ['ArrowDown', 'C'], ['ArrowDown', 'C'], ['ArrowUp', 'B'], ['Home', 'A'], ['ArrowUp', 'A'], ['End', 'C']]) {
    await page.keyboard.press(key);
    assert.equal(await visitor.focused(), expected, key);
  }
  await page.keyboard.press('Enter');
  await visitor.sees(`${item('C')}.read`);
  await send('keys', 'Newer');
  await visitor.sees(item('Newer'));
  assert.equal(await visitor.focused(), 'C', 'what arrives does not move the focus');
  await page.keyboard.press('Escape');
  await visitor.hidden('[role=dialog]');
  assert.equal(await visitor.focused(), 'bell');
  assert.equal(await page.getAttribute('.bell', 'aria-expanded'), 'false');
  await visitor.toggle();
  await visitor.sees('[role=dialog]');
  await page.mouse.click(30, 500);
  await visitor.hidden('[role=dialog]');
  await visitor.leave();
});

test('right to left: the panel and its rows are mirrored; times speak the language', async () => {
  await send('rtl', 'مرحبا', 'رسالة جديدة');
  const visitor = await visit('rtl', { html: 'dir="rtl"', attributes: { lang: 'ar' } });
  const { page } = visitor;
  await visitor.toggle();
  await visitor.sees(item('مرحبا'));
  const box = (selector) => page.locator(selector).boundingBox();
  const [panel, medal, words, bell] = await Promise.all(['.panel', '.medal', '.words', '.bell'].map(box));
  assert.ok(medal.x > words.x, 'the icon is on the right');
  assert.ok(Math.abs(panel.x - bell.x) < 2, 'the panel opens from the left edge of the bell');
  assert.doesNotMatch(await page.textContent('time'), /ago|now/);
  await visitor.leave();
});

test('strings, slots, renderItem and cancelled events', async () => {
  await send('host', 'Plain');
  const visitor = await visit('host', { inside: '<b slot="icon">i</b><h2 slot="header">Inbox</h2>' });
  const { page } = visitor;
  await visitor.badge('1');
  await page.evaluate(() => {
    const bell = document.querySelector('orqestra-bell');
    bell.strings = { label: (unread) => `Posteingang: ${unread}`, readAll: 'Alle gelesen' };
    bell.renderItem = (item, { time }) => `<i>${item.title}</i> / ${time}`;
    window.refuse = new Set(['orqestra-open']);
  });
  await until(page, () => document.querySelector('orqestra-bell').shadowRoot.querySelector('.bell').ariaLabel === 'Posteingang: 1');
  await visitor.toggle();
  assert.equal(await page.evaluate(() => document.querySelector('orqestra-bell').open), false, 'refused');
  await page.evaluate(() => { window.refuse = new Set(['orqestra-click']); });
  await visitor.toggle();
  await visitor.sees('text=Inbox');
  assert.equal(await page.textContent('[part=read-all]'), 'Alle gelesen');
  assert.match(await page.textContent('[part=item-custom]'), /^<i>Plain<\/i> \/ /, 'a text stays a text');
  await page.click(item('Plain'));
  await page.evaluate(() => { window.refuse = new Set(['orqestra-read']); });
  await page.click(item('Plain'));
  assert.equal(await page.textContent('.badge'), '1', 'both refused');
  await page.evaluate(() => { window.refuse.clear(); });
  await page.click(item('Plain'));
  await visitor.badge('');
  await visitor.leave();
});

const HOSTILE = [
  '<script>window.pwned=1</script>', '<img src=x onerror=window.pwned=1>', '<svg onload=window.pwned=1>', '"><script>window.pwned=1</script>',
  "' onmouseover='window.pwned=1", '<iframe srcdoc="<script>parent.pwned=1</script>">', '<a href="javascript:window.pwned=1">x</a>',
  'javascript:window.pwned=1', 'JaVaScRiPt:window.pwned=1', 'java\tscript:window.pwned=1', 'data:text/html,<script>window.pwned=1</script>',
  'vbscript:msgbox(1)', 'file:///etc/passwd', 'https://ok.example/"onmouseover="window.pwned=1', 'https://ok.example/<script>window.pwned=1</script>',
  '${window.pwned=1}', '{{constructor.constructor("window.pwned=1")()}}', '<!--<img src="--><img src=x onerror=window.pwned=1>', '</p></li></ul><h1>out</h1>',
  '<style>*{display:none}</style>', '<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>', '<slot name="header"></slot>',
  '<template shadowrootmode="open"><script>window.pwned=1</script></template>', 'blob:https://x/1', 'mailto:a@b.example?subject=<b>', '\u202Egnp.exe <b>',
];

test('content is text: nothing in it becomes markup, a script, or a link of another kind', async () => {
  const events = HOSTILE.map((text) => ({ eventType: 'global.info', payload: { userId: 'xss' }, variables: { title: text, message: text } }));
  assert.equal((await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } })).status, 200);
  const visitor = await visit('xss');
  const { page } = visitor;
  await visitor.toggle();
  await until(page, (count) => {
    const { shadowRoot } = document.querySelector('orqestra-bell');
    shadowRoot.querySelector('.scroll').scrollTop = 1e6;
    return shadowRoot.querySelectorAll('.title').length === count;
  }, HOSTILE.length);
  const rows = await tenant.history('xss');
  const shown = await page.evaluate(() => {
    const { shadowRoot } = document.querySelector('orqestra-bell');
    return {
      titles: [...shadowRoot.querySelectorAll('.title > span:first-child')].map((e) => e.textContent),
      bodies: [...shadowRoot.querySelectorAll('.body')].map((e) => e.textContent),
      tags: [...new Set([...shadowRoot.querySelectorAll('li *')].map((e) => e.localName))].sort(),
      links: [...shadowRoot.querySelectorAll('a')].map((e) => e.protocol),
      pwned: window.pwned,
    };
  });
  assert.deepEqual(shown.titles, rows.map(({ title }) => title));
  assert.deepEqual(shown.bodies, rows.map(({ body }) => body));
  assert.deepEqual(new Set(shown.titles), new Set(HOSTILE), 'and unharmed');
  assert.deepEqual(shown.tags.filter((tag) => !['a', 'button', 'circle', 'div', 'p', 'path', 'span', 'svg', 'time'].includes(tag)), []);
  assert.deepEqual([...new Set(shown.links)].sort(), ['https:', 'mailto:']);
  assert.equal(shown.pwned, undefined);
  await visitor.leave();
});

const KINDS = [
  ['Ada mentioned you', 'In "Release notes": can you look at the second paragraph?', 'comment.created'],
  ['Invoice 2041 was paid', 'The receipt is at https://billing.example.com/2041.', 'global.success'],
  ['Disk almost full', 'db-2 has 4 % left.', 'global.warning'],
  ['Maintenance on Sunday', 'From 02:00 to 02:30 UTC nothing can be saved.\nNothing is lost.', 'global.alert'],
  ['Build 318 failed', 'Two tests of the importer.', 'global.error'],
  ['Your order is on its way', 'It arrives on Thursday.', 'order.shipped'],
];

async function axe(page, state) {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: state.endsWith('dark') ? 'dark' : 'light' });
  // Not by a script tag: the page's policy would refuse it, rightly.
  const found = await page.evaluate(`(() => { ${AXE}; return axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }); })()`);
  const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 120)} ${any.map(({ message }) => message).join()}`).join(' | ')}`);
  assert.deepEqual(told, [], state);
}

async function axeBoth(visitor, state) {
  for (const scheme of ['light', 'dark']) await axe(visitor.page, `${state}, ${scheme}`);
  if (process.env.SCREENSHOTS) {
    for (const colorScheme of ['light', 'dark']) {
      await visitor.page.emulateMedia({ colorScheme });
      await visitor.page.screenshot({ ...(state === 'list' ? { clip: { x: 838, y: 84, width: 442, height: 690 } } : {}), path: `${process.env.SCREENSHOTS}/${state}-${colorScheme}.png` });
    }
  }
}

test('axe finds nothing, light or dark, in any state; targets are 24 px or more', async () => {
  const visitor = await visit('axe');
  await axeBoth(visitor, 'closed');
  await visitor.toggle();
  await visitor.sees('[part=empty]');
  await axeBoth(visitor, 'empty');
  for (const words of KINDS) await send('axe', ...words);
  await visitor.badge(String(KINDS.length));
  await visitor.page.click(item('Invoice 2041 was paid'));
  await visitor.badge(String(KINDS.length - 1));
  await axeBoth(visitor, 'list');
  const small = await visitor.page.evaluate(() => [...document.querySelector('orqestra-bell').shadowRoot.querySelectorAll('button')]
    .filter((e) => e.offsetParent !== null || e.getClientRects().length).map((e) => e.getBoundingClientRect())
    .filter(({ width, height }) => width < 24 || height < 24).length);
  assert.equal(small, 0);
  await visitor.page.setViewportSize({ width: 390, height: 780 });
  await axeBoth(visitor, 'phone');
  await visitor.leave();

  const lost = await visit('axe', { attributes: { token: 'bad', 'user-id': 'axe' }, ready: false });
  await lost.toggle();
  await lost.sees('[part=error]');
  await axeBoth(lost, 'error');
  await lost.leave();

  const slow = await visit('axe', { attributes: { token: undefined }, ready: false });
  await slow.toggle();
  await slow.sees('[part=loading] .bone >> nth=0');
  await axeBoth(slow, 'loading');
  await slow.leave();

  const away = await visit('axe');
  await away.toggle();
  await away.sees(item('Ada mentioned you'));
  away.expectTrouble(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  await away.context.setOffline(true);
  await away.sees('[part=notice]:has-text("offline")');
  await axeBoth(away, 'offline');
  await away.leave();
});

// ---- as it travels ----

test('the bundle, with the client in it, stays below 45 KB gzipped', async (t) => {
  const { stdout } = await run('curl', ['-sS', '--compressed', '-H', 'accept-encoding: gzip', `${server.base}/sdk/bell.js`], { maxBuffer: 1e7 });
  const size = gzipSync(stdout, { level: 9 }).length;
  t.diagnostic(`/sdk/bell.js: ${size} bytes gzipped`);
  assert.ok(size <= GZIP_MAX, `${size} bytes gzipped; the bar is ${GZIP_MAX}`);
  assert.doesNotMatch(stdout, /\beval\(|new Function\(/);
});

test('the first paste of docs/bell.md works as it stands', async () => {
  const [, example] = /```html\n([\s\S]+?)```/.exec(readFileSync(join(root, 'docs/bell.md'), 'utf8'));
  await send('paste', 'Pasted');
  const { token } = await tenant.token('paste');
  const body = example.replaceAll('https://orqestra.example.com', server.base).replace('USER_ID', 'paste').replace('REALTIME_TOKEN', token);
  const visitor = await browser.visitor();
  await visitor.open(pages.page(server.base, body));
  await visitor.page.click('.bell');
  await visitor.sees(item('Pasted'));
  await visitor.leave();
});

test('npm pack holds what its exports name; React and Vue show the bell and pass events on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'orqestra-bell-'));
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: join(root, 'web/bell') });
    const archive = join(directory, 'orqestra-bell-0.1.0.tgz');
    assert.ok(gunzipSync(readFileSync(archive)).length > 0);
    await run('tar', ['-xzf', archive, '-C', directory]);
    const { exports } = JSON.parse(readFileSync(join(directory, 'package/package.json'), 'utf8'));
    for (const entry of Object.values(exports)) for (const file of Object.values(entry)) readFileSync(join(directory, 'package', file));
    await wrapped(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

const APPS = {
  react: `import { createElement } from 'react'; import { createRoot } from 'react-dom/client'; import { OrqestraBell } from '@orqestra/bell/react';
    const { baseUrl, userId, token } = JSON.parse(document.querySelector('#app').dataset.given);
    createRoot(document.querySelector('#app')).render(createElement(OrqestraBell, { baseUrl, userId, getToken: async () => token, className: 'mine',
      onItemClick: ({ detail }) => { document.title = 'clicked ' + detail.item.title; } }));`,
  vue: `import { createApp, h } from 'vue'; import { OrqestraBell } from '@orqestra/bell/vue';
    const { baseUrl, userId, token } = JSON.parse(document.querySelector('#app').dataset.given);
    createApp({ render: () => h(OrqestraBell, { baseUrl, userId, getToken: async () => token, class: 'mine',
      onItemClick: ({ detail }) => { document.title = 'clicked ' + detail.item.title; } }) }).mount('#app');`,
};

async function wrapped(directory) {
  const esbuild = createRequire(join(root, 'web/package.json'))('esbuild');
  for (const [kind, contents] of Object.entries(APPS)) {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: join(root, 'tests') }, bundle: true, write: false, format: 'esm', target: 'es2022',
      alias: { '@orqestra/bell/react': join(directory, 'package/react.js'), '@orqestra/bell/vue': join(directory, 'package/vue.js'),
        '@orqestra/bell': join(directory, 'package/dist/bell.js'), ...(kind === 'vue' ? { vue: join(root, 'tests/node_modules/vue/dist/vue.runtime.esm-browser.prod.js') } : {}) },
      nodePaths: [join(root, 'tests/node_modules')], define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'error',
    });
    const user = `in-${kind}`;
    await send(user, 'Wrapped');
    const { token } = await tenant.token(user);
    const given = JSON.stringify({ baseUrl: server.base, userId: user, token }).replaceAll('"', '&quot;');
    const url = pages.page(server.base, `<div id="app" data-given="${given}"></div>`, {
      scripts: [`/${kind}.js`], files: { [`/${kind}.js`]: outputFiles[0].text },
    });
    const visitor = await browser.visitor();
    await visitor.open(url);
    await visitor.page.click('orqestra-bell.mine .bell');
    await visitor.page.click(item('Wrapped'));
    await visitor.sees(`${item('Wrapped')}.read`);
    assert.equal(await visitor.page.title(), 'clicked Wrapped');
    await visitor.leave();
  }
}
