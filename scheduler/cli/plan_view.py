"""Shows a plan: its tables, and its hours as a chart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.progress_bar import ProgressBar
from rich.table import Table

from scheduler.cli import console, plan_lines
from scheduler.fields.contact_label import label_of
from scheduler.fields.counts import counted
from scheduler.hours import reader
from scheduler.hours.openings import Source
from scheduler.models import Reason
from scheduler.plan.forecast import BEYOND_HORIZON, OVER_BUDGET
from scheduler.plan.rules import Record

_BAR_WIDTH = 20
_MOST_HOURS, _MOST_DAYS, _MOST_ZONES = 48, 60, 12
_ZONES_NAMED = 2
_NEVER = {
    BEYOND_HORIZON: "their turn does not come within 366 days",
    OVER_BUDGET: "the budget is used up before",
    Reason.EXPIRED: "their not_after has passed",
    Reason.OUTSIDE_HOURS: "no opening is left for them",
    Reason.UNKNOWN_TIMEZONE: "nobody can tell what time it is there",
}
_SOURCES = {
    Source.CONTACT: "the contact's own time zone",
    Source.NUMBER: "guessed from the number",
    Source.SEVERAL: "the number, which may be in several: hours must be open in all",
    Source.HELD_TWICE: "the contact, whom the number contradicts: hours must be open in both",
    Source.CAMPAIGN: "the campaign's time zone",
    Source.UNKNOWN: "nowhere: the time there is unknown",
}


def show(record: Record) -> None:
    """Print a plan for a person."""
    contacts = counted(record["rows"], "contact")
    console.out.print(
        f"{record['name']}: {contacts} in {record['file']}, on account {record['account']};"
        " a plan calls nobody"
    )
    console.out.print(f"campaign {record['campaign_id']}")
    for line in plan_lines.contacts(record):
        console.out.print(line)
    for table in _tables(record):
        console.out.print("")
        console.out.print(table)
    first, rest = plan_lines.orders(record["first"]), plan_lines.notices(record)
    for lines in (plan_lines.summary(record), first, rest):
        console.out.print("")
        for line in lines:
            console.out.print(line)


def _tables(record: Record) -> Iterator[Table]:
    called = record["contacts"] - sum(record["never"].values())
    rows = [(f"{called:,}", "will be called")]
    rows += [
        (f"{count:,}", f"never called: {_NEVER[why]}") for why, count in record["never"].items()
    ]
    for reason, count in record["skipped"].items():
        rows.append((f"{count:,}", f"skipped: {reason.replace('_', ' ')}"))
    yield console.table("", ("contacts", "outcome"), rows)
    if record["duplicates"]:
        yield _duplicates(record)
    if record["do_not_call"]:
        sizes = ((f"{one['entries']:,}", one["name"]) for one in record["do_not_call"])
        yield console.table("", ("entries", "do-not-call list"), sizes)
    if record["time_zones"]:
        yield console.table("", ("contacts", "time zone"), _zones(record["time_zones"]))
        sources = record["zone_sources"].items()
        named = ((f"{count:,}", _SOURCES[source]) for source, count in sources if count)
        yield console.table("", ("contacts", "where the time zone comes from"), named)
    shown = ((one["rule"], one["says"]) for one in record["rules"])
    yield console.table("", ("rule", "says"), shown)
    if record["hours"]:
        yield _chart(record["hours"], record["assumed"]["slots"])


def _duplicates(record: Record) -> Table:
    """List the first duplicates, each with the row that is called instead."""
    rows = [(label_of(one, one["row"]), one["line"], _shares(one)) for one in record["duplicates"]]
    if more := record["skipped"][Reason.DUPLICATE] - len(rows):
        rows.append((f"… {more:,} more", "", ""))
    return console.table("", ("duplicate", "line", "has"), rows)


def _shares(one: Record) -> str:
    which = one["shares"] if one["shares"] == "id" else "number or address"
    return f"the same {which} as #{one['of_row']} in line {one['of_line']}"


def _zones(found: list[Record]) -> Iterator[tuple[str, str]]:
    for one in found[:_MOST_ZONES]:
        zones, named = one["zones"], ", ".join(one["zones"][:_ZONES_NAMED])
        more = len(zones) - _ZONES_NAMED
        others = f" and {more} more, open in all of them" if more > 0 else ""
        yield f"{one['contacts']:,}", (named + others) or "unknown"
    if len(found) > _MOST_ZONES:
        left = found[_MOST_ZONES:]
        yield f"{sum(one['contacts'] for one in left):,}", f"{len(left)} other groups of zones"


def _chart(hours: list[Record], slots: int) -> Table:
    """Draw dials by the hour, or by the day if there are too many hours to read."""
    by_day = len(hours) > _MOST_HOURS
    bars = _days(hours) if by_day else hours
    columns = ("day" if by_day else "hour", "dials", f"in use, of {slots:,}", "left", "")
    drawn = console.table("", columns, (), sheds=("",))
    most = max(one["dials"] for one in bars)
    before = bars[0]["at"]
    for one in bars[: _MOST_DAYS if by_day else None]:
        if not by_day and one["at"] - before > 3600:
            drawn.add_row("…")
        before = one["at"]
        bar = ProgressBar(total=max(1, most), completed=one["dials"], width=_BAR_WIDTH)
        day = "%a %Y-%m-%d" if by_day else "%a %Y-%m-%d %H:%M %Z"
        label = reader.written(before, day)
        cells = (label, f"{one['dials']:,}", f"{one['in_use']:.1f}", f"{one['left']:,}")
        drawn.add_row(*cells, bar)
    if by_day and len(bars) > _MOST_DAYS:
        drawn.add_row(f"… {len(bars) - _MOST_DAYS} days more: see --json")
    return drawn


def _days(hours: Iterable[Record]) -> list[Record]:
    """Merge hours into the reader's days; slots in use are the mean of those hours."""
    days: dict[str, list[Record]] = {}
    for one in hours:
        days.setdefault(reader.written(one["at"], "%Y-%m-%d"), []).append(one)
    return [
        {
            "at": day[0]["at"],
            "dials": sum(one["dials"] for one in day),
            "in_use": sum(one["in_use"] for one in day) / len(day),
            "left": day[-1]["left"],
        }
        for day in days.values()
    ]
