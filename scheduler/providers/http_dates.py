"""The dates of HTTP and of mail, which some APIs write too, in epoch seconds."""

from __future__ import annotations

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def seconds_to_wait(retry_after: str, date: str) -> float | None:
    """Return the seconds that a `Retry-After` asks to wait; None: neither seconds nor a date.

    A date is compared with the answer's own `Date`, so that a wrong clock does no harm; without
    one, with this machine's clock. If the header was sent twice, the longer wait counts. See RFC
    9110, 10.2.3 and 5.6.7.
    """
    terms = [term.strip() for term in retry_after.split(",")]
    if all(_SECONDS.fullmatch(term) for term in terms):
        return max(map(float, terms))
    until = http_date(retry_after)
    if until is None:
        return None
    sent_at = http_date(date)
    return until - (time.time() if sent_at is None else sent_at)


def http_date(written: str) -> float | None:
    """Return epoch seconds of a date as HTTP and mail write it; None if it is no date."""
    try:
        read = parsedate_to_datetime(written)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
