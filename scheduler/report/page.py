"""The report's page: one self-contained HTML file, written piece by piece."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, TextIO

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from scheduler.fields.counts import counted
from scheduler.hours.walltime import zone_of
from scheduler.report import captions, plots, shares, wording
from scheduler.report.entries import RULE, Entries, Entry
from scheduler.report.figures import Figures
from scheduler.report.foreign_text import message, written
from scheduler.report.needs import needs
from scheduler.report.times import Times, machine_instant
from scheduler.report.topics import LISTS, MOST_LISTED, MOST_TOPICS

_LONGEST_TITLE = 120
_LONGEST_WHY = 500

#: Pieces of the template that are joined for one write.
_PIECES = 200


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, and what it says in words."""

    svg: Markup
    caption: str


def write(
    figures: Figures,
    entries: Entries,
    file: TextIO,
    counted: Callable[..., None] = lambda done, total=None: None,
    parts: str = "",
) -> None:
    """Write the page of a campaign; call `counted` with the number of entries written so far.

    With `parts`, the URL of a folder, style and script are files there (see `part`): for a site
    whose policy forbids them inside a page.
    """
    listed, times = _counted(entries, counted), figures.header.times
    known = {"entries": entries, "listed": listed, "rows": entries.rows()}
    known |= {"there": lambda entry: _there(entry, times)}
    stream = _template().stream(**_context(figures, parts), **known)
    stream.enable_buffering(_PIECES)
    file.writelines(stream)


def _counted(entries: Entries, counted: Callable[..., None]) -> Iterator[Entry]:
    for done, entry in enumerate(entries):
        if done % 100 == 0:
            counted(done, entries.listed)
        yield entry


def _there(entry: Entry, times: Times) -> str:
    """Return when a call began on its contact's clock, if that shows another time."""
    zone, at = zone_of(entry["zone"]), entry["started_at"]
    if zone is None or at is None or Times(zone).offset(at) == times.offset(at):
        return ""
    return f"{Times(zone).at(at):%H:%M %Z}"


def part(name: str) -> str:
    """Return the style or the script of the page: page.css or page.js."""
    return _read({"page.css": "page.css", "page.js": "page.js"}[name])


@cache
def _template() -> Any:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "lasting": wording.length,
        "machine_instant": machine_instant,
        "label": wording.label,
        "meaning": wording.meaning,
        "observed": wording.observed,
    }
    return environment.get_template("page.html.j2")


def _read(name: str) -> str:
    return (files("scheduler.report") / name).read_text("utf-8")


def _context(figures: Figures, parts: str) -> dict[str, Any]:
    """Return the template's values, without the table's entries."""
    header = figures.header
    style, script = _read("page.css"), _read("page.js")
    return {
        "style": Markup(style),
        "script": Markup(script),
        "parts": parts,
        "policy": _policy("'self'", "'self'") if parts else _policy(_hash(style), _hash(script)),
        "title": written(header.name, _LONGEST_TITLE) or header.campaign_id,
        "campaign_id": written(header.campaign_id, _LONGEST_TITLE),
        "account": written(header.account, _LONGEST_TITLE),
        "header": header,
        "stopped_itself": message(header.stopped_itself, _LONGEST_WHY, numbers=figures.numbers),
        "figures": figures,
        "times": header.times,
        "zone": header.times.described(header.created_at, header.finished_at, header.made_at),
        "outcome": wording.outcome(figures),
        "needs": list(needs(figures, written(header.campaign_id, _LONGEST_TITLE))),
        "shares": shares,
        "what_is_open": wording.what_is_open(figures),
        "share": wording.share,
        "counted": counted,
        "plots": dict(_plots(figures)),
        "captions": captions,
        "groups": wording.GROUPS,
        "signs": wording.SIGNS,
        "lists": LISTS,
        "most_listed": MOST_LISTED,
        "most_topics": MOST_TOPICS,
        "rule": RULE,
    }


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that forbids all but this style and script."""
    return (
        f"default-src 'none'; style-src {style}; script-src {script};"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def _plots(figures: Figures) -> Iterator[tuple[str, Plot]]:
    """Yield the name and the drawing of each plot that has data."""
    if figures.period:
        caption = captions.slots(figures)
        yield "slots", Plot(plots.slots(figures, "Slots in use over time", caption), caption)
    if len(figures.lengths):
        caption = captions.lengths(figures)
        yield "lengths", Plot(plots.lengths(figures.lengths, "Lengths of calls", caption), caption)
    if len(figures.late.ends):
        caption = captions.lateness(figures)
        yield (
            "lateness",
            Plot(plots.lateness(figures.late.ends, "How late calls ended", caption), caption),
        )
    if figures.refused and figures.refused.total:
        caption = captions.refusals(figures)
        yield (
            "refusals",
            Plot(
                plots.refusals(
                    figures.refused, figures.header.times, "Refusals over time", caption
                ),
                caption,
            ),
        )
