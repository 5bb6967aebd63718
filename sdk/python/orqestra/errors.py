"""Every way a call can fail, and what each has to tell."""

from __future__ import annotations

from typing import Any, List, Optional


class OrqestraError(Exception):
    """status: of the last answer; 0 when there was none."""

    is_temporary = False  # worth trying again

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def summary(self) -> str:
        return str(self)


class OrqestraConfigError(OrqestraError):
    """Nothing was sent: a setting is missing or wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message)


class OrqestraAuthError(OrqestraError):
    """401: the key, the tenant or the signature."""


class OrqestraValidationError(OrqestraError):
    """422, or status 0 when the mistake was plain before sending. errors: all of them, one sentence each."""

    def __init__(self, status: int, errors: List[str]) -> None:
        super().__init__(status, "; ".join(errors))
        self.errors = errors


class OrqestraRateLimitError(OrqestraError):
    """429. retry_after: seconds."""

    is_temporary = True

    def __init__(self, message: str, retry_after: Optional[float]) -> None:
        super().__init__(429, message)
        self.retry_after = retry_after

    @property
    def summary(self) -> str:
        return "Rate limit exceeded"


class OrqestraServerError(OrqestraError):
    """5xx."""

    is_temporary = True

    @property
    def summary(self) -> str:
        return f"Server error {self.status}"


class OrqestraConnectionError(OrqestraError):
    """No answer: not reached, cut off or too slow. __cause__ is what the network said."""

    is_temporary = True

    def __init__(self, cause: Exception) -> None:
        super().__init__(0, f"no answer from the server: {cause}")

    @property
    def summary(self) -> str:
        return "No answer from the server"


def error_of(status: int, answer: Any, retry_after_header: Optional[str]) -> Optional[OrqestraError]:
    """The error of an answer; None for a good one."""
    said = answer.get("message") if isinstance(answer, dict) else None
    sentences = [str(one) for one in said] if isinstance(said, list) else [str(said or f"the server answered {status}")]
    message = "; ".join(sentences)
    if status == 401:
        return OrqestraAuthError(status, message)
    if status == 422:
        return OrqestraValidationError(status, sentences)
    if status == 429:
        return OrqestraRateLimitError(message, _seconds_of(answer, retry_after_header))
    if status >= 500:
        return OrqestraServerError(status, message)
    if not 200 <= status <= 299:
        return OrqestraError(status, message)
    if answer is None:
        return OrqestraError(status, "the answer is not JSON: is ORQESTRA_HOST an Orqestra server?")
    return None


def _seconds_of(answer: Any, header: Optional[str]) -> Optional[float]:
    said = answer.get("retryAfter") if isinstance(answer, dict) else None
    if isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0:
        return said
    return int(header) if header and header.isascii() and header.isdigit() else None
