"""The lines of a plan: its first and last dial, what is sent, the sources of its presets."""

from __future__ import annotations

import json
from collections.abc import Iterator

from scheduler.cli.suggested import here
from scheduler.fields.contact_label import label_of
from scheduler.fields.counts import counted
from scheduler.fields.durations import written
from scheduler.fields.visible import visible
from scheduler.masking import mask, mask_text
from scheduler.plan import taken
from scheduler.plan.rules import Record, when_is
from scheduler.plan.spoken import lines
from scheduler.records import unpack_script

_ESTIMATE = (
    "the length of a script is an estimate: 2.5 words a second, and pauses, recordings and the wait"
    " for keys at their longest; sound files and transfers count nothing"
)


def contacts(record: Record) -> Iterator[str]:
    """Say how callsched understood the columns of the contacts."""
    if record["columns"]:
        yield from taken.lines(record["columns"])


def summary(record: Record) -> Iterator[str]:
    """Yield when the campaign begins and ends, what the plan assumes, and what it does not know."""
    assumed = record["assumed"]
    if record["dials"]:
        first, end = when_is(record["first_dial_at"]), when_is(record["ends_at"])
        dials = counted(record["dials"], "dial")
        yield f"{dials}, the first {first}; the last call has ended by {end}"
        yield _night(record["local_times"])
    yield _minutes(record)
    if callers := record["caller_ids"]:
        yield f"caller ids of the account: {', '.join(map(mask, callers))}"
    length = assumed["expected_seconds"]
    lasts = (
        "as long as it may (a likelier length: --expect-duration 2m)"
        if length is None
        else f"{written(length)}, if it may be as long"
    )
    yield f"assumed: {counted(assumed['slots'], 'slot')}, each call lasts {lasts}"
    yield from _callbacks(record["callbacks"])
    if any(order["script"] or order["machine_script"] for order in record["first"]):
        yield _ESTIMATE
    yield "not forecast:"
    for each in record["not_forecast"]:
        yield f"- {each}"


def _callbacks(reporting: Record | None) -> Iterator[str]:
    """Say to which address the provider reports on live calls, or what is not known without one."""
    if reporting is None:
        return
    if reporting["are_told"]:
        where = "this machine" if reporting["is_here"] else reporting["address"]
        yield f"callbacks: the provider tells {where} of every call while it lives"
    elif reporting["are_used"]:
        yield (
            "callbacks: none, so callsched learns only after a call who answered it; set"
            " CALLSCHED_PUBLIC_URL to learn it at once"
        )


def _minutes(record: Record) -> str:
    once, often = record["worst_case_minutes"], record["worst_case_minutes_with_retries"]
    with_retries = f", {often:,.1f} with every retry" if often > once else ""
    return f"{once:,.1f} minutes at worst, without retries{with_retries}"


def _night(times: Record) -> str:
    """Say between which times of day calls are made, on the clocks of the people who are called."""
    earliest, latest = times["earliest"], times["latest"]
    if earliest is None:
        return "nobody knows what time it will be where they are called"
    return (
        f"the earliest at {earliest['time']} in {earliest['zone']},"
        f" the latest at {latest['time']} in {latest['zone']}, by their own clocks"
    )


def orders(first: list[Record]) -> Iterator[str]:
    """Show the first starts in callsched's words, with numbers and keys masked."""
    for order in first:
        yield f"{label_of(order, order['row'])} is sent"
        if order["phone_number"]:
            yield f"  phone_number: {mask(order['phone_number'])}"
        else:
            yield f"  sip_uri: {_text(order['sip_uri'])}"
        if order["dtmf"]:
            yield f"  dtmf: {mask(order['dtmf'])}"
        if order["caller_id"]:
            yield f"  caller_id: {mask(order['caller_id'])}"
        yield f"  session_name: {_session(order['session_name'])}"
        for name, value in order["options"].items():
            yield f"  {name}: {_text(value)}"
        yield from _spoken(order)
        yield f"  and is stopped after {written(order['max_duration_seconds'])}"


def _spoken(order: Record) -> Iterator[str]:
    """Show what a call says, and about how long that takes."""
    for key in ("record", "transcribe"):
        if order[key]:
            yield f"  {key}: the whole call"
    if order["ring_seconds"] is not None:
        yield f"  ring_time: {written(order['ring_seconds'])}"
    longest = order["max_duration_seconds"]
    for name, key, length in (
        ("script", "script", order["estimated_seconds"]),
        ("to a machine", "machine_script", order["machine_seconds"]),
    ):
        if not order[key]:
            continue
        cut = ", longer than it may last: it is cut off" * (length > longest)
        yield f"  {name}: about {length:g} s{cut}"
        for line in lines(unpack_script(order[key])):
            yield f"    {_text(line)}"


def notices(record: Record) -> Iterator[str]:
    """Yield the sources of presets, and the command that runs the plan."""
    for preset in record["presets"]:
        sources = ", ".join(preset["sources"])
        yield f"preset {preset['name']}, as of {preset['as_of']}: {sources}"
    yield from filter(None, (record["not_legal_advice"], record["silent_call"]))
    yield from record["advice"]
    if lack := record["nobody_dials"]:
        yield f"{lack} (`run` starts its own workers)"
    yield ""
    yield f"plan {record['plan']}; this command refuses to run if anything changed since:"
    yield f"  {here(record['command'])}"


def _text(value: object) -> str:
    """Show an option's value, masked, because a template may have put a number into it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(mask_text(text))


def _session(name: str) -> str:
    """Show a session's name, masked except for the attempt at its end, which is no number."""
    text, between, attempt = name.rpartition(" ")
    return f"{_text(text)}{between}{attempt}"
