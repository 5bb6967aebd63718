// workspace.mjs: how to stay connected to a workspace's notifications. An example to copy from; it needs
// nothing but a WebSocket, the browser's own or the `ws` package in Node.
//
//   const client = new WorkspaceNotifications({
//     url: 'wss://notify.example.com', workspace: 'my-workspace',
//     getToken: async () => (await fetch('/my-backend/notification-token')).text(),
//     onNotification: ({ title, message, type }) => toast(title, message, type),
//   });
//   client.connect();
//
// The policy: a token is used for one connection and then asked for again, so 4003 (expired) needs no rule of
// its own. After any other loss it waits 1 s, then twice as long each time, 30 s at most, five times in a row;
// an open connection clears the count. 4001 means that the server will not have this user: it stops.
//
// One connection a user and workspace: a second tab takes over with 4009, and two that both reconnect take
// turns for ever. Let one tab connect and share with the others (BroadcastChannel).

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const UNAUTHORIZED = 4001;

export class WorkspaceNotifications {
  #socket = null;
  #wanted = false;
  #losses = 0; // in a row

  constructor({
    url, workspace, getToken, onNotification, onState = () => {}, attempts = 5,
    WebSocket = globalThis.WebSocket, wait = (ms) => new Promise((done) => setTimeout(done, ms)),
  }) {
    Object.assign(this, { url, workspace, getToken, onNotification, onState, attempts, WebSocket, wait });
  }

  connect() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#losses = 0;
    this.#open();
  }

  disconnect() {
    this.#wanted = false;
    this.#socket?.close();
    this.#socket = null;
  }

  async #open() {
    let token;
    try {
      token = await this.getToken();
    } catch {
      return this.#lost();
    }
    if (!this.#wanted) return undefined;
    const query = new URLSearchParams({ token, workspaceSlug: this.workspace });
    const socket = new this.WebSocket(`${this.url}/?${query}`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#losses = 0;
      this.onState({ name: 'open' });
    };
    socket.onmessage = ({ data }) => this.onNotification(JSON.parse(data));
    socket.onerror = () => {}; // a close follows
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      if (code === UNAUTHORIZED) this.#fail('unauthorized');
      else this.#lost();
    };
    return undefined;
  }

  async #lost() {
    if (!this.#wanted) return;
    if (this.#losses === this.attempts) {
      this.#fail('too many attempts');
      return;
    }
    const ms = Math.min(FIRST_WAIT_MS * 2 ** this.#losses++, LONGEST_WAIT_MS);
    this.onState({ name: 'waiting', ms });
    await this.wait(ms);
    if (this.#wanted) this.#open();
  }

  #fail(why) {
    this.#wanted = false;
    this.onState({ name: 'failed', why });
  }
}
