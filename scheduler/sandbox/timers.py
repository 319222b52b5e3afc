"""What is due to happen to one call by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Timers by their names; each stands once."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, name: str, seconds: float, act: Callable[[], object]) -> None:
        """Set a timer, in place of what it was set to before."""
        self.cancel(name)
        self._handles[name] = asyncio.get_running_loop().call_later(seconds, act)

    def cancel(self, name: str) -> None:
        """Let this not happen, if it was due at all."""
        if name in self._handles:
            self._handles.pop(name).cancel()

    def cancel_all(self) -> None:
        """Let nothing more happen by itself."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
