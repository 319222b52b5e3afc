"""What a line of a script is, and what the API would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


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


@dataclass(frozen=True, slots=True)
class Scripts:
    """Every script of one language."""

    appointment: tuple[Line, ...]  #: two people agree on a date
    machine: tuple[Line, ...]  #: an answering machine, and nobody else
    do_not_call: tuple[Line, ...]  #: somebody wants to be left alone
    nobody: tuple[Line, ...] = ()  #: the line is open and silent
