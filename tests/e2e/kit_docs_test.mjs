// kit_docs_test.mjs: what docs/backend.md and docs/browser.md tell people to paste, pasted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Server, freePort } from './harness.mjs';
import { Browser } from './lib/browser.mjs';
import { GoPrograms, ROOT, cleanEnvironment, runProgram } from './lib/sdk.mjs';

const doc = (name) => readFileSync(join(ROOT, 'docs', name), 'utf8');
const blocks = (name, language) => [...doc(name).matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  .filter(([, tag]) => tag === language).map(([, , text]) => text);

const port = await freePort(); // of the application
const server = await Server.start({ env: { ORQESTRA_ALLOWED_ORIGINS: `http://127.0.0.1:${port}` } });
const tenant = await server.createTenant();
const room = mkdtempSync(join(tmpdir(), 'orqestra-docs-'));
const go = new GoPrograms();
after(async () => {
  rmSync(room, { recursive: true, force: true });
  go.remove();
  await server.stop();
});
mkdirSync(join(room, 'node_modules/@orqestra'), { recursive: true });
symlinkSync(join(ROOT, 'sdk/node'), join(room, 'node_modules/@orqestra/node'));

const env = { ORQESTRA_HOST: server.base, ORQESTRA_API_KEY: tenant.apiKey, ORQESTRA_PREFLIGHT: 'off', PORT: String(port) };
const [nodeSend, nodeServer] = blocks('backend.md', 'js');
const newest = async () => (await tenant.history('user-1'))[0];

async function pasted(program, args, more = {}) {
  const { code, stderr } = await runProgram(program, args, { cwd: room, env: { ...env, ...more } });
  assert.equal(code, 0, stderr);
  return newest();
}

test('KIT-01 KIT-22: docs/backend.md: the Node example', async () => {
  writeFileSync(join(room, 'send.mjs'), nodeSend);
  assert.equal((await pasted(process.execPath, ['send.mjs'])).body, 'from Node');
});

test('KIT-01 KIT-10: docs/backend.md: the Python example', async () => {
  const [text] = blocks('backend.md', 'python');
  writeFileSync(join(room, 'send.py'), text);
  const sdk = { PYTHONPATH: join(ROOT, 'sdk/python'), PYTHONDONTWRITEBYTECODE: '1' };
  assert.equal((await pasted('/usr/bin/python3', ['send.py'], sdk)).body, 'from Python');
});

test('KIT-01: docs/backend.md: the Go example', async () => {
  const [text] = blocks('backend.md', 'go');
  const home = join(room, 'go');
  mkdirSync(home);
  writeFileSync(join(home, 'main.go'), text);
  const [, requirement, replacement] = /`(require [^`]+)` and `(replace [^`]+)`/.exec(doc('backend.md'));
  writeFileSync(join(home, 'go.mod'), `module example\n\ngo 1.19\n\n${requirement}\n${replacement.replace('./sdk/go', join(ROOT, 'sdk/go'))}\n`);
  assert.equal((await pasted(await go.build('pasted', home), [])).body, 'from Go');
});

test('KIT-11 RT-21 RT-22: docs/browser.md: the page, served by the backend of docs/backend.md, from another origin', async () => {
  const [page] = blocks('browser.md', 'html');
  writeFileSync(join(room, 'page.html'), page.replaceAll('https://notify.example.com', server.base));
  writeFileSync(join(room, 'server.mjs'), nodeServer);
  const application = spawn(process.execPath, ['server.mjs'], { cwd: room, env: cleanEnvironment(env), stdio: 'inherit' });
  const browser = await Browser.open();
  try {
    const visitor = await browser.visitor();
    visitor.expectTrouble(/favicon/);
    await reachable(`http://127.0.0.1:${port}/`);
    const before = (await tenant.history('user-1')).length;
    await tenant.trigger('global.info', 'user-1', { title: 'Before', message: 'it was opened' });
    await visitor.open(`http://127.0.0.1:${port}/`);
    await visitor.sees(`#unread:text-is("${before + 1}")`);
    await tenant.trigger('global.info', 'user-1', { title: 'Live', message: 'while it is open' });
    await visitor.sees('#feed li:first-child:text-is("Live: while it is open")');
    await visitor.sees(`#unread:text-is("${before + 2}")`);
    assert.equal(await visitor.page.locator('#feed li').count(), before + 2);
    await visitor.page.click('#feed li:first-child');
    await visitor.sees(`#unread:text-is("${before + 1}")`);
    assert.equal((await newest()).status, 'READ');
    await visitor.leave();
  } finally {
    application.kill();
    await browser.close();
  }
});

async function reachable(url) {
  for (let tries = 0; tries < 500; tries++) {
    const answer = await fetch(url).catch(() => null);
    if (answer) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`nobody listens at ${url}`);
}
