"""Reads the answers of any API defensively, because a server may send anything."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any

import requests

from scheduler.providers.http_dates import seconds_to_wait

#: The longest `Retry-After` that is followed. A longer one is a mistake or an outage: after this
#: time, callsched tries again.
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

#: Python reads no number of more than 4300 digits, and JSON sets no end to one.
_MOST_DIGITS = 1000


def is_success(answer: requests.Response) -> bool:
    """Whether the status is any 2xx: the API's sources disagree which one it gives."""
    return 200 <= answer.status_code < 300


def json_of(answer: requests.Response) -> dict[str, Any] | None:
    """Return the body if it is a JSON object, as the API's own are; else None."""
    body = any_json(answer)
    return body if isinstance(body, dict) else None


def any_json(answer: requests.Response, most_values: int = MOST_VALUES) -> Any:
    """Return the body's JSON, whatever its type; None if it is no JSON."""
    # JSON is UTF-8 whatever the header says; if it isn't, the header's encoding may be true.
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


def has_no_body(answer: requests.Response) -> bool:
    """Whether there is nothing to read in the body."""
    return not answer.content.strip(_NOTHING)


def read_json(written: str | bytes, most_values: int = MOST_VALUES) -> Any:
    """Parse JSON, with or without a byte-order mark; None for a text that is none.

    None as well for more than `most_values` values.
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


def text_in(body: Mapping[str, Any], name: str) -> str:
    """Return a field's text, "" when it has none.

    A whole number is text too, as it stands in the answer: some servers write an id or a name that
    has only digits like that. A number with a fraction is not, since it has lost its digits.
    """
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def is_page(answer: requests.Response) -> bool:
    """Whether it is a web page, such as a proxy's, and no API's."""
    return answer.content.lstrip(_NOTHING)[:1] == b"<"


def retry_after(answer: requests.Response) -> float | None:
    """Return the seconds of `Retry-After`, at most 300; None without a readable one."""
    seconds = seconds_to_wait(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
    return None if seconds is None else min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)
