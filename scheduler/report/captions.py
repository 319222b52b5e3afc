"""Each plot in words: for who can't see it, and for who wants the figures."""

from __future__ import annotations

from scheduler.fields.counts import counted
from scheduler.report.figures import ON_TIME_SECONDS, Figures
from scheduler.report.wording import instant, label, length, share


def outcomes(figures: Figures) -> str:
    """Say how calls ended."""
    parts = (f"{label(end)} {calls:,}" for end, calls in figures.ends.most_common())
    return f"Calls by how they ended: {', '.join(parts)}."


def slots(figures: Figures) -> str:
    """Say how many slots were in use, and what the limit was."""
    peak = figures.slots.peak
    if peak is None:
        return "No slot was ever taken: nobody was dialled."
    text = (
        f"At most {counted(int(peak.value), 'slot')} of this campaign {_were(peak.value)} in use at"
        f" once, first at {instant(peak.at)} UTC, by {counted(len(figures.slots), 'attempt')}."
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
        text += f" It is known from {instant(since)} UTC on."
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
    """Say how late stops were."""
    spread, on_time = figures.lateness, figures.on_time
    return (
        f"By how much the first stop of a call missed the instant at which it was due:"
        f" {on_time:,} of {counted(len(spread), 'stop')} ({share(on_time, len(spread))})"
        f" {_were(on_time)} on time, that is within {length(ON_TIME_SECONDS)}. Half were no later"
        f" than {length(spread.percentile(0.5))}, 99 in 100 no later than"
        f" {length(spread.percentile(0.99))}, the latest by {length(spread.highest)}."
    )


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
