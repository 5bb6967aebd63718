// mail.mjs: what an e-mail costs on its way out, whether a long queue makes it dearer, how soon a start sends, and what a tenant whose
// provider is dead takes from another.
//
//   node bench/mail.mjs [QUEUED] [BINARY]        100000, build/release/orqestra
//
// The sink is a process of its own that speaks just enough SMTP, so that CPU is the server's alone. Needs the node_modules of tests/.
import { fork } from 'node:child_process';
import net from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const BATCH = 1000, QUIET_MAILS = 200, TURNS = 2;

// ---- the sink: counts mails, and with "hold" takes none ----

function sink() {
  let taken = 0, first = 0, holding = false;
  const times = new Map(); // subject -> when
  const sockets = new Set();
  const serve = (socket) => {
    let text = '', inData = false;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.write('220 sink\r\n');
    socket.on('data', (part) => {
      text += part.toString('latin1');
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const said = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) {
          taken += 1;
          first ||= Date.now();
          const mark = /^Subject: (quiet-\d+)/m.exec(said);
          if (mark) times.set(mark[1], Date.now());
        }
        const begins = !inData && said === 'DATA';
        inData = begins;
        socket.write(begins ? '354 go\r\n' : said.startsWith('EHLO') ? '250-sink\r\n250 SIZE\r\n' : '250 ok\r\n');
      }
    });
  };
  const server = net.createServer({ noDelay: true }, (socket) => (holding ? sockets.add(socket) : serve(socket)));
  process.on('message', ({ ask, id }) => {
    if (ask === 'hold') holding = true;
    if (ask === 'reset') { taken = 0; first = 0; }
    process.send({ id, taken, first, times: ask === 'times' ? [...times] : [] });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

async function startSink() {
  const child = fork(fileURLToPath(import.meta.url), ['--sink']);
  const waiting = new Map();
  let serial = 0, ready;
  const up = new Promise((done) => { ready = done; });
  child.on('message', (said) => (said.port ? ready(said.port) : waiting.get(said.id)(said)));
  const ask = (what) => new Promise((done) => { const id = ++serial; waiting.set(id, done); child.send({ ask: what, id }); });
  return { port: await up, ask, stop: () => child.kill() };
}

// ---- the measuring ----

async function main() {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const most = Number(process.argv[2] ?? 100000);
  process.env.ORQESTRA_BIN ??= resolve(process.argv[3] ?? join(root, 'build/release/orqestra'));
  const { Server } = await import('../tests/e2e/harness.mjs');
  const { addProvider, team } = await import('../tests/e2e/lib/courier.mjs');
  const settings = { ORQESTRA_OUTBOUND_ALLOW: '127.0.0.0/8', ORQESTRA_LOG_LEVEL: 'error', ORQESTRA_WORKERS: '1', ORQESTRA_PROVIDER_TIMEOUT: '2', ORQESTRA_RETRY_DELAYS: '1,1,1,1,1,1,1,1' };

  const cpu = async (server) => Number(/^process_cpu_seconds_total (\S+)/m.exec((await server.call('GET', '/metrics')).text)[1]);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const smtp = (sink) => ({ kind: 'smtp', credentials: { host: '127.0.0.1', port: sink.port, tls: 'none' } });

  async function queue(tenant, count) {
    for (let from = 0; from < count; from += BATCH) {
      const events = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => ({ eventType: 'mail', payload: { userId: `u${from + i}`, recipientEmail: 'a@example.com' }, variables: { name: `crowd-${from + i}` } }));
      const answer = await tenant.call('POST', '/api/v1/events/trigger/batch', { body: { events } });
      if (answer.status !== 200) throw new Error(answer.text);
    }
  }

  async function untilTaken(sink, count) {
    for (let { taken } = await sink.ask('count'); taken < count; { taken } = await sink.ask('count')) await pause(20);
  }

  // Queued while the tenant is suspended; from its reactivation to the last mail.
  async function drain(count) {
    const [server, sink] = [await Server.start({ env: settings }), await startSink()];
    const tenant = await team(server, {}, { subject: '{{name}}' });
    await addProvider(tenant, smtp(sink));
    await queue(tenant, 500); // warm: connections, caches
    await untilTaken(sink, 500);
    await hold(server, tenant, count);
    await sink.ask('reset');
    const [began, spent] = [Date.now(), await cpu(server)];
    await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
    await untilTaken(sink, count);
    const [seconds, cpuSeconds] = [(Date.now() - began) / 1000, await cpu(server) - spent];
    sink.stop();
    await server.stop();
    return { rate: count / seconds, us: cpuSeconds / count * 1e6 };
  }

  // A suspended tenant takes no triggers, so what waits is what was accepted while its one provider did not work.
  async function hold(server, tenant, count) {
    const { json: { data: [provider] } } = await server.admin('GET', `/tenants/${tenant.id}/providers`);
    const path = `/tenants/${tenant.id}/providers/${provider.id}`;
    const { port } = provider.credentials;
    await server.admin('PATCH', path, { credentials: { port: '9' } }); // nobody listens: its circuit opens
    await queue(tenant, count);
    await server.admin('POST', `/tenants/${tenant.id}/suspend`);
    await server.admin('PATCH', path, { credentials: { port } });
  }

  console.log('-- queued, then sent through one SMTP sink');
  let small;
  for (const count of [1000, 10000, 100000].filter((one) => one <= most)) {
    const { rate, us } = await drain(count);
    small ??= us;
    console.log(`${String(count).padStart(7)} queued: ${rate.toFixed(0).padStart(6)} e-mails/s, ${us.toFixed(0).padStart(5)} us of CPU an e-mail, ${(us / small).toFixed(2)} x of 1000 queued`);
  }

  async function restart() {
    const [server, sink] = [await Server.start({ env: settings }), await startSink()];
    const tenant = await team(server, {}, { subject: '{{name}}' });
    await addProvider(tenant, smtp(sink));
    await hold(server, tenant, most);
    await server.admin('POST', `/tenants/${tenant.id}/reactivate`);
    await server.terminate();
    await sink.ask('reset');
    const began = Date.now();
    await server.launch(server.port);
    while ((await server.call('GET', '/ready')).status !== 200) await pause(2);
    const ready = Date.now() - began;
    await untilTaken(sink, 1);
    const { first } = await sink.ask('count');
    sink.stop();
    await server.stop();
    console.log(`-- a start with ${most} due: ready after ${ready} ms, first e-mail out after ${first - began} ms     bar < 1000`);
  }
  await restart();

  const p99 = (list) => list.sort((a, b) => a - b)[Math.floor(list.length * 0.99)];

  async function quietly(server, sink, tenant, turn) {
    const sent = new Map();
    for (let i = 0; i < QUIET_MAILS; i++) {
      const name = `quiet-${turn * QUIET_MAILS + i}`;
      sent.set(name, Date.now());
      const answer = await tenant.post({ eventType: 'mail', payload: { userId: `q${i}`, recipientEmail: 'q@example.com' }, variables: { name } });
      if (answer.status !== 200) throw new Error(answer.text);
      await pause(15);
    }
    for (;;) {
      const times = new Map((await sink.ask('times')).times);
      if ([...sent.keys()].every((name) => times.has(name))) return [...sent].map(([name, at]) => times.get(name) - at);
      await pause(20);
    }
  }

  async function neighbours() {
    const [server, sink, dead] = [await Server.start({ env: settings }), await startSink(), await startSink()];
    const [quiet, noisy] = [await team(server, {}, { subject: '{{name}}' }), await team(server, {}, { subject: '{{name}}' })];
    await addProvider(quiet, smtp(sink));
    await addProvider(noisy, smtp(dead));
    await dead.ask('hold'); // it accepts connections and never says a word
    const [alone, beside] = [[], []];
    let turn = 0;
    for (let i = 0; i < TURNS; i++) alone.push(...await quietly(server, sink, quiet, turn++));
    await queue(noisy, most);
    for (let i = 0; i < TURNS; i++) beside.push(...await quietly(server, sink, quiet, turn++));
    const [a, b] = [p99(alone), p99(beside)];
    console.log(`-- a quiet tenant's trigger to its e-mail, p99: alone ${a} ms, beside a dead provider with ${most} queued ${b} ms: ${(b / a).toFixed(2)} x     bar <= 2`);
    sink.stop();
    dead.stop();
    await server.kill9(); // the dead provider's calls need not be waited for
  }
  await neighbours();
}

if (process.argv.includes('--sink')) sink();
else await main();
