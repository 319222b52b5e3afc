"""What was heard of the callee: who answered and what they meant, kept with attempt and call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from scheduler.heard import Observed, heard
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, Reason

#: The prefix of fields with an intent, in the record of an attempt.
INTENT = "intent:"

#: How much of an intent's name to keep.
_LONGEST_NAME = 40

#: The prefixes of fields with key presses: `pressed:` has "{instant} {keys}", `answer:` only keys.
_PRESSED, _ANSWER = "pressed:", "answer:"


#: What a result says of the callee, under its names in JSON.
CalleeFacts: TypeAlias = Mapping[str, Any]

#: The facts of a call in which nobody was heard.
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
    """Keep who answered and what they meant; what was heard first stays.

    In the same step `bars`, an address, is put on the do-not-call list; "" for none.
    """
    names = [each[:_LONGEST_NAME] for each in intents]
    args = (str(attempt), answered_by, bars, ledger.clock(now), *names)
    ledger.run(ledger.do.note_heard, *args)


def intents_of(attempt: Mapping[str, str]) -> list[str]:
    """Return the intents of an attempt in the order in which they were heard."""
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
    """Return what a result says of the callee; `said` has the `transcript`, if it is collected."""
    intents = intents_of(attempt)
    seen = Observed(
        pressed=_has_pressed(attempt),
        answered_by=attempt.get("answered_by") or "",
        intents=intents,
        opted_out="opted_out" in call,
        ended_for_machine=call.get("reason") == Reason.MACHINE,
        transcript=None if said.get("insights_error") else said.get("transcript"),
        is_recorded=is_recorded or "transcript" not in said or "insights_error" in said,
        # Only a socket reports machines, and some calls never had one open. A provider that reports
        # stages puts its verdict into `answered_by`, or has none.
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
