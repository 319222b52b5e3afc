"""Records what callbacks say: each verb is one script, harmless if it runs again.

A callback only moves a call forward: one that says less than the ledger knows changes nothing.
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

#: How many key presses of one answer to keep.
_MOST_KEYS = 100

#: How long to keep words of which nobody makes a transcript: as long as connections.
_WAITS_SECONDS = 31 * 86_400


class Known(StrEnum):
    """What the ledger knows of the attempt and the connection that a callback names."""

    NO_ATTEMPT = "nobodys"  #: no such attempt is on record
    KNOWN = "known"  #: the attempt has this connection, which is live
    ATTACHED = "attached"  #: the attempt had no connection; from now on it has this one
    SECOND = "second"  #: the attempt has another connection: both are stopped
    OVER = "over"  #: the attempt's end is on record


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
    """Record what a callback says about an attempt, in one step.

    If the attempt is `dialing` or `unknown`, this attaches the connection: the answer to the
    start was lost, or is on its way. `stage` is "ringing", "answered" or "over" ("" for none of
    them); one with a lower `sequence` than before is ignored. "over" ends nothing: a worker reads
    the call soon (`take_reported`). `told_at` is when it happened, by the clock of Redis: it moves
    the instant of the answer, but not beyond the two reads around it.
    """
    answer = ("" if told_at is None else repr(told_at), answered_by)
    lengths = (Wait.MARGIN_SECONDS, ledger.leases.stop_patience)
    args = (connection_id, "" if sequence is None else sequence, stage, *answer, *lengths)
    found = ledger.run(ledger.do.arrived, account, str(attempt), *args, ledger.clock(now))
    return Known(found)


def take_reported(ledger: Ledger, account: str, most: int) -> list[Attempt]:
    """Take attempts that a callback says are over: a worker must read these calls now."""
    taken = ledger.run(ledger.do.take_reported, account, most)
    return [Attempt.parse(one) for one in taken if Attempt.is_written(one)]


@dataclass(frozen=True, slots=True)
class Pressed:
    """The keys that count for one asking of a step: those of the provider's first report."""

    keys: str
    at: float  #: when that report came, by the clock of Redis
    answered_at: float | None  #: when the callee answered
    max_duration_seconds: float  #: from the answer
    caller_id: str


def pressed(
    ledger: Ledger,
    attempt: Attempt,
    step: str,
    asked: int,
    keys: str,
    now: float | None = None,
) -> Pressed:
    """Record the keys of one asking, and return those that count: the first report's."""
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
    """Record the answer to a step. The first answer stays.

    In the same step `bars`, an address, is put on the do-not-call list; "" for none.
    """
    args = (str(attempt), step, keys[:_MOST_KEYS], bars, ledger.clock(now))
    ledger.run(ledger.do.answer, *args)


def keep_words(ledger: Ledger, news_id: str, line: LiveLine) -> bool:
    """Keep words that the provider sent for a call's transcript; False if they were kept before."""
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
    """Return a line with its sort key; None if another program wrote it."""
    try:
        number, kept_at, text = written.split(" ", 2)
        known = json.loads(text)
        said_at = known["at"]
        line = LiveLine(attempt, known["kind"], known["text"], known["speaker"], said_at)
        return (float(kept_at if said_at is None else said_at), int(number)), line
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


#: `StopOrder.why` of an order that is no stop: the call is to say its steps for a machine.
SPEAK = "speak"


def order_speech(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> bool:
    """Order that a live call says its steps for a machine; False if that was ordered before."""
    return bool(ledger.run(ledger.do.order_speech, account, str(attempt), ledger.clock(now)))


def spoken(ledger: Ledger, account: str, attempt: Attempt, now: float | None = None) -> None:
    """Record that the call has said its steps for a machine, or that no worker tries any more."""
    ledger.run(ledger.do.spoken, account, str(attempt), ledger.clock(now))
