"""Why does the next call of a campaign wait for a time?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from scheduler.errors import LedgerError
from scheduler.hours.openings import verdicts
from scheduler.ledger import explanation
from scheduler.ledger.campaigns import next_row
from scheduler.ledger.explanation import Standing
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView

#: A call that is due so soon is not waited for.
_SOON_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wait:
    """What the next call waits for; without words nobody can tell."""

    why: str = ""
    is_for_hours: bool = False  #: those in which people may be called


NO_WAIT = Wait()


def why_waits(ledger: Ledger, view: CampaignView) -> Wait:
    """Say what the next call of a campaign waits for. Raises LedgerTrouble."""
    now = time.time()
    if view.next_due_at is None or view.next_due_at <= now + _SOON_SECONDS:
        return NO_WAIT
    if (call := next_call(ledger, view.campaign_id)) is None:
        return NO_WAIT
    for ruling in verdicts(view.policy, call.contact, now):
        if ruling.passes or ruling.until is None:
            continue
        if ruling.rule == "not_before":
            return Wait("not_before allows none earlier")
        return Wait(f"calling hours are closed ({ruling.rule}: {ruling.said})", is_for_hours=True)
    return Wait("it is called again after an attempt" if call.attempts else "")


def next_call(ledger: Ledger, campaign_id: str) -> Standing | None:
    """Return the pending call that comes first; None when none waits. Raises LedgerTrouble."""
    row = next_row(ledger, campaign_id)
    try:
        return None if row is None else explanation.standing(ledger, campaign_id, row)
    except (LedgerError, ValueError):  # it has gone, or can't be read: others say so
        return None
