"""How an operation that takes its time says how far it is, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

#: Learns how many are done, and of how many.
Count = Callable[[int, int], None]

#: Takes what is counted and its unit, and shows a count for the length of a `with`.
Counting = Callable[[str, str], AbstractContextManager[Count]]


@contextmanager
def uncounted(_what: str, _unit: str) -> Iterator[Count]:
    """Show nothing."""
    yield lambda _done, _total: None
