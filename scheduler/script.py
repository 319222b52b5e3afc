"""What a call says, plays, asks and records, step by step: the nouns, neutral of providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text."""

    text: str
    voice: str = ""  #: by the provider's name for it; "": the provider's own choice
    language: str = ""  #: BCP 47, such as en-US; "": the provider's own choice


@dataclass(frozen=True, slots=True)
class Play:
    """Play a sound file."""

    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Be silent."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """Record what the callee says."""

    max_seconds: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the callee with somebody else."""

    target: str  #: E.164 with its plus sign, or a SIP address


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """Put the callee on the do-not-call list, and end the call."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Ask for keys, and go on by what was pressed."""

    name: str  #: the key in a result's `answers`
    say: tuple[Say, ...] = ()
    digits: int | None = None  #: so many are awaited; None: until `finish`
    finish: str = ""  #: the key that ends what is pressed
    timeout_seconds: float = 5.0
    tries: int = 1
    branches: dict[str, Script] = field(default_factory=dict)  #: by what was pressed
    otherwise: Script = ()  #: nothing was pressed, or another key
    asked: int = 1  #: which asking this is, of `tries`


Step: TypeAlias = Say | Play | Pause | Gather | Record | Transfer | Hangup | DoNotCall

#: Steps in their order. Texts, addresses and targets of a campaign's are templates; those of an
#: order are filled in.
Script: TypeAlias = tuple[Step, ...]
