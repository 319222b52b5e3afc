"""How a plan is shown: its rules in words, its tables, and its hours as a chart."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from rich.progress_bar import ProgressBar
from rich.table import Table

from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, SILENT_CALL, presets
from scheduler.cli import console
from scheduler.fields.contact_label import label_of
from scheduler.fields.durations import written
from scheduler.fields.visible import visible
from scheduler.hours.openings import Source
from scheduler.hours.weeks import written as week
from scheduler.masking import mask, mask_text
from scheduler.models import EVERY_STATE, Cap, Hours, Policy, Reason
from scheduler.plan.forecast import BEYOND_HORIZON, OVER_BUDGET

Record: TypeAlias = dict[str, Any]

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
    Source.SEVERAL: "guessed from the number, which may be in several: open in all of them",
    Source.HELD_TWICE: "the contact's own, which the number contradicts: open in both",
    Source.CAMPAIGN: "the campaign's time zone",
    Source.UNKNOWN: "nobody: the time there is unknown",
}
#: What no file can tell, whatever the policy.
_NEVER_KNOWN = (
    "numbers that are on the list of `callsched dnc`, which is asked at every dial",
    "other campaigns of the account, and a limit of the account below these slots",
)


# Rules --------------------------------------------------------------------------------------------


def rules(policy: Policy) -> list[Record]:
    """Return every rule in force, each with what it says."""
    return [{"rule": rule, "says": says} for rule, says in (*_how(policy), *_when(policy))]


def in_force(policy: Policy, states: Counter[tuple[str, ...]]) -> Policy:
    """Return the policy without the rules of states in which there is no contact."""
    there = {state for found in states for state in found}

    def holds(rule: Hours | Cap) -> bool:
        return not rule.states or EVERY_STATE in there or not there.isdisjoint(rule.states)

    return replace(
        policy,
        hours=tuple(rule for rule in policy.hours if holds(rule)),
        caps=tuple(cap for cap in policy.caps if holds(cap)),
    )


def by_state(states: Counter[tuple[str, ...]]) -> list[Record]:
    """Return how many contacts are held to whose rules, as one more rule; none when none is."""
    if not states:
        return []
    unknown = sum(count for found, count in states.items() if EVERY_STATE in found)
    said = [f"{states.total() - unknown:,} contacts are held to the rules of their states"]
    if unknown:
        said.append(f"{unknown:,}, whose state can't be told, to those of every state")
    return [{"rule": "us", "says": "; ".join(said)}]


def notices(policy: Policy) -> Record:
    """Return the presets in force with their sources, what is not forecast, and what is no advice.

    A preset is in force by its rules; one that has none in this campaign is not among them.
    """
    named = {rule.name for rule in policy.hours} | {cap.name for cap in policy.caps}
    chosen = [preset for name, preset in presets().items() if name in named]
    return {
        "presets": [
            {"name": one.name, "title": one.title, "sources": list(one.sources), "as_of": one.as_of}
            for one in chosen
        ],
        "not_legal_advice": NO_LEGAL_ADVICE if chosen else None,
        "silent_call": SILENT_CALL,
        "not_forecast": [*_NEVER_KNOWN, *_unforeseen(policy)],
    }


def _when(policy: Policy) -> Iterator[tuple[str, str]]:
    for rule in policy.hours:
        closed = [*rule.blackout_dates, *(f"holidays of {region}" for region in rule.holidays)]
        said = week(rule.week) + (f"; not on {', '.join(closed)}" if closed else "")
        yield rule.name, said + _whose(rule)
    if not policy.hours:
        yield "calling_hours", "always"
    for name, at in (("not_before", policy.not_before), ("not_after", policy.not_after)):
        if at is not None:
            yield name, _when_is(at)
    for cap in policy.caps:
        yield cap.name, f"{cap.calls} in {written(cap.per_seconds)} to one party{_whose(cap)}"


def _whose(rule: Hours | Cap) -> str:
    return f"; for contacts in {', '.join(rule.states)}" if rule.states else ""


def _how(policy: Policy) -> Iterator[tuple[str, str]]:
    yield "max_duration", written(policy.max_duration_seconds)
    if policy.max_concurrency:
        yield "max_concurrency", str(policy.max_concurrency)
    if policy.max_starts_per_second:
        yield "max_starts_per_second", f"{policy.max_starts_per_second:g}"
    yield "on_unknown", policy.on_unknown
    for disposition, retry in policy.retry.items():
        delays = ", ".join(map(written, retry.delays_seconds))
        yield f"retry.{disposition}", f"at most {retry.max}, after {delays}"
    if canary := policy.canary:
        yield "canary", f"{canary.first} first; {canary.success:.0%} must go well"
    if breaker := policy.circuit_breaker:
        share, window = f"{breaker.share:.0%}", written(breaker.window_seconds)
        yield "circuit_breaker", f"stops at {share} failures of {breaker.min_calls} in {window}"
    if policy.budget_seconds is not None:
        yield "budget", f"{policy.budget_seconds / 60:g} minutes"
    for webhook in policy.webhooks:
        yield "webhooks", f"{urlsplit(webhook.url).hostname}: {', '.join(webhook.events)}"


def _unforeseen(policy: Policy) -> Iterator[str]:
    if policy.caps:
        yield "calls that a cap holds back: whom other campaigns have called is not in the file"
    if policy.retry:
        yield "retries: each call is dialled once here, and a retry takes a slot and minutes more"
    if policy.canary or policy.circuit_breaker:
        yield "that the campaign stops itself because calls fail"


# Tables -------------------------------------------------------------------------------------------


def show(record: Record) -> None:
    """Write a plan for a person."""
    title = f"{record['name']}: {record['rows']:,} contacts in {record['file']}; nobody is called"
    console.out.print(visible(title), markup=False)
    for table in _tables(record):
        console.out.print("")
        console.out.print(table, markup=False)
    for lines in (_summary(record), _orders(record["first"]), _notices(record)):
        console.out.print("")
        for line in lines:
            console.out.print(line, markup=False)


def _tables(record: Record) -> Iterator[Table]:
    called = record["contacts"] - sum(record["never"].values())
    rows = [(f"{called:,}", "called")]
    rows += [
        (f"{count:,}", f"never called: {_NEVER[why]}") for why, count in record["never"].items()
    ]
    for reason, count in record["skipped"].items():
        rows.append((f"{count:,}", f"skipped: {reason.replace('_', ' ')}"))
    yield console.table("", ("contacts", "what becomes of them"), rows)
    if record["do_not_call"]:
        sizes = ((f"{one['entries']:,}", one["name"]) for one in record["do_not_call"])
        yield console.table("", ("entries", "do-not-call list"), sizes)
    if record["time_zones"]:
        yield console.table("", ("contacts", "time zone"), _zones(record["time_zones"]))
        sources = record["zone_sources"].items()
        named = ((f"{count:,}", _SOURCES[source]) for source, count in sources if count)
        yield console.table("", ("contacts", "who says where they are"), named)
    shown = ((one["rule"], one["says"]) for one in record["rules"])
    yield console.table("", ("rule", "says"), shown)
    if record["hours"]:
        yield _chart(record["hours"], record["assumed"]["slots"])


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
    """Draw dials by the hour; by the day when those are too many to be read."""
    by_day = len(hours) > _MOST_HOURS
    bars = _days(hours) if by_day else hours
    columns = ("day" if by_day else "hour", "dials", f"in use, of {slots:,}", "left", "")
    drawn = console.table("", columns, ())
    most = max(one["dials"] for one in bars)
    before = bars[0]["at"]
    for one in bars[: _MOST_DAYS if by_day else None]:
        if not by_day and one["at"] - before > 3600:
            drawn.add_row("…")
        before = one["at"]
        bar = ProgressBar(total=max(1, most), completed=one["dials"], width=_BAR_WIDTH)
        label = time.strftime("%a %Y-%m-%d" if by_day else "%a %Y-%m-%d %H:%M %Z", _local(before))
        cells = (label, f"{one['dials']:,}", f"{one['in_use']:.1f}", f"{one['left']:,}")
        drawn.add_row(*cells, bar)
    if by_day and len(bars) > _MOST_DAYS:
        drawn.add_row(f"… {len(bars) - _MOST_DAYS} days more: see --json")
    return drawn


def _days(hours: Iterable[Record]) -> list[Record]:
    """Put hours together by the days of this machine; slots in use are the mean of those hours."""
    days: dict[str, list[Record]] = {}
    for one in hours:
        days.setdefault(time.strftime("%Y-%m-%d", _local(one["at"])), []).append(one)
    return [
        {
            "at": day[0]["at"],
            "dials": sum(one["dials"] for one in day),
            "in_use": sum(one["in_use"] for one in day) / len(day),
            "left": day[-1]["left"],
        }
        for day in days.values()
    ]


# Lines --------------------------------------------------------------------------------------------


def _summary(record: Record) -> Iterator[str]:
    assumed = record["assumed"]
    if record["dials"]:
        first, end = _when_is(record["first_dial_at"]), _when_is(record["ends_at"])
        yield f"{record['dials']:,} dials, the first {first}; the last call has ended by {end}"
        yield _night(record["local_times"])
    yield f"{record['worst_case_minutes']:,.1f} minutes at worst, without retries"
    length = assumed["expected_seconds"]
    lasts = (
        "as long as it may (a likelier length: --expect-duration 2m)"
        if length is None
        else f"{written(length)}, if it may be as long"
    )
    yield f"assumed: {assumed['slots']:,} slots, each call lasts {lasts}"
    yield "not forecast:"
    for each in record["not_forecast"]:
        yield f"- {each}"


def _night(times: Record) -> str:
    """Say between which times of day somebody is called, on the clocks of who is called."""
    earliest, latest = times["earliest"], times["latest"]
    if earliest is None:
        return "where they are called, nobody knows what time it is then"
    return (
        f"the earliest at {earliest['time']} in {earliest['zone']},"
        f" the latest at {latest['time']} in {latest['zone']}, by their own clocks"
    )


def _orders(first: list[Record]) -> Iterator[str]:
    """Show the first starts in words of ours; of numbers and keys no more than tells them apart."""
    for order in first:
        yield f"{label_of(order, order['row'])} is sent"
        if order["phone_number"]:
            yield f"  phone_number: {mask(order['phone_number'])}"
        else:
            yield f"  sip_uri: {_text(order['sip_uri'])}"
        if order["dtmf"]:
            yield f"  dtmf: {mask(order['dtmf'])}"
        yield f"  session_name: {_session(order['session_name'])}"
        for name, value in order["options"].items():
            yield f"  {name}: {_text(value)}"
        yield f"  and is stopped after {written(order['max_duration_seconds'])}"


def _notices(record: Record) -> Iterator[str]:
    for preset in record["presets"]:
        sources = ", ".join(preset["sources"])
        yield f"preset {preset['name']}, as of {preset['as_of']}: {sources}"
    yield from filter(None, (record["not_legal_advice"], record["silent_call"]))
    yield ""
    yield f"plan {record['plan']}; this refuses when something has changed:"
    yield f"  {record['command']}"


def _text(value: object) -> str:
    """Show a value of an option; masked, for a template may have put a number into it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(mask_text(text))


def _session(name: str) -> str:
    """Show a session's name: what it ends with is the attempt, whose id is ours and no number."""
    said, between, attempt = name.rpartition(" ")
    return f"{_text(said)}{between}{attempt}"


def _when_is(at: float) -> str:
    return time.strftime("%a %Y-%m-%d %H:%M:%S %Z", _local(at))


def _local(at: float) -> time.struct_time:
    return time.localtime(at)
