"""The line in which somebody writes what is sought in a list."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from scheduler.cli.screen.rows import Rows


class Sought(Input):
    """Stands below the panels while somebody writes; the list follows with each letter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "all again"),
        Binding("enter", "submit", "keep"),
    ]

    class Told(Message):
        """Something else is sought."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self._list: Rows[Any, Any] | None = None
        self.display = False

    def ask(self, listed: Rows[Any, Any]) -> None:
        """Ask for what is sought in a list."""
        self._list = listed
        self.value = listed.sought
        self.placeholder = listed.sought_by
        self.display = True
        self.focus()

    @on(Input.Changed)
    def _changed(self) -> None:
        if self._list is not None and self._list.sought != self.value.strip():
            self._list.seek(self.value)
            self.post_message(self.Told())

    @on(Input.Submitted)
    def _close(self) -> None:
        self.display = False
        if self._list is not None:
            self._list.focus()

    def action_give_up(self) -> None:
        """List everything again."""
        self.value = ""
        self._changed()
        self._close()
