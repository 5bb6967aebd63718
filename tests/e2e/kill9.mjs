// kill9.mjs: kill -9 under load, again and again, on one data directory; then the checker judges.
//
//   node kill9.mjs [ROUNDS] [--keep FILE]        default 50 rounds; ORQESTRA_BIN names the server
//
// Each round: start, several clients trigger, for now and for later, mark as read, create templates and
// listen, all at once and without pause; at a random moment the process is killed. Nothing is told to the server about
// tests: it sees ordinary calls. What every client saw goes to a history file, one line a step, written
// before the call and after its answer. After the last round everything is read back.
import { spawnSync } from 'node:child_process';
import { copyFileSync, openSync, rmSync, writeSync } from 'node:fs';
import http from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { Server, freshDirectory } from './harness.mjs';
import { call } from './lib/http.mjs';
import { RawClient } from './lib/realtime.mjs';
import { queryCopy } from './lib/store_copy.mjs';

const USERS = ['u0', 'u1', 'u2', 'u3'];
const CLIENTS = 8; // two a user: order holds within each, not between them
const LIFE_MS = { least: 20, most: 400 }; // from the first call to the kill
const STATUSES = ['PENDING', 'SENT', 'DELIVERED', 'FAILED', 'RETRYING']; // as they are stored
const LATER_MS = { least: 1010, most: 2500 }; // so that events come due in later rounds, and between them
const READ_EVERY = 7; // one call in so many marks the client's last event as read

const checker = resolve(dirname(fileURLToPath(import.meta.url)), '../checker/check_history.mjs');

const between = ({ least, most }) => least + Math.random() * (most - least);

class History {
  constructor(path) {
    this.path = path;
    this.file = openSync(path, 'w');
  }

  add(record) {
    writeSync(this.file, `${JSON.stringify(record)}\n`);
  }

  // Writes down what becomes of a call: 2xx is ok, 4xx is a certain no, the rest nobody knows.
  async step(record, makeCall) {
    this.add({ ...record, state: 'invoke' });
    try {
      const answer = await makeCall();
      const state = answer.status < 300 ? 'ok' : answer.status < 500 ? 'fail' : 'info';
      this.add({ ...record, state });
      return answer;
    } catch {
      this.add({ ...record, state: 'info' });
      return null; // the server is gone
    }
  }
}

// One client: a keep-alive connection with one call in flight, as long as the server lives.
async function triggerLoop(tenant, history, client, counter) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const user = USERS[client % USERS.length];
  const ask = (method, path, body) => call(agent, tenant.server.base, method, path, { key: tenant.apiKey, body });
  const known = tenant.knownIds; // event id -> notification id, told by the live sockets
  let last = null;
  for (;;) {
    const id = `c${client}-${counter.next++}`;
    const body = { eventType: 'crash', eventId: id, payload: { userId: user }, variables: { id } };
    const post = () => ask('POST', '/api/v1/events/trigger', body);
    const answer = await history.step({ op: 'trigger', client: `c${client}`, user, id }, post);
    if (!answer) break;
    if (counter.next % READ_EVERY === 0 && known.has(last)) {
      const path = `${tenant.feedPath(user)}/${known.get(last)}/read`;
      if (!(await history.step({ op: 'read', user, id: last }, () => ask('PUT', path)))) break;
      known.delete(last);
    }
    last = id;
  }
  agent.destroy();
}

// Events that wait: acknowledged now, and due whenever that is. Each is a client of its own, because when two
// of them happen says nothing about when they were accepted.
async function scheduleLoop(tenant, history, counter) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    const id = `later-${counter.next++}`;
    const user = USERS[counter.next % USERS.length];
    const sendAt = new Date(Date.now() + between(LATER_MS)).toISOString();
    const body = { eventType: 'crash', eventId: id, payload: { userId: user }, variables: { id }, sendAt };
    const post = () => call(agent, tenant.server.base, 'POST', '/api/v1/events/trigger', { key: tenant.apiKey, body });
    if (!(await history.step({ op: 'trigger', client: id, user, id }, post))) break;
  }
  agent.destroy();
}

async function createLoop(tenant, history, counter) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const { base, session } = tenant.server;
  for (;;) {
    const id = `made.${counter.next++}`;
    const body = { eventType: id, channel: 'PUSH', body: 'x', active: false };
    const post = () => call(agent, base, 'POST', `/api/v1/admin/tenants/${tenant.id}/templates`, { bearer: session, body });
    if (!(await history.step({ op: 'create', id }, post))) break;
    await new Promise((done) => setTimeout(done, 15));
  }
  agent.destroy();
}

// Listens to one user until the socket dies. Whatever is heard must already be durable.
async function listenLoop(tenant, history, user) {
  const client = await RawClient.open(tenant.server);
  await client.connect(tenant.server.mint(tenant, user, { exp: Math.floor(Date.now() / 1000) + 7200 }));
  await client.subscribe(`global_system#${user}`);
  return async () => {
    for (;;) {
      let message;
      try {
        message = await client.inbox.next('a push');
      } catch {
        return; // the server is gone
      }
      const { data } = message.push.pub;
      tenant.knownIds.set(data.body, data.id);
      history.add({ op: 'push', user, id: data.body });
    }
  };
}

// An official client that lives through all the rounds and recovers after each (verdict gap).
class Recoverer {
  constructor(tenant, history, user) {
    this.at = 0;
    const token = tenant.server.mint(tenant, user, { exp: Math.floor(Date.now() / 1000) + 86400 });
    const patience = { minReconnectDelay: 10, maxReconnectDelay: 40 };
    this.client = new Centrifuge(tenant.server.socketUrl, { websocket: WebSocket, token, ...patience });
    const subscription = this.client.newSubscription(`global_system#${user}`, { minResubscribeDelay: 10, maxResubscribeDelay: 40 });
    subscription.on('publication', ({ offset }) => {
      this.at = offset;
      history.add({ op: 'stream', user, offset });
    });
    subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
      if (!wasRecovering || recovered) return;
      this.at = streamPosition.offset;
      history.add({ op: 'unrecovered', user, offset: this.at });
    });
    subscription.subscribe();
    this.client.connect();
    this.ready = subscription.ready();
  }

  // Waits for the rest; when it does not come the judge says what is missing.
  async untilAt(offset) {
    const deadline = Date.now() + 15000;
    while (this.at < offset && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20));
    this.client.disconnect();
  }
}

async function playRound(tenant, history, counters) {
  const { server } = tenant;
  const hear = await Promise.all(USERS.map((user) => listenLoop(tenant, history, user)));
  const loops = [
    ...hear.map((listen) => listen()),
    ...counters.clients.map((counter, client) => triggerLoop(tenant, history, client, counter)),
    scheduleLoop(tenant, history, counters.later),
    createLoop(tenant, history, counters.templates),
  ];
  await new Promise((done) => setTimeout(done, between(LIFE_MS)));
  await server.kill9();
  await Promise.all(loops);
}

async function untilNothingWaits(tenant) {
  for (;;) {
    const { json } = await tenant.server.admin('GET', `/tenants/${tenant.id}/scheduled?limit=1`);
    if (json.data.length === 0) return;
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function readEverything(tenant, history, recoverers) {
  for (const user of USERS) {
    const items = [];
    for (;;) {
      const page = await tenant.history(user, `?limit=100&offset=${items.length}`);
      if (!page.length) break;
      items.push(...page);
    }
    await recoverers.get(user).untilAt(items.length);
    for (const item of items.reverse()) history.add({ op: 'final', user, id: item.body, status: item.status });
  }
  for (let cursor = ''; cursor !== null; ) {
    const page = `?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { json } = await tenant.server.admin('GET', `/tenants/${tenant.id}/templates${page}`);
    for (const { eventType } of json.data) {
      if (eventType !== 'crash') history.add({ op: 'final_template', id: eventType });
    }
    cursor = json.nextCursor;
  }
  const rows = await queryCopy(tenant.server,
    "SELECT e.id, d.status FROM delivery d JOIN event e ON e.no = d.event WHERE e.type = 'crash'");
  for (const { id, status } of rows) history.add({ op: 'delivery', id, channel: 'PUSH', status: STATUSES[status] });
  history.add({ op: 'end' });
}

async function main(args) {
  const keep = args.includes('--keep') ? args.splice(args.indexOf('--keep'), 2)[1] : null;
  const rounds = Number(args[0] ?? 50);
  const room = freshDirectory();
  const history = new History(join(room, 'history.jsonl'));
  const counters = { clients: Array.from({ length: CLIENTS }, () => ({ next: 0 })), later: { next: 0 }, templates: { next: 0 } };
  const server = await Server.start({ env: { ORQESTRA_LOG_LEVEL: 'warn' } });
  const tenant = await server.createTenant();
  tenant.knownIds = new Map();
  await tenant.template({ eventType: 'crash', subject: 'crash', body: '{{id}}' });
  const recoverers = new Map(USERS.map((user) => [user, new Recoverer(tenant, history, user)]));
  await Promise.all([...recoverers.values()].map(({ ready }) => ready));
  for (let round = 1; round <= rounds; round++) {
    await playRound(tenant, history, counters);
    history.add({ op: 'round', round });
    await server.launch(server.port);
  }
  await untilNothingWaits(tenant);
  await readEverything(tenant, history, recoverers);
  await server.stop();
  const { status } = spawnSync(process.execPath, [checker, history.path], { stdio: 'inherit' });
  if (keep) copyFileSync(history.path, keep);
  rmSync(room, { recursive: true });
  process.exitCode = status;
}

await main(process.argv.slice(2));
