// openapi_test.mjs: the document is valid by an outside validator, true about the server, and enough for
// a client that knows nothing else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { PASSWORD, Server } from './harness.mjs';

const routesFile = resolve(dirname(fileURLToPath(import.meta.url)), '../../src/app/http/routes.def');

let server;
let document;
let client;
before(async () => {
  server = await Server.start({ env: { ORQESTRA_DEMO: 'true' } });
  document = (await server.call('GET', '/openapi.json')).json;
  client = new Client(document, server);
});
after(() => server.stop());

// A client made from the document alone: operationId -> call. Every answer is held against its schema.
class Client {
  constructor(api, peer) {
    this.api = api;
    this.peer = peer;
    this.credentials = {};
    this.called = new Set();
    this.ajv = new Ajv({ strict: false });
    formats(this.ajv);
    this.ajv.addSchema({ $id: 'api', ...api });
    this.operations = new Map();
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        this.operations.set(operation.operationId, { path, method, ...operation });
      }
    }
  }

  resolve(part) {
    if (!part.$ref) return part;
    return part.$ref.slice(2).split('/').reduce((at, name) => at[name], this.api);
  }

  #headers(security) {
    for (const way of security) {
      const names = Object.keys(way);
      if (!names.every((name) => this.credentials[name])) continue;
      return Object.fromEntries(names.map((name) => {
        const scheme = this.api.components.securitySchemes[name];
        const secret = this.credentials[name];
        return scheme.type === 'apiKey' ? [scheme.name, secret] : ['authorization', `Bearer ${secret}`];
      }));
    }
    assert.equal(security.length, 0, 'there are credentials for the call');
    return {};
  }

  async call(operationId, { params = {}, body } = {}) {
    const operation = this.operations.get(operationId);
    assert.ok(operation, `there is an operation ${operationId}`);
    let { path } = operation;
    const query = new URLSearchParams();
    for (const parameter of operation.parameters.map((one) => this.resolve(one))) {
      const given = params[parameter.name];
      assert.ok(given !== undefined || !parameter.required, `${parameter.name} of ${operationId}`);
      if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(given));
      else if (given !== undefined) query.set(parameter.name, given);
    }
    if (body !== undefined) this.#check(operation.requestBody.content['application/json'].schema, body, `the body of ${operationId}`);
    const target = query.size || String(query) ? `${path}?${query}` : path;
    const answer = await this.peer.call(operation.method.toUpperCase(), target, { headers: this.#headers(operation.security), body });
    const described = this.resolve(operation.responses[answer.status] ?? operation.responses.default);
    const type = answer.headers['content-type'].split(';')[0];
    assert.ok(described.content[type], `${operationId} may answer ${type}`);
    this.#check(described.content[type].schema, answer.json ?? answer.text, `the answer of ${operationId}`);
    this.called.add(operationId);
    return answer;
  }

  #check(schema, data, what) {
    const { $ref } = schema;
    const check = this.ajv.getSchema(`api${$ref}`);
    assert.ok(check, `the schema ${$ref}`);
    assert.ok(check(data), `${what}: ${JSON.stringify(check.errors)}\n${JSON.stringify(data).slice(0, 500)}`);
  }
}

test('openapi: an outside validator finds it valid 3.1', async () => {
  assert.match(document.openapi, /^3\.1\./);
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
});

test('openapi: it names every route of the server and no other', () => {
  const table = readFileSync(routesFile, 'utf8');
  const routes = [...table.matchAll(/^ROUTE\(METHOD_([A-Z]+), "([^"]+)", GUARD_(\w+),/gm)];
  assert.ok(routes.length > 20);
  const described = [...client.operations.values()].map((one) => `${one.method.toUpperCase()} ${one.path}`).sort();
  assert.deepEqual(described, routes.map(([, method, path]) => `${method} ${path}`).sort());
  for (const [, method, path, guard] of routes) {
    const { security } = document.paths[path][method.toLowerCase()];
    assert.equal(security.length === 0, guard === 'NONE', `${method} ${path}`);
  }
});

test('openapi: every reference leads somewhere, every operation id is unique', () => {
  const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((one) => one.operationId));
  assert.equal(new Set(ids).size, ids.length);
  const walk = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (typeof node.$ref === 'string') assert.ok(client.resolve(node), node.$ref);
    Object.values(node).forEach(walk);
  };
  walk(document);
});

test('openapi: a client made from the document works against the live server', async () => {
  const { json: { data: session } } = await client.call('signIn', { body: { username: 'operator', password: PASSWORD } });
  server.secrets.add(session.token);
  client.credentials.session = session.token;
  const created = await client.call('createTenant', { body: { name: 'From the document', rateLimitPerMinute: 0, dailyCap: 0 } });
  assert.equal(created.status, 201);
  const tenant = created.json.data;
  server.secrets.add(tenant.apiKey);
  client.credentials.apiKey = tenant.apiKey;
  const params = { id: tenant.id };
  const made = await client.call('createTemplate', { params, body: { eventType: 'doc.test', channel: 'PUSH', subject: 'S', body: 'Hello {{name}}' } });
  assert.equal(made.status, 201);
  const templateId = made.json.data.id;
  await client.call('listTemplates', { params: { ...params, limit: 1 } });
  await client.call('getTemplate', { params: { ...params, templateId } });
  await client.call('updateTemplate', { params: { ...params, templateId }, body: { subject: null } });
  await client.call('previewTemplate', { params, body: { channel: 'PUSH', body: 'x {{y}}', variables: { z: 1 } } });
  assert.equal((await client.call('triggerEvent', { body: { eventType: 'doc.test', payload: { userId: 'u' }, variables: { name: 'you' } } })).status, 200);
  const logs = await client.call('listLogs', { params: { ...params, eventType: 'doc.test', limit: 10 } });
  assert.equal(logs.json.data.length, 1);
  await client.call('getLog', { params: { ...params, logId: logs.json.data[0].id } });
  await client.call('getEvent', { params: { ...params, eventId: logs.json.data[0].eventId } });
  const later = { eventType: 'doc.test', eventId: 'later', payload: { userId: 'u' }, sendAt: new Date(Date.now() + 3600000).toISOString() };
  assert.equal((await client.call('triggerEvent', { body: later })).status, 200);
  assert.equal((await client.call('listScheduledEvents', { params })).json.data.length, 1);
  await client.call('getEvent', { params: { ...params, eventId: 'later' } });
  assert.equal((await client.call('cancelEvent', { params: { eventId: 'later' } })).status, 200);
  await client.call('getEvent', { params: { ...params, eventId: 'later' } });
  const feed = { tenant: tenant.id, user: 'u' };
  const page = await client.call('listNotifications', { params: { ...feed, limit: 10, offset: 0 } });
  assert.equal(page.json.data[0].body, 'Hello you');
  assert.equal((await client.call('markNotificationRead', { params: { ...feed, id: page.json.data[0].id } })).status, 200);
  const token = await client.call('createRealtimeToken', { body: { userId: 'u' } });
  server.secrets.add(token.json.token);
  client.credentials.userToken = token.json.token;
  assert.equal((await client.call('listExpiryNotifications', { params: { limit: 10 } })).status, 200);
  assert.equal((await client.call('markExpiryNotificationRead', { params: { id: page.json.data[0].id } })).status, 200);
  delete client.credentials.userToken;
  const told = await client.call('notifyWorkspace', { params: { slug: tenant.slug }, body: { title: 'T', message: 'M', kind: 'data' } });
  assert.deepEqual([told.status, told.json.delivered], [202, 0]);
  for (const id of ['getHealth', 'getReadiness', 'getMetrics', 'getOpenApi']) {
    assert.equal((await client.call(id)).status, 200, id);
  }
  await client.call('listTenants', { params: { limit: 2 } });
  await client.call('updateTenant', { params, body: { senderName: 'Doc' } });
  for (const id of ['getTenant', 'suspendTenant', 'reactivateTenant', 'rotateTenantKey']) {
    const answer = await client.call(id, { params });
    assert.equal(answer.status, 200, id);
    if (id === 'rotateTenantKey') server.secrets.add(answer.json.data.apiKey);
  }
  assert.equal((await client.call('createTenantAdmin', { params, body: { username: 'doc-admin', password: 'a-password-of-the-document' } })).status, 201);
  for (const [id, more] of [['listTenantAdmins'], ['deleteTenantAdmin', { username: 'doc-admin' }], ['eraseUser', { userId: 'u' }], ['listAudit']]) {
    assert.equal((await client.call(id, { params: { ...params, ...more } })).status, 200, id);
  }
  assert.equal((await client.call('deleteTemplate', { params: { ...params, templateId } })).status, 200);
  assert.equal((await client.call('deleteTenant', { params })).status, 200);
  const demo = await client.call('startDemo', { body: {} });
  server.secrets.add(demo.json.token);
  await client.call('triggerDemo', { body: { eventType: 'global.info', userId: demo.json.userId, title: 'T', message: 'M' } });
  assert.equal((await client.call('signOut')).status, 200);
});

test('openapi: errors have the shape the document promises', async () => {
  client.credentials = { apiKey: 'wrong' };
  assert.equal((await client.call('triggerEvent', { body: { eventType: 'x', payload: { userId: 'u' } } })).status, 401);
  assert.equal((await client.call('signIn', { body: { username: 'operator', password: 'wrong-password' } })).status, 401);
});
