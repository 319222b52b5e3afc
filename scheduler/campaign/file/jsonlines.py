"""Makes rows of the lines of a JSON Lines file, which has an object in each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

from scheduler.campaign.file.mappings import keyed_row, rejected
from scheduler.campaign.file.shapes import Contacts, Shaped
from scheduler.campaign.names import Names
from scheduler.errors import Problem
from scheduler.masking import shown

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_EXPECTED = 'expected an object such as {"phone_number": "+12025550123"}'


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of contacts with an object in each line."""

    path: str
    names: Names

    def row(self, line: int, record: str) -> Shaped:
        """Make a row of a line. One that is no object refuses the file."""
        try:
            contact = _contact(record)
        except (ValueError, RecursionError) as error:
            message = _explained(error)
            if isinstance(error, _Twice) and self.names.discreet:
                message = f"{_EXPECTED}; a key is there twice"
            return (Problem(self.path, message, line, code="shape"),)
        return keyed_row(line, contact, self.path, self.names)

    def reject_head(self) -> str:
        """Return "": JSON Lines have no header."""
        return ""

    def reject(self, record: str, reason: str, message: str) -> str:
        """Return the object with the reason."""
        return rejected(json.loads(record), reason, message)


def open_json_lines(lines: Iterable[str], path: str, names: Names) -> Contacts[str]:
    """Return the contacts of a file; blank lines are skipped."""
    numbered: Iterator[tuple[int, str]] = enumerate(lines, start=1)
    return Contacts(JsonLines(path, names), (pair for pair in numbered if pair[1].strip()))


def _contact(text: str) -> Mapping[str, object]:
    found = _read(text.strip())
    if not isinstance(found, dict):
        raise _NoObject
    if "\\u" in text and _HALF_CHARACTER.search(json.dumps(found, ensure_ascii=False)):
        raise ValueError("expected text, got half a character")
    return cast("Mapping[str, object]", _plain(found))


class _NoObject(ValueError):
    pass


class _Twice(ValueError):
    pass


def _plain(value: object) -> object:
    """Return texts, lists and mappings, as from YAML: true becomes a text, null an empty one."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for at, (key, _) in enumerate(pairs) if key in dict(pairs[:at]))
        raise _Twice(f"{shown(twice)} is there twice")
    return found


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no JSON")


# Numbers stay as they are written, because a phone number is no number.
_read = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=_no_number
).decode


def _explained(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{_EXPECTED}; this is no JSON from character {error.colno} on: {error.msg}"
    if isinstance(error, RecursionError):
        return f"{_EXPECTED}; this one is nested too deeply"
    text = str(error)
    return f"{_EXPECTED}; {text}" if text else f"{_EXPECTED} in each line"
