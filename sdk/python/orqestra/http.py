"""One HTTP exchange on urllib: bytes out, an Answer or an OrqestraConnectionError back."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any, Dict, NamedTuple, Optional

from .errors import OrqestraConnectionError


class Request(NamedTuple):
    method: str
    url: str
    headers: Dict[str, str]
    body: Optional[bytes]


class Answer(NamedTuple):
    status: int
    headers: Any  # .get() knows no case
    text: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to wherever it points."""

    def redirect_request(self, *_args: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def exchange(request: Request, timeout: float) -> Answer:
    outgoing = urllib.request.Request(request.url, request.body, request.headers, method=request.method)
    try:
        with _opener.open(outgoing, timeout=timeout) as response:
            return _read(response.status, response)
    except urllib.error.HTTPError as refused:
        with refused:
            try:
                return _read(refused.code, refused)
            except (OSError, http.client.HTTPException) as cause:
                raise OrqestraConnectionError(cause) from cause
    except (OSError, http.client.HTTPException) as cause:
        raise OrqestraConnectionError(cause) from cause


def _read(status: int, response: Any) -> Answer:
    return Answer(status, response.headers, response.read().decode("utf-8", "replace"))
