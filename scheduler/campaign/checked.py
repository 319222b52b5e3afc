"""A campaign file that was read and checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

from scheduler.campaign.spool import Spool
from scheduler.errors import Problem
from scheduler.models import Policy, Row


@dataclass(slots=True)
class CheckedCampaign:
    """What a file says, with its rows in a temporary file: close it, or use it in a `with`."""

    name: str  #: as the file says, else the file's own name
    policy: Policy
    account: str | None = None  #: None: the one of the settings
    digest: str = ""  #: SHA-256 of the bytes of the file and of the CSV that it names
    row_count: int = 0
    callable_count: int = 0
    refused_count: int = 0
    problems: tuple[Problem, ...] = ()  #: the first hundred of the refused rows
    problem_counts: Counter[str] = field(default_factory=Counter)  #: of all, by code
    spool: Spool = field(default_factory=Spool, repr=False)

    @property
    def slug(self) -> str:
        """The name as a part of an id: letters, digits, dots, dashes and underscores."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-.")[:60] or "campaign"

    @property
    def problem_count(self) -> int:
        """How many problems the refused rows have in all."""
        return self.problem_counts.total()

    def add(self, row: Row) -> None:
        """Keep one more row."""
        self.spool.add(row)
        self.row_count += 1
        self.refused_count += row.reason is not None
        self.callable_count += row.reason is None

    def rows(self) -> Iterator[Row]:
        """Yield every row, refused ones too, as it was checked. There is one reader at a time."""
        return self.spool.rows()

    def close(self) -> None:
        """Give the disk space back."""
        self.spool.close()

    def __enter__(self) -> CheckedCampaign:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
