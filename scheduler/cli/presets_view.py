"""How `callsched schema presets` shows the sets of rules that a campaign file may name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import typer

from scheduler.campaign.keys import presets as shipped
from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, SILENT_CALL, Preset
from scheduler.cli import console
from scheduler.fields.durations import written as length
from scheduler.fields.key_problems import nearest
from scheduler.hours.weeks import written
from scheduler.masking import shown as visible_name


def show_all(shown: Iterable[Preset]) -> None:
    """Show one line for each preset."""
    columns = ("name", "hours", "caps", "as of", "what it is for")
    console.out.print(console.table("", columns, map(_row, shown)))
    _show_caution()


def show_one(preset: Preset) -> None:
    """Show one preset with the text of its rule."""
    for line in _lines(preset):
        console.out.print(line, markup=False)
    _show_caution()


def _show_caution() -> None:
    for line in ("", NO_LEGAL_ADVICE, SILENT_CALL):
        console.out.print(line, markup=False)


def as_record(shown: Iterable[Preset]) -> dict[str, Any]:
    """Return presets for JSON."""
    records = [_record(preset) for preset in shown]
    return {"presets": records, "not_legal_advice": NO_LEGAL_ADVICE, "silent_call": SILENT_CALL}


def _row(preset: Preset) -> tuple[str, ...]:
    return preset.name, _hours(preset), _caps(preset), preset.as_of, preset.title


def _lines(preset: Preset) -> Iterator[str]:
    yield f"{preset.name}: {preset.title}"
    yield preset.text
    yield f"hours          {_hours(preset) or 'any'}"
    yield f"caps           {_caps(preset) or 'none'}"
    if preset.do_not_call_max_age_days is not None:
        yield f"do not call    a list is at most {preset.do_not_call_max_age_days} days old"
    if preset.by_state:
        yield f"by state       {', '.join(_by_state(preset))}"
    if preset.also:
        yield f"also holds     {', '.join(preset.also)}"
    for source in preset.sources:
        yield f"source         {source}"
    yield f"as of          {preset.as_of}, unverified against the primary text"


def _hours(preset: Preset) -> str:
    weeks = [written(rule.week) for rule in preset.hours]
    if preset.by_state:
        weeks.append("those of each contact's state")
    return "; ".join([*weeks, *(f"not on holidays of {region}" for region in preset.holidays)])


def _caps(preset: Preset) -> str:
    if preset.by_state:
        return "those of each contact's state"
    return ", ".join(f"{cap.calls} in {length(cap.per)}" for cap in preset.caps)


def _by_state(preset: Preset) -> list[str]:
    """Return the names of the presets among which a contact's state chooses."""
    return [one.name for one in shipped.of_states()] if preset.by_state else []


def _record(preset: Preset) -> dict[str, Any]:
    return {
        "name": preset.name,
        "title": preset.title,
        "text": preset.text,
        "sources": list(preset.sources),
        "as_of": preset.as_of,
        "unverified": True,
        "also": list(preset.also),
        "by_state": _by_state(preset),
        "calling_hours": next((written(rule.week) for rule in preset.hours), None),
        "holidays": list(preset.holidays),
        "caps": [{"calls": cap.calls, "per_seconds": cap.per} for cap in preset.caps],
        "do_not_call_max_age_days": preset.do_not_call_max_age_days,
    }


def named(name: str) -> Preset:
    """Return the preset of a name that was typed."""
    every = shipped.presets()
    name = shipped.canonical(name)
    if name not in every:
        hint = f"there is no {visible_name(name)}: {nearest(name, every)}"
        raise typer.BadParameter(hint, param_hint="NAME")
    return every[name]
