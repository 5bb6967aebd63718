// dialects.mjs: peers of the two dialects whose token is in the URL: the `ws` package, as it comes.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { Inbox, within } from './inbox.mjs';

// A socket that is open. Frames arrive parsed in `inbox` and as they are in `frames`; `closed` resolves
// to { code, reason }.
export class Listener {
  constructor(url, options = {}) {
    this.inbox = new Inbox();
    this.frames = new Inbox();
    this.pongs = new Inbox();
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (bytes, isBinary) => {
      assert.equal(isBinary, false);
      this.frames.push(bytes.toString());
      this.inbox.push(JSON.parse(bytes.toString()));
    });
    this.socket.on('pong', (bytes) => this.pongs.push(bytes.toString()));
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        const how = { code, reason: reason.toString() };
        for (const one of [this.inbox, this.frames, this.pongs]) one.end(`closed ${code} ${how.reason}`);
        resolve(how);
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {}); // whoever waits hears of it
  }

  static async open(server, path, options) {
    const listener = new Listener(`ws://127.0.0.1:${server.port}${path}`, options);
    server.atStop(() => listener.socket.terminate());
    await within(listener.opened, `the opening of ${path.slice(0, 40)}`);
    return listener;
  }

  end(what = 'the close of the socket') {
    return within(this.closed, what);
  }

  close(code = 1000) {
    this.socket.close(code);
    return this.end();
  }

  // Everything sent before this has been read by the server, and all it had to say by then is here.
  async settle() {
    this.socket.ping('settle');
    assert.equal(await this.pongs.next('a pong'), 'settle');
  }
}

const segment = encodeURIComponent;

export function workspacePath(token, slug) {
  const query = [];
  if (token !== undefined) query.push(`token=${segment(token)}`);
  if (slug !== undefined) query.push(`workspaceSlug=${segment(slug)}`);
  return `/?${query.join('&')}`;
}

export const workspaceToken = (tenant, userId, claims = {}) =>
  tenant.server.mint(tenant, userId, { workspaces: [tenant.slug], ...claims });

// A user who is in the tenant's workspace.
export function member(tenant, userId, claims) {
  return Listener.open(tenant.server, workspacePath(workspaceToken(tenant, userId, claims), tenant.slug));
}

export const notifyPath = (slug) => `/workspace/${segment(slug)}/api/v1/notifications`;

// The producer's call with the tenant's key; resolves the 202's body.
export async function notify(tenant, fields) {
  const body = { title: 'A title', message: 'A message', ...fields };
  const answer = await tenant.call('POST', notifyPath(tenant.slug), { body });
  assert.equal(answer.status, 202, answer.text);
  return answer.json;
}

export const expiryPath = (token) => `/api/ws/notification${token === undefined ? '' : `?access_token=${segment(token)}`}`;

// A user of the expiry dialect, greeted.
export async function watcher(tenant, userId, claims = {}) {
  const token = tenant.server.mint(tenant, userId, { userId, ...claims });
  const listener = await Listener.open(tenant.server, expiryPath(token));
  const greeting = await listener.inbox.next('the greeting');
  assert.equal(greeting.type, 'CONNECTION_ESTABLISHED');
  return listener;
}

export async function metric(server, name) {
  const { text } = await server.call('GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  assert.ok(line, `${name} is on the page`);
  return Number(line.split(' ').pop());
}

export async function until(what, isSo) {
  const comes = (async () => {
    while (!(await isSo())) await new Promise((done) => setTimeout(done, 20));
  })();
  await within(comes, what);
}
