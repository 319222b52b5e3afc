"""Many cases in one test: all of them are tried, and each one that fails is named.

A test of its own costs more than most pure functions do, and each test process collects all tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Case = Callable[[object], AbstractContextManager[None]]


@contextmanager
def every() -> Iterator[Case]:
    """Give what each case goes into, with its name."""
    tried, failed = 0, []

    @contextmanager
    def case(name: object) -> Iterator[None]:
        nonlocal tried
        tried += 1
        try:
            yield
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")

    yield case
    assert tried, "there was no case"
    assert not failed, f"{len(failed)} of {tried} fail:\n" + "\n".join(failed)
