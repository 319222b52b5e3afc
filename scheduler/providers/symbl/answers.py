"""How an answer is read: defensively, since error bodies come in three shapes, or in none."""

from __future__ import annotations

import codecs
import json
import logging
from typing import Any, NoReturn

import requests

from scheduler.errors import AccountFault, AtLimit, MaybeDone, Refused
from scheduler.providers.base import StopAnswer, SummaryPage
from scheduler.providers.symbl.instants import seconds_to_wait

logger = logging.getLogger(__name__)

#: The API's own domain, which its answers name also when it is asked by way of another host.
DOMAINS = ("symbl.ai",)

#: A `Retry-After` beyond this is a mistake or a maintenance: we look again by then.
LONGEST_RETRY_AFTER_SECONDS = 300.0

#: What a body may begin with that says nothing: blanks, and the byte-order marks of two encodings.
_NOTHING = b" \t\r\n\xef\xbb\xbf\xfe\xff"

#: Objects, lists and values that are read of an answer. Python keeps `{}` in 64 bytes, so that a
#: bound of the bytes alone would be none of the memory. Of a message, the API's own have some 15.
MOST_VALUES = 8192
_BYTES_A_VALUE = 32

#: The encodings of text that a header may name for what is no UTF-8. Others that Python knows take
#: minutes for a megabyte, or can't be read with what is odd in them replaced.
_TEXT_ENCODINGS = {"iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}

#: What is kept of an answer with each call: an id or an address is no longer than this …
MOST_LETTERS = 2000
#: … and of the pages of a stop, each with somebody's name, there are no more.
_MOST_PAGES = 20
_MOST_NAME_LETTERS = 200
#: A token is kept once, and goes into a header.
TOKEN_LETTERS = 16_000

#: Python reads no number of more than 4300 digits, and JSON sets no end to one.
_MOST_DIGITS = 1000


def is_success(answer: requests.Response) -> bool:
    """Whether it is any 2xx: which one the API gives differs by source."""
    return 200 <= answer.status_code < 300


def raise_for_start(answer: requests.Response) -> NoReturn:
    """Raise what a start's refusal means."""
    status, message = answer.status_code, message_of(answer)
    if status == 429:
        raise AtLimit(message, retry_after_seconds=retry_after(answer))
    if status >= 500 or status == 408:
        raise MaybeDone(message)
    if status == 402:
        raise AccountFault(f"the account can't pay: {message}")
    if status in (404, 405) or status < 400 or _is_page(answer):
        raise AccountFault(
            f"this is not the telephony API, check CALLSCHED_SYMBL_BASE_URL: {message}"
        )
    raise Refused(message)


def conversation_id_in(body: dict[str, Any]) -> str:
    """Return the conversation's id, "" without one; says so, since its transcript hangs on it."""
    conversation_id = text_in(body, "conversationId")
    if len(conversation_id) > MOST_LETTERS:
        conversation_id = ""
    if not conversation_id and body.get("conversationId") is not None:
        logger.warning(
            "an answer's conversationId is no text or number that can be kept (%s): what is said"
            " on that call can't be collected by it",
            type(body["conversationId"]).__name__,
        )
    return conversation_id


def stop_answer(body: dict[str, Any]) -> StopAnswer:
    """Return what a confirmed stop tells."""
    listed: Any = body.get("summaryInfo")
    pages = [_page(page) for page in listed if isinstance(page, dict)] if _is_list(listed) else []
    return StopAnswer(
        conversation_id_in(body), tuple(page for page in pages if page.url)[:_MOST_PAGES]
    )


def _page(page: dict[str, Any]) -> SummaryPage:
    user = page.get("user")
    known = user if isinstance(user, dict) else {}
    user_id, name = (text_in(known, key)[:_MOST_NAME_LETTERS] for key in ("userId", "name"))
    return SummaryPage(address_in(page, "url"), user_id, name)


def json_of(answer: requests.Response) -> dict[str, Any] | None:
    """Return the body when it is the API's own: a JSON object."""
    body = any_json(answer)
    return body if isinstance(body, dict) else None


def any_json(answer: requests.Response, most_values: int = MOST_VALUES) -> Any:
    """Return whatever JSON the body is, None when it is none."""
    # JSON is UTF-8 whatever a header says; what is not may be in the encoding of its header.
    body = read_json(answer.content, most_values)
    if body is None and answer.content and _is_text_encoding(answer.encoding):
        return read_json(answer.text, most_values)
    return body


def most_values(most_bytes: int) -> int:
    """Return how many values are read of an answer that may have so many bytes."""
    return most_bytes // _BYTES_A_VALUE


def _is_text_encoding(name: str | None) -> bool:
    try:
        return name is not None and codecs.lookup(name).name in _TEXT_ENCODINGS
    except (LookupError, ValueError):
        return False


def has_no_body(answer: requests.Response) -> bool:
    """Whether there is nothing to read in the body."""
    return not answer.content.strip(_NOTHING)


def read_json(written: str | bytes, most_values: int = MOST_VALUES) -> Any:
    """Return the JSON that this is, None when it is none; a byte-order mark does no harm.

    What has more values than `most_values` is none.
    """
    if _values(written) > most_values:
        return None
    try:
        text = (
            written if isinstance(written, str) else written.decode(json.detect_encoding(written))
        )
        return json.loads(text.removeprefix("\ufeff"), parse_int=_whole)
    except (ValueError, RecursionError):
        return None


def _values(written: str | bytes) -> int:
    """Return how many objects, lists and values there are at most."""
    # Commas of texts are counted as well; to leave them out would take as long as to read it all.
    if isinstance(written, str):
        return sum(map(written.count, ",[{"))
    return sum(map(written.count, (b",", b"[", b"{")))


def _whole(written: str) -> int | str:
    return int(written) if len(written) <= _MOST_DIGITS else written


def text_in(body: dict[str, Any], name: str) -> str:
    """Return a field's text, "" when it has none.

    A whole number is text too, as it stands in the answer: some servers write an id or a name that
    has only digits like that. A number with a fraction is not, since it has lost its digits.
    """
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def address_in(body: dict[str, Any], name: str, most_letters: int = MOST_LETTERS) -> str:
    """Return a field that is text or nothing, such as an address or a token, and not too long."""
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= most_letters else ""


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def message_of(answer: requests.Response) -> str:
    """Return status and message of whatever the answer is."""
    body = json_of(answer)
    words = text_in(body, "message") if body is not None else ""
    if not words:
        words = "a page, not the API's JSON" if _is_page(answer) else answer.reason or ""
    return f"{answer.status_code} {words}".strip()[:300]


def _is_page(answer: requests.Response) -> bool:
    return answer.content.lstrip(_NOTHING)[:1] == b"<"


def retry_after(answer: requests.Response) -> float | None:
    """Return how long an answer asks to wait, at most 5 minutes; None when it does not say."""
    seconds = seconds_to_wait(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
    return None if seconds is None else min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
