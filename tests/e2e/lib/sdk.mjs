// sdk.mjs: the backend modules as programs: a line in, a line out; and a server that answers from a script.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Inbox, within } from './inbox.mjs';

export const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const PEERS = join(ROOT, 'tests/e2e/peers/sdk');
const COMPILING_MS = 170000; // the first time, on a slow machine, Go compiles its standard library

// Nothing of the caller's ORQESTRA_* leaks in; no proxy stands between; Go stays off the network.
export function cleanEnvironment(more = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^ORQESTRA_|_proxy$/i.test(name));
  return { ...Object.fromEntries(kept), GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '-mod=mod', ...more };
}

// { code, stdout, stderr } of a program at its end.
export function runProgram(program, args, { env = {}, cwd = ROOT, patience } = {}) {
  const child = spawn(program, args, { cwd, env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (out.stdout += part));
  child.stderr.on('data', (part) => (out.stderr += part));
  const ended = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, ...out }));
  });
  return within(ended, `${program} ${args.join(' ')}`, patience).finally(() => child.kill('SIGKILL'));
}

// Compiled Go programs, thrown away at the end.
export class GoPrograms {
  directory = mkdtempSync(join(tmpdir(), 'orqestra-go-'));

  async build(name, source) {
    const output = join(this.directory, name);
    const { code, stderr } = await runProgram('go', ['build', '-o', output, '.'], { cwd: source, patience: COMPILING_MS });
    if (code !== 0) throw new Error(`go build: ${stderr}`);
    return output;
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

// One of the modules, waiting for jobs on its standard input.
export class Runner {
  static async all(go) {
    return {
      node: new Runner(process.execPath, [join(PEERS, 'runner.mjs')]),
      python: new Runner('/usr/bin/python3', ['-B', join(PEERS, 'runner.py')]),
      go: new Runner(await go.build('runner', PEERS), []),
    };
  }

  #jobs = 0;

  constructor(program, args) {
    this.child = spawn(program, args, { env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = new Inbox();
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line)));
    this.child.on('close', (code) => this.lines.end(`the runner ended with ${code}`));
  }

  async run(job) {
    const id = ++this.#jobs;
    this.child.stdin.write(`${JSON.stringify({ id, ...job })}\n`);
    for (;;) { // what a test gave up waiting for is not the next one's answer
      const { id: of, ...seen } = await this.lines.next('what came of the call');
      if (of === id) return seen;
    }
  }

  stop() {
    this.child.kill();
  }
}

// Answers each request with the next line of its script, and remembers what it was asked. One connection each,
// so that what a client library repeats by itself on a kept connection cannot blur the count.
export class ScriptedServer {
  static async start() {
    const server = new ScriptedServer();
    server.http = http.createServer((request, response) => server.#take(request, response));
    await new Promise((done) => server.http.listen(0, '127.0.0.1', done));
    server.base = `http://127.0.0.1:${server.http.address().port}`;
    return server;
  }

  play(answers) {
    this.answers = [...answers];
    this.requests = [];
  }

  async #take(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url: path, headers } = request;
    this.requests.push({ method, path, headers, body: Buffer.concat(parts).toString() });
    const answer = this.answers.shift() ?? { status: 599, text: 'the script has no answer left' };
    if (answer.drop === true) return request.socket.destroy();
    const text = answer.text ?? JSON.stringify(answer.body ?? {});
    const named = Object.entries(answer.headers ?? {}).map(([name, value]) => [name, value.replace('{host}', this.base)]);
    response.writeHead(answer.status ?? 200, {
      ...Object.fromEntries(named), connection: 'close', 'content-length': Buffer.byteLength(text) + (answer.drop ? 100 : 0),
    });
    if (!answer.drop) return response.end(text);
    return response.write(text, () => request.socket.destroy());
  }

  stop() {
    this.http.closeAllConnections();
    this.http.close();
  }
}
