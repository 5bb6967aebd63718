"""The calls. Each is encoded and signed once; a retry sends the very same bytes.

So that a retry can never notify twice, a call without an idempotency key and without an event id is given an
event id here: the server takes an id once, and says "dispatched" again when it comes a second time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode, urlsplit

from .errors import (
    OrqestraAuthError,
    OrqestraConfigError,
    OrqestraError,
    OrqestraRateLimitError,
    OrqestraValidationError,
    error_of,
)
from .http import Answer, Request, exchange
from .types import HistoryItem, Options, Payload, RealtimeToken, SendResult

RETRIES_MAX = 3
SERVER_WAITS_S = (2, 8, 30)  # before the first, second and third retry of a call that failed over there
MAX_WAIT_S = 300  # a minute's limit is over in 60 s; a day's cap is nothing to wait for inside a call
TIMEOUT_S = 30
PAYLOAD_FIELDS = ("userId", "recipientEmail", "recipientPhone")
OPTION_NAMES = ("idempotency_key", "channels", "trace_id", "send_at", "event_id")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")

PREFLIGHT = """Orqestra pre-flight: three things to do before notifications arrive
  1. Admin UI > Providers: configure a delivery provider (in-app push needs none)
  2. Admin UI > Templates: create and activate a template with exactly the event type you send
  3. Test with "global.info" and variables {title, message} first
  (said once; ORQESTRA_PREFLIGHT=off says it no more)"""

_preflight_lock = threading.Lock()
_preflight_said = False


class Orqestra:
    """A tenant's way in. What is not given is read from the environment, at construction. Threads may share one."""

    def __init__(
        self,
        host: Optional[str] = None,
        api_key: Optional[str] = None,
        tenant_id: Optional[str] = None,
        webhook_secret: Optional[str] = None,
        *,
        max_wait: float = MAX_WAIT_S,
        timeout: float = TIMEOUT_S,
        logger: Optional[logging.Logger] = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._host = (host or os.environ.get("ORQESTRA_HOST", "")).rstrip("/")
        self._api_key = api_key or os.environ.get("ORQESTRA_API_KEY", "")
        self._tenant_id = tenant_id or os.environ.get("ORQESTRA_TENANT_ID", "")
        self._webhook_secret = webhook_secret or os.environ.get("ORQESTRA_WEBHOOK_SECRET", "")
        self._max_wait = max_wait
        self._timeout = timeout
        self._logger = logger or logging.getLogger("orqestra")
        self._sleep = sleep
        if not self._host:
            raise OrqestraConfigError("ORQESTRA_HOST is not set: the address of your Orqestra server")
        if not _is_address(self._host):
            raise OrqestraConfigError("ORQESTRA_HOST must be an address that begins with http:// or https://")
        if not self._api_key:
            raise OrqestraConfigError("ORQESTRA_API_KEY is not set: the API key of your tenant")
        if not _VISIBLE.fullmatch(self._api_key):
            raise OrqestraConfigError("ORQESTRA_API_KEY must be visible characters only")

    def send_notification(
        self,
        event_type: str,
        payload: Payload,
        variables: Optional[Mapping[str, Any]] = None,
        options: Optional[Options] = None,
    ) -> SendResult:
        _say_preflight(self._logger)
        body, headers = _event_of(event_type, payload, variables, options or {})
        answer = self._call("POST", "/api/v1/events/trigger", body, headers)
        result: Dict[str, Any] = {"eventId": body["eventId"]} if "eventId" in body else {}
        result.update(json.loads(answer.text))
        result["replayed"] = answer.headers.get("Idempotency-Replayed") == "true"
        return result  # type: ignore[return-value]

    def request_realtime_token(self, user_id: str) -> RealtimeToken:
        """What a browser needs to listen. Hand it out to the user it names and nobody else."""
        return json.loads(self._call("POST", "/api/v1/auth/realtime-token", {"userId": user_id}).text)

    def history(self, user_id: str, *, limit: Optional[int] = None, offset: Optional[int] = None) -> List[HistoryItem]:
        query = urlencode(_given({"limit": limit, "offset": offset}))
        path = self._feed_of(user_id) + (f"?{query}" if query else "")
        return json.loads(self._call("GET", path).text)["data"]

    def mark_read(self, user_id: str, notification_id: str) -> None:
        self._call("PUT", f"{self._feed_of(user_id)}/{_segment(notification_id)}/read")

    def cancel_notification(self, event_id: str) -> None:
        """Takes back an event that was sent with send_at and has not happened yet."""
        self._call("DELETE", f"/api/v1/events/{_segment(event_id)}")

    def _feed_of(self, user_id: str) -> str:
        if not self._tenant_id:
            raise OrqestraConfigError("ORQESTRA_TENANT_ID is not set: the id of your tenant")
        return f"/api/v1/notifications/{_segment(self._tenant_id)}/{_segment(user_id)}"

    def _call(self, method: str, path: str, body: Any = None, headers: Optional[Dict[str, str]] = None) -> Answer:
        request = self._request(method, path, body, headers or {})
        retry, server_failures = 1, 0
        while True:
            try:
                return self._attempt(request)
            except OrqestraError as error:
                wait = error.retry_after if isinstance(error, OrqestraRateLimitError) else None
                if wait is None and error.is_temporary:
                    wait = SERVER_WAITS_S[min(server_failures, RETRIES_MAX - 1)]
                    server_failures += 1
                if wait is None or wait > self._max_wait or retry > RETRIES_MAX:
                    self._report(error)
                    raise
                self._logger.warning("%s: retry %d of %d in %s s", error.summary, retry, RETRIES_MAX, wait)
            self._sleep(wait)
            retry += 1

    def _request(self, method: str, path: str, body: Any, more: Dict[str, str]) -> Request:
        data = None if body is None else _encode(body)
        headers = {"x-api-key": self._api_key, **more}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self._webhook_secret:
            # The signature covers the body as it goes out, and an empty one where there is none.
            digest = hmac.new(self._webhook_secret.encode(), data or b"", hashlib.sha256)
            headers["X-Orqestra-Signature"] = digest.hexdigest()
        return Request(method, self._host + path, headers, data)

    def _attempt(self, request: Request) -> Answer:
        answer = exchange(request, self._timeout)
        error = error_of(answer.status, _parse(answer.text), answer.headers.get("Retry-After"))
        if error:
            raise error
        return answer

    def _report(self, error: OrqestraError) -> None:
        if isinstance(error, OrqestraAuthError):
            self._logger.error("Invalid API key or inactive tenant")
        if isinstance(error, OrqestraValidationError):
            self._logger.error("Validation errors: %s", json.dumps(error.errors, ensure_ascii=False, separators=(",", ":")))


def send_notification(
    event_type: str,
    payload: Payload,
    variables: Optional[Mapping[str, Any]] = None,
    options: Optional[Options] = None,
) -> SendResult:
    """With the environment as it is at the moment of the call."""
    return Orqestra().send_notification(event_type, payload, variables, options)


def request_realtime_token(user_id: str) -> RealtimeToken:
    """With the environment as it is at the moment of the call."""
    return Orqestra().request_realtime_token(user_id)


def _event_of(
    event_type: str, payload: Any, variables: Optional[Mapping[str, Any]], options: Mapping[str, Any]
) -> Tuple[Dict[str, Any], Dict[str, str]]:
    problems = [
        f"payload.{name} is not routing identity; put it into variables" for name in _unknown(payload, PAYLOAD_FIELDS)
    ]
    problems += [
        f"options.{name} is unknown; options are {', '.join(OPTION_NAMES)}" for name in _unknown(options, OPTION_NAMES)
    ]
    for name in ("idempotency_key", "trace_id"):
        value = options.get(name)
        if value is not None and not _VISIBLE.fullmatch(str(value)):
            problems.append(f"options.{name} must be 1 to 255 visible characters")
    send_at = options.get("send_at")
    if isinstance(send_at, datetime) and send_at.tzinfo is None:
        problems.append("options.send_at must carry its time zone")
    if problems:
        raise OrqestraValidationError(0, problems)

    key, event_id = options.get("idempotency_key"), options.get("event_id")
    if event_id is None and key is None:
        event_id = str(uuid.uuid4())
    body = _given({
        "eventType": event_type,
        "eventId": event_id,
        "channels": options.get("channels"),
        "sendAt": _iso(send_at) if isinstance(send_at, datetime) else send_at,
        "payload": _routing(payload),
        "variables": variables,
    })
    return body, _given({"X-Idempotency-Key": key, "X-Trace-Id": options.get("trace_id")})


def _given(fields: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _unknown(fields: Any, names: Tuple[str, ...]) -> List[str]:
    return [name for name in fields if name not in names] if isinstance(fields, Mapping) else []


def _routing(payload: Any) -> Any:
    return _given({name: payload.get(name) for name in PAYLOAD_FIELDS}) if isinstance(payload, Mapping) else payload


def _is_address(host: str) -> bool:
    try:
        parts = urlsplit(host)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", host)
    except ValueError:
        return False


def _iso(moment: datetime) -> str:
    utc = moment.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def _encode(body: Any) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as cause:
        raise OrqestraValidationError(0, [f"the event cannot be written as JSON: {cause}"]) from cause


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _segment(text: str) -> str:
    return quote(text, safe="")


def _say_preflight(logger: logging.Logger) -> None:
    global _preflight_said
    with _preflight_lock:
        if _preflight_said or os.environ.get("ORQESTRA_PREFLIGHT") == "off":
            return
        _preflight_said = True
    logger.warning(PREFLIGHT)
