// index.mjs: sends events to Orqestra from a Node backend (18 and later; nothing to install).
//
//   ┌─ BEFORE THE FIRST CALL ──────────────────────────────────────────────────────────────────────┐
//   │ 1. Admin UI → Providers: configure a delivery provider (in-app push needs none).              │
//   │ 2. Admin UI → Templates: create and activate a template whose event type is, letter by        │
//   │    letter, the one you pass to sendNotification.                                              │
//   │ 3. Test with "global.info" and variables { title, message } first: it works without 1 and 2.  │
//   └───────────────────────────────────────────────────────────────────────────────────────────────┘
//
// A call is encoded and signed once; a retry sends the very same bytes. So that a retry can never notify twice,
// a call without an idempotency key and without an event id is given an event id here: the server takes an
// id once, and says "dispatched" again when it comes a second time.
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as errors from './errors.mjs';

export * from './errors.mjs';

const RETRIES_MAX = 3;
const SERVER_WAITS_S = [2, 8, 30]; // before the first, second and third retry of a call that failed over there
const MAX_WAIT_S = 300; // a minute's limit is over in 60 s; a day's cap is nothing to wait for inside a call
const TIMEOUT_S = 30;
const PAYLOAD_FIELDS = ['userId', 'recipientEmail', 'recipientPhone'];
const OPTION_NAMES = ['idempotencyKey', 'channels', 'traceId', 'sendAt', 'eventId'];
const VISIBLE = /^[\x21-\x7e]{1,255}$/;

export const PREFLIGHT = `Orqestra pre-flight: three things to do before notifications arrive
  1. Admin UI > Providers: configure a delivery provider (in-app push needs none)
  2. Admin UI > Templates: create and activate a template with exactly the event type you send
  3. Test with "global.info" and variables {title, message} first
  (said once; ORQESTRA_PREFLIGHT=off says it no more)`;

let preflightSaid = false;

export class Orqestra {
  #settings;

  // What is not given here is read from the environment, now.
  constructor({
    host = process.env.ORQESTRA_HOST, apiKey = process.env.ORQESTRA_API_KEY,
    tenantId = process.env.ORQESTRA_TENANT_ID, webhookSecret = process.env.ORQESTRA_WEBHOOK_SECRET,
    maxWait = MAX_WAIT_S, timeout = TIMEOUT_S,
    logger = console, sleep = (seconds) => delay(seconds * 1000), fetch = globalThis.fetch,
  } = {}) {
    if (!host) throw new errors.OrqestraConfigError('ORQESTRA_HOST is not set: the address of your Orqestra server');
    if (!isAddress(host)) throw new errors.OrqestraConfigError('ORQESTRA_HOST must be an address that begins with http:// or https://');
    if (!apiKey) throw new errors.OrqestraConfigError('ORQESTRA_API_KEY is not set: the API key of your tenant');
    if (!VISIBLE.test(apiKey)) throw new errors.OrqestraConfigError('ORQESTRA_API_KEY must be visible characters only');
    this.#settings = { host: host.replace(/\/+$/, ''), apiKey, tenantId, webhookSecret, maxWait, timeout, logger, sleep, fetch };
  }

  async sendNotification(eventType, payload, variables, options = {}) {
    sayPreflight(this.#settings.logger);
    const { body, eventId, headers } = eventOf(eventType, payload, variables, options ?? {});
    const answer = await this.#call('POST', '/api/v1/events/trigger', body, headers);
    return { ...(eventId === undefined ? {} : { eventId }), ...answer.json, replayed: answer.replayed };
  }

  // What a browser needs to listen: { token, channels }. Hand it out to the user it names and nobody else.
  async requestRealtimeToken(userId) {
    return (await this.#call('POST', '/api/v1/auth/realtime-token', { userId })).json;
  }

  async history(userId, { limit, offset } = {}) {
    const query = new URLSearchParams(Object.entries({ limit, offset }).filter(([, value]) => value !== undefined));
    const suffix = String(query) && `?${query}`;
    return (await this.#call('GET', `${this.#feedOf(userId)}${suffix}`)).json.data;
  }

  async markRead(userId, notificationId) {
    await this.#call('PUT', `${this.#feedOf(userId)}/${encodeURIComponent(notificationId)}/read`);
  }

  // Takes back an event that was sent with sendAt and has not happened yet.
  async cancelNotification(eventId) {
    await this.#call('DELETE', `/api/v1/events/${encodeURIComponent(eventId)}`);
  }

  #feedOf(userId) {
    const { tenantId } = this.#settings;
    if (!tenantId) throw new errors.OrqestraConfigError('ORQESTRA_TENANT_ID is not set: the id of your tenant');
    return `/api/v1/notifications/${encodeURIComponent(tenantId)}/${encodeURIComponent(userId)}`;
  }

  async #call(method, path, body, headers = {}) {
    const request = this.#request(method, path, body, headers);
    const { logger, sleep, maxWait } = this.#settings;
    for (let retry = 1, serverFailures = 0; ; retry++) {
      const { answer, error } = await this.#attempt(request);
      if (!error) return answer;
      let wait = error.retryAfter;
      if (wait === undefined && error.isTemporary) wait = SERVER_WAITS_S[serverFailures++];
      if (wait === undefined || wait > maxWait || retry > RETRIES_MAX) {
        report(error, logger);
        throw error;
      }
      logger.warn(`${error.summary}: retry ${retry} of ${RETRIES_MAX} in ${wait} s`);
      await sleep(wait);
    }
  }

  #request(method, path, body, more) {
    const { host, apiKey, webhookSecret } = this.#settings;
    const bytes = body === undefined ? undefined : encode(body);
    const headers = { 'x-api-key': apiKey, ...more };
    if (bytes) headers['content-type'] = 'application/json';
    // The signature covers the body as it goes out, and an empty one where there is none.
    if (webhookSecret) headers['x-orqestra-signature'] = createHmac('sha256', webhookSecret).update(bytes ?? '').digest('hex');
    // A redirect is refused: it would carry the key to wherever it points.
    return [`${host}${path}`, { method, headers, body: bytes, redirect: 'manual' }];
  }

  async #attempt([url, init]) {
    const { fetch, timeout } = this.#settings;
    let response, text;
    try {
      response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeout * 1000) });
      text = await response.text();
    } catch (cause) {
      return { error: new errors.OrqestraConnectionError(cause) };
    }
    const json = parse(text);
    const error = errors.errorOf(response.status, json, response.headers.get('retry-after'));
    return error ? { error } : { answer: { json, replayed: response.headers.get('idempotency-replayed') === 'true' } };
  }
}

// The same with the environment as it is at the moment of the call.
export const sendNotification = async (...args) => new Orqestra().sendNotification(...args);
export const requestRealtimeToken = async (userId) => new Orqestra().requestRealtimeToken(userId);

function eventOf(eventType, payload, variables, options) {
  const problems = [
    ...unknown(payload, PAYLOAD_FIELDS).map((name) => `payload.${name} is not routing identity; put it into variables`),
    ...unknown(options, OPTION_NAMES).map((name) => `options.${name} is unknown; options are ${OPTION_NAMES.join(', ')}`),
    ...['idempotencyKey', 'traceId'].filter((name) => options[name] != null && !VISIBLE.test(options[name]))
      .map((name) => `options.${name} must be 1 to 255 visible characters`),
    // As JSON it would be null, and null is "now".
    ...(options.sendAt instanceof Date && Number.isNaN(options.sendAt.getTime()) ? ['options.sendAt is no valid date'] : []),
  ];
  if (problems.length) throw new errors.OrqestraValidationError(0, problems);

  const { idempotencyKey, channels, traceId, sendAt } = options;
  const eventId = options.eventId ?? (idempotencyKey == null ? randomUUID() : undefined);
  const headers = {};
  if (idempotencyKey != null) headers['x-idempotency-key'] = idempotencyKey;
  if (traceId != null) headers['x-trace-id'] = traceId;
  const body = given({ eventType, eventId, channels, sendAt, payload: routing(payload), variables });
  return { body, eventId, headers };
}

const given = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value != null));
const isObject = (value) => value !== null && typeof value === 'object';
const unknown = (object, names) => (isObject(object) ? Object.keys(object).filter((name) => !names.includes(name)) : []);
const routing = (payload) => (isObject(payload) ? given(Object.fromEntries(PAYLOAD_FIELDS.map((name) => [name, payload[name]]))) : payload);

function isAddress(host) {
  try {
    return /^https?:$/.test(new URL(host).protocol);
  } catch {
    return false;
  }
}

function encode(body) {
  try {
    return Buffer.from(JSON.stringify(body));
  } catch (cause) {
    throw new errors.OrqestraValidationError(0, [`the event cannot be written as JSON: ${cause.message}`]);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function report(error, logger) {
  if (error instanceof errors.OrqestraAuthError) logger.error('Invalid API key or inactive tenant');
  if (error instanceof errors.OrqestraValidationError) logger.error(`Validation errors: ${JSON.stringify(error.errors)}`);
}

function sayPreflight(logger) {
  if (preflightSaid || process.env.ORQESTRA_PREFLIGHT === 'off') return;
  preflightSaid = true;
  logger.warn(PREFLIGHT);
}
