"""Conditions on what was pressed in a call: `confirm=2`, or `confirm=` for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.fields.scripts import steps_in
from scheduler.fields.visible import visible
from scheduler.models import Policy
from scheduler.script import Gather

_WRITTEN = re.compile(r"([^\s=]+)=([0-9*#]*)", re.ASCII)
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to be pressed at one step."""

    name: str  #: of the step
    keys: str  #: "": it was asked, and nothing was pressed

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Whether a call's answers are so. A step that was not asked has no answer."""
        return answers.get(self.name) == self.keys


def read_condition(word: str) -> Condition:
    """Read `name=keys`. ValueError says how one is written."""
    if found := _WRITTEN.fullmatch(word.strip()):
        return Condition(*found.groups())
    written = visible(word[:_LONGEST_SHOWN])
    raise ValueError(
        "expected the name of a step and the keys that were pressed, such as confirm=2,"
        f" or confirm= for nothing, got {written}"
    )


def asked_in(policy: Policy) -> tuple[str, ...]:
    """Return the names of the steps that ask for keys, in the order of the script."""
    named = (step.name for step in steps_in(policy.script) if isinstance(step, Gather))
    return tuple(dict.fromkeys(named))


def unknown_name(conditions: Iterable[Condition], policy: Policy) -> str:
    """Say which condition is of a step that the script has not, and which it has; else ""."""
    known = asked_in(policy)
    unknown = next((one.name for one in conditions if one.name not in known), None)
    if unknown is None:
        return ""
    listed = f"it asks for {', '.join(known)}" if known else "its script asks for no keys"
    return f"no step is named {visible(unknown[:_LONGEST_SHOWN])}: {listed}"
