"""What ended late in a campaign, and why, in words."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.fields.counts import counted
from scheduler.late import why_in_words
from scheduler.ledger.lateness import Lateness
from scheduler.masking import mask_text
from scheduler.models import Attempt


def in_short(late: Lateness) -> str:
    """Say how many calls ended late, and the worst; "": none did."""
    if not late.calls:
        return ""
    worst = f"by {lasting(late.worst_seconds)}"
    if late.calls > 1:
        is_known = Attempt.is_written(late.worst)
        which = f" (#{Attempt.parse(late.worst).row})" if is_known else ""
        worst = f"the worst{which} {worst}"
    return f"{counted(late.calls, 'call')} ended late, {worst}"


def in_full(late: Lateness, when: Callable[[float], str]) -> tuple[str, ...]:
    """Say how many calls ended late, the worst, when that was, and why; (): none did.

    `when` writes an instant. Numbers in the API's messages are masked.
    """
    if not late.calls:
        return ()
    span = ""
    if late.since is not None and late.until is not None:
        span = f", from {when(late.since)} to {when(late.until)}"
    why = why_in_words(late.causes, mask_text(late.said))
    return (in_short(late) + span, *([f"why: {why}"] if why else []))


def of_attempt(seconds: float, cause: str, sent_seconds: float | None, said: str) -> str:
    """Say by how much a call ended late, why, and when its first stop was sent."""
    why = why_in_words({cause: 1} if cause else {}, mask_text(said))
    text = f"ended {lasting(seconds)} late"
    if sent_seconds is not None:
        text += f"; its first stop was sent {lasting(sent_seconds)} after it was due"
    return f"{text}; why: {why}" if why else text


def lasting(seconds: float) -> str:
    """Write a length of time as a person would say it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
