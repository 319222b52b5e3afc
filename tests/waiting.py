"""How a test waits for something that happens elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], object], within_seconds: float = 60.0) -> None:
    """Look again and again until it holds; fail when it does not in time."""
    began_at = time.monotonic()
    while not predicate():
        waited = time.monotonic() - began_at
        assert waited < within_seconds, "waited in vain"
        # Whoever has waited for long can wait a little longer, and leaves the processor to others.
        time.sleep(min(0.1, max(0.01, waited / 20)))
