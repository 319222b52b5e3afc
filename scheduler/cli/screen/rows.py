"""A list widget with one chosen line; it draws only the lines on the screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

Line = TypeVar("Line")
Key = TypeVar("Key", bound=Hashable)


class Rows(Widget, Generic[Line, Key], can_focus=True):
    """A list that keeps its chosen line, also while lines come and go above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "move(-1000000)", "first", show=False),
        Binding("end", "move(1000000)", "last", show=False),
    ]

    class Moved(Message):
        """Another line is chosen, or others are on the screen."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._all: Sequence[Line] = ()
        self._lines: Sequence[Line] = ()
        self._search_text = ""
        self._at = 0
        self._top = 0
        self._now = 0.0

    @abstractmethod
    def key(self, line: Line) -> Key:
        """Return the identity of a line, which stays the same while the line changes."""

    @abstractmethod
    def drawn(self, lines: Sequence[Line], cursor: Key | None, now: float) -> RenderableType:
        """Draw these lines below a header."""

    @property
    @abstractmethod
    def nothing(self) -> str:
        """What is shown when there is nothing to list."""

    @abstractmethod
    def matches(self, line: Line, text: str) -> bool:
        """Whether a search for this case-folded text finds a line."""

    #: The placeholder of the search box: what a search looks through.
    search_hint: str = ""

    @property
    def lines(self) -> Sequence[Line]:
        """Every listed line, also those that are not on the screen."""
        return self._lines

    @property
    def search_text(self) -> str:
        """The text of the search; "" lists every line."""
        return self._search_text

    def search(self, text: str) -> None:
        """List only lines that a search for this text finds."""
        self._search_text = text.strip()
        self.show(self._all, self._now)

    @property
    def cursor(self) -> Line | None:
        """The chosen line; None without one."""
        return self._lines[self._at] if self._lines else None

    @property
    def top(self) -> int:
        """The first line on the screen."""
        return self._top

    @property
    def room(self) -> int:
        """How many lines are on the screen."""
        return max(1, self.size.height - 1)

    def show(self, lines: Sequence[Line], now: float) -> None:
        """Show other lines; the chosen line stays chosen as long as it is there."""
        before, many = self.cursor, len(self._lines)
        text = self._search_text.casefold()
        self._all, self._now = lines, now
        self._lines = [one for one in lines if self.matches(one, text)] if text else lines
        if before is not None:
            kept = self.key(before)
            places = (n for n, line in enumerate(self._lines) if self.key(line) == kept)
            self._at = next(places, self._at)
        self._keep_in_sight()
        self.refresh(layout=len(self._lines) != many)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines with the header; at least two, for an empty list's text."""
        return max(2, len(self._lines) + 1)

    def _keep_in_sight(self) -> None:
        self._at = max(0, min(self._at, len(self._lines) - 1))
        highest = max(0, len(self._lines) - self.room)
        self._top = max(0, min(self._top, self._at, highest))
        self._top = max(self._top, self._at - self.room + 1)
        below = len(self._lines) - self._top - self.room
        hints = (f"↑ {self._top:,}" * (self._top > 0), f"↓ {below:,}" * (below > 0))
        self.border_subtitle = "  ".join(filter(None, hints))

    def render(self) -> RenderableType:
        """Draw the lines on the screen."""
        if not self._lines:
            none = (
                f"none of {len(self._all):,} has {self._search_text!r} in it" if self._all else ""
            )
            return Text(none or self.nothing, style="dim")
        cursor = self.cursor
        in_sight = self._lines[self._top : self._top + self.room]
        return self.drawn(in_sight, None if cursor is None else self.key(cursor), self._now)

    def action_move(self, by: int) -> None:
        """Choose another line."""
        self._at += by
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Moved())

    def action_page(self, by: int) -> None:
        """Choose a line that is a page away."""
        self.action_move(by * self.room)

    def on_focus(self) -> None:
        """Redraw: keys now act on the chosen line."""
        self.refresh()

    def on_blur(self) -> None:
        """Redraw: keys no longer act on the chosen line."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the chosen line on the screen."""
        self._keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        """Choose the line that was clicked, below the header."""
        line = event.get_content_offset_capture(self).y - 1
        if 0 <= line < len(self._lines) - self._top:
            self.action_move(self._top + line - self._at)

    def on_mouse_scroll_down(self) -> None:
        """Scroll to the next line."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Scroll to the line before."""
        self.action_move(-1)
