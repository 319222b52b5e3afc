"""Callbacks by which a long operation reports its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Count(Protocol):
    """A callback: how many are done, and of how many, if that is known."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show the progress."""


#: Takes a title and a unit; shows a count during a `with`.
Counting = Callable[[str, str], AbstractContextManager[Count]]


@contextmanager
def uncounted(_what: str, _unit: str) -> Iterator[Count]:
    """Show nothing."""
    yield lambda done, total=None: None
