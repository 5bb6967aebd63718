// metrics_test.mjs: /metrics counts what happened, in a format a scraper accepts, for whom it is meant.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server } from './harness.mjs';
import { within } from './lib/inbox.mjs';
import { listen } from './lib/realtime.mjs';

const KEY = 'a-metrics-key-of-the-e2e-ring';

// Text format 0.0.4 by the letter: HELP, TYPE, then samples of that family only. Returns name{labels} -> number.
export function parseMetrics(text) {
  const samples = new Map();
  const types = new Map();
  let family = null;
  assert.ok(text.endsWith('\n'), 'the last line ends');
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === 'HELP') {
        assert.ok(!types.has(comment[2]), `${comment[2]} comes once`);
        family = comment[2];
      } else {
        assert.equal(comment[2], family);
        types.set(family, comment[3]);
      }
      continue;
    }
    const sample = /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="[^"\\\n]*"(?:,(?=[a-z]))?)+\})? (-?[0-9.e+-]+)$/.exec(line);
    assert.ok(sample, `not a sample: ${line}`);
    const base = types.get(family) === 'histogram' ? sample[1].replace(/_(bucket|sum|count)$/, '') : sample[1];
    assert.equal(base, family, line);
    const name = sample[1] + (sample[2] ?? '');
    assert.ok(!samples.has(name), `${name} comes once`);
    samples.set(name, Number(sample[3]));
  }
  return { samples, types };
}

async function scrape(server) {
  const answer = await server.call('GET', '/metrics');
  assert.equal(answer.status, 200, answer.text);
  return { ...parseMetrics(answer.text), text: answer.text };
}

let server;
let tenant;
before(async () => {
  server = await Server.start();
  tenant = await server.createTenant();
});
after(() => server.stop());

const value = (page, name) => {
  assert.ok(page.samples.has(name), `there is ${name}`);
  return page.samples.get(name);
};

test('metrics: names and types follow the conventions', async () => {
  const answer = await server.call('GET', '/metrics');
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const { types, samples } = parseMetrics(answer.text);
  for (const [name, type] of types) {
    assert.match(name, /^(orqestra|process)_/);
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
  }
  assert.equal(value({ samples }, `orqestra_build_info{version="${/version="([^"]+)"/.exec(answer.text)[1]}"}`), 1);
  for (const name of ['process_resident_memory_bytes', 'process_open_fds', 'process_cpu_seconds_total', 'orqestra_disk_free_bytes']) {
    assert.ok(value({ samples }, name) > 0, name);
  }
});

test('metrics: events, deliveries, publications and requests are counted exactly', async () => {
  await tenant.template({ eventType: 'counted', body: 'x' });
  const was = await scrape(server);
  for (let n = 0; n < 5; n++) await tenant.trigger('counted', 'u', {}, { eventId: `counted-${n}` });
  await tenant.trigger('nobody.knows.it', 'u', {});
  await tenant.post({ eventType: 'counted', eventId: 'counted-0', payload: { userId: 'u' } });
  assert.equal((await tenant.post({ eventType: '' })).status, 422);
  const is = await scrape(server);
  const grown = (name) => value(is, name) - value(was, name);
  assert.equal(grown('orqestra_events_accepted_total'), 6);
  assert.equal(grown('orqestra_events_unmatched_total'), 1);
  assert.equal(grown('orqestra_idempotency_replays_total'), 1);
  assert.equal(grown('orqestra_idempotency_changed_bodies_total'), 1);
  assert.equal(grown('orqestra_deliveries_total{channel="push",status="sent"}'), 5);
  assert.equal(grown('orqestra_publications_total'), 5);
  assert.equal(grown('orqestra_http_requests_total{route="trigger",status="2xx"}'), 7);
  assert.equal(grown('orqestra_http_requests_total{route="trigger",status="4xx"}'), 1);
  assert.equal(grown('orqestra_http_request_duration_seconds_count{route="trigger"}'), 8);
  assert.ok(grown('orqestra_store_commit_duration_seconds_count') >= 6);
});

test('metrics: buckets of every histogram grow with their bound and end in the count', async () => {
  const { samples, types } = await scrape(server);
  let checked = 0;
  for (const [name] of [...types].filter(([, type]) => type === 'histogram')) {
    const series = new Map();
    for (const [key, count] of samples) {
      const found = new RegExp(`^${name}_bucket\\{(.*,)?le="([^"]+)"\\}$`).exec(key);
      if (found) series.set(found[1] ?? '', [...(series.get(found[1] ?? '') ?? []), { le: found[2], count }]);
    }
    for (const [labels, buckets] of series) {
      assert.equal(buckets.at(-1).le, '+Inf');
      buckets.reduce((one, two) => (assert.ok(one.count <= two.count), two));
      const total = labels ? `${name}_count{${labels.slice(0, -1)}}` : `${name}_count`;
      assert.equal(samples.get(total), buckets.at(-1).count);
      checked++;
    }
  }
  assert.ok(checked >= 3);
});

test('metrics: the gauge of connections rises and falls', async () => {
  const name = 'orqestra_websocket_connections{dialect="centrifuge"}';
  const was = value(await scrape(server), name);
  const { client } = await listen(tenant, 'gauge');
  assert.equal(value(await scrape(server), name), was + 1);
  client.disconnect();
  const falls = (async () => {
    while (value(await scrape(server), name) !== was) await new Promise((done) => setTimeout(done, 20));
  })();
  await within(falls, 'the gauge to fall');
});

test('metrics: nothing a tenant or user is called makes a series', async () => {
  const { text, samples } = await scrape(server);
  await tenant.trigger('counted', 'a-user-of-that-name', {});
  await server.call('GET', '/a-path-nobody-has');
  const next = await scrape(server);
  assert.equal(next.samples.size, samples.size);
  for (const name of [tenant.id, tenant.slug, 'a-user-of-that-name', 'a-path-nobody-has']) {
    assert.ok(!next.text.includes(name), name);
  }
  assert.ok(text.length > 0);
});

test('threat 32: without a key nobody reads them through a proxy', async () => {
  for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP']) {
    assert.equal((await server.call('GET', '/metrics', { headers: { [name]: '127.0.0.1' } })).status, 403);
  }
});

test('threat 32: with a key only its bearer reads them', async () => {
  const closed = await Server.start({ env: { ORQESTRA_METRICS_KEY: KEY } });
  closed.secrets.add(KEY);
  for (const bearer of [undefined, '', 'wrong', KEY.slice(0, -1), `${KEY}x`, KEY.toUpperCase()]) {
    const answer = await closed.call('GET', '/metrics', { bearer });
    assert.equal(answer.status, 401);
    assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'statusCode']);
  }
  assert.equal((await closed.call('GET', '/metrics', { bearer: KEY })).status, 200);
  assert.equal((await closed.call('GET', '/health')).status, 200);
  await closed.stop();
});

test('threat 32: on an address others can reach they are closed until a key is set', async () => {
  const open = new Server({ env: {} });
  open.host = '0.0.0.0';
  await open.launch();
  assert.equal((await open.call('GET', '/metrics')).status, 403);
  assert.equal((await open.call('GET', '/health')).status, 200);
  await open.stop();
});
