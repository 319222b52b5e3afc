"""What a worker gets besides its settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which accounts a worker serves, and for whom."""

    accounts: tuple[str, ...] = ()  #: names of those that it serves; () for all
    campaign_id: str = ""  #: of `run`: claim calls of this campaign only; "" for all
    parent_fd: int | None = None  #: of `run`: a pipe that ends when the parent dies
