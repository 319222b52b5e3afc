"""The search box of a list."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from scheduler.cli.screen.rows import Rows


class SearchBox(Input):
    """An input below the panels; it filters a list with each letter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "all again"),
        Binding("enter", "submit", "keep"),
    ]

    class Searched(Message):
        """The text of the search has changed."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self._list: Rows[Any, Any] | None = None
        self.display = False

    def ask(self, listed: Rows[Any, Any]) -> None:
        """Open the box for a list."""
        self._list = listed
        self.value = listed.search_text
        self.placeholder = listed.search_hint
        self.display = True
        self.focus()

    @on(Input.Changed)
    def _changed(self) -> None:
        if self._list is not None and self._list.search_text != self.value.strip():
            self._list.search(self.value)
            self.post_message(self.Searched())

    @on(Input.Submitted)
    def _close(self) -> None:
        self.display = False
        if self._list is not None:
            self._list.focus()

    def action_give_up(self) -> None:
        """Clear the search and close the box."""
        self.value = ""
        self._changed()
        self._close()
