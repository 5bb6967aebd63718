// faults.mjs: a server on a disk that misbehaves on demand, clients that keep working meanwhile, and the
// judge over what they saw.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from '../harness.mjs';
import { VERDICTS, judge } from '../../checker/judge.mjs';

const source = resolve(dirname(fileURLToPath(import.meta.url)), '../../faults/shim.c');
const USERS = ['u0', 'u1'];

function run(command, ...args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error ?? stderr}`);
}

// A disk with switches (tests/faults/shim.c says which), below an ordinary server.
export class BadDisk {
  static async serve(options = {}) {
    const disk = new BadDisk();
    disk.room = mkdtempSync(join(tmpdir(), 'orqestra-faults-'));
    disk.switches = join(disk.room, 'switches');
    mkdirSync(disk.switches);
    const shim = join(disk.room, 'shim.so');
    run('cc', '-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl');
    disk.server = await Server.start({
      ...options,
      env: {
        LD_PRELOAD: shim, FAULTS_DIR: disk.switches, ASAN_OPTIONS: 'verify_asan_link_order=0',
        ORQESTRA_DISK_FREE_MIN: '0', ...options.env,
      },
    });
    return disk;
  }

  breaks(how) {
    writeFileSync(join(this.switches, how), '');
  }

  heals(how) {
    rmSync(join(this.switches, how));
  }

  async stop() {
    await this.server.stop();
    rmSync(this.room, { recursive: true });
  }
}

// Calls that write down what became of them, for the judge: 2xx is ok, 4xx a certain no, else unknown.
export class Record {
  #records = [];
  #next = 0;

  constructor(tenant) {
    this.tenant = tenant;
  }

  async trigger(client = 'c0', user = USERS[0]) {
    const call = { op: 'trigger', client, user, id: `${client}-${this.#next++}` };
    this.#records.push({ ...call, state: 'invoke' });
    const answer = await this.tenant.post({ eventType: 'fault', eventId: call.id, payload: { userId: user }, variables: { id: call.id } });
    const state = answer.status < 300 ? 'ok' : answer.status < 500 ? 'fail' : 'info';
    this.#records.push({ ...call, state });
    return { ...answer, id: call.id };
  }

  // Several clients without pause until told to stop; resolves to how many answers of each status.
  load(clients) {
    let running = true;
    const statuses = {};
    const loop = async (client) => {
      while (running) {
        const { status } = await this.trigger(`c${client}`, USERS[client % USERS.length]);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status >= 500) await new Promise((done) => setTimeout(done, 5));
      }
    };
    const loops = Array.from({ length: clients }, (_, client) => loop(client));
    return { statuses, stop: async () => ((running = false), await Promise.all(loops), statuses) };
  }

  // Reads everything back; each acknowledged event is there once and in order, nothing else is.
  async verify() {
    const finals = [];
    for (const user of USERS) {
      const items = [];
      for (let page; !page || page.length;) {
        page = await this.tenant.history(user, `?limit=100&offset=${items.length}`);
        items.push(...page);
      }
      for (const item of items.reverse()) finals.push({ op: 'final', user, id: item.body, status: item.status });
    }
    const result = judge([...this.#records, ...finals, { op: 'end' }]);
    for (const verdict of VERDICTS) assert.deepEqual(result.findings[verdict], [], verdict);
    assert.ok(result.acknowledged > 0, 'something was acknowledged');
    return result;
  }
}

export function assertStorageError(answer) {
  assert.equal(answer.status, 500, answer.text);
  assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'statusCode']);
  assert.equal(answer.json.statusCode, 500);
  assert.equal(answer.json.error, 'Internal Server Error');
  assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
}

// Asks until the answer of /ready is as wanted.
export async function untilReady(server, store) {
  const deadline = Date.now() + 15000;
  for (;;) {
    const { status, json } = await server.call('GET', '/ready');
    assert.equal(status, json.status === 'ready' ? 200 : 503);
    if (json.checks.store === store) return json;
    if (Date.now() > deadline) assert.fail(`/ready says ${JSON.stringify(json)}, never store ${store}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
