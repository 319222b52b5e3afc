"""What was heard of the callee: kept with the attempt, and with the call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from scheduler.heard import Observed, heard
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Reason

#: Before the name of an intent, in the record of an attempt.
INTENT = "intent:"

#: Of the name of an intent; the rest is not kept.
_LONGEST_NAME = 40

#: Fields of an attempt that say which keys the callee pressed: after when they came, and alone.
_PRESSED, _ANSWER = "pressed:", "answer:"


#: What a result says of the callee, by its keys in JSON.
CalleeFacts: TypeAlias = Mapping[str, Any]

#: Of a call in which nobody was heard.
NOTHING_HEARD: CalleeFacts = {"heard": None, "intents": [], "asked_not_to_be_called": False}


def note(
    ledger: Ledger,
    attempt: Attempt,
    *,
    answered_by: str = "",
    intents: Collection[str] = (),
    bars: str = "",
    now: float | None = None,
) -> None:
    """Keep who answered and what they meant; `bars` is put on the do-not-call list with it.

    What was heard first stays.
    """
    names = [each[:_LONGEST_NAME] for each in intents]
    args = (str(attempt), answered_by, bars, ledger.clock(now), *names)
    ledger.run(ledger.do.note_heard, *args)


def intents_of(attempt: Mapping[str, str]) -> list[str]:
    """Return the intents that were heard in an attempt, the first one first."""
    named = {name: at for name, at in attempt.items() if name.startswith(INTENT)}
    return [name.removeprefix(INTENT) for name in sorted(named, key=lambda one: (named[one], one))]


def facts(
    call: Mapping[str, str],
    attempt: Mapping[str, str],
    said: Mapping[str, Any],
    *,
    is_recorded: bool,
    hears_machines: bool,
) -> CalleeFacts:
    """Return what a result says of the callee. `said` has the `transcript`, once it is read."""
    intents = intents_of(attempt)
    seen = Observed(
        pressed=_has_pressed(attempt),
        answered_by=attempt.get("answered_by") or "",
        intents=intents,
        opted_out="opted_out" in call,
        ended_for_machine=call.get("reason") == Reason.MACHINE,
        transcript=None if said.get("insights_error") else said.get("transcript"),
        is_recorded=is_recorded or "transcript" not in said or "insights_error" in said,
        # A socket tells of them, and to some calls none was ever open. Where a provider tells how
        # far a call has come, its verdict is in `answered_by`, or it has none.
        hears_machines=hears_machines and "heard" in attempt and "stage" not in attempt,
    )
    return {
        "heard": heard(seen),
        "intents": intents,
        "asked_not_to_be_called": seen.opted_out,
    }


def _has_pressed(attempt: Mapping[str, str]) -> bool:
    return any(
        (name.startswith(_PRESSED) and keys.partition(" ")[2])
        or (name.startswith(_ANSWER) and keys)
        for name, keys in attempt.items()
    )
