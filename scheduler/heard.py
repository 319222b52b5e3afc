"""What was heard of the callee, by what was observed of the call: the one place that decides.

It claims no more than was observed. A provider's answer to a start tells nothing of the callee, and
words in a transcript may be a greeting's where nobody has listened for machines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: As transcripts name who speaks, where a provider tells both sides of a call apart.
OURS, CALLEE = "caller", "callee"

#: The intent with which somebody asks not to be called again.
OPT_OUT = "do_not_call"

#: Intents that only a person has, as far as a recogniser can tell who listens live.
_OF_PEOPLE = frozenset({"interested", "not_interested"})
_MACHINES = frozenset({"machine", "fax"})


class OnTheLine(StrEnum):
    """Who, or what, was heard."""

    HUMAN = "human"  #: a person spoke or pressed keys, or the provider says that one answered
    MACHINE = "machine"  #: an answering machine or a fax, as the provider says
    SILENCE = "silence"  #: what was recorded has no word of the callee
    NOT_RECORDED = "not_recorded"  #: there was to be a transcript, and nothing was recorded


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of one attempt. What nobody told, or not yet, is empty."""

    pressed: bool = False  #: the callee pressed keys
    answered_by: str = ""  #: as the provider says: human, machine, fax or unknown
    intents: Collection[str] = ()  #: that were heard
    opted_out: bool = False  #: the callee asked not to be called again
    ended_for_machine: bool = False  #: its end says that a machine answered
    #: Its lines, each with `speaker` and `text`. None: it was not asked for, or is still to come.
    transcript: Sequence[Mapping[str, Any]] | None = None
    is_recorded: bool = True  #: False: it was to be read, and the provider has recorded nothing
    #: Machines were listened for, so that what speaks and is none is a person.
    hears_machines: bool = False


def heard(seen: Observed) -> OnTheLine | None:
    """Return who was heard; None where nobody can tell, or nothing is known yet."""
    if seen.pressed:
        return OnTheLine.HUMAN
    if seen.ended_for_machine or seen.answered_by in _MACHINES:
        return OnTheLine.MACHINE
    if seen.answered_by == "human" or seen.opted_out or OPT_OUT in seen.intents:
        return OnTheLine.HUMAN
    if not seen.is_recorded:
        return OnTheLine.NOT_RECORDED
    if not _OF_PEOPLE.isdisjoint(seen.intents):
        return OnTheLine.HUMAN
    return None if seen.transcript is None else _in_transcript(seen, seen.transcript)


def _in_transcript(seen: Observed, lines: Sequence[Mapping[str, Any]]) -> OnTheLine | None:
    if not any(is_callees(line) for line in lines):
        return OnTheLine.SILENCE
    return OnTheLine.HUMAN if seen.hears_machines else None


#: The same for people.
IN_WORDS: dict[str, str] = {
    OnTheLine.HUMAN: "a person was heard",
    OnTheLine.MACHINE: "a machine answered",
    OnTheLine.SILENCE: "recorded, and nobody spoke",
    OnTheLine.NOT_RECORDED: "nothing was recorded",
}


def in_words(record: Mapping[str, Any]) -> str:
    """Say what a result knows of the callee; "" where it knows nothing."""
    parts = [IN_WORDS.get(str(record.get("heard") or ""), "")]
    parts += [
        str(name).replace("_", " ") for name in record.get("intents") or () if name != OPT_OUT
    ]
    if record.get("asked_not_to_be_called"):
        parts.append("asked not to be called again")
    return "; ".join(filter(None, parts))


def is_callees(line: Mapping[str, Any]) -> bool:
    """Whether a line of a transcript has words that are not the campaign's own."""
    return line.get("speaker") != OURS and bool(str(line.get("text") or "").strip())
