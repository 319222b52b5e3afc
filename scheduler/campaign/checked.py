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

if TYPE_CHECKING:  # the package brings what speaks HTTP, which a list of schedules has no use for
    from scheduler.providers import CallbackAddress

#: Columns of which it is kept what they are taken for, or a few more.
MOST_TAKEN = 200


@dataclass(slots=True)
class CheckedCampaign:
    """What a file says, with its rows in a temporary file: close it, or use it in a `with`."""

    name: str  #: as the file says, else the file's own name
    policy: Policy
    account: Account  #: on which it is dialled
    callbacks: CallbackAddress | None = None  #: where its provider reaches us; None: nowhere
    can_verify: bool = True  #: the account has what its provider's requests are signed with
    schedule: Schedule | None = None  #: when workers launch it; None: nobody but who says so
    inputs: tuple[Path, ...] = ()  #: the file, and the one of its contacts
    digest: str = ""  #: SHA-256 of the bytes of the file and of the CSV that it names
    lists_digest: str = ""  #: SHA-256 of the bytes of the do-not-call lists that it names
    lists: tuple[tuple[str, int], ...] = ()  #: those lists, each with how many entries it has
    warnings: tuple[str, ...] = ()  #: what an operator should know, and refuses nothing
    taken: dict[str, str] = field(default_factory=dict)  #: columns, and what they are taken for
    row_count: int = 0
    callable_count: int = 0
    refused_count: int = 0
    problems: tuple[Problem, ...] = ()  #: the first hundred of the refused rows
    problems_alike: tuple[Alike, ...] = ()  #: of all, the first of each kind
    problem_counts: Counter[str] = field(default_factory=Counter)  #: of all, by code
    cleanings: Cleanings = field(default_factory=Cleanings)  #: numbers that were changed
    #: The columns that mean nothing to us, in the order of the file: variables of the contacts.
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
        """Note what columns are taken for."""
        if len(self.taken) < MOST_TAKEN:
            self.taken |= columns

    def rows(self) -> Iterator[Row]:
        """Yield every row, refused ones too, as it was checked. There is one reader at a time."""
        return self.spool.rows()

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield every row as the ledger takes them: chunks, each with how many it has."""
        return self.spool.chunks()

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
