"""The four calls most applications begin with.

    export ORQESTRA_HOST=http://127.0.0.1:8000 ORQESTRA_API_KEY=...
    python3 examples.py USER_ID EMAIL PHONE
"""

import sys

from orqestra import send_notification

given = sys.argv[1:] + ["user-1", "user@example.com", "+254712345678"][len(sys.argv) - 1:]
user_id, email, phone = given[:3]

# New user registration: every channel that has a template for it.
send_notification("user.registered", {"userId": user_id, "recipientEmail": email}, {"firstName": "Ada"})

# Order confirmation: however often this runs, order 1234 is confirmed once.
send_notification(
    "order.confirmed",
    {"userId": user_id, "recipientEmail": email},
    {"orderNumber": "ORD-2026-1234", "amount": "$49.99"},
    {"idempotency_key": "order.confirmed-ORD-2026-1234"},
)

# Urgent broadcast: to each of its recipients, by SMS alone.
for recipient in [{"userId": user_id, "recipientPhone": phone}]:
    send_notification(
        "global.alert", recipient, {"title": "Service alert", "message": "We are working on it."}, {"channels": ["SMS"]}
    )

# Password reset: by e-mail alone.
send_notification(
    "global.alert",
    {"userId": user_id, "recipientEmail": email},
    {"title": "Reset your password", "message": "https://example.com/reset/one-time-code"},
    {"channels": ["EMAIL"]},
)

print("4 events accepted")
