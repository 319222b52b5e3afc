"""Symbl's Telephony API and the APIs beside it: what is sent, and how answers are read.

The registry takes the `Kind` from here. The folder knows neither a ledger nor a campaign file.
There is no idempotency key, no status call and no callback. Success is any 2xx. Error bodies come
in three shapes (`message`; `statusCode` and `message`; `code`, `message` and `url`), empty, or not
in JSON at all. See https://github.com/symblai/symbl-docs, docs/telephony/reference/reference.md.
"""

from scheduler.providers.symbl.client import Symbl
from scheduler.providers.symbl.kind import SYMBL

__all__ = ["SYMBL", "Symbl"]
