"""The plots of a report, as elements of a page. Who imports this needs matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from math import ceil

from matplotlib import rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scheduler.report.curves import Bars, Step, thinned
from scheduler.report.figures import Figures
from scheduler.report.spread import Spread, round_step
from scheduler.report.svg import FIRST, GRID, INK, SECOND, inline
from scheduler.report.wording import label, length

_DAY_SECONDS = 86_400.0
#: Times that a clock's axis has room for.
_MOST_TICKS = 6
#: Bars of the plot of lengths.
_MOST_LENGTHS = 30

#: Stops are counted up to each of these, in seconds; what is later has a bar of its own.
LATENESS_EDGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)

_WIDTH_INCHES = 7.0
_SETTINGS = {
    **rcParamsDefault,
    "backend": "svg",
    "svg.fonttype": "none",
    "svg.hashsalt": "callsched",
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "font.size": 9.0,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


@contextmanager
def _drawing(height_inches: float = 2.4) -> Iterator[tuple[Axes, Callable[..., str]]]:
    """Yield axes to draw on, and what makes them an element of a page."""
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches))
        FigureCanvasSVG(figure)

        def made(name: str, title: str, description: str) -> str:
            written = StringIO()
            figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
            return inline(written.getvalue(), name, title, description)

        yield figure.add_subplot(), made


def outcomes(figures: Figures, title: str, description: str) -> str:
    """Draw a bar for each way in which calls ended, the most frequent on top."""
    ends = figures.ends.most_common()[::-1]
    names = [label(end) for end, _ in ends]
    counts = [calls for _, calls in ends]
    with _drawing(0.6 + 0.28 * len(ends)) as (axes, made):
        bars = axes.barh(names, counts, color=FIRST, height=0.7)
        axes.bar_label(bars, [f"{calls:,}" for calls in counts], padding=3)
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.12)
        _counts(axes.xaxis, "calls")
        return made("outcomes", title, description)


def slots(figures: Figures, title: str, description: str) -> str:
    """Draw slots in use over time, and the learned limit."""
    since, until = figures.period or (0.0, 1.0)
    used = thinned(figures.slots.steps(), since, until)
    limit = thinned((Step(load.at, load.learned) for load in figures.loads), since, until)
    with _drawing() as (axes, made):
        _steps(axes, used, fill=True)
        if limit:
            _steps(axes, limit, fill=False)
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        axes.set_ylim(0, 1.08 * max(step.value for step in [*used, *limit]))
        _counts(axes.yaxis, "slots")
        _clock(axes, since, until)
        return made("slots", title, description)


def _steps(axes: Axes, steps: Sequence[Step], *, fill: bool) -> None:
    at, values = [step.at for step in steps], [step.value for step in steps]
    if fill:
        axes.fill_between(at, values, step="post", color=FIRST, alpha=0.3, linewidth=0)
        axes.step(at, values, where="post", color=FIRST, linewidth=1.2, label="in use")
    else:
        axes.step(
            at,
            values,
            where="post",
            color=SECOND,
            linewidth=1.6,
            linestyle="--",
            label="limit of the account, as learned",
        )


def _clock(axes: Axes, since: float, until: float) -> None:
    """Make epoch seconds of the x axis a clock, in UTC."""
    step = round_step(max(until - since, 1.0), _MOST_TICKS)
    ticks = [place * step for place in range(ceil(since / step), int(until / step) + 1)]
    axes.set_xticks(ticks, [_time(at, step, is_long=until - since > _DAY_SECONDS) for at in ticks])
    axes.set_xlim(since, max(until, since + 0.1))
    first, last = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}" for at in (since, until))
    axes.set_xlabel(f"{first}, UTC" if first == last else f"{first} to {last}, UTC")


def _time(at: float, step: float, *, is_long: bool) -> str:
    instant = datetime.fromtimestamp(at, UTC)
    if step >= _DAY_SECONDS:
        return f"{instant:%m-%d}"
    if is_long:
        return f"{instant:%m-%d %H:%M}"
    return f"{instant:%H:%M:%S}" if step < 60 else f"{instant:%H:%M}"


def lengths(spread: Spread, title: str, description: str) -> str:
    """Draw how long calls lasted."""
    longest = spread.highest or 0.0
    step = round_step(longest, _MOST_LENGTHS)
    counts = spread.between([place * step for place in range(int(longest / step) + 1)])
    return _histogram(
        [place * step for place in range(len(counts))], step, counts, title, description
    )


def _histogram(
    begins: Sequence[float], step: float, counts: Sequence[int], title: str, description: str
) -> str:
    with _drawing() as (axes, made):
        axes.bar(begins, counts, width=step * 0.94, align="edge", color=FIRST)
        axes.grid(visible=False, axis="x")
        axes.set_xlim(0, begins[-1] + step)
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 1.5, 2, 3, 5, 6, 10]))
        axes.xaxis.set_major_formatter(lambda seconds, _: _tick(seconds))
        axes.set_xlabel("length")
        _counts(axes.yaxis, "calls")
        return made("lengths", title, description)


def _tick(seconds: float) -> str:
    """Write a length on an axis."""
    if seconds == 0:
        return "0"
    return f"{seconds:g} s" if seconds < 120 else length(seconds).removesuffix(" 00\u00a0s")


def lateness(spread: Spread, title: str, description: str) -> str:
    """Draw how late stops were: a bar for each length of time, the longer the wider."""
    edges = LATENESS_EDGES
    counts = spread.between((float("-inf"), *edges))
    names = [f"< {length(edge)}" for edge in edges] + [f"≥ {length(edges[-1])}"]
    last = max((place for place, count in enumerate(counts) if count), default=0)
    shown = max(last + 1, 4)
    with _drawing() as (axes, made):
        bars = axes.bar(names[:shown], counts[:shown], color=FIRST, width=0.8)
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in counts[:shown]], padding=2)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("late by")
        axes.margins(y=0.12)
        _counts(axes.yaxis, "stops")
        return made("lateness", title, description)


def refusals(bars: Bars, title: str, description: str) -> str:
    """Draw when the API refused starts."""
    begins = [bars.since + place * bars.step_seconds for place in range(len(bars.counts))]
    with _drawing(2.0) as (axes, made):
        width = bars.step_seconds * 0.94
        axes.bar(begins, bars.counts, width=width, align="edge", color=SECOND)
        axes.grid(visible=False, axis="x")
        _counts(axes.yaxis, "refusals")
        _clock(axes, bars.since, bars.since + len(bars.counts) * bars.step_seconds)
        return made("refusals", title, description)


def _counts(axis: Axis, name: str) -> None:
    axis.set_label_text(name)
    axis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
