"""Text that came from outside, as a terminal or a log may show it: nothing in it acts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Controls of both kinds and DEL, ends of lines, marks that turn the direction of what follows,
#: and halves of characters, which no encoding can write.
_ACTING = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str, *, keep: str = "") -> str:
    r"""Return a text with what would act written as an escape: `\x1b`, `\n`, `\u202e`.

    A text of several lines of ours has `keep="\n"`. What is visible already stays as it is.
    """
    if text.isprintable():  # as most text is
        return text
    return _ACTING.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def visible_lines(lines: Iterable[object]) -> str:
    """Join lines of ours; a line break within one of them is none of ours."""
    return "\n".join(visible(str(line)) for line in lines)


def json_line(record: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Return JSON on one line, in which what would act is escaped as JSON may have it.

    With `ascii_only` every other character beyond ASCII is escaped as well.
    """
    text = json.dumps(record, ensure_ascii=ascii_only)
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def indented(text: str) -> str:
    """Return lines that we have not written, as a traceback, so that none begins like ours."""
    lines = visible(text.rstrip("\n"), keep="\n").split("\n")
    return "\n".join(f"  {line}" if line else "" for line in lines)


def _escape(character: str) -> str:
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
