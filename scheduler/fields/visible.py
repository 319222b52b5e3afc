"""Foreign text for terminals, logs and pages: its control characters are escaped or left out."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Controls of both kinds and DEL, ends of lines, marks that turn the direction of what follows,
#: and halves of characters, which no encoding can write.
ACTING = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Those of them that turn the direction: they take no room.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str, *, keep: str = "") -> str:
    r"""Return a text with escapes for characters that would act: `\x1b`, `\n`, `\u202e`.

    `keep` are such characters that stay: `"\n"` for a text in several lines that callsched wrote.
    """
    if text.isprintable():  # most texts are
        return text
    return ACTING.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def one_line(text: str) -> str:
    """Return foreign text as one line without control characters, which could act on a terminal."""
    if text.isprintable():  # as most text is
        return " ".join(text.split())
    return " ".join(ACTING.sub(" ", _TURNING.sub("", text)).split())


def visible_lines(lines: Iterable[object]) -> str:
    """Join callsched's own lines; a line break within one is foreign, and escaped."""
    return "\n".join(visible(str(line)) for line in lines)


def indented(text: str) -> str:
    """Indent foreign lines, such as a traceback, so that none looks like a line of the log."""
    lines = visible(text.rstrip("\n"), keep="\n").split("\n")
    return "\n".join(f"  {line}" if line else "" for line in lines)


def _escape(character: str) -> str:
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
