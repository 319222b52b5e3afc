"""A panel that is drawn for the room that it has, whenever that changes."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.widget import Widget


class Sized(Widget):
    """Draws with what it was given last."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._drawn: Callable[[int, int], Text] = lambda width, height: Text()

    def show(self, drawn: Callable[[int, int], Text]) -> None:
        """Draw with this from now on: it is told the columns and lines that there are."""
        self._drawn = drawn
        self.refresh()

    def render(self) -> Text:
        """Draw for the room that there is."""
        return self._drawn(max(1, self.size.width), max(1, self.size.height))
