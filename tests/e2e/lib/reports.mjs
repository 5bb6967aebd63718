// reports.mjs: status webhooks as the vendors make them: their bodies, signed their way.
import crypto from 'node:crypto';

export const RESEND_SECRET = `whsec_${Buffer.from('a key of the test, 32 bytes long').toString('base64')}`;
export const TWILIO_TOKEN = '0123456789abcdef0123456789abcdef';
export const sendgridKeys = crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const SENDGRID_KEY = sendgridKeys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

const now = () => Math.floor(Date.now() / 1000);
const FORM = 'application/x-www-form-urlencoded';

// Each: (fields..., { at, secret }) -> { headers, body }
export function resend(type, data, { at = now(), secret = RESEND_SECRET } = {}) {
  const body = JSON.stringify({ type, created_at: new Date(at * 1000).toISOString(), data });
  const sum = crypto.createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`msg_1.${at}.${body}`).digest('base64');
  return { body, headers: { 'content-type': 'application/json', 'svix-id': 'msg_1', 'svix-timestamp': `${at}`, 'svix-signature': `v1,c29tZXRoaW5n v1,${sum}` } };
}

export function sendgrid(events, { at = now(), key = sendgridKeys.privateKey } = {}) {
  const body = JSON.stringify(events);
  const signature = crypto.sign('sha256', Buffer.from(`${at}${body}`), key).toString('base64');
  const name = 'x-twilio-email-event-webhook';
  return { body, headers: { 'content-type': 'application/json', [`${name}-signature`]: signature, [`${name}-timestamp`]: `${at}` } };
}

export function twilio(url, fields, { token = TWILIO_TOKEN } = {}) {
  const text = Object.keys(fields).sort().map((name) => name + fields[name]).join('');
  const signature = crypto.createHmac('sha1', token).update(url + text).digest('base64');
  return { body: `${new URLSearchParams(fields)}`, headers: { 'content-type': FORM, 'x-twilio-signature': signature } };
}

export const africastalking = (fields) => ({ body: `${new URLSearchParams(fields)}`, headers: { 'content-type': FORM } });
