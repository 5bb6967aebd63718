// tenant.mjs: a team as the tests act for it: its key in hand, its four calls as methods.
import assert from 'node:assert/strict';

const segment = encodeURIComponent;

export class Tenant {
  constructor(server, data) {
    this.server = server;
    Object.assign(this, data); // id, name, slug, apiKey, ...
  }

  call(method, path, options = {}) {
    return this.server.call(method, path, { key: this.apiKey, ...options });
  }

  // The answer as it is; `trigger` below insists on 200.
  post(body, options = {}) {
    return this.call('POST', '/api/v1/events/trigger', { body, ...options });
  }

  async trigger(eventType, userId, variables, more = {}) {
    const answer = await this.post({ eventType, payload: { userId }, variables, ...more });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  async token(userId) {
    const answer = await this.call('POST', '/api/v1/auth/realtime-token', { body: { userId } });
    assert.equal(answer.status, 200, answer.text);
    this.server.secrets.add(answer.json.token);
    return answer.json;
  }

  feedPath(userId, query = '') {
    return `/api/v1/notifications/${segment(this.id)}/${segment(userId)}${query}`;
  }

  async history(userId, query = '') {
    const answer = await this.call('GET', this.feedPath(userId, query));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.success, true);
    return answer.json.data;
  }

  markRead(userId, notificationId, options = {}) {
    return this.call('PUT', `${this.feedPath(userId)}/${segment(notificationId)}/read`, options);
  }

  async template(fields) {
    const answer = await this.server.admin('POST', `/tenants/${this.id}/templates`, {
      channel: 'PUSH', active: true, ...fields,
    });
    assert.ok([200, 201].includes(answer.status), answer.text);
    return answer.json.data;
  }
}
