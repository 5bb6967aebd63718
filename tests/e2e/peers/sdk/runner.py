"""sdk/python as the vectors drive it. A line in: {environment, call}; a line out: what came of it."""

import json
import logging
import os
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "sdk" / "python"))
import orqestra  # noqa: E402

KINDS = {
    orqestra.OrqestraConfigError: "config", orqestra.OrqestraAuthError: "auth", orqestra.OrqestraError: "api",
    orqestra.OrqestraValidationError: "validation", orqestra.OrqestraRateLimitError: "rateLimit",
    orqestra.OrqestraServerError: "server", orqestra.OrqestraConnectionError: "connection",
}
NAMES = {"idempotencyKey": "idempotency_key", "traceId": "trace_id", "eventId": "event_id", "channels": "channels"}


class Listener(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def failure(error):
    return {
        "kind": KINDS[type(error)], "status": error.status,
        "messages": getattr(error, "errors", [str(error)]), "retryAfter": getattr(error, "retry_after", None),
    }


def send(client, call):
    given = dict(call.get("options", {}))
    send_at = given.pop("sendAt", None)
    options = {NAMES[name]: value for name, value in given.items()}
    if send_at:
        options["send_at"] = datetime.fromisoformat(send_at.replace("Z", "+00:00"))
    return client.send_notification(call.get("eventType"), call.get("payload"), call.get("variables"), options)


METHODS = {
    "sendNotification": send,
    "requestRealtimeToken": lambda client, call: client.request_realtime_token(call["userId"]),
    "history": lambda client, call: client.history(call["userId"], **call.get("page", {})),
    "markRead": lambda client, call: client.mark_read(call["userId"], call["id"]),
    "cancelNotification": lambda client, call: client.cancel_notification(call["eventId"]),
}


def run(job):
    for name, value in job["environment"].items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    listener, logger = Listener(), logging.Logger("vectors")
    logger.addHandler(listener)
    seen = {"id": job["id"], "waits": [], "log": listener.lines}
    try:
        client = orqestra.Orqestra(logger=logger, **({} if job.get("real") else {"sleep": seen["waits"].append}))
        seen["result"] = METHODS[job["call"]["method"]](client, job["call"])
    except orqestra.OrqestraError as error:
        seen["error"] = failure(error)
    return seen


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
