"""How much of a phone number a message or a log line may show."""

from __future__ import annotations

import re

_MOST_SHOWN_DIGITS = 4
# Seven digits or more, with what people write between them. A web address passes as it is,
# because the host of an error message is what its reader needs, and so does a date alone.
_HIDDEN = re.compile(
    r"(?P<kept>\b(?:https?|wss?|rediss?)://[\w.-]+(?::\d{1,5})?"
    r"|\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![-./]?\d))"
    r"|(?:\+[ (]?)?\d(?:[ \t().\-/\u00a0\u2010-\u2015]{0,3}\d){6,}"
)


def mask(number: str) -> str:
    """Return the last digits of a number: enough to find its row, at most half and four."""
    digits = [character for character in number if character.isdigit()]
    shown_digits = min(_MOST_SHOWN_DIGITS, len(digits) // 2)
    return "…" + "".join(digits[len(digits) - shown_digits :])


def mask_text(text: str) -> str:
    """Mask whatever looks like a phone number in free text: seven digits or more."""
    return _HIDDEN.sub(lambda found: found["kept"] or mask(found[0]), text)


def shown(text: str) -> str:
    """Quote what somebody wrote for a message: short, printable, no whole number in it."""
    masked = mask_text(text[:200])
    return repr(masked if len(masked) <= 60 else masked[:59] + "…")
