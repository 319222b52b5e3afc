"""Each plot in words: for readers who can't see it, or want the figures."""

from __future__ import annotations

from scheduler.fields.counts import counted
from scheduler.late import LATE_SECONDS, why_in_words
from scheduler.report.figures import Figures
from scheduler.report.foreign_text import message, shown
from scheduler.report.late import SENT_ON_TIME_SECONDS
from scheduler.report.wording import length, share

_LONGEST_WORD = 200


def slots(figures: Figures) -> str:
    """Say how many slots were in use, and what the limit was."""
    peak = figures.slots.peak
    if peak is None:
        return "No slot was ever taken: nobody was dialled."
    text = (
        f"At most {counted(int(peak.value), 'slot')} of this campaign {_were(peak.value)} in use at"
        f" once, first at {figures.header.times.named(peak.at)}, by"
        f" {counted(len(figures.slots), 'attempt')}."
    )
    return f"{text} {_limits(figures)}"


def _were(value: float) -> str:
    return "was" if value == 1 else "were"


def _limits(figures: Figures) -> str:
    if figures.limits is None:
        return "What the limit of the account was is not on record."
    lowest, highest = figures.limits
    known = f"was {lowest:,}" if lowest == highest else f"was between {lowest:,} and {highest:,}"
    text = (
        f"The limit of the account, as learned, {known}; it is noted at most once a second, and"
        " drawn so much later. Where it falls below what is in use, live calls go on to their ends."
    )
    since = figures.loads[0].at
    if figures.period and since > figures.period[0] + 1:
        text += f" It is known from {figures.header.times.named(since)} on."
    return text


def lengths(figures: Figures) -> str:
    """Say how long calls lasted."""
    spread = figures.lengths
    return (
        f"{counted(len(spread), 'call')} lasted"
        f" {length(spread.total)} in all. Half of them took no longer than"
        f" {length(spread.percentile(0.5))}, nine in ten no longer than"
        f" {length(spread.percentile(0.9))}, the longest {length(spread.highest)}."
    )


def lateness(figures: Figures) -> str:
    """Say how late calls ended."""
    late = figures.late
    ends, on_time = late.ends, late.on_time
    return (
        f"{counted(len(ends), 'call')} lasted until {_it(len(ends))} had to be over: the end of"
        f" {on_time:,} ({share(on_time, len(ends))}) was confirmed within {length(LATE_SECONDS)} of"
        f" that. Half of them were over within {length(ends.percentile(0.5))}, 99 in 100 within"
        f" {length(ends.percentile(0.99))}, the last one after {length(ends.highest)}."
    )


def ended_late(figures: Figures) -> str:
    """Say how many calls ended late, the worst, when that was, and why; "" when none did."""
    late, times = figures.ended_late, figures.header.times
    if not late.calls:
        return ""
    worst = "the worst by" if late.calls > 1 else "by"
    span = ""
    if late.since is not None and late.until is not None:
        span = f", between {times.instant(late.since)} and {times.named(late.until)}"
    text = f"{counted(late.calls, 'call')} ended late, {worst} {length(late.worst_seconds)}{span}."
    last_words = message(late.said, _LONGEST_WORD, numbers=figures.numbers)
    causes = {shown(cause, _LONGEST_WORD): calls for cause, calls in late.causes.items()}
    why = why_in_words(causes, last_words)
    return f"{text} Why: {why}." if why else text


def sendings(figures: Figures) -> str:
    """Say how late first stops were sent, which says nothing of when calls ended."""
    late = figures.late
    sent, on_time = late.sendings, late.sent_on_time
    return (
        f"The first stop was sent on time, that is within {length(SENT_ON_TIME_SECONDS)}, to"
        f" {on_time:,} of {counted(len(sent), 'call')} ({share(on_time, len(sent))}), at the latest"
        f" {length(sent.highest)} after it was due."
    )


def _it(calls: int) -> str:
    return "it" if calls == 1 else "they"


def refusals(figures: Figures) -> str:
    """Say how often the API refused a start."""
    refused = figures.refused
    if refused is None:
        return "How often the API refused a start (429) is not on record."
    if not refused.total:
        return (
            "The API refused no start (429) while this campaign was dialled, whatever campaign of"
            " the account it was of."
        )
    return (
        f"The API refused {counted(refused.total, 'start')} (429) while this campaign was dialled:"
        f" of the whole account, whatever campaign they were of. One bar is"
        f" {length(refused.step_seconds)}. A refused start rings nobody and is dialled again."
    )
