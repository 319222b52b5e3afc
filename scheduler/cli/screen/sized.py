"""A panel that is drawn for the room that it has, whenever that changes."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import RenderableType
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget


class Sized(Widget):
    """Draws with what it was given last."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._drawn: Callable[[int, int], RenderableType] = lambda width, height: Text()
        self._lines = 1

    def show(self, drawn: Callable[[int, int], RenderableType], lines: int = 1) -> None:
        """Draw with this from now on: it is told the columns and lines that there are.

        Where the panel is as high as it needs to be, it has so many lines.
        """
        moved, self._lines = lines != self._lines, lines
        self._drawn = drawn
        self.refresh(layout=moved)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Say how many lines there are to draw."""
        return self._lines

    def render(self) -> RenderableType:
        """Draw for the room that there is."""
        return self._drawn(max(1, self.size.width), max(1, self.size.height))
