"""How a test waits for something that happens elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], object], within_seconds: float = 60.0) -> None:
    """Look again and again until it holds; fail when it does not in time."""
    began_at = time.monotonic()
    looked_at = began_at
    while not predicate():
        now = time.monotonic()
        waited, took = now - began_at, now - looked_at
        assert waited < within_seconds, "waited in vain"
        # Whoever has waited for long can wait a little longer, and leaves the processor to others;
        # so does whoever has a process started to look.
        time.sleep(max(min(0.1, max(0.01, waited / 20)), min(2 * took, 0.5)))
        looked_at = time.monotonic()
