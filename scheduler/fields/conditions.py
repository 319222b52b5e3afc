"""Conditions on a call: which keys were pressed, `confirm=2`, or who was heard, `heard=silence`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.fields.scripts import steps_in
from scheduler.fields.visible import visible
from scheduler.heard import OnTheLine
from scheduler.models import Policy
from scheduler.script import Gather

#: The word after `heard=` for a callee who asked not to be called again.
OPTED_OUT = "opted_out"
_HEARD = (*OnTheLine, OPTED_OUT)

#: Letters after the `=`, so it can't be a condition on keys: no step asks for letters.
_OF_CALLEE = re.compile(r"(heard|intent)=([a-z][a-z_]{0,39})", re.ASCII)
_WRITTEN = re.compile(r"([^\s=]+)=([0-9*#]*)", re.ASCII)
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the keys pressed at one step."""

    name: str  #: of the step
    keys: str  #: "": the step asked, and nothing was pressed

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Whether a call's answers meet it. A step that never asked has no answer."""
        return answers.get(self.name) == self.keys

    def holds_of(self, result: Mapping[str, Any]) -> bool:
        """Whether it holds of a call by its result."""
        return self.holds(result["answers"])


@dataclass(frozen=True, slots=True)
class HeardSo:
    """A condition on who was heard, or on the intent."""

    heard: str = ""  #: an `OnTheLine`, or OPTED_OUT
    intent: str = ""

    def holds_of(self, result: Mapping[str, Any]) -> bool:
        """Whether it holds of a call by its result."""
        if self.intent:
            return self.intent in result["intents"]
        if self.heard == OPTED_OUT:
            return bool(result["asked_not_to_be_called"])
        return bool(self.heard == result["heard"])


def read_condition(word: str) -> Condition | HeardSo:
    """Read `name=keys`, `heard=silence` or `intent=interested`.

    ValueError says how one is written.
    """
    if found := _OF_CALLEE.fullmatch(word.strip()):
        return _of_callee(*found.groups())
    if found := _WRITTEN.fullmatch(word.strip()):
        return Condition(*found.groups())
    written = visible(word[:_LONGEST_SHOWN])
    raise ValueError(
        "expected the name of a step and the keys that were pressed, such as confirm=2,"
        f" or confirm= for nothing, got {written}"
    )


def _of_callee(kind: str, name: str) -> HeardSo:
    if kind == "intent":
        return HeardSo(intent=name)
    if name not in _HEARD:
        raise ValueError(f"expected heard={', heard='.join(_HEARD)}, got heard={name}")
    return HeardSo(heard=name)


def asked_in(policy: Policy) -> tuple[str, ...]:
    """Return the names of the steps that ask for keys, in the order of the script."""
    named = (step.name for step in steps_in(policy.script) if isinstance(step, Gather))
    return tuple(dict.fromkeys(named))


def unknown_name(conditions: Iterable[Condition | HeardSo], policy: Policy) -> str:
    """Return a message about the first condition on a step that the script lacks; "": none."""
    known = asked_in(policy)
    named = (one.name for one in conditions if isinstance(one, Condition))
    unknown = next((name for name in named if name not in known), None)
    if unknown is None:
        return ""
    listed = f"it asks for {', '.join(known)}" if known else "its script asks for no keys"
    return f"no step is named {visible(unknown[:_LONGEST_SHOWN])}: {listed}"
