"""The plots of a report, as elements of a page."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from markupsafe import Markup

from scheduler.report.curves import Bars, Step, thinned
from scheduler.report.figures import Figures
from scheduler.report.spread import Spread, round_step
from scheduler.report.svg import Axis, Drawing, Tick, counts
from scheduler.report.times import Times
from scheduler.report.wording import length

_DAY_SECONDS = 86_400.0
#: Ticks that an axis of times or lengths has room for.
_MOST_TICKS = 5
_MOST_LONG_TICKS = 3
#: Bars of the plot of lengths.
_MOST_LENGTHS = 30
#: Bars of the plot of lateness that all have names.
_MOST_NAMED = 6
#: How much of its place a bar leaves empty, at either side.
_GAP = 0.03

#: Ends are counted up to each of these, in seconds; what is later has a bar of its own.
LATENESS_EDGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 10.0, 30.0, 120.0, 600.0)


def slots(figures: Figures, title: str, description: str) -> Markup:
    """Draw slots in use over time, and the learned limit."""
    since, until = figures.period or (0.0, 1.0)
    used = thinned(figures.slots.steps(), since, until)
    limit = thinned((Step(load.at, load.learned) for load in figures.loads), since, until)
    most = max(step.value for step in [*used, *limit])
    drawing = Drawing(
        _clock(since, until, figures.header.times), counts("slots", most), has_legend=True
    )
    drawing.curve(used, "first", "in use", is_filled=True)
    if limit:
        drawing.curve(limit, "second", "limit of the account, as learned", is_filled=False)
    return drawing.element("slots", title, description)


def _clock(since: float, until: float, times: Times) -> Axis:
    """Return an axis of epoch seconds as a clock shows them."""
    is_long = until - since > _DAY_SECONDS
    step = max(1.0, round_step(until - since, _MOST_LONG_TICKS if is_long else _MOST_TICKS))
    # Ticks are round numbers on that clock, which need not be round ones of UTC.
    ahead = times.offset(since)
    first, last = ceil((since + ahead) / step), int((until + ahead) / step)
    instants = (place * step - ahead for place in range(first, last + 1))
    ticks = [Tick(at, _time(times.at(at), step, is_long=is_long)) for at in instants]
    days = dict.fromkeys(f"{times.at(at):%Y-%m-%d}" for at in (since, until))
    name = f"{' to '.join(days)}, {times.name(since)}"
    return Axis(name, since, max(until, since + 0.1), ticks, has_grid=True)


def _time(shown: datetime, step: float, *, is_long: bool) -> str:
    if step >= _DAY_SECONDS:
        return f"{shown:%m-%d}"
    if is_long:
        return f"{shown:%m-%d %H:%M}"
    return f"{shown:%H:%M:%S}" if step < 60 else f"{shown:%H:%M}"


def lengths(spread: Spread, title: str, description: str) -> Markup:
    """Draw how long calls lasted."""
    longest = spread.highest or 0.0
    step = round_step(longest, _MOST_LENGTHS)
    bars = spread.between([place * step for place in range(int(longest / step) + 1)])
    end = len(bars) * step
    step = round_step(end, _MOST_TICKS)
    ticks = [Tick(at * step, _tick(at * step)) for at in range(int(end / step) + 1)]
    drawing = Drawing(Axis("length", 0, end, ticks), counts("calls", max(bars)))
    for place, calls in enumerate(bars):
        drawing.bar(((place + _GAP) * step, (place + 1 - _GAP) * step), (0, calls), "first")
    return drawing.element("lengths", title, description)


def _tick(seconds: float) -> str:
    """Write a length on an axis."""
    if seconds == 0:
        return "0"
    return f"{seconds:g} s" if seconds < 120 else length(seconds).removesuffix(" 00\u00a0s")


def lateness(spread: Spread, title: str, description: str) -> Markup:
    """Draw how late calls ended: a bar for each length of time, the longer the wider."""
    edges = LATENESS_EDGES
    bars = spread.between((float("-inf"), *edges))
    names = [f"< {length(edge)}" for edge in edges] + [f"≥ {length(edges[-1])}"]
    last = max((place for place, calls in enumerate(bars) if calls), default=0)
    shown = max(last + 1, 4)
    # Where there are many, every second one has a name: a phone has no room for more.
    step = 1 if shown <= _MOST_NAMED else 2
    ticks = [Tick(place, name) for place, name in enumerate(names[:shown]) if not place % step]
    drawing = Drawing(Axis("late by", -0.5, shown - 0.5, ticks), counts("calls", max(bars)))
    for place, calls in enumerate(bars[:shown]):
        drawing.bar((place - 0.4, place + 0.4), (0, calls), "first")
        drawing.label_above(place, calls, f"{calls:,}" if calls else "")
    return drawing.element("lateness", title, description)


def refusals(bars: Bars, times: Times, title: str, description: str) -> Markup:
    """Draw when the API refused starts."""
    until = bars.since + len(bars.counts) * bars.step_seconds
    drawing = Drawing(_clock(bars.since, until, times), counts("refusals", max(bars.counts)), 144)
    for place, refused in enumerate(bars.counts):
        begin, end = (bars.since + (place + at) * bars.step_seconds for at in (_GAP, 1 - _GAP))
        drawing.bar((begin, end), (0, refused), "second")
    return drawing.element("refusals", title, description)
