// protobuf_test.mjs: the protocol in Protobuf on WebSocket: chosen in each way clients choose it, spoken by the
// official client, and spoken wrongly.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Centrifuge } from 'centrifuge/build/protobuf';
import WebSocket from 'ws';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';
import { COMMAND, REPLY, connectCommand, decode, delimited, encode, split, subscribeCommand } from './lib/protobuf.mjs';
import { listen } from './lib/realtime.mjs';

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();
const text = (bytes) => Buffer.from(bytes).toString();

// A socket that speaks bytes: replies one by one in `inbox`, whole frames in `frames`.
async function open(query = '', protocols = ['centrifuge-protobuf']) {
  const socket = new WebSocket(server.socketUrl + query, protocols, { perMessageDeflate: false });
  const client = { socket, inbox: new Inbox(), frames: new Inbox() };
  client.closed = new Promise((done) => socket.on('close', (code, reason) => done({ code, reason: reason.toString() })));
  socket.on('message', (bytes, isBinary) => {
    client.frames.push({ bytes, isBinary });
    for (const message of split(bytes)) client.inbox.push(message.length ? decode(message) : 'ping');
  });
  server.atStop(() => socket.terminate());
  await within(new Promise((done, fail) => { socket.on('open', done); socket.on('error', fail); }), 'the handshake');
  return client;
}

async function connected(userId, query, protocols) {
  const { token } = await tenant.token(userId);
  const client = await open(query, protocols);
  client.socket.send(delimited(connectCommand(1, token)));
  client.result = decode((await client.inbox.next('the answer to connect'))[REPLY.connect][0]);
  return client;
}

for (const [how, query, protocols, echoed] of [
  ['the subprotocol', '', ['centrifuge-protobuf'], 'centrifuge-protobuf'],
  ['?cf_protocol', '?cf_protocol=protobuf', [], ''],
  ['?format', '?format=protobuf', [], ''],
  ['?cf_protocol with its version', '?cf_protocol=protobuf&cf_protocol_version=v2', [], ''],
]) {
  test(`1.1: Protobuf is chosen by ${how}`, async () => {
    const client = await connected('chosen', query, protocols);
    assert.equal(client.socket.protocol, echoed);
    assert.equal((await client.frames.next()).isBinary, true);
    assert.match(text(client.result[1][0]), /^[0-9a-f-]{36}$/);
    assert.deepEqual(client.result[7], [25]);
    assert.deepEqual(client.result[8], [1]);
  });
}

test('1.1: who offers both, or JSON alone, gets JSON in text frames', async () => {
  const { token } = await tenant.token('both');
  for (const protocols of [['centrifuge-protobuf', 'centrifuge-json'], ['centrifuge-json'], []]) {
    const socket = new WebSocket(server.socketUrl, protocols);
    const first = new Promise((done) => socket.on('message', (bytes, isBinary) => done({ bytes, isBinary })));
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, connect: { token } })));
    const { bytes, isBinary } = await within(first, 'the answer');
    assert.equal(isBinary, false);
    assert.equal(JSON.parse(bytes).id, 1);
    assert.equal(socket.protocol, protocols.length ? 'centrifuge-json' : '');
    socket.terminate();
  }
});

test('1.1: version 1 of the protocol is refused in words', async () => {
  const socket = new WebSocket(`${server.socketUrl}?cf_protocol_version=v1`);
  const answer = await within(new Promise((done) => {
    socket.on('error', () => {});
    socket.on('unexpected-response', (_, response) => done(response));
  }), 'the refusal');
  assert.equal(answer.statusCode, 400);
  socket.terminate();
});

test('RT-01 5: the official client in Protobuf hears what was triggered, beside one in JSON', async () => {
  const { token, channels } = await tenant.token('peer');
  const client = new Centrifuge(server.socketUrl, { websocket: WebSocket, token, minReconnectDelay: 50 });
  server.atStop(() => client.disconnect());
  const inbox = new Inbox();
  const subscription = client.newSubscription(channels[0]);
  subscription.on('publication', (context) => inbox.push(JSON.parse(text(context.data))));
  subscription.subscribe();
  client.connect();
  await within(subscription.ready(), 'the subscription');
  const json = await listen(tenant, 'peer');
  for (const title of ['first', 'second — ünï 🎉']) {
    await tenant.trigger('global.info', 'peer', { title, message: 'm' });
    const [one, other] = [await inbox.next('a publication'), await json.inbox.next('the same in JSON')];
    assert.equal(one.title, title);
    assert.deepEqual(one, other);
  }
  await assert.rejects(client.publish(channels[0], Buffer.from('{}')), { code: 103 });
  client.disconnect();
});

test('RT-07 5: connect and subscribes in one frame, a foreign channel refused, unsubscribe answered', async () => {
  const { token, channels } = await tenant.token('frame');
  const client = await open();
  client.socket.send(delimited(connectCommand(7, token), subscribeCommand(8, channels[0]),
    subscribeCommand(9, 'global_system#other'), encode([[COMMAND.id, 300], [COMMAND.unsubscribe, encode([[1, 'none']])]])));
  const replies = {};
  for (let i = 0; i < 4; i++) {
    const reply = await client.inbox.next('a reply');
    replies[reply[REPLY.id][0]] = reply;
  }
  assert.ok(replies[7][REPLY.connect]);
  assert.ok(replies[8][REPLY.subscribe], 'an empty result is there');
  const error = decode(replies[9][REPLY.error][0]);
  assert.equal(error[1][0], 103);
  assert.equal(text(error[2][0]), 'permission denied');
  assert.equal(replies[300][REPLY.unsubscribe][0].length, 0);
});

test('5: a pong that was not asked for, and what is no command, end with 3501', async () => {
  for (const frame of [
    Buffer.from([0]), Buffer.alloc(0), Buffer.from([5, 8, 1]), Buffer.from([0x80]), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    delimited(encode([[COMMAND.id, 5]])), delimited(encode([[COMMAND.id, 5], [COMMAND.subscribe, encode([[1, Buffer.from([0xff])]])]])),
    Buffer.from(JSON.stringify({ id: 2, ping: {} })),
  ]) {
    const client = await connected('wrong');
    client.socket.send(frame);
    const { code, reason } = await within(client.closed, `the close after ${frame.toString('hex')}`);
    assert.equal(code, 3501, frame.toString('hex'));
    assert.equal(reason, 'bad request');
  }
});

test('5: what stood before the break in a frame is answered first', async () => {
  const client = await connected('before');
  client.socket.send(Buffer.concat([delimited(subscribeCommand(2, 'global_system#other')), Buffer.from([9, 8])]));
  const reply = await client.inbox.next('the answer before the break');
  assert.equal(decode(reply[REPLY.error][0])[1][0], 103);
  assert.equal((await within(client.closed, 'the close')).code, 3501);
});

test('5: an expired token is error 109, an invalid one closes 3500', async () => {
  const stale = await open();
  stale.socket.send(delimited(connectCommand(1, server.mint(tenant, 'stale', { exp: 1000 }))));
  assert.equal(decode((await stale.inbox.next('the error'))[REPLY.error][0])[1][0], 109);
  const wrong = await open();
  wrong.socket.send(delimited(connectCommand(1, 'not.a.token')));
  assert.equal((await within(wrong.closed, 'the close')).code, 3500);
});
