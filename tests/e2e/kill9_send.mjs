// kill9_send.mjs: kill -9 in the middle of sending, again and again, on one data directory; then the checker judges.
//
//   node kill9_send.mjs [ROUNDS] [--keep FILE]        default 10 rounds; ORQESTRA_BIN names the server
//
// Clients trigger e-mails without pause, a provider that outlives the server takes them at its own pace, and at a random moment the
// process is killed. The history holds what clients were told, what the provider was given, and what the log says in the end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, openSync, rmSync, writeSync } from 'node:fs';
import http from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDirectory } from './harness.mjs';
import { addProvider, courierServer, team, webhook } from './lib/courier.mjs';
import { call } from './lib/http.mjs';
import { StandIn } from './lib/standin.mjs';

const CLIENTS = 6;
const THINK_MS = { least: 2, most: 10 }; // so that sending keeps up, and a kill meets both
const LIFE_MS = { least: 30, most: 400 };
const ANSWER_MS = { least: 2, most: 40 };
const FINAL = new Set(['SENT', 'DELIVERED', 'FAILED']);
const PATIENCE_MS = 60000;

const checker = resolve(dirname(fileURLToPath(import.meta.url)), '../checker/check_history.mjs');
const between = ({ least, most }) => least + Math.random() * (most - least);

function openHistory(path) {
  const file = openSync(path, 'w');
  return (record) => writeSync(file, `${JSON.stringify(record)}\n`);
}

// One client: a connection with one call in flight, as long as the server lives.
async function triggerLoop(tenant, add, client, counter) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let alive = true; alive;) {
    const record = { op: 'trigger', client: `c${client}`, user: `u${client}`, id: `c${client}-${counter.next++}` };
    const body = { eventType: 'mail', eventId: record.id, payload: { userId: record.user, recipientEmail: 'a@example.com' }, variables: { name: record.id } };
    add({ ...record, state: 'invoke' });
    try {
      const { status } = await call(agent, tenant.server.base, 'POST', '/api/v1/events/trigger', { key: tenant.apiKey, body });
      add({ ...record, state: status < 300 ? 'ok' : status < 500 ? 'fail' : 'info' });
      await new Promise((done) => setTimeout(done, between(THINK_MS)));
    } catch {
      add({ ...record, state: 'info' });
      alive = false;
    }
  }
  agent.destroy();
}

async function allLogs(tenant) {
  const rows = [];
  for (let cursor = ''; cursor !== null;) {
    const { json } = await tenant.server.admin('GET', `/tenants/${tenant.id}/logs?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    rows.push(...json.data);
    cursor = json.nextCursor;
  }
  return rows.reverse();
}

// Until nothing is on its way, or patience ends: then the judge says what is stuck.
async function settled(tenant) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await allLogs(tenant);
    if (rows.every((row) => FINAL.has(row.status)) || Date.now() > deadline) return rows;
    await new Promise((done) => setTimeout(done, 500));
  }
}

async function main(args) {
  const keep = args.includes('--keep') ? args.splice(args.indexOf('--keep'), 2)[1] : null;
  const rounds = Number(args[0] ?? 10);
  const room = freshDirectory();
  const path = join(room, 'history.jsonl');
  const add = openHistory(path);
  const out = await StandIn.start((given) => {
    add({ op: 'handed', id: given.json.data.eventId });
    return new Promise((done) => setTimeout(done, between(ANSWER_MS), 200));
  });
  const server = await courierServer({ ORQESTRA_LOG_LEVEL: 'warn' });
  const tenant = await team(server);
  await addProvider(tenant, webhook(out));
  const counters = Array.from({ length: CLIENTS }, () => ({ next: 0 }));
  for (let round = 1; round <= rounds; round++) {
    const loops = counters.map((counter, client) => triggerLoop(tenant, add, client, counter));
    await new Promise((done) => setTimeout(done, between(LIFE_MS)));
    await server.kill9();
    await Promise.all(loops);
    add({ op: 'round', round });
    await server.launch(server.port);
    server.session = null;
  }
  const rows = await settled(tenant);
  for (const { eventId, userId, status, attemptCount } of rows) {
    add({ op: 'final', user: userId, id: eventId, status: 'UNREAD' });
    add({ op: 'delivery', id: eventId, channel: 'EMAIL', status, uncertain: Math.max(0, attemptCount - 1) });
  }
  add({ op: 'end' });
  await server.stop();
  await out.stop();
  const uncertain = rows.filter((row) => row.attemptCount > 1).length;
  const given = new Set(out.calls.map((one) => one.json.data.eventId)).size;
  console.log(`${rows.length} e-mails, ${uncertain} uncertain after ${rounds} kills, ${out.calls.length - given} of them twice at the provider`);
  assert.ok(uncertain > 0, 'the kills met calls on the wire');
  const { status } = spawnSync(process.execPath, [checker, path], { stdio: 'inherit' });
  if (keep) copyFileSync(path, keep);
  rmSync(room, { recursive: true });
  process.exitCode = status;
}

await main(process.argv.slice(2));
