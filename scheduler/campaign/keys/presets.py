"""The presets: sets of rules that come with callsched, each with its source and date.

A preset can only forbid more: its hours are one more rule that has to be open, its caps are more
caps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from scheduler.campaign.keys.calling_hours import CallingHours, Hourly, Regions, closes_nothing
from scheduler.fields import document
from scheduler.fields.durations import Duration
from scheduler.fields.key_problems import nearest
from scheduler.hours.weeks import WHOLE_WEEK
from scheduler.masking import shown
from scheduler.models import Cap, Hours

#: A caution that `plan`, `schema presets` and the question before a real campaign show.
SILENT_CALL = "A listening bot that rings a person is a silent call to that person."
#: The disclaimer that every list of presets shows.
NO_LEGAL_ADVICE = (
    "This is no legal advice. The values were taken from the sources that are named, and have not"
    " been verified against the primary text: check it, and ask a lawyer, before you rely on it."
)
_OF_A_STATE = re.compile(r"us-([a-z]{2})")
_ALIASES = {"uk": "gb"}
EXPECTED = "the name of a preset such as us-tcpa, or a list of them"


class PresetCap(BaseModel):
    """At most `calls` calls to a party in any period of `per` seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int = Field(ge=1)
    per: Duration


class Preset(BaseModel):
    """A file of the folder `presets`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    text: str  #: what the rule says, and what of it is not set here
    sources: tuple[str, ...] = Field(min_length=1)
    as_of: str = Field(pattern=r"^\d{4}-\d{2}$")  #: when the sources were read
    unverified: Literal["true"]
    also: tuple[str, ...] = ()  #: presets that it includes
    by_state: bool = False  #: whether it includes the presets of the states where a contact may be
    calling_hours: Hourly = CallingHours(WHOLE_WEEK)
    holidays: Regions = ()
    caps: tuple[PresetCap, ...] = ()
    do_not_call_max_age_days: int | None = None  #: of a do-not-call file, before it is too old

    @property
    def state(self) -> str:
        """The two letters of the state whose rules it has; "" if it has no state's."""
        match = _OF_A_STATE.fullmatch(self.name)
        return match[1].upper() if match else ""

    @property
    def hours(self) -> tuple[Hours, ...]:
        """Its rule for the time of a call, if it has one."""
        rule = Hours(self.name, self.calling_hours.week or WHOLE_WEEK, holidays=self.holidays)
        return () if closes_nothing(rule) else (rule,)

    @property
    def rule_caps(self) -> tuple[Cap, ...]:
        """Its caps as the ledger knows them."""
        return tuple(Cap(cap.calls, cap.per, self.name) for cap in self.caps)


@cache
def presets() -> dict[str, Preset]:
    """Return every preset by its name, in the order of the names."""
    files = (resources.files("scheduler.campaign") / "presets").iterdir()
    texts = {file.name.removesuffix(".yaml"): file.read_text("utf-8") for file in files}
    return {name: _read(name, texts[name]) for name in sorted(texts)}


def chosen(names: Iterable[str]) -> tuple[Preset, ...]:
    """Return the presets of these names and those that they include, each once."""
    found: dict[str, Preset] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = presets()[name]
            waiting += found[name].also
    return tuple(found.values())


def chooses_by_state(names: Iterable[str]) -> bool:
    """Whether one of these presets needs to know in which state a contact is."""
    return any(preset.by_state for preset in chosen(names))


def of_states() -> tuple[Preset, ...]:
    """Return the presets of single states, among which `us` chooses."""
    return tuple(preset for preset in presets().values() if preset.state)


def rules(names: Iterable[str]) -> tuple[tuple[Hours, ...], tuple[Cap, ...]]:
    """Return the hours and the caps of these presets, each with the states for which it holds."""
    held = tuple(_held(tuple(names)))
    hours = (replace(rule, states=states) for one, states in held for rule in one.hours)
    caps = (replace(cap, states=states) for one, states in held for cap in one.rule_caps)
    return tuple(hours), tuple(caps)


def _held(names: tuple[str, ...]) -> Iterator[tuple[Preset, tuple[str, ...]]]:
    """Yield the presets that hold, each with the states for whose contacts; (): for everybody."""
    everybodys = chosen(names)
    for preset in everybodys:
        yield preset, ()
    if chooses_by_state(names):
        for preset in of_states():
            if preset not in everybodys:
                yield preset, (preset.state,)


def canonical(name: str) -> str:
    """Return the canonical name of a preset, with ISO's name of a country, as in other keys."""
    return _ALIASES.get(name, name)


def _read(name: str, text: str) -> Preset:
    root = document.compose(text, name)
    plain = document.plain(root) if root else {}
    return Preset.model_validate({"name": name, **(plain if isinstance(plain, dict) else {})})


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(map(canonical, names))
    for name in names:
        if name not in presets():
            raise ValueError(f"unknown preset {shown(name)}: {nearest(name, presets())}")
    return tuple(dict.fromkeys(names))


#: A field of pydantic: one name, or a list of names.
Presets = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_known)]
