"""What is said on a call: one file for each language, named by its code.

The sandbox's calls read lines from here. It knows no call and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, NamedTuple

from pydantic import ConfigDict, TypeAdapter

__all__ = ["Entity", "Line", "ScriptName", "Tracker", "known_language", "lines"]

#: Two people agree on a date; an answering machine, and nobody else; somebody wants to be left
#: alone; the line is open and silent.
ScriptName = Literal["appointment", "machine", "do_not_call", "nobody"]


class Entity(NamedTuple):
    """A date, a time, a thing that has a name."""

    type: str
    text: str  #: as it occurs in the line
    value: str


class Tracker(NamedTuple):
    """A word that somebody asked to be told about."""

    name: str
    value: str  #: as it occurs in the line


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, spoken without a pause. What is empty is not found in it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: str
    polarity: float = 0.0  #: -1 to 1
    is_question: bool = False
    topics: tuple[str, ...] = ()
    action_item: str = ""
    follow_up: str = ""
    summary: str = ""  #: the sentence that a summary has for it
    entities: tuple[Entity, ...] = ()
    tracker: Tracker | None = None
    intent: str = ""  #: found only if the start asked for it


_Scripts = Mapping[ScriptName, tuple[Line, ...]]


def _read() -> dict[str, _Scripts]:
    adapter: TypeAdapter[_Scripts] = TypeAdapter(_Scripts)
    found = (each for each in files(__name__).iterdir() if each.name.endswith(".json"))
    return {
        each.name.removesuffix(".json"): adapter.validate_json(each.read_bytes()) for each in found
    }


_SCRIPTS = _read()


def known_language(code: str) -> str:
    """The language that is spoken when a BCP-47 code is asked for: English, if it is unknown."""
    language = code.partition("-")[0].lower()
    return language if language in _SCRIPTS else "en"


def lines(language: str, name: ScriptName) -> tuple[Line, ...]:
    """A script in a known language."""
    return _SCRIPTS[language][name]
