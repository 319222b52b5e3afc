"""Splits a campaign in JSON into its policy and its contacts, without holding it in memory.

The contacts become JSON Lines, one a line as they were written. So messages about a contact name
its line, which is its position in the list, counted from 1.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from scheduler.campaign.file.source import LONGEST_LINE, MOST_DOCUMENT_BYTES
from scheduler.errors import CampaignError, refusal
from scheduler.fields.document import place
from scheduler.masking import shown

#: How messages name the JSON.
SHOWN = "campaign"
_PIECE_BYTES = 1 << 18
_LONGEST_KEY = 200
#: Words that look like a fault if only their beginning has been read are no longer than this:
#: false, a surrogate pair, -Infinity.
_LONGEST_WORD = 16
_BLANKS = re.compile(r"[ \t\r\n]*")
_LIST = 'expected a list of objects such as [{"phone_number": "+12025550123"}]'


def cut(file: BinaryIO, contacts: BinaryIO) -> dict[str, object]:
    """Write the contacts of a campaign as JSON Lines; return its other keys.

    Raises CampaignError if it is no object with a list of contacts, if it has a key twice, or if a
    contact or a value is longer than in a file.
    """
    text = _Text(file)
    text.expect("{", "an object with the keys of a campaign")
    policy: dict[str, object] = {}
    has_contacts = False
    for _ in _items(text, "}"):
        key = _key(text)
        if key in policy or (key == "contacts" and has_contacts):
            raise text.refusal(f"the key {shown(key)} is there twice")
        if key == "contacts":
            has_contacts = True
            _write_contacts(text, contacts)
        else:
            policy[key] = _plain(text)
    if text.peek():
        raise text.refusal("expected nothing after the campaign")
    if not has_contacts:
        raise refusal(SHOWN, f"contacts: {_LIST}", code="invalid_value")
    return policy


def _items(text: _Text, end: str) -> Iterator[None]:
    """Yield before each item of a list or object, whose first character has been read."""
    if text.peek() == end:
        text.expect(end, end)
        return
    while True:
        yield
        if text.peek() == end:
            text.expect(end, end)
            return
        text.expect(",", f"a comma or {end}")


def _key(text: _Text) -> str:
    if text.peek() != '"':
        raise text.refusal("expected a key in double quotes")
    key: str = json.loads(text.value(_LONGEST_KEY))
    text.expect(":", "a colon after the key")
    return key


def _plain(text: _Text) -> object:
    try:
        return json.loads(text.value(MOST_DOCUMENT_BYTES), object_pairs_hook=_once)
    except ValueError as error:
        raise text.refusal(str(error)) from None


def _write_contacts(text: _Text, contacts: BinaryIO) -> None:
    if text.peek() != "[":
        raise text.refusal(f"contacts: {_LIST}")
    text.expect("[", "a list")
    lines: list[str] = []
    for _ in _items(text, "]"):
        # A line break here is between tokens: a string has it as \n.
        lines.append(text.value(LONGEST_LINE).replace("\n", " ").replace("\r", " "))
        if len(lines) == 1000:
            _write(lines, contacts)
    _write(lines, contacts)


def _write(lines: list[str], contacts: BinaryIO) -> None:
    contacts.write("".join(f"{line}\n" for line in lines).encode())
    lines.clear()


class _Text:
    """A text that is read in pieces, one value after another."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._window = ""
        self._at = 0
        # Before the window: lines, and characters of the last one.
        self._lines = self._characters = 0
        self._is_over = False

    def peek(self) -> str:
        """Return the next character that is not blank, without reading it; "" at the end."""
        while True:
            found = _BLANKS.match(self._window, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if self._is_over:
                return ""
            self._read_on()

    def expect(self, character: str, what: str) -> None:
        """Read this character. Raises CampaignError for another one."""
        if self.peek() != character:
            raise self.refusal(f"expected {what}")
        self._at += 1

    def value(self, most: int) -> str:
        """Read one value of at most `most` characters, and return it as it is written."""
        self.peek()
        while True:
            try:
                _, end = _decoder.raw_decode(self._window, self._at)
            except json.JSONDecodeError as error:
                self._expect_more(most, error)
            except RecursionError:
                raise self.refusal("nested too deeply") from None
            except ValueError as error:  # a key that is there twice, or NaN
                raise self.refusal(str(error)) from None
            else:
                if end - self._at > most:
                    raise self._too_long(most)
                if end < len(self._window) or self._is_over:
                    written = self._window[self._at : end]
                    self._at = end
                    return written
            self._read_on()

    def _expect_more(self, most: int, error: json.JSONDecodeError) -> None:
        """Raise CampaignError, unless the error may only mean that the value goes on."""
        is_open = error.msg.startswith("Unterminated")  # then the place is the string's beginning
        if self._is_over or (not is_open and error.pos < len(self._window) - _LONGEST_WORD):
            self._at = min(error.pos, len(self._window))
            raise self.refusal(f"this is no JSON: {error.msg}")
        if len(self._window) - self._at > most:
            raise self._too_long(most)

    def _too_long(self, most: int) -> CampaignError:
        return self.refusal(f"expected JSON whose values have at most {most:,} characters")

    def refusal(self, message: str) -> CampaignError:
        """Return the error for a fault at this place."""
        line, column = place(self._window[: self._at])
        column += self._characters if line == 1 else 0
        return refusal(SHOWN, message, self._lines + line, column, "json")

    def _read_on(self) -> None:
        """Read a piece at least as long as the window, so that in all little is scanned again."""
        gone = self._window[: self._at]
        self._lines += gone.count("\n")
        self._characters = (
            len(gone) - gone.rfind("\n") - 1 + (0 if "\n" in gone else self._characters)
        )
        rest = self._window[self._at :]
        piece = self._file.read(max(_PIECE_BYTES, len(rest)))
        self._is_over = not piece
        try:
            self._window = rest + self._decoder.decode(piece, final=self._is_over)
        except UnicodeDecodeError:
            raise refusal(SHOWN, "expected UTF-8", self._lines + 1, code="encoding") from None
        self._at = 0


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise ValueError(f"the key {shown(twice)} is there twice")
    return found


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no JSON")


# Its values are thrown away, and numbers are cheapest as texts.
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_number)
