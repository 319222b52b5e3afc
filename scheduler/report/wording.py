"""Figures in words: lengths, instants, ends of calls, and the sentence about the outcome."""

from __future__ import annotations

from scheduler.fields.counts import counted
from scheduler.heard import IN_WORDS
from scheduler.models import CallState, Disposition, Reason
from scheduler.reached import IN_WORDS as GROUP_NAMES
from scheduler.reached import Reached, Why
from scheduler.report.figures import End, Figures

#: A no-break space, between a number and its unit.
_GAP = "\u00a0"

ENDS: dict[str, tuple[str, str]] = {
    Disposition.STOPPED: (
        "ended by us",
        "We ended the call, at its deadline or because the campaign wanted it.",
    ),
    Disposition.COMPLETED: (
        "completed",
        "It was answered, and ended before its deadline; the API does not say by whom.",
    ),
    Disposition.HUNG_UP: ("ended by the far end", "The far end hung up."),
    Disposition.ABORTED: ("ended by an operator", "An operator ended the call."),
    Disposition.NOT_REACHED: (
        "not reached",
        "Nobody answered, or a machine; the reason says which.",
    ),
    Disposition.REJECTED: ("rejected by the API", "The API does not accept this call."),
    Disposition.UNKNOWN: (
        "unknown",
        "The start was sent and its answer is lost: a phone may have rung.",
    ),
    Disposition.SKIPPED: ("not dialled", "The call was not dialled; the reason says why."),
}

_GROUPS: dict[Reached, str] = {
    Reached.REACHED: "A person spoke or pressed keys.",
    Reached.NOT_REACHED: "Nobody answered, a machine did, or nobody spoke.",
    Reached.NOT_CALLED: "No phone rang: skipped, or rejected by the API.",
    Reached.UNKNOWN: "The call was placed, or may have been; who answered is not known.",
}
#: Each group of calls that are over: its name, and what it means.
GROUPS = {group: (GROUP_NAMES[group], meaning) for group, meaning in _GROUPS.items()}

#: In front of a group's name, for colour-blind readers.
SIGNS: dict[Reached, str] = {
    Reached.REACHED: "●",
    Reached.NOT_REACHED: "◐",
    Reached.NOT_CALLED: "○",
    Reached.UNKNOWN: "?",
}

#: What was observed that puts a call into its group.
OBSERVED: dict[str, str] = {
    **IN_WORDS,
    Why.ANSWERED: "answered, by whom is not known",
    Why.PLACED: "placed, and nothing more is known",
}

#: Why somebody was not reached, if the API reports it.
NOT_REACHED: dict[str, str] = {
    Reason.BUSY: "The line was busy.",
    Reason.NO_ANSWER: "It rang, and nobody answered.",
    Reason.FAILED: "The network could not place the call: a dead number, or a fault on the way.",
    Reason.MACHINE: "A machine answered, which the campaign does not count as reached.",
    Reason.SILENT: "Somebody answered, and nobody spoke.",
}

UNKNOWN: dict[str, str] = {
    Reason.ANSWER_LOST: "The API's answer to the start never came, was cut off, or can't be read.",
    Reason.LEASE: "The worker that dialled died, or was cut off, before it could say.",
    Reason.PLACED: "It did ring, as its conversation or an operator says; its end is not known.",
}


def label(end: End) -> str:
    """Name an end: "stopped: late answer"."""
    return ": ".join(filter(None, end)).replace("_", " ")


def meaning(disposition: str, reason: str = "") -> str:
    """Say what an end means."""
    if disposition == Disposition.NOT_REACHED and reason in NOT_REACHED:
        return NOT_REACHED[reason]
    return ENDS[disposition][1] if disposition in ENDS else ""


def observed(why: str) -> str:
    """Say what puts a call into its group: `why` is a `Why`, or an end like not_reached:busy."""
    if why in OBSERVED:
        return OBSERVED[why]
    disposition, _, reason = why.partition(":")
    return label(("", reason)) if reason else label((disposition, ""))


def detail(why: str, end: End) -> str:
    """Say what puts one call into its group, and, if that adds anything, how it ended."""
    disposition, reason = end
    says_no_more = disposition == Disposition.COMPLETED and not reason
    if says_no_more or why == disposition or why.startswith(f"{disposition}:"):
        return observed(why)
    ended = ENDS[disposition][0] if disposition in ENDS else disposition
    return ", ".join(filter(None, (observed(why), label((ended, reason)))))


def number(value: float) -> str:
    """Write a count with its thousands apart."""
    return f"{value:,.0f}"


def share(part: int, whole: int) -> str:
    """Write a share in percent: 100 % only for all of it, 0 % only for nothing."""
    if not whole:
        return "–"  # noqa: RUF001
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return f"<{_GAP}0.1{_GAP}%"
    if 99.9 < percent < 100:
        return f">{_GAP}99.9{_GAP}%"
    return f"{percent:.1f}{_GAP}%" if percent % 100 else f"{percent:.0f}{_GAP}%"


def length(seconds: float | None) -> str:
    """Write a length of time as a person would say it; a dash for none."""
    if seconds is None:
        return "–"  # noqa: RUF001
    if abs(seconds) < 0.9995:
        return f"{seconds * 1000:.0f}{_GAP}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}{_GAP}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}{_GAP}min {whole % 60:02}{_GAP}s"
    return f"{whole // 3600:,}{_GAP}h {whole // 60 % 60:02}{_GAP}min"


def outcome(figures: Figures) -> str:
    """Say in a sentence what became of the campaign."""
    total, ended = figures.contacts, figures.ended
    if not total:
        return "The campaign has no contacts."
    groups = ((name, figures.reached[group]) for group, (name, _) in GROUPS.items())
    parts = [f"{calls:,} {name}" for name, calls in groups if calls]
    if ended == total and figures.header.is_over:
        begin = "The only call is over" if total == 1 else f"All {counted(total, 'call')} are over"
        return f"{begin}: {_listed(parts)}."
    if not ended:
        return f"So far none of {counted(total, 'call')} is over."
    begin = f"So far {ended:,} of {counted(total, 'call')} {'is' if ended == 1 else 'are'} over"
    return f"{begin}: {_listed(parts)}."


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def what_is_open(figures: Figures) -> str:
    """Say in which states the calls are that are not over; "" when all are over."""
    waiting = figures.open[CallState.PENDING]
    under_way = figures.open.total() - waiting
    lines = [
        f"{waiting:,} wait to be dialled" if waiting > 1 else "1 waits to be dialled",
        f"{under_way:,} are under way" if under_way > 1 else "1 is under way",
    ]
    return _listed([text for text, calls in zip(lines, (waiting, under_way), strict=True) if calls])
