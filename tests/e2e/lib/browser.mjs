// browser.mjs: Debian's Chromium, headless. A visitor has a profile of their own and an eye on everything
// the page complains about: what nobody expected fails the test when the visitor leaves.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { PATIENCE_MS } from './inbox.mjs';

// Chromium's own calls home are off: tests talk to this machine only.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export class Browser {
  static async open() {
    const browser = new Browser();
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    browser.chromium = await chromium.launch({ executablePath, args: FLAGS });
    return browser;
  }

  async visitor() {
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 860 } });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visitor(context, await context.newPage());
  }

  close() {
    return this.chromium.close();
  }
}

class Visitor {
  #trouble = [];
  #expected = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.#trouble.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#trouble.push(message.text());
    });
  }

  open(url) {
    return this.page.goto(url);
  }

  sees(selector) {
    return this.page.waitForSelector(selector, { state: 'visible' });
  }

  hidden(selector) {
    return this.page.waitForSelector(selector, { state: 'hidden' });
  }

  expectTrouble(pattern) {
    this.#expected.push(pattern);
  }

  // Nothing on the console that was not expected; Content-Security-Policy violations show up there too.
  async leave() {
    await this.context.close();
    const unexpected = this.#trouble.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, []);
  }
}
