// runner.mjs: sdk/node as the vectors drive it. A line in: {environment, call}; a line out: what came of it.
import { createInterface } from 'node:readline';
import * as sdk from '../../../../sdk/node/index.mjs';

const KINDS = {
  OrqestraConfigError: 'config', OrqestraAuthError: 'auth', OrqestraValidationError: 'validation', OrqestraError: 'api',
  OrqestraRateLimitError: 'rateLimit', OrqestraServerError: 'server', OrqestraConnectionError: 'connection',
};

function failure(error) {
  if (!(error instanceof sdk.OrqestraError)) throw error;
  return {
    kind: KINDS[error.name], status: error.status, messages: error.errors ?? [error.message], retryAfter: error.retryAfter,
  };
}

async function run({ id, environment, call, real }) {
  for (const [name, value] of Object.entries(environment)) {
    if (value === null) delete process.env[name];
    else process.env[name] = value;
  }
  const seen = { id, waits: [], log: [] };
  const log = (line) => seen.log.push(line);
  try {
    const client = new sdk.Orqestra({
      logger: { warn: log, error: log }, ...(real ? {} : { sleep: async (seconds) => seen.waits.push(seconds) }),
    });
    if (call.method === 'requestRealtimeToken') seen.result = await client.requestRealtimeToken(call.userId);
    else if (call.method === 'history') seen.result = await client.history(call.userId, call.page);
    else if (call.method === 'markRead') seen.result = (await client.markRead(call.userId, call.id)) ?? null;
    else if (call.method === 'cancelNotification') seen.result = (await client.cancelNotification(call.eventId)) ?? null;
    else {
      const { sendAt, ...rest } = call.options ?? {};
      const options = sendAt ? { ...rest, sendAt: new Date(sendAt) } : rest;
      seen.result = await client.sendNotification(call.eventType, call.payload, call.variables, options);
    }
  } catch (error) {
    seen.error = failure(error);
  }
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
