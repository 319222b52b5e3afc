"""How much of a phone number a message, a page or a log line may show.

What is a number is known by its field wherever there is one: `mask` hides it, whatever it looks
like, and an id of ours or a date is shown as it is. `mask_text` is for free text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MOST_SHOWN_DIGITS = 4
_SAME_NUMBER_DIGITS = 7  #: from which on two numbers are taken for one

#: What people write between the digits of a number, and marks that nobody sees there.
_BETWEEN = r"[ \t().\-/\u00a0\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,3}"
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SHORT_MONTH, _SHORT_DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
#: Nobody writes a colon into a phone number. So a time makes sure that what is before it is a date.
_TIME = (
    r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
    r"(?:\s?[AaPp]\.?[Mm]\b\.?)?(?:Z|\s?[+-](?:0\d|1[0-4]):?[0-5]\d)?"
)
_TO_TIME = r"(?:T|,?[ \t\u00a0\u202f]{1,2})"


def _dates(separators: str) -> str:
    """Return a pattern of dates with one of the separators in both places."""
    by_separator = (
        rf"{_YEAR}{one}{_MONTH}{one}{_DAY}"
        rf"|{_SHORT_MONTH}{one}{_SHORT_DAY}{one}{_YEAR}"
        rf"|{_SHORT_DAY}{one}{_SHORT_MONTH}{one}{_YEAR}"
        for one in map(re.escape, separators)
    )
    return "|".join(by_separator)


_ALONE = _dates("-/.")
#: A year of two digits: a date only by the time that follows.
_BY_ITS_TIME = rf"{_SHORT_DAY}[-/.]{_SHORT_DAY}[-/.]\d\d"
#: Two dates have more digits than any number.
_ISO = rf"{_YEAR}-{_MONTH}-{_DAY}"
_SPAN = rf"{_ISO}(?:\.\.| ?[-\u2013/] ?| ){_ISO}"
#: As callsched's own ids have it, and ISO 8601 in short: by its T alone, for eight digits and then
#: a time may be a number of eight, and when it was called.
_SHORT_INSTANT = rf"{_YEAR}{_MONTH}{_DAY}T(?:{_TIME}|(?:[01]\d|2[0-4])[0-5]\d(?:[0-6]\d)?Z?)"

#: Seven digits, with what people write between them. Few texts have so many, and only these are
#: worth the patterns below, which take long to search for, and to compile: `re` does so once.
_MANY_DIGITS = re.compile(rf"\d(?:{_BETWEEN}\d){{6}}")

# Seven digits or more. A web address passes as it is, because the host of an error message is what
# its reader needs, and so does a date: with its time, or alone where no digits follow that might be
# the rest of a number.
_HIDDEN = (
    r"(?P<kept>\b(?:https?|wss?|rediss?)://[\w.-]+(?::\d{1,5})?"
    rf"|\b(?:(?:{_ALONE}|{_BY_ITS_TIME}){_TO_TIME}{_TIME}|{_SHORT_INSTANT})(?![:\d])"
    rf"|\b(?:{_SPAN}|{_ALONE})(?!{_BETWEEN}\d))"
    rf"|(?:\+[ (]?)?\d(?:{_BETWEEN}\d){{6,}}"
)


#: What has many digits and is no phone number: an example of ours, an instant, a length of time,
#: an IP address with its port, a UUID, a worker, an attempt, and what is named as ours: its name
#: has a letter.
_NO_NUMBER = (
    r"(?<=such as )\+12[01]25550(?:123|143)(?!\d)"
    r"|\b\d{8}T\d{6}Z"
    r"|(?<![\w.+-])\d{1,6}\.\d+s\b"
    r"|(?<![\w.+-])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d):\d{1,5}\b"
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    r"|\bcallsched-\d{1,7}@"
    r"|(?<![\w.+-])(?=[\w.-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{0,99}:\d{1,7}:\d{1,7}\b"
    r"|\b(?:campaign|schedule|account|plan) (?=[\w.+-]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._+-]{0,99}"
)

#: A number of which no more is to be hidden.
_MASKED = re.compile(r"…[0-9]{0,4}")


def mask(number: str) -> str:
    """Return the last digits of a number: enough to find its row, at most half and four."""
    if _MASKED.fullmatch(number):
        return number
    digits = [character for character in number if character.isdigit()]
    shown_digits = min(_MOST_SHOWN_DIGITS, len(digits) // 2)
    return "…" + "".join(digits[len(digits) - shown_digits :])


def mask_text(text: str) -> str:
    """Mask whatever looks like a phone number in free text: seven digits or more."""
    return text if _MANY_DIGITS.search(text) is None else "".join(_masked(text))


def gives_away(contact_id: str, address: str) -> bool:
    """Whether a contact's id has the number of its contact in it, however it is written."""
    if contact_id == address:
        return True
    last = re.sub(r"\D", "", address)[-_SAME_NUMBER_DIGITS:]
    return len(last) == _SAME_NUMBER_DIGITS and last in re.sub(r"\D", "", contact_id)


def _masked(text: str) -> Iterator[str]:
    end = 0
    for kept in re.finditer(_NO_NUMBER, text):
        yield _hidden(text[end : kept.start()])
        yield kept[0]
        end = kept.end()
    yield _hidden(text[end:])


def _hidden(text: str) -> str:
    return re.sub(_HIDDEN, lambda found: found["kept"] or mask(found[0]), text)


def shown(text: str) -> str:
    """Quote what somebody wrote for a message: short, printable, no whole number in it."""
    masked = mask_text(text[:200])
    return repr(masked if len(masked) <= 60 else masked[:59] + "…")
