// timing_test.mjs: pings, pongs, expiry and patience, on a server whose clocks run fast. The tests wait
// side by side for closes that must come; none asserts how long they took.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { Server } from './harness.mjs';
import { within } from './lib/inbox.mjs';
import { nowSeconds } from './lib/jwt.mjs';
import { RawClient, centrifuge, rawUser, subscribe } from './lib/realtime.mjs';
import { RawTcp } from './lib/raw_tcp.mjs';

const server = await Server.start({
  env: {
    ORQESTRA_PING_INTERVAL: '2', ORQESTRA_PONG_TIMEOUT: '1', ORQESTRA_CONNECT_TIMEOUT: '1', ORQESTRA_EXPIRED_CLOSE_DELAY: '1',
  },
});
after(() => server.stop());

const tenant = await server.createTenant();
const notify = (userId, message) => tenant.trigger('global.info', userId, { title: 't', message });

async function connectedWith(token) {
  const client = await RawClient.open(server);
  await client.connect(token);
  return client;
}

// Sees the pings itself, answering only when told.
async function watchful(userId) {
  const client = await rawUser(tenant, userId);
  client.answersPings = false;
  return client;
}

describe('clocks', { concurrency: 16 }, () => {
  test('8: pings are empty replies, each pong is good once', async () => {
    const client = await watchful('ping');
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await client.inbox.next('a ping'), {});
      client.socket.send('{}');
    }
    client.socket.send('{}');
    const closed = await client.end();
    assert.deepEqual(closed, { code: 3501, reason: 'bad request' });
  });

  test('8: the connect reply tells the interval', async () => {
    const client = await RawClient.open(server);
    const result = await client.connect((await tenant.token('interval')).token);
    assert.equal(result.ping, 2);
    assert.equal(result.pong, true);
  });

  test('8: no pong closes 3012, whatever else was sent', async () => {
    const client = await watchful('deaf');
    assert.deepEqual(await client.inbox.next('a ping'), {});
    client.send({ unsubscribe: { channel: 'x' }, id: 2 });
    assert.deepEqual(await client.end(), { code: 3012, reason: 'no pong' });
  });

  test('8: a client that answers stays', async () => {
    const deaf = await watchful('control');
    const alive = await rawUser(tenant, 'alive');
    alive.nextId = 2;
    assert.equal((await deaf.end()).code, 3012);
    assert.deepEqual((await alive.ask({ unsubscribe: { channel: 'x' } })).unsubscribe, {});
  });

  test('6.1: a connection that never authenticates closes 3502', async () => {
    const silent = await RawClient.open(server);
    assert.deepEqual(await silent.end(), { code: 3502, reason: 'stale' });
  });

  test('6.1: so does one whose token was expired', async () => {
    const client = await RawClient.open(server);
    const { error } = await client.ask({ connect: { token: server.mint(tenant, 'u', { exp: 1 }) } });
    assert.equal(error.code, 109);
    assert.deepEqual(await client.end(), { code: 3502, reason: 'stale' });
  });

  test('RT-10 RT-11 6.9: past expiry and grace a connection closes 3005, unless refreshed', async () => {
    const exp = nowSeconds() + 2;
    const left = await connectedWith(server.mint(tenant, 'grace', { exp }));
    const kept = await connectedWith(server.mint(tenant, 'grace', { exp }));
    await kept.subscribe('global_system#grace');
    const { refresh } = await kept.ask({ refresh: { token: server.mint(tenant, 'grace', { exp: exp + 60 }) } });
    assert.ok(refresh.ttl > 50, JSON.stringify(refresh));
    assert.deepEqual(await left.end(), { code: 3005, reason: 'connection expired' });
    assert.ok(nowSeconds() >= exp, 'not before its expiry');
    await notify('grace', 'still here');
    assert.ok((await kept.inbox.next()).push.pub.data.body.includes('still here'));
  });

  test('RT-10: a refresh within the grace still counts', async () => {
    const exp = nowSeconds() + 2; // one could be over before both are connected
    const left = await connectedWith(server.mint(tenant, 'late', { exp }));
    const late = await connectedWith(server.mint(tenant, 'late', { exp }));
    while (nowSeconds() < exp) await new Promise((done) => setTimeout(done, 20));
    assert.equal((await late.ask({ refresh: { token: server.mint(tenant, 'late') } })).refresh.expires, true);
    assert.equal((await left.end()).code, 3005);
    assert.deepEqual((await late.ask({ unsubscribe: { channel: 'x' } })).unsubscribe, {});
  });

  test('RT-11: centrifuge refreshes by getToken without reconnecting', async () => {
    const exp = nowSeconds() + 2;
    const left = await connectedWith(server.mint(tenant, 'js', { exp }));
    let asked = 0;
    const client = await centrifuge(server, {
      token: server.mint(tenant, 'js', { exp }),
      getToken: async () => {
        asked++;
        return server.mint(tenant, 'js', { exp: exp + 600 });
      },
    });
    let interruptions = 0;
    client.on('connecting', () => interruptions++);
    const { inbox } = await subscribe(client, 'global_system#js');
    assert.equal((await left.end()).code, 3005); // the same expiry, and nobody refreshed it
    await notify('js', 'refreshed');
    assert.ok((await inbox.next()).body.includes('refreshed'));
    assert.deepEqual([asked, interruptions], [1, 0]);
  });

  test('RT-10: centrifuge without getToken is dropped at expiry', async () => {
    const client = new Centrifuge(server.socketUrl, { websocket: WebSocket, token: server.mint(tenant, 'x', { exp: nowSeconds() + 1 }) });
    const ended = new Promise((resolve) => client.on('disconnected', resolve));
    client.connect();
    await within(ended, 'the end of the client');
  });

  test('RELIABILITY-13: a request whose head never ends is answered 408 and closed', async () => {
    const raw = await RawTcp.open(server);
    raw.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const { status, headers } = await raw.response();
    assert.equal(status, 408);
    assert.equal(headers.connection, 'close');
    await raw.end();
  });
});
