// harness.mjs: the real server binary, started on a free port with a data directory of its own.
//
// One test file owns one server. Whatever the tests do, `stop` insists on a clean end: exit code 0, no
// sanitizer report, every line on stderr a JSON object, none of them holding a secret that was used.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call } from './lib/http.mjs';
import { PATIENCE_MS, within } from './lib/inbox.mjs';
import { nowSeconds, signJwt } from './lib/jwt.mjs';
import { Tenant } from './lib/tenant.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const BINARY = resolve(root, process.env.ORQESTRA_BIN ?? 'build/dev/orqestra');
export const PASSWORD = 'correct-horse-battery-e2e';
export const TOKEN_SECRET = 'an-e2e-secret-that-is-longer-than-32-bytes';

const SANITIZER = /ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer/;

export function freePort() {
  return new Promise((done, fail) => {
    const probe = net.createServer();
    probe.on('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export function freshDirectory() {
  return mkdtempSync(join(tmpdir(), 'orqestra-e2e-'));
}

// Runs one command of the binary to its end: { code, stdout, stderr }.
export function runBinary(args, { env = {}, input } = {}) {
  const child = spawn(BINARY, args, { env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (out.stdout += part));
  child.stderr.on('data', (part) => (out.stderr += part));
  child.stdin.end(input);
  const ended = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code, signal, ...out }));
  });
  return within(ended, `orqestra ${args.join(' ')}`, 30000).finally(() => child.kill('SIGKILL'));
}

// Only what the server is meant to see: nothing of the caller's ORQESTRA_* leaks in.
function environment(settings) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('ORQESTRA_'));
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...kept, ...given]);
}

export class Server {
  static async start(options = {}) {
    const server = new Server(options);
    await server.launch();
    return server;
  }

  // env: settings; a value of undefined removes one of the defaults below. tls: what a client of a TLS
  // server must know, { ca }; all the ways of calling this server then go through TLS.
  constructor({ env = {}, data, tls } = {}) {
    this.tls = tls;
    this.ownsData = data === undefined;
    this.data = data ?? freshDirectory();
    this.settings = {
      ORQESTRA_OPERATOR_PASSWORD: PASSWORD,
      ORQESTRA_TOKEN_SECRET: TOKEN_SECRET,
      ORQESTRA_WORKERS: '2',
      ...env,
    };
    this.secrets = new Set([PASSWORD, TOKEN_SECRET]);
    this.atStopCalls = [];
    this.session = null;
  }

  async launch(port) {
    this.port = port ?? (await freePort());
    this.base = `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
    this.socketUrl = `${this.tls ? 'wss' : 'ws'}://127.0.0.1:${this.port}/connection/websocket`;
    this.agent = new (this.tls ? https : http).Agent({ keepAlive: true, maxSockets: 16, ...this.tls });
    this.stderr = '';
    // A test file that dies, however suddenly, takes its server with it.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', BINARY, 'serve'], {
      env: environment({ ...this.settings, ORQESTRA_DATA: this.data, ORQESTRA_LISTEN: `${this.host ?? '127.0.0.1'}:${this.port}` }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.stdout = '';
    this.child.stdout.on('data', (part) => (this.stdout += part));
    this.child.stderr.on('data', (part) => (this.stderr += part));
    this.exited = new Promise((done) => {
      this.child.on('error', (error) => done({ code: null, signal: String(error) }));
      this.child.on('close', (code, signal) => done({ code, signal }));
    });
    await this.#untilHealthy();
  }

  async #untilHealthy() {
    const deadline = Date.now() + PATIENCE_MS;
    let gone = null;
    this.exited.then((how) => (gone = how));
    for (;;) {
      try {
        if ((await this.call('GET', '/health')).status === 200) return;
      } catch {
        // not listening yet
      }
      if (gone) throw new Error(`the server ended at start (${JSON.stringify(gone)}):\n${this.stderr}`);
      if (Date.now() > deadline) {
        this.child.kill('SIGKILL');
        throw new Error(`the server is not healthy:\n${this.stderr}`);
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  atStop(cleanUp) {
    this.atStopCalls.push(cleanUp);
  }

  // SIGTERM and the end it must come to. Clients that are still open are the server's to close.
  async terminate() {
    this.child.kill('SIGTERM');
    try {
      const { code, signal } = await within(this.exited, 'the exit after SIGTERM', 30000);
      this.checkStderr();
      assert.equal(code, 0, `exit code ${code}, signal ${signal}\n${this.stderr}`);
    } finally {
      this.child.kill('SIGKILL');
      this.agent.destroy();
    }
  }

  async stop() {
    for (const cleanUp of this.atStopCalls.splice(0)) cleanUp();
    await this.terminate();
    if (this.ownsData) rmSync(this.data, { recursive: true, force: true });
  }

  async kill9() {
    this.child.kill('SIGKILL');
    await this.exited;
    this.agent.destroy();
    assert.doesNotMatch(this.stderr, SANITIZER);
  }

  checkStderr() {
    assert.doesNotMatch(this.stderr, SANITIZER, this.stderr);
    for (const line of this.stderr.split('\n').filter(Boolean)) {
      assert.doesNotThrow(() => JSON.parse(line), `not a JSON line on stderr: ${line}`);
    }
    for (const secret of this.secrets) {
      assert.ok(!this.stderr.includes(secret), `a secret was logged: ${secret.slice(0, 12)}...`);
    }
  }

  // What the pattern finds on stdout, once it is there.
  shown(pattern) {
    const found = () => pattern.exec(this.stdout);
    const appears = new Promise((done) => {
      this.child.stdout.on('data', () => found() && done(found()));
      if (found()) done(found());
    });
    return within(appears, `${pattern} on stdout`);
  }

  call(method, path, options) {
    return call(this.agent, this.base, method, path, options);
  }

  async signIn() {
    const answer = await this.call('POST', '/api/v1/admin/auth/login', {
      body: { username: 'operator', password: PASSWORD },
    });
    assert.equal(answer.status, 200, answer.text);
    this.session = answer.json.data.token;
    this.secrets.add(this.session);
    return answer.json.data;
  }

  // A call of the admin API as the operator.
  async admin(method, path, body) {
    if (!this.session) await this.signIn();
    return this.call(method, `/api/v1/admin${path}`, { bearer: this.session, body });
  }

  // Limits are off unless a test asks for them, so that a busy test is never told to slow down.
  async createTenant(fields = {}) {
    const name = fields.name ?? `Team ${Server.#serial++}`;
    const answer = await this.admin('POST', '/tenants', { rateLimitPerMinute: 0, dailyCap: 0, ...fields, name });
    assert.ok([200, 201].includes(answer.status), answer.text);
    this.secrets.add(answer.json.data.apiKey);
    return new Tenant(this, answer.json.data);
  }
  static #serial = 1;

  // A realtime token of our own making; claims override the defaults, undefined drops one.
  mint(tenant, userId, claims = {}) {
    const now = nowSeconds();
    const token = signJwt({ sub: userId, tenant: tenant.id, iat: now, exp: now + 60, ...claims }, TOKEN_SECRET);
    this.secrets.add(token);
    return token;
  }
}
