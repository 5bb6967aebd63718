// official_clients_test.mjs: the official clients of other languages, unmodified: Python and Go, in both encodings.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Server } from './harness.mjs';
import { Inbox, within } from './lib/inbox.mjs';

const peers = (name) => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
before(() => promisify(execFile)(peers('prepare'), { timeout: 170000 }));

const server = await Server.start();
after(() => server.stop());
const tenant = await server.createTenant();

const clients = {
  'centrifuge-python': [peers('.python/bin/python'), peers('centrifuge_peer.py')],
  'centrifuge-go': [peers('.go/peer')],
};

for (const [name, command] of Object.entries(clients)) {
  for (const encoding of ['json', 'protobuf']) {
    test(`RT-01 CEN-25: ${name} in ${encoding} hears what was triggered`, async () => {
      const user = `${name}-${encoding}`;
      const { token, channels } = await tenant.token(user);
      const [program, ...args] = [...command, server.socketUrl, token, channels[0], '2', encoding];
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      server.atStop(() => child.kill());
      const lines = new Inbox();
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
      const ended = new Promise((done) => child.on('close', done));
      assert.equal(await lines.next('the subscription'), 'subscribed');
      for (const title of ['first', 'second — ünï 🎉']) {
        await tenant.trigger('global.info', user, { title, message: 'm' });
        assert.equal(JSON.parse(await lines.next('a publication')).title, title);
      }
      assert.equal(await within(ended, 'the end of the peer'), 0);
    });
  }
}
