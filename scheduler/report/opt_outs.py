"""Who asked during a call not to be called again: how many, and the first of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Opt-outs that are listed; all are counted.
MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody who asked not to be called again."""

    row: int
    contact: str  #: as the page names it


@dataclass(slots=True)
class OptOuts:
    """The opt-outs of a campaign."""

    calls: int = 0
    listed: list[OptOut] = field(default_factory=list)

    def __len__(self) -> int:
        return self.calls

    def add(self, record: Mapping[str, Any], row: int, contact: str) -> None:
        """Count the result of one call, if its callee has opted out."""
        if record.get("asked_not_to_be_called") is not True:
            return
        self.calls += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(OptOut(row, contact))

    def as_record(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        return {
            "calls": self.calls,
            "contacts": [{"row": each.row, "contact": each.contact} for each in self.listed],
        }
