"""How a test waits for something that happens elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], object], within_seconds: float = 60.0) -> None:
    """Look again and again until it holds; fail when it does not in time."""
    give_up_at = time.monotonic() + within_seconds
    while not predicate():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.01)
