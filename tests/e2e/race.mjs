// race.mjs: many clients come with the same idempotency keys at the same time; each key is one event.
//
//   node race.mjs [CLIENTS] [KEYS]        default 64 clients, 1000 keys; ORQESTRA_BIN names the server
//
// Every client has a connection of its own and sends every key, all in the same order, so for each key
// all of them are in the server at about the same moment, spread over its loops. A key is known by header,
// by eventId, or by an item of a batch, in turn. Then the server is killed and started again, some keys
// are asked for once more, and the histories are counted.
import assert from 'node:assert/strict';
import net from 'node:net';
import { Server } from './harness.mjs';

const USERS = 20;
const BATCH_EVERY = 16; // one client in so many sends its keys as batches of one
const USERS_PAGE = 100; // the longest page of a history

// A connection that asks one thing after the other. node's own client would be the slower side here.
class Line {
  constructor(port) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.text = '';
    this.socket.on('data', (part) => this.#arrived(part.toString()));
    this.socket.on('error', (error) => this.fail?.(error));
    this.socket.on('close', () => this.fail?.(new Error('the connection was closed')));
  }

  #arrived(part) {
    this.text += part;
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.text.slice(0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)[1]); // answers here are ASCII
    if (this.text.length < end + 4 + length) return;
    const body = this.text.slice(end + 4, end + 4 + length);
    this.text = this.text.slice(end + 4 + length);
    this.done({ status: Number(head.slice(9, 12)), replayed: /idempotency-replayed: true/i.test(head), body });
  }

  post(path, headers, body) {
    return new Promise((done, fail) => {
      Object.assign(this, { done, fail });
      this.socket.write(`POST ${path} HTTP/1.1\r\nHost: race\r\nContent-Type: application/json\r\n${headers}`
        + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close() {
    this.fail = null;
    this.socket.destroy();
  }
}

const typeOf = (n) => `race.${n % 2}`;

// Even keys are headers, odd ones eventIds.
function event(n) {
  const id = n % 2 ? { eventId: `key-${n}` } : {};
  return { eventType: typeOf(n), ...id, payload: { userId: `u${n % USERS}` }, variables: { n } };
}

async function send(line, tenant, n) {
  const key = n % 2 ? '' : `X-Idempotency-Key: key-${n}\r\n`;
  const answer = await line.post('/api/v1/events/trigger', `x-api-key: ${tenant.apiKey}\r\n${key}`, JSON.stringify(event(n)));
  assert.equal(answer.status, 200, answer.body);
  return answer;
}

async function sendAsBatch(line, tenant, n) {
  const item = n % 2 ? event(n) : { ...event(n), idempotencyKey: `key-${n}` };
  const answer = await line.post('/api/v1/events/trigger/batch', `x-api-key: ${tenant.apiKey}\r\n`, JSON.stringify({ events: [item] }));
  assert.equal(answer.status, 200, answer.body);
  const [{ success, message, replayed }] = JSON.parse(answer.body).results;
  assert.equal(success, true, answer.body);
  return { replayed, body: JSON.stringify({ success, message }) };
}

async function client(server, tenant, number, keys, firsts) {
  const line = new Line(server.port);
  const ask = number % BATCH_EVERY ? send : sendAsBatch;
  for (let n = 0; n < keys; n++) {
    const { replayed, body } = await ask(line, tenant, n);
    assert.equal(JSON.parse(body).message, `Event ${typeOf(n)} dispatched securely for ${tenant.name}`);
    if (!replayed) firsts[n]++;
  }
  line.close();
}

async function countHistories(tenant, keys) {
  const seen = new Map();
  for (let user = 0; user < USERS; user++) {
    for (let offset = 0; ; offset += USERS_PAGE) {
      const page = await tenant.history(`u${user}`, `?limit=${USERS_PAGE}&offset=${offset}`);
      for (const { body } of page) seen.set(body, (seen.get(body) ?? 0) + 1);
      if (page.length < USERS_PAGE) break;
    }
  }
  for (let n = 0; n < keys; n++) assert.equal(seen.get(String(n)), 1, `key ${n} is in the history ${seen.get(String(n))} times`);
  assert.equal(seen.size, keys);
}

async function main(clients = 64, keys = 1000) {
  const started = Date.now();
  const server = await Server.start({ env: { ORQESTRA_LOG_LEVEL: 'error' } });
  const tenant = await server.createTenant({ name: 'Race' });
  for (const n of [0, 1]) await tenant.template({ eventType: typeOf(n), subject: 'race', body: '{{n}}' });
  const firsts = Array(keys).fill(0);
  await Promise.all(Array.from({ length: clients }, (_, number) => client(server, tenant, number, keys, firsts)));
  firsts.forEach((count, n) => assert.equal(count, 1, `key ${n} was first ${count} times`));
  await countHistories(tenant, keys);

  await server.kill9();
  await server.launch(server.port);
  const line = new Line(server.port);
  for (let n = 0; n < keys; n += 50) assert.equal((await send(line, tenant, n)).replayed, true);
  line.close();
  await countHistories(tenant, keys);
  await server.stop();
  console.log(`race: ${clients} clients, ${keys} keys, ${clients * keys} requests, ${Date.now() - started} ms`);
  console.log('1 passed, 0 failed');
}

await main(...process.argv.slice(2).map(Number));
