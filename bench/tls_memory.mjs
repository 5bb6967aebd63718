// tls_memory.mjs: what a silent WebSocket weighs in user space, plain and within TLS, and the CPU of its handshake.
//
//   node bench/tls_memory.mjs [CONNECTIONS] [BINARY]        2000, build/release/orqestra
//
// Weight is counted as bench_fanout counts it: growth of the server's anonymous memory, divided by the connections.
// Needs the node_modules of tests/ (tests/e2e/run makes them) and the openssl command.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const count = Number(process.argv[2] ?? 2000);
process.env.ORQESTRA_BIN ??= resolve(process.argv[3] ?? join(root, 'build/release/orqestra'));
const { freshDirectory, Server } = await import('../tests/e2e/harness.mjs');
const { makeCertificate, trust } = await import('../tests/e2e/lib/certificate.mjs');
const { RawTcp } = await import('../tests/e2e/lib/raw_tcp.mjs');

const anonymousBytes = ({ child }) =>
  Number(/^Anonymous:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8'))[1]) * 1024;

async function cpuSeconds(server) {
  const { text } = await server.call('GET', '/metrics');
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)[1]);
}

async function connect(server) {
  const raw = await RawTcp.open(server);
  const { status } = await raw.upgrade();
  if (status !== 101) throw new Error(`the upgrade was answered ${status}`);
}

async function measure(what, options) {
  const server = await Server.start({ ...options, env: { ORQESTRA_WORKERS: '1', ORQESTRA_CONNECT_TIMEOUT: '600', ...options.env } });
  await cpuSeconds(server);
  await new Promise((done) => setTimeout(done, 500)); // the operator's password is being hashed; its memory goes back
  const [bytes, seconds] = [anonymousBytes(server), await cpuSeconds(server)];
  for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, () => connect(server)));
  const cost = await cpuSeconds(server) - seconds;
  const weight = (anonymousBytes(server) - bytes) / count;
  console.log(`${what.padEnd(34)} ${Math.round(weight).toString().padStart(7)} B   ${(cost / count * 1e6).toFixed(0).padStart(6)} us of CPU to come in`);
  await server.stop();
}

const files = freshDirectory();
console.log(`${count} silent WebSockets, each:`);
await measure('plain', {});
for (const [kind, name] of [['ec', 'P-256'], ['rsa', 'RSA 2048']]) {
  const pair = makeCertificate(files, kind, { kind });
  for (const version of ['TLSv1.3', 'TLSv1.2']) {
    await measure(`${version}, ${name}`, {
      env: { ORQESTRA_TLS_CERT: pair.cert, ORQESTRA_TLS_KEY: pair.key }, tls: { ca: trust(pair), minVersion: version, maxVersion: version },
    });
  }
}
rmSync(files, { recursive: true });
