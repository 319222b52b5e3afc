"""Filters results by disposition, reason, state, answers, and who was heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.fields.conditions import Condition, HeardSo, read_condition
from scheduler.fields.visible import visible
from scheduler.models import CallState, Disposition, Reason, label_of
from scheduler.operations.retry import FAILED

_STATES = [state for state in CallState if state is not CallState.ENDED]
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A filter: a result matches if any of these holds. An empty filter matches every result."""

    wanted: frozenset[str] = frozenset()  #: dispositions, "disposition:reason", and states
    conditions: tuple[Condition | HeardSo, ...] = ()  #: on answers, and on who was heard

    def have(self, record: Mapping[str, Any]) -> bool:
        """Whether a result matches."""
        disposition = record["disposition"]
        label = f"{disposition}:{record['reason']}"
        if not self.wanted.isdisjoint((record["state"], disposition, label)):
            return True
        if any(one.holds_of(record) for one in self.conditions):
            return True
        return not self.wanted and not self.conditions


def read_outcomes(words: Sequence[str]) -> Outcomes:
    """Read `stopped`, `skipped:duplicate`, `failed`, `pending`, `confirm=2`, `heard=human`.

    Raises ValueError for another word.
    """
    conditions = tuple(read_condition(word) for word in words if "=" in word)
    wanted: set[str] = set()
    for word in words:
        if "=" in word:
            continue
        label = label_of(word.lower())
        wanted |= set(FAILED) if label == "failed" else {_expected(label)}
    return Outcomes(frozenset(wanted), conditions)


def _expected(label: str) -> str:
    disposition, colon, reason = label.partition(":")
    if not colon and disposition in [*_STATES, CallState.ENDED]:
        return label
    if disposition not in set(Disposition):
        known = ", ".join([*Disposition, "failed", *_STATES])
        got = visible(label[:_LONGEST_SHOWN])
        raise ValueError(f"expected some of {known}, or such as heard=human, got {got}")
    if colon and reason not in set(Reason):
        raise ValueError(f"expected a reason after {disposition}: such as {', '.join(Reason)}")
    return label
