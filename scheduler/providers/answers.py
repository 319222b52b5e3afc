"""Reads the answers of any API defensively, because a server may send anything."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any

from scheduler.providers.answer import Answer
from scheduler.providers.http_dates import seconds_to_wait

#: The longest `Retry-After` that is followed. A longer one is a mistake or an outage: after this
#: time, callsched tries again.
LONGEST_RETRY_AFTER_SECONDS = 300.0

#: Bytes without meaning at the start of a body: blanks, and the byte-order marks of two encodings.
_NOTHING = b" \t\r\n\xef\xbb\xbf\xfe\xff"

#: The most objects, lists and values of an answer. Python keeps `{}` in 64 bytes, so a bound on the
#: bytes alone would not bound the memory. The API's own messages have some 15.
MOST_VALUES = 8192
_BYTES_A_VALUE = 32

#: The encodings that a header may name for text that is not UTF-8. Others that Python knows take
#: minutes for a megabyte, or can't replace bytes that they don't know.
_TEXT_ENCODINGS = {"iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}

#: Python reads no number of more than 4300 digits, and JSON allows any length.
_MOST_DIGITS = 1000


def is_success(answer: Answer) -> bool:
    """Whether the status is any 2xx: the API's sources disagree which one it gives."""
    return 200 <= answer.status_code < 300


def json_of(answer: Answer) -> dict[str, Any] | None:
    """Return the body if it is a JSON object, as the API's own bodies are; else None."""
    body = any_json(answer)
    return body if isinstance(body, dict) else None


def any_json(answer: Answer, most_values: int = MOST_VALUES) -> Any:
    """Return the body's JSON, whatever its type; None if it is no JSON."""
    # JSON is UTF-8 whatever the header says; if this isn't, the header's encoding may be right.
    body = read_json(answer.content, most_values)
    if body is None and answer.content and _is_text_encoding(answer.encoding):
        return read_json(answer.text, most_values)
    return body


def most_values(most_bytes: int) -> int:
    """Return the bound on JSON values of an answer that may have so many bytes."""
    return most_bytes // _BYTES_A_VALUE


def _is_text_encoding(name: str | None) -> bool:
    try:
        return name is not None and codecs.lookup(name).name in _TEXT_ENCODINGS
    except (LookupError, ValueError):
        return False


def has_no_body(answer: Answer) -> bool:
    """Whether there is nothing to read in the body."""
    return not answer.content.strip(_NOTHING)


def read_json(written: str | bytes, most_values: int = MOST_VALUES) -> Any:
    """Parse JSON, with or without a byte-order mark; None for any other text.

    Also None for more than `most_values` values.
    """
    if _values(written) > most_values:
        return None
    try:
        text = (
            written if isinstance(written, str) else written.decode(json.detect_encoding(written))
        )
        return _JSON.decode(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _values(written: str | bytes) -> int:
    """Return how many objects, lists and values there are at most."""
    # Counts commas in texts too; to leave them out would take as long as to parse it all.
    if isinstance(written, str):
        return sum(map(written.count, ",[{"))
    return sum(map(written.count, (b",", b"[", b"{")))


def _whole(written: str) -> int | str:
    return int(written) if len(written) <= _MOST_DIGITS else written


#: Made once: `json.loads` would make one for each text, which takes as long as to parse a frame.
_JSON = json.JSONDecoder(parse_int=_whole)


def text_in(body: Mapping[str, Any], name: str) -> str:
    """Return a field's text; "" if it has none.

    A whole number is text too, with the digits of the answer: some servers write an id or a name of
    only digits in this way. A number with a fraction is not, because its digits are lost.
    """
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def is_page(answer: Answer) -> bool:
    """Whether it is a web page, such as a proxy's, and not an answer of the API."""
    return answer.content.lstrip(_NOTHING)[:1] == b"<"


def retry_after(answer: Answer) -> float | None:
    """Return the seconds of `Retry-After`, at most 300; None without a readable one."""
    seconds = seconds_to_wait(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
    return None if seconds is None else min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
