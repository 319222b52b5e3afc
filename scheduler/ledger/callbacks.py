"""Records what providers tell in callbacks: each verb is one script, harmless if it runs again.

A callback only moves a call forward: one that is older than what is known changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from scheduler.ledger import keys as names
from scheduler.ledger import readable
from scheduler.ledger.calls import Wait
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import CALL_LINES, LINES_SECONDS, LiveLine
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt

#: How many keys of one answer are kept.
_MOST_KEYS = 100

#: Words of which nobody makes a transcript are kept as long as connections.
_WAITS_SECONDS = 31 * 86_400


class Known(StrEnum):
    """How the ledger knows the attempt that a callback names."""

    NOBODYS = "nobodys"  #: no such attempt is on record
    KNOWN = "known"  #: it has this connection, which is live
    ATTACHED = "attached"  #: it had none, and has this one from now on
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
    """Record what a callback tells of an attempt, in one step.

    If the attempt is `dialing` or `unknown`, the connection is attached: its answer was lost, or is
    on its way. `stage` is "ringing", "answered" or "over" ("" for none of them); with a lower
    `sequence` than before it is ignored. "over" only has the call read soon (`take_heard`).
    `told_at` is when it happened, by the clock of Redis: it moves the instant of the answer only
    within the two reads around it. `answered_by` is kept.
    """
    answer = ("" if told_at is None else repr(told_at), answered_by)
    lengths = (Wait.MARGIN_SECONDS, ledger.leases.stop_patience)
    args = (connection_id, "" if sequence is None else sequence, stage, *answer, *lengths)
    found = ledger.run(ledger.do.arrived, account, str(attempt), *args, ledger.clock(now))
    return Known(found)


def take_heard(ledger: Ledger, account: str, most: int) -> list[Attempt]:
    """Take attempts that must be read now, because a callback says that they are over."""
    taken = ledger.run(ledger.do.take_heard, account, most)
    return [Attempt.parse(one) for one in taken if Attempt.is_written(one)]


@dataclass(frozen=True, slots=True)
class Pressed:
    """Which keys count for one asking of a step, however often the provider repeats it."""

    keys: str
    at: float  #: when they first came, by the clock of Redis
    answered_at: float | None  #: when the callee answered
    max_duration_seconds: float  #: from then
    caller_id: str


def pressed(
    ledger: Ledger,
    attempt: Attempt,
    step: str,
    asked: int,
    keys: str,
    now: float | None = None,
) -> Pressed:
    """Record the keys of one asking; the first report counts, however often it is repeated."""
    args = (str(attempt), step, asked, keys[:_MOST_KEYS], ledger.clock(now))
    first, at, answered_at, longest, caller_id = ledger.run(ledger.do.pressed, *args)
    return Pressed(first, float(at), readable.instant(answered_at), float(longest), caller_id)


def answer(
    ledger: Ledger,
    attempt: Attempt,
    step: str,
    keys: str,
    *,
    bars: str = "",
    now: float | None = None,
) -> None:
    """Record the answer to a step; `bars` is the address that it puts on the do-not-call list.

    Both happen in one step. The first answer stays.
    """
    args = (str(attempt), step, keys[:_MOST_KEYS], bars, ledger.clock(now))
    ledger.run(ledger.do.answer, *args)


def keep_words(ledger: Ledger, news_id: str, line: LiveLine) -> bool:
    """Keep words of a call for its transcript; False if they were kept before."""
    known = {"kind": line.kind, "text": line.text, "speaker": line.speaker, "at": line.said_at}
    bounds = (CALL_LINES, LINES_SECONDS, _WAITS_SECONDS)
    args = (str(line.attempt), news_id, json.dumps(known), *bounds, ledger.clock(None))
    return bool(ledger.run(ledger.do.keep_words, *args))


def words(ledger: Ledger, attempt: Attempt) -> list[LiveLine]:
    """Return the words that were kept of a call, in the order in which they were said."""
    with reaching():
        kept = ledger.redis.hgetall(f"{names.attempt(str(attempt))}:words")
    found = [one for written in kept.values() if (one := _words(attempt, written))]
    return [line for _, line in sorted(found, key=lambda each: each[0])]


def _words(attempt: Attempt, written: str) -> tuple[tuple[float, int], LiveLine] | None:
    """Return words with their order; None for what another program wrote there."""
    try:
        number, kept_at, text = written.split(" ", 2)
        known = json.loads(text)
        said_at = known["at"]
        line = LiveLine(attempt, known["kind"], known["text"], known["speaker"], said_at)
        return (float(kept_at if said_at is None else said_at), int(number)), line
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


#: `StopOrder.why` of an order that has a call say something else: it is no stop.
SPEAK = "speak"


def owe_speech(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> bool:
    """Have a worker make a live call say the steps for a machine, once; False if it was ordered."""
    return bool(ledger.run(ledger.do.owe_speech, account, str(attempt), ledger.clock(now)))


def spoken(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> None:
    """Record that the call has said so, or that nobody tries any more."""
    ledger.run(ledger.do.spoken, account, str(attempt), ledger.clock(now))
