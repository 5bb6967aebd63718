// realtime.mjs: two kinds of live peers: the official centrifuge client, and a bare WebSocket that
// speaks the protocol by hand and so can also speak it wrongly.
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { Inbox, within } from './inbox.mjs';

// The client has no place for a certificate of our own; the socket it is given has.
function socketClass({ tls }) {
  return tls ? class extends WebSocket { constructor(url, protocols) { super(url, protocols, tls); } } : WebSocket;
}

// An unmodified centrifuge client, connected.
export async function centrifuge(server, options) {
  const client = new Centrifuge(server.socketUrl, { websocket: socketClass(server), minReconnectDelay: 50, ...options });
  server.atStop(() => client.disconnect());
  client.connect();
  await within(client.ready(), 'the connection of centrifuge');
  return client;
}

// A subscription with an inbox of its publications' data; resolves once subscribed.
export async function subscribe(client, channel) {
  const subscription = client.newSubscription(channel);
  const inbox = new Inbox();
  subscription.on('publication', (context) => inbox.push(context.data));
  subscription.on('unsubscribed', (context) => inbox.end(`unsubscribed ${context.code}`));
  subscription.subscribe();
  await within(subscription.ready(), `the subscription to ${channel}`);
  return { subscription, inbox };
}

// A client that listens to the user's own channel.
export async function listen(tenant, userId, channel = `global_system#${userId}`) {
  const { token } = await tenant.token(userId);
  const client = await centrifuge(tenant.server, { token });
  const { inbox } = await subscribe(client, channel);
  return { client, inbox };
}

// The protocol by hand. Messages of a frame arrive one by one in `inbox`, whole frames in `frames`.
export class RawClient {
  constructor(socket) {
    this.socket = socket;
    this.inbox = new Inbox();
    this.frames = new Inbox();
    this.answersPings = true;
    this.nextId = 1;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.inbox.end(`closed ${code} ${reason}`);
        this.frames.end(`closed ${code} ${reason}`);
      });
    });
    socket.on('message', (bytes, isBinary) => this.#arrived(bytes, isBinary));
    socket.on('error', () => {}); // the close event follows and says it all
  }

  // Server pings ({}) are answered and hidden unless a test wants to see them.
  #arrived(bytes, isBinary) {
    const text = bytes.toString();
    this.frames.push({ text, isBinary });
    for (const line of text.split('\n')) {
      if (line === '{}' && this.answersPings) this.socket.send('{}');
      else this.inbox.push(JSON.parse(line));
    }
  }

  static open(server, { origin, protocols, headers, url } = {}) {
    const socket = new WebSocket(url ?? server.socketUrl, protocols, {
      ...server.tls, perMessageDeflate: false, headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
    });
    const client = new RawClient(socket);
    server.atStop(() => socket.terminate());
    return within(new Promise((resolve, reject) => {
      socket.on('open', () => resolve(client));
      socket.on('unexpected-response', (_, response) => {
        reject(Object.assign(new Error(`refused with ${response.statusCode}`), { status: response.statusCode }));
        socket.terminate();
      });
      socket.on('error', reject);
    }), 'the WebSocket handshake');
  }

  send(...commands) {
    this.socket.send(commands.map((command) => JSON.stringify(command)).join('\n'));
  }

  // One command, its reply. Pushes that come first are an error of the test: read them before.
  async ask(command) {
    const id = this.nextId++;
    this.send({ ...command, id });
    const reply = await this.inbox.next(`the reply to ${JSON.stringify(command).slice(0, 80)}`);
    if (reply.id !== id) throw new Error(`reply ${JSON.stringify(reply)} is not for id ${id}`);
    return reply;
  }

  async connect(token) {
    const reply = await this.ask({ connect: { token } });
    if (!reply.connect) throw new Error(`connect answered ${JSON.stringify(reply)}`);
    return reply.connect;
  }

  async subscribe(channel) {
    const reply = await this.ask({ subscribe: { channel } });
    if (!reply.subscribe) throw new Error(`subscribe answered ${JSON.stringify(reply)}`);
    return reply.subscribe;
  }

  // Waits for the close; resolves { code, reason }.
  end() {
    return within(this.closed, 'the close of the socket');
  }

  close() {
    this.socket.close();
    return this.end();
  }
}

// A raw client, connected as that user.
export async function rawUser(tenant, userId, options) {
  const { token } = await tenant.token(userId);
  const client = await RawClient.open(tenant.server, options);
  await client.connect(token);
  return client;
}
