"""Orders on one live call: end it now, or let it last longer."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from scheduler.ledger import live_calls, views
from scheduler.ledger.ledger import Control, Ledger
from scheduler.models import Attempt
from scheduler.operations.endings import Ending, WaitReporter, await_ends, endings
from scheduler.operations.orders import about
from scheduler.providers import Prolongs, Provider


@dataclass(frozen=True, slots=True)
class Stopped:
    """A call whose end an operator has ordered."""

    row: int
    ending: Ending | None  #: None: its start placed no call
    is_over: bool  #: False: its end is not confirmed yet, and its stop is on record


def stop(
    ledger: Ledger,
    campaign_id: str,
    contact: str,
    control: Control,
    reporter: WaitReporter | None = None,
) -> Stopped:
    """End a contact's call now, and wait until its end is confirmed.

    Raises StaleAttempt if it is not live, because it waits or is over.
    """
    row = views.find_row(ledger, campaign_id, contact)
    attempt = live_calls.current_attempt(ledger, campaign_id, row)
    return stop_attempt(ledger, attempt, control, reporter)


def stop_attempt(
    ledger: Ledger,
    attempt: Attempt,
    control: Control,
    reporter: WaitReporter | None = None,
    within_seconds: float = math.inf,
) -> Stopped:
    """End the call of just this attempt, as `stop` does; wait at most `within_seconds`."""
    account = views.campaign(ledger, attempt.campaign_id).account
    live_calls.stop(ledger, account, attempt, about(control, f"#{attempt.row}"))
    left = await_ends(ledger, {account: [attempt]}, reporter, within_seconds)
    ended = endings(ledger, [attempt], left)
    return Stopped(attempt.row, ended[0] if ended else None, is_over=not left)


#: Opens the client of a call's account; yields None if there is no provider to ask.
OpenProvider = Callable[[], AbstractContextManager[Provider | None]]


def no_provider() -> AbstractContextManager[None]:
    """Yield None: there is no provider to ask."""
    return nullcontext()


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
    opened: OpenProvider = no_provider,
) -> Extended:
    """Move the deadline of a contact's live call, at most to the ceiling from its start.

    `opened` opens the account of the call. If the provider ends calls by itself, it must first
    confirm its own later time limit. Raises LedgerError with the reason why the call may not last
    so much longer, and ProviderError if the provider does not confirm: then nothing has moved.
    """
    row = views.find_row(ledger, campaign_id, contact)
    attempt = live_calls.current_attempt(ledger, campaign_id, row)
    return extend_attempt(ledger, attempt, seconds, control, ceiling_seconds, opened)


def extend_attempt(
    ledger: Ledger,
    attempt: Attempt,
    seconds: float,
    control: Control,
    ceiling_seconds: float,
    opened: OpenProvider = no_provider,
) -> Extended:
    """Move the deadline of just this attempt, as `extend` does."""
    campaign_id, row = attempt.campaign_id, attempt.row
    account = views.campaign(ledger, campaign_id).account
    control = about(control, f"#{row} by {seconds:g} s")
    move = partial(
        live_calls.extend,
        ledger,
        account,
        attempt,
        seconds,
        control,
        ceiling_seconds=ceiling_seconds,
    )
    with opened() as provider:
        if provider is not None and isinstance(provider, Prolongs):
            lasts = move(only_asks=True)
            connection = views.live_connection(ledger, campaign_id, row)
            provider.prolong(connection.connection_id, lasts)
    return Extended(row, move())
