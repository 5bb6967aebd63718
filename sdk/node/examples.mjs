// examples.mjs: the four calls most applications begin with.
//
//   export ORQESTRA_HOST=http://127.0.0.1:8000 ORQESTRA_API_KEY=...
//   node examples.mjs USER_ID EMAIL PHONE
import { sendNotification } from './index.mjs';

const [userId = 'user-1', recipientEmail = 'user@example.com', recipientPhone = '+254712345678'] = process.argv.slice(2);

// New user registration: every channel that has a template for it.
await sendNotification('user.registered', { userId, recipientEmail }, { firstName: 'Ada' });

// Order confirmation: however often this runs, order 1234 is confirmed once.
await sendNotification(
  'order.confirmed',
  { userId, recipientEmail },
  { orderNumber: 'ORD-2026-1234', amount: '$49.99' },
  { idempotencyKey: 'order.confirmed-ORD-2026-1234' },
);

// Urgent broadcast: to each of its recipients, by SMS alone.
for (const recipient of [{ userId, recipientPhone }]) {
  await sendNotification(
    'global.alert', recipient, { title: 'Service alert', message: 'We are working on it.' }, { channels: ['SMS'] });
}

// Password reset: by e-mail alone.
await sendNotification(
  'global.alert',
  { userId, recipientEmail },
  { title: 'Reset your password', message: 'https://example.com/reset/one-time-code' },
  { channels: ['EMAIL'] },
);

console.log('4 events accepted');
