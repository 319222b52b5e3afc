"""Says why the next call of a campaign waits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from scheduler.hours.openings import verdicts, zones_of
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView

#: A call that is due within this time does not count as waiting.
_SOON_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wait:
    """What the next call waits for."""

    why: str = ""  #: in words; "": not known
    is_for_hours: bool = False  #: whether it waits for calling hours
    zones: tuple[str, ...] = ()  #: where its contact may be


NO_WAIT = Wait()


def why_waits(ledger: Ledger, view: CampaignView) -> Wait:
    """Return what the next call of a campaign waits for. Raises LedgerTrouble."""
    now = time.time()
    if view.next_due_at is None or view.next_due_at <= now + _SOON_SECONDS:
        return NO_WAIT
    if (call := views.next_call(ledger, view.campaign_id)) is None:
        return NO_WAIT
    contact, attempts = call
    zones = zones_of(contact, view.policy)
    for ruling in verdicts(view.policy, contact, now):
        if ruling.passes or ruling.until is None:
            continue
        if ruling.rule == "not_before":
            return Wait("not_before allows none earlier", zones=zones)
        why = f"calling hours are closed ({ruling.rule}: {ruling.found})"
        return Wait(why, is_for_hours=True, zones=zones)
    return Wait("it is called again after an attempt" if attempts else "", zones=zones)
