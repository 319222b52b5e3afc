"""One live call in full: its record, and its latest lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.fields.contact_label import who_of
from scheduler.ledger import listeners, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.models import Attempt

#: The latest lines that are read.
_LINES = 5


@dataclass(frozen=True, slots=True)
class OneCall:
    """A call as it stands now."""

    who: str
    record: Mapping[str, Any]  #: as in the results
    lines: tuple[LiveLine, ...]  #: the latest lines, the newest last


def one_call(ledger: Ledger, attempt: Attempt) -> OneCall:
    """Read a call. Raises LedgerTrouble, and LedgerError for an erased one."""
    record = views.result(ledger, attempt.campaign_id, attempt.row)
    heard = listeners.lines(ledger, attempt.campaign_id, attempt.row, block_seconds=0.0)
    messages = [line for _, line in heard if line.kind == "message"]
    return OneCall(who_of(record, attempt.row), record, tuple(messages[-_LINES:]))
