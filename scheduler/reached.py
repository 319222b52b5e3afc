"""Whether a call reached a person: how every figure, page and list groups the ends of calls."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from scheduler.heard import OnTheLine
from scheduler.models import CallState, Disposition


class Reached(StrEnum):
    """The groups of ended calls, in the order in which they are shown."""

    REACHED = "reached"  #: a person was heard
    NOT_REACHED = "not_reached"  #: nobody answered, or a machine did, or nobody spoke
    NOT_CALLED = "not_called"  #: no phone rang: skipped, or rejected by the provider
    UNKNOWN = "unknown"  #: it was placed, or may have been, and who answered is not known


#: The same for people.
IN_WORDS: dict[str, str] = {
    Reached.REACHED: "reached",
    Reached.NOT_REACHED: "not reached",
    Reached.NOT_CALLED: "not called",
    Reached.UNKNOWN: "not known",
}

_BY_DISPOSITION: dict[str, Reached] = {
    Disposition.SKIPPED: Reached.NOT_CALLED,
    Disposition.REJECTED: Reached.NOT_CALLED,
    Disposition.NOT_REACHED: Reached.NOT_REACHED,
    Disposition.UNKNOWN: Reached.UNKNOWN,
}

_BY_HEARD: dict[str, Reached] = {
    OnTheLine.HUMAN: Reached.REACHED,
    OnTheLine.MACHINE: Reached.NOT_REACHED,
    OnTheLine.SILENCE: Reached.NOT_REACHED,
}


def reached(disposition: str, heard: str | None) -> Reached:
    """Return the group of a call that has ended so, by who was heard in it."""
    by_heard = _BY_HEARD.get(heard or "", Reached.UNKNOWN)
    return _BY_DISPOSITION.get(disposition, by_heard)


def reached_in(record: Mapping[str, Any]) -> Reached | None:
    """Return the group of a result; None while its call is not over."""
    if record.get("state") != CallState.ENDED:
        return None
    return reached(*(str(record.get(name) or "") for name in ("disposition", "heard")))


class Why(StrEnum):
    """What was observed that puts a call into its group."""

    HUMAN = "human"  #: reached: a person was heard
    MACHINE = "machine"  #: not reached
    SILENCE = "silence"  #: not reached: the line was recorded, and nobody spoke
    NOT_RECORDED = "not_recorded"  #: unknown: nothing of the call was recorded
    ANSWERED = "answered"  #: unknown: it was answered, and nobody told by whom
    PLACED = "placed"  #: unknown: the provider took the start; that is all that is known


def why(record: Mapping[str, Any]) -> str:
    """Say what puts an ended call into its group: of `Why`, else the end itself, `unknown:lease`.

    `record` is a result, or has its keys.
    """
    disposition, reason, heard = (
        str(record.get(name) or "") for name in ("disposition", "reason", "heard")
    )
    if disposition in _BY_DISPOSITION:
        return f"{disposition}:{reason}" if reason else disposition
    if heard:
        return heard
    # Of a provider that does not say who answers, nobody knows that anybody did.
    return Why.ANSWERED if record.get("answered_at") is not None else Why.PLACED
