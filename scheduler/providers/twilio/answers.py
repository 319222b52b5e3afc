"""Reads Twilio's answers: errors in both shapes, and the connection of a start."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from scheduler.errors import (
    AccountFault,
    AtLimit,
    CallerIdFault,
    MaybeDone,
    ProviderError,
    Refused,
    Throttled,
)
from scheduler.models import Connection
from scheduler.providers.answer import Answer
from scheduler.providers.answers import is_page, json_of, retry_after, text_in
from scheduler.providers.twilio.codes import Reaction, hint, reaction, reaction_once_failed

#: Twilio's ids are two letters and 32 hexadecimal digits; those of compatible services differ.
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: A call waits in Twilio's queue for a day at most.
_MOST_QUEUE_SECONDS = 86_400.0

_CLASSES: Mapping[Reaction, Callable[[str], ProviderError]] = {
    Reaction.MAYBE_DONE: MaybeDone,
    Reaction.REFUSED: Refused,
    Reaction.ACCOUNT: AccountFault,
    Reaction.NONE: ProviderError,
}


def error_of(answer: Answer, caller_id: str = "") -> ProviderError:
    """Return the error for an answer that is not 2xx; `caller_id` is that of the start.

    See https://www.twilio.com/docs/usage/twilios-response for the older shape of an error, and
    RFC 9457 for the newer one.
    """
    code, message = code_in(json_of(answer) or {}), message_of(answer)
    what = reaction(answer.status_code, code, is_page=is_page(answer))
    if what is Reaction.THROTTLED:
        return Throttled(message, retry_after_seconds=retry_after(answer))
    if what is Reaction.AT_LIMIT:
        return AtLimit(message, retry_after_seconds=retry_after(answer))
    if what is Reaction.CALLER_ID:
        return CallerIdFault(message, caller_id=caller_id) if caller_id else Refused(message)
    return _CLASSES[what](message)


def connection_in(answer: Answer) -> Connection:
    """Return the connection in the 2xx to a start. Raises AccountFault if it names none."""
    body = json_of(answer) or {}
    sid = sid_in(body)
    if not sid:
        raise AccountFault(
            "a start was answered without a call, check CALLSCHED_TWILIO_BASE_URL:"
            f" {message_of(answer)}",
            maybe_done=True,
        )
    return Connection(sid, queue_seconds=_queue_seconds(text_in(body, "queue_time")))


def sid_in(body: Mapping[str, Any]) -> str:
    """Return the id of a resource; "" if it has none with which the API can be asked again."""
    sid = body.get("sid")
    return sid if isinstance(sid, str) and _SID.fullmatch(sid) else ""


def _queue_seconds(written: str) -> float:
    try:
        milliseconds = float(written)
    except ValueError:
        return 0.0
    if not math.isfinite(milliseconds):
        return 0.0
    return min(max(0.0, milliseconds / 1000), _MOST_QUEUE_SECONDS)


def code_in(body: Mapping[str, Any], name: str = "code") -> int | None:
    """Return an error code, which some answers write as a text."""
    code = body.get(name)
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 10:
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def message_of(answer: Answer) -> str:
    """Return status, code and words of any answer, and what the operator can do about it."""
    body = json_of(answer)
    code = code_in(body or {})
    words = _words(body) if body is not None else ""
    if not words:
        words = "a page, not the API's JSON" if is_page(answer) else answer.reason or ""
    advice = hint(code)
    return described(f"{answer.status_code}", code, words, advice)


def _words(body: Mapping[str, Any]) -> str:
    """Return the message of an error of either shape."""
    inner = body.get("errors")
    parts = [text_in(dict(body), name) for name in ("message", "title", "detail")]
    if isinstance(inner, list):
        parts += [text_in(one, "detail") for one in inner[:3] if isinstance(one, dict)]
    return "; ".join(filter(None, parts))


def described(status: str, code: int | None, words: str, advice: str) -> str:
    """Return one line of at most 300 characters; the advice in it is never cut off."""
    # A word between the two numbers, because side by side they would be masked as a phone number.
    begin = " ".join(filter(None, (status, f"error {code}:" if code is not None else "", words)))
    end = f" [{advice}]" if advice else ""
    return begin[: 300 - len(end)].strip() + end


def why_failed(body: Mapping[str, Any]) -> ProviderError | None:
    """Return what the notifications of a failed call say; None if there are none yet.

    Refused takes precedence over AtLimit, after which callsched would dial the callee again. See
    https://www.twilio.com/docs/voice/api/call-notification-resource.
    """
    found = body.get("notifications")
    if not isinstance(found, list):
        raise MaybeDone("the notifications of a call are not what they should be")
    errors = [error for each in found if isinstance(each, dict) and (error := _notified(each))]
    for kind in (Refused, AtLimit):
        for error in errors:
            if isinstance(error, kind):
                return error
    return errors[0] if errors else None


def _notified(notification: dict[str, Any]) -> ProviderError | None:
    code = code_in(notification, "error_code")
    if code is None:
        return None
    what = reaction_once_failed(code)
    if what is Reaction.NONE and text_in(notification, "log") == _WARNING:
        return None
    message = described("", code, text_in(notification, "message_text"), hint(code))
    return AtLimit(message) if what is Reaction.AT_LIMIT else _CLASSES[what](message)


#: The `log` of a notification that reports no error.
_WARNING = "1"
