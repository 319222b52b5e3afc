"""How an operation that takes its time says how far it is, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Count(Protocol):
    """Learns how many are done, and of how many where that is known."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Learn it."""


#: Takes what is counted and its unit, and shows a count for the length of a `with`.
Counting = Callable[[str, str], AbstractContextManager[Count]]


@contextmanager
def uncounted(_what: str, _unit: str) -> Iterator[Count]:
    """Show nothing."""
    yield lambda done, total=None: None
