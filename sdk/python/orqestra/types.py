"""What goes in and what comes out. Payload and results keep the names they have on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import List, TypedDict, Union


class _PayloadRequired(TypedDict):
    userId: str


class Payload(_PayloadRequired, total=False):
    """Routing identity: who receives the notification. Everything else belongs into variables."""

    recipientEmail: str  # needed for the EMAIL channel
    recipientPhone: str  # needed for the SMS channel: E.164, "+254712345678"


class Options(TypedDict, total=False):
    idempotency_key: str  # the same key again, within 24 hours, changes nothing and gets the first answer
    channels: List[str]  # "EMAIL", "SMS", "PUSH": only these, for this call
    trace_id: str
    send_at: Union[datetime, str]  # later, up to a year ahead; a datetime carries its time zone
    event_id: str  # given by the module when neither this nor an idempotency_key is


class SendResult(TypedDict, total=False):
    success: bool
    message: str
    eventId: str  # unless only an idempotency_key was given
    sendAt: str
    replayed: bool  # accepted before, under the same key or id; nothing happened now


class RealtimeToken(TypedDict):
    token: str
    channels: List[str]


class HistoryItem(TypedDict):
    id: str
    type: str
    title: str
    body: str
    status: str  # "UNREAD" or "READ"
    created_at: str
