"""What providers tell of calls by themselves, put on record: each verb one script, harmless again.

A call only moves forward by it: what is older than what is known changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.models import Attempt


class Known(StrEnum):
    """How an attempt stands of which a provider tells."""

    NOBODYS = "nobodys"  #: no ledger entry has it; counted
    KNOWN = "known"  #: it has this connection, and lives
    ATTACHED = "attached"  #: it has had none, and has this one from now on
    SECOND = "second"  #: it has another one: both are stopped
    OVER = "over"  #: its end is on record


def arrived(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    connection_id: str,
    *,
    sequence: int | None = None,
    stage: str = "",
    told_at: float | None = None,
    answered_by: str = "",
    now: float | None = None,
) -> Known:
    """Record what a request tells of an attempt, in one step.

    A connection under `dialing` or `unknown` is attached: it is the answer that was lost, or is on
    its way. `stage` is "ringing", "answered" or "over" ("" for none of them); with a lower
    `sequence` than before it is ignored. "over" only has the call read soon (`take_heard`).
    `told_at` is when it happened, by the clock of Redis: it moves the instant of the answer only
    within the two reads around it. `answered_by` is kept.
    """
    raise NotImplementedError


def take_heard(ledger: Ledger, account: str, most: int) -> list[Attempt]:
    """Take attempts that are to be read now, for their provider says that they are over."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Pressed:
    """Which keys count for one asking of a step, whoever asks again."""

    keys: str
    at: float  #: when they were first told, by the clock of Redis
    answered_at: float | None  #: when the callee answered
    max_duration_seconds: float  #: from then
    caller_id: str


def pressed(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    step: str,
    asked: int,
    keys: str,
    now: float | None = None,
) -> Pressed:
    """Record the keys of one asking; those that were told first count, however often it is told."""
    raise NotImplementedError


def answer(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    step: str,
    keys: str,
    *,
    bars: str = "",
    now: float | None = None,
) -> None:
    """Record the answer to a step; `bars` is the address that it puts on the do-not-call list.

    Both in one step. The first answer stays.
    """
    raise NotImplementedError


def keep_words(ledger: Ledger, news_id: str, line: LiveLine) -> bool:
    """Keep words of a call for its transcript; False for those that were kept before."""
    raise NotImplementedError


def words(ledger: Ledger, attempt: Attempt) -> list[LiveLine]:
    """Return the words that were kept of a call, in the order in which they were said."""
    raise NotImplementedError


#: Why a call is handed out (`StopOrder.why`) that is to say something else: it is no stop.
SPEAK = "speak"


def owe_speech(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> bool:
    """Have a worker make a live call say what a machine is to hear, once; False when it was."""
    raise NotImplementedError


def spoken(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> None:
    """Record that it says so now, or that it is not to be tried any more."""
    raise NotImplementedError
