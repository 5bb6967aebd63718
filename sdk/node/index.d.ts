/** Routing identity: who receives the notification. Everything else belongs into variables. */
export interface Payload {
  userId: string;
  /** Needed for the EMAIL channel. */
  recipientEmail?: string;
  /** Needed for the SMS channel: E.164, "+254712345678". */
  recipientPhone?: string;
}

/** Template data: every key is `{{key}}` in a template. `global.*` events want at least title and message. */
export type Variables = Record<string, unknown>;

export type Channel = 'EMAIL' | 'SMS' | 'PUSH';

export interface SendOptions {
  /** The same key again, within 24 hours, changes nothing and gets the first answer. */
  idempotencyKey?: string;
  /** Only these channels, for this call. */
  channels?: Channel[];
  traceId?: string;
  /** Later, up to a year ahead. */
  sendAt?: Date | string;
  /** Given by the module when neither this nor an idempotencyKey is. */
  eventId?: string;
}

export interface SendResult {
  success: true;
  message: string;
  /** Unless only an idempotencyKey was given. */
  eventId?: string;
  sendAt?: string;
  /** The event was accepted before, under the same key or id; nothing happened now. */
  replayed: boolean;
}

export interface RealtimeToken { token: string; channels: string[] }

export interface HistoryItem {
  id: string;
  type: string;
  title: string;
  body: string;
  status: 'UNREAD' | 'READ';
  created_at: string;
}

export interface Settings {
  /** Default: ORQESTRA_HOST. */
  host?: string;
  /** Default: ORQESTRA_API_KEY. */
  apiKey?: string;
  /** Default: ORQESTRA_TENANT_ID. Needed for history and markRead only. */
  tenantId?: string;
  /** Default: ORQESTRA_WEBHOOK_SECRET. Requests are signed when there is one. */
  webhookSecret?: string;
  /** A 429 that asks for a longer wait than this many seconds is thrown at once. Default: 300. */
  maxWait?: number;
  /** Seconds for one attempt. Default: 30. */
  timeout?: number;
  logger?: { error(line: string): void; warn(line: string): void };
  sleep?: (seconds: number) => Promise<unknown>;
  fetch?: typeof globalThis.fetch;
}

export class Orqestra {
  constructor(settings?: Settings);
  sendNotification(eventType: string, payload: Payload, variables?: Variables, options?: SendOptions): Promise<SendResult>;
  requestRealtimeToken(userId: string): Promise<RealtimeToken>;
  history(userId: string, page?: { limit?: number; offset?: number }): Promise<HistoryItem[]>;
  markRead(userId: string, notificationId: string): Promise<void>;
  cancelNotification(eventId: string): Promise<void>;
}

export function sendNotification(
  eventType: string, payload: Payload, variables?: Variables, options?: SendOptions): Promise<SendResult>;
export function requestRealtimeToken(userId: string): Promise<RealtimeToken>;

/** What is to be done before the first call; logged once. */
export const PREFLIGHT: string;

export class OrqestraError extends Error {
  /** Of the last answer; 0 when there was none. */
  readonly status: number;
  readonly isTemporary: boolean;
}
export class OrqestraConfigError extends OrqestraError {}
export class OrqestraAuthError extends OrqestraError {}
export class OrqestraValidationError extends OrqestraError { readonly errors: string[] }
export class OrqestraRateLimitError extends OrqestraError { readonly retryAfter?: number }
export class OrqestraServerError extends OrqestraError {}
export class OrqestraConnectionError extends OrqestraError {}
