// courier.mjs: a team that sends e-mails and SMS through a stand-in, and what its log says of them.
import assert from 'node:assert/strict';
import { Server } from '../harness.mjs';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

export const SETTINGS = { ORQESTRA_OUTBOUND_ALLOW: '127.0.0.0/8', ORQESTRA_RETRY_DELAYS: '1,1' };

export async function courierServer(env = {}, more = {}) {
  const server = await Server.start({ ...more, env: { ...SETTINGS, ...env } });
  server.secrets.add(SECRET);
  return server;
}

export async function addProvider(tenant, fields) {
  const answer = await tenant.server.admin('POST', `/tenants/${tenant.id}/providers`, {
    name: `provider ${Math.random()}`, channel: 'EMAIL', kind: 'webhook', ...fields,
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.data;
}

export const webhook = (standIn, more = {}) => ({ credentials: { url: `${standIn.url}/in`, secret: SECRET }, ...more });

// A tenant with an e-mail and an SMS template, event types "mail" and "text".
export async function team(server, fields = {}, template = {}) {
  const tenant = await server.createTenant({ senderEmail: 'team@example.com', senderName: 'Team', ...fields });
  await tenant.template({ eventType: 'mail', channel: 'EMAIL', subject: 'Hello {{name}}', body: '<p>Dear {{name}}</p>', ...template });
  await tenant.template({ eventType: 'text', channel: 'SMS', body: 'Code {{code}}', ...template });
  return tenant;
}

export async function send(tenant, variables = {}, { userId = 'u', eventType = 'mail', ...more } = {}) {
  const payload = { userId, recipientEmail: `${userId}@example.com`, recipientPhone: '+254712345678' };
  const answer = await tenant.post({ eventType, payload, variables, ...more });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

export async function logs(tenant, query = '') {
  const answer = await tenant.server.admin('GET', `/tenants/${tenant.id}/logs${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data;
}

export async function logOf(tenant, id) {
  const answer = await tenant.server.admin('GET', `/tenants/${tenant.id}/logs/${id}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.data;
}

// The newest delivery, whole, once it is as wanted.
export async function untilLog(tenant, wanted, query = '?limit=1') {
  const deadline = Date.now() + 20000;
  for (;;) {
    const [row] = await logs(tenant, query);
    if (row && wanted(row)) return logOf(tenant, row.id);
    if (Date.now() > deadline) assert.fail(`the log never said so: ${JSON.stringify(row)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export const untilStatus = (tenant, status, query) => untilLog(tenant, (row) => row.status === status, query);
