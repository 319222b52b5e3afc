"""A panel that is drawn for its size, and again whenever that changes."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import RenderableType
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget


class Sized(Widget):
    """A panel that draws with the function that it got last."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._drawn: Callable[[int, int], RenderableType] = lambda width, height: Text()
        self._lines = 1

    def show(self, drawn: Callable[[int, int], RenderableType], lines: int = 1) -> None:
        """Draw with this function from now on; it gets the columns and lines of the panel.

        `lines` is the height of a panel that is as high as its content.
        """
        moved, self._lines = lines != self._lines, lines
        self._drawn = drawn
        self.refresh(layout=moved)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are to draw."""
        return self._lines

    def render(self) -> RenderableType:
        """Draw for the panel's size."""
        return self._drawn(max(1, self.size.width), max(1, self.size.height))
