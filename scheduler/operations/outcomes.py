"""Which results somebody asks for, by how their calls ended or where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.fields.visible import visible
from scheduler.models import CallState, Disposition, Reason, label_of
from scheduler.operations.retry import FAILED

_STATES = [state for state in CallState if state is not CallState.ENDED]
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Dispositions, some with a reason, and states of calls that have not ended: any of these."""

    wanted: frozenset[str] = frozenset()  #: none: every call

    def have(self, record: Mapping[str, Any]) -> bool:
        """Whether a result is one of those."""
        disposition = record["disposition"]
        label = f"{disposition}:{record['reason']}"
        return not self.wanted or not self.wanted.isdisjoint((record["state"], disposition, label))


def read_outcomes(words: Sequence[str]) -> Outcomes:
    """Read `stopped`, `skipped:duplicate`, `failed`, `pending`. Raises ValueError for another."""
    wanted: set[str] = set()
    for word in words:
        label = label_of(word.lower())
        wanted |= set(FAILED) if label == "failed" else {_expected(label)}
    return Outcomes(frozenset(wanted))


def _expected(label: str) -> str:
    disposition, colon, reason = label.partition(":")
    if not colon and disposition in [*_STATES, CallState.ENDED]:
        return label
    if disposition not in set(Disposition):
        known = ", ".join([*Disposition, "failed", *_STATES])
        raise ValueError(f"expected some of {known}, got {visible(label[:_LONGEST_SHOWN])}")
    if colon and reason not in set(Reason):
        raise ValueError(f"expected a reason after {disposition}: such as {', '.join(Reason)}")
    return label
