// origin_test.mjs: which pages may open a WebSocket (RELIABILITY threat 6), asked by header and by a browser, and
// that a token in a URL is never logged.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { freePort, freshDirectory, Server } from './harness.mjs';
import { Browser } from './lib/browser.mjs';
import { makeCertificate, trust } from './lib/certificate.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

const pagePort = await freePort();
const LISTED = `https://app.example.com, https://*.wild.example, https://*.ported.example:8443, http://*.localhost:${pagePort}`;
const files = freshDirectory();
const pair = makeCertificate(files, 'origin');
const plain = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: LISTED, ORQESTRA_LOG_LEVEL: 'debug' } });
const sealed = await Server.start({
  env: { ORQESTRA_ALLOWED_ORIGINS: LISTED, ORQESTRA_TLS_CERT: pair.cert, ORQESTRA_TLS_KEY: pair.key }, tls: { ca: trust(pair) },
});
const tenant = await plain.createTenant();
let browser;
let pages;
before(async () => {
  browser = await Browser.open();
  pages = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,"><h1>Elsewhere</h1>'));
  pages.listen(pagePort, '127.0.0.1');
  await once(pages, 'listening');
});
after(async () => {
  await browser?.close();
  pages?.close();
  await plain.stop();
  await sealed.stop();
  rmSync(files, { recursive: true });
});

// [headers, admitted by the plain server, by the TLS one]; HOST is the server's own address.
const CASES = [
  [[], true, true],
  [['Origin: http://HOST'], true, false],
  [['Origin: https://HOST'], true, true],
  [['Origin: HTTPS://HOST'], true, true],
  [['origin: https://HOST'], true, true],
  [['Origin: https://HOST/'], false, false],
  [['Origin: https://HOST.evil.example'], false, false],
  [['Origin: https://evil.example/HOST'], false, false],
  [['Origin: https://HOST@evil.example'], false, false],
  [['Origin: https://x@HOST'], false, false],
  [['Origin: ws://HOST'], false, false],
  [['Origin: HOST'], false, false],
  [['Origin: //HOST'], false, false],
  [['Origin: https://127.0.0.1'], false, false],
  [['Origin: https://127.0.0.1:1'], false, false],
  [['Origin: https://localhost'], false, false],
  [['Origin: null'], false, false],
  [['Origin: NULL'], false, false],
  [['Origin:'], false, false],
  [['Origin: https://HOST', 'Origin: https://evil.example'], false, false],
  [['Origin: https://evil.example', 'Origin: https://HOST'], false, false],
  [['Origin: https://HOST', 'Origin: https://HOST'], false, false],
  [['Origin: https://HOST, https://evil.example'], false, false],
  [['Origin: https://HOST https://evil.example'], false, false],
  [['Origin: https://app.example.com'], true, true],
  [['Origin: https://App.Example.Com'], true, true],
  [['Origin: https://app.example.com:443'], true, true],
  [['Origin: http://app.example.com'], false, false],
  [['Origin: https://app.example.com:444'], false, false],
  [['Origin: https://app.example.com.evil.example'], false, false],
  [['Origin: https://xapp.example.com'], false, false],
  [['Origin: https://a.wild.example'], true, true],
  [['Origin: https://a.b.wild.example'], true, true],
  [['Origin: https://wild.example'], false, false],
  [['Origin: https://.wild.example'], false, false],
  [['Origin: https://evilwild.example'], false, false],
  [['Origin: http://a.wild.example'], false, false],
  [['Origin: https://a.wild.example:8443'], false, false],
  [['Origin: https://evil.example#.wild.example'], false, false],
  [['Origin: https://a.ported.example:8443'], true, true],
  [['Origin: https://a.ported.example'], false, false],
  [['Origin: https://evil.example', 'Sec-Fetch-Site: same-origin'], false, false],
  [['Origin: https://evil.example', 'X-Forwarded-Host: evil.example'], false, false],
  [['Referer: https://evil.example/', 'Cookie: session=x'], true, true],
];

for (const [name, server, column] of [['plain', plain, 1], ['TLS', sealed, 2]]) {
  test(`RELIABILITY-6: ${CASES.length} header cases, ${name}`, async () => {
    for (const row of CASES) {
      const headers = row[0].map((line) => `${line.replaceAll('HOST', `127.0.0.1:${server.port}`)}\r\n`).join('');
      const raw = await RawTcp.open(server);
      const { status } = await raw.upgrade({ headers });
      assert.equal(status, row[column] ? 101 : 403, headers);
      raw.socket.destroy();
    }
  });
}

test('RELIABILITY-6: behind a proxy with TLS the Host of the proxy makes our own origin', async () => {
  const ask = async (host, origin) => {
    const raw = await RawTcp.open(plain);
    raw.write(`GET /connection/websocket HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
      + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    const { status } = await raw.response();
    raw.socket.destroy();
    return status;
  };
  assert.equal(await ask('notify.example.org', 'https://notify.example.org'), 101);
  assert.equal(await ask('notify.example.org:443', 'https://notify.example.org'), 101);
  assert.equal(await ask('notify.example.org', 'https://notify.example.org:8443'), 403);
  assert.equal(await ask('notify.example.org', 'https://evil.example'), 403);
});

// Opens a WebSocket from the page (or from a frame in it): 'open' or 'refused'.
const dial = (url) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.onopen = () => done('open');
  socket.onerror = () => done('refused');
});

test('RELIABILITY-6: a real browser: foreign pages fail, ours and a listed one do not', async () => {
  const visitor = await browser.visitor();
  const { page } = visitor;
  visitor.expectTrouble(/WebSocket connection to .* failed/);
  const seen = {};
  for (const url of [`${plain.base}/`, `http://127.0.0.1:${pagePort}/`, `http://localhost:${pagePort}/`, `http://app.localhost:${pagePort}/`]) {
    await visitor.open(url);
    seen[new URL(url).host] = await page.evaluate(dial, plain.socketUrl);
  }
  assert.deepEqual(seen, {
    [`127.0.0.1:${plain.port}`]: 'open', [`127.0.0.1:${pagePort}`]: 'refused', [`localhost:${pagePort}`]: 'refused',
    [`app.localhost:${pagePort}`]: 'open',
  });
  await page.setContent('<iframe sandbox="allow-scripts" srcdoc="<p>an origin of null</p>"></iframe>');
  const frame = page.frames().find((one) => one.parentFrame());
  assert.equal(await frame.evaluate(() => self.origin), 'null');
  assert.equal(await frame.evaluate(dial, plain.socketUrl), 'refused');
  await visitor.leave();
});

test('RELIABILITY-5: a token in a URL is never logged', async () => {
  const { token } = await tenant.token('in-a-url');
  const jwt = plain.mint(tenant, 'in-a-url');
  const paths = ['/connection/websocket', '/api/ws/notification', '/', '/nowhere', '/health', tenant.feedPath('in-a-url')];
  for (const secret of [token, jwt, tenant.apiKey]) {
    for (const path of paths) {
      for (const query of [`token=${secret}`, `access_token=${secret}&x=y`, `cf_connect=${encodeURIComponent(`{"token":"${secret}"}`)}`]) {
        const raw = await RawTcp.open(plain);
        await raw.upgrade({ path: `${path}?${query}` });
        raw.socket.destroy();
        await plain.call('GET', `${path}?${query}`);
      }
    }
  }
  const logged = plain.stderr.split('\n').filter((line) => line.includes('"/nowhere"'));
  assert.ok(logged.length >= 9, 'there is a log to search'); // the rest is done by plain.stop(), which knows the secrets
  for (const secret of [token, jwt, tenant.apiKey]) assert.ok(!plain.stderr.includes(secret));
  assert.doesNotMatch(plain.stderr, /token=|cf_connect/);
});
