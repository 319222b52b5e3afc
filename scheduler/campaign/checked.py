"""A campaign file that was read and checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from scheduler.accounts import Account
from scheduler.campaign.cleanings import Cleanings
from scheduler.campaign.file.spool import Spool
from scheduler.errors import Alike, Problem
from scheduler.models import Policy, Row, Schedule

if TYPE_CHECKING:  # this package loads the HTTP client, which a list of schedules does not need
    from scheduler.providers import CallbackAddress

#: For about how many columns to keep what they are taken for.
MOST_TAKEN = 200


@dataclass(slots=True)
class CheckedCampaign:
    """What a file says, with its rows in a temporary file: close it, or use it in a `with`."""

    name: str  #: from the file, else the file's own name
    policy: Policy
    account: Account  #: on which it is dialled
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None: nowhere
    can_verify: bool = True  #: whether the account can verify its provider's callbacks
    schedule: Schedule | None = None  #: when workers launch it; None: only on an order
    inputs: tuple[Path, ...] = ()  #: the file, and the file of its contacts
    digest: str = ""  #: SHA-256 of the bytes of the file and of the CSV that it names
    lists_digest: str = ""  #: SHA-256 of the bytes of the do-not-call lists that it names
    lists: tuple[tuple[str, int], ...] = ()  #: those lists, each with how many entries it has
    warnings: tuple[str, ...] = ()  #: faults that refuse nothing
    taken: dict[str, str] = field(default_factory=dict)  #: columns, and what they are taken for
    row_count: int = 0
    callable_count: int = 0
    refused_count: int = 0
    problems: tuple[Problem, ...] = ()  #: the first hundred of the refused rows
    problems_alike: tuple[Alike, ...] = ()  #: the first of each kind of problem
    problem_counts: Counter[str] = field(default_factory=Counter)  #: code -> how many
    cleanings: Cleanings = field(default_factory=Cleanings)  #: numbers that are dialled differently
    #: The columns that are variables of the contacts, in the order of the file.
    columns: dict[str, None] = field(default_factory=dict)
    spool: Spool = field(default_factory=Spool, repr=False)

    @property
    def slug(self) -> str:
        """The name as a part of an id: letters, digits, dots, dashes and underscores."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-.")[:60] or "campaign"

    @property
    def problem_count(self) -> int:
        """How many problems the refused rows have in all."""
        return self.problem_counts.total()

    def add(self, rows: int, callable_rows: int, packed: bytes) -> None:
        """Keep one more chunk of rows, as `records.pack_row` has packed them."""
        self.spool.add(rows, packed)
        self.row_count += rows
        self.callable_count += callable_rows
        self.refused_count += rows - callable_rows

    def take(self, columns: dict[str, str]) -> None:
        """Note what columns are taken for: column -> key."""
        if len(self.taken) < MOST_TAKEN:
            self.taken |= columns

    def rows(self) -> Iterator[Row]:
        """Yield every row, refused ones too, as it was checked. There is one reader at a time."""
        return self.spool.rows()

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield every row in packed chunks for the ledger, each with its number of rows."""
        return self.spool.chunks()

    def close(self) -> None:
        """Free the disk space."""
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
