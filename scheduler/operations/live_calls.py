"""Orders on one live call: end it now, or let it last longer."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.ledger import live_calls, views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.operations.endings import Ending, WaitReporter, await_ends, endings
from scheduler.operations.orders import about


@dataclass(frozen=True, slots=True)
class Stopped:
    """A call that was told to end."""

    row: int
    ending: Ending | None  #: None: its start placed no call
    is_over: bool  #: else its end is not confirmed yet, and its stop is on record


def stop(
    ledger: Ledger,
    campaign_id: str,
    contact: str,
    control: Control,
    reporter: WaitReporter | None = None,
) -> Stopped:
    """End a contact's call now, and wait until its end is confirmed.

    Raises StaleAttempt when it is not live: it waits, or is over.
    """
    row = views.find_row(ledger, campaign_id, contact)
    attempt = live_calls.current_attempt(ledger, campaign_id, row)
    account = views.campaign(ledger, campaign_id).account
    live_calls.stop(ledger, account, attempt, about(control, f"#{row}"))
    left = await_ends(ledger, {account: [attempt]}, reporter)
    ended = endings(ledger, [attempt], left)
    return Stopped(row, ended[0] if ended else None, is_over=not left)


@dataclass(frozen=True, slots=True)
class Extended:
    """A call that may last longer."""

    row: int
    deadline: float


def extend(
    ledger: Ledger,
    campaign_id: str,
    contact: str,
    seconds: float,
    control: Control,
    ceiling_seconds: float,
) -> Extended:
    """Move the deadline of a contact's live call, at most to the ceiling from its start.

    Raises LedgerError with the reason why it may not last so much longer.
    """
    row = views.find_row(ledger, campaign_id, contact)
    attempt = live_calls.current_attempt(ledger, campaign_id, row)
    account = views.campaign(ledger, campaign_id).account
    control = about(control, f"#{row} by {seconds:g} s")
    deadline = live_calls.extend(
        ledger, account, attempt, seconds, control, ceiling_seconds=ceiling_seconds
    )
    return Extended(row, deadline)
