"""Sends events to Orqestra from a Python backend (3.9 and later; the standard library is all it needs).

    +- BEFORE THE FIRST CALL -----------------------------------------------------------------------+
    | 1. Admin UI > Providers: configure a delivery provider (in-app push needs none).              |
    | 2. Admin UI > Templates: create and activate a template whose event type is, letter by        |
    |    letter, the one you pass to send_notification.                                             |
    | 3. Test with "global.info" and variables {title, message} first: it works without 1 and 2.    |
    +-----------------------------------------------------------------------------------------------+
"""

from .client import PREFLIGHT, Orqestra, request_realtime_token, send_notification
from .errors import (
    OrqestraAuthError,
    OrqestraConfigError,
    OrqestraConnectionError,
    OrqestraError,
    OrqestraRateLimitError,
    OrqestraServerError,
    OrqestraValidationError,
)
from .types import HistoryItem, Options, Payload, RealtimeToken, SendResult

__all__ = [
    "PREFLIGHT", "Orqestra", "send_notification", "request_realtime_token",
    "OrqestraError", "OrqestraConfigError", "OrqestraAuthError", "OrqestraValidationError",
    "OrqestraRateLimitError", "OrqestraServerError", "OrqestraConnectionError",
    "Payload", "Options", "SendResult", "RealtimeToken", "HistoryItem",
]
