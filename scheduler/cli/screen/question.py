"""Windows in front of the screen: the question before an order, and the help."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = {
    "Tab": "from the campaigns to the live calls and back",
    "↑ ↓ PgUp": "choose a campaign, or a live call",
    "Enter": "on a campaign: only its live calls, or all again",
    "": "on a live call: everything known about it",
    "/": "find campaigns by id, live calls by name, id or number",
    "Esc": "show everything again",
    "p": "pause the chosen campaign: live calls go on",
    "r": "resume the chosen campaign",
    "s": "stop the chosen live call: it ends as aborted",
    "q": "quit; everything that runs goes on",
}
SIGNS = (
    "╌ above the slots in use is the limit as learned. ! marks what is past its deadline. When a"
    " campaign ends is a guess, from how many of its calls ended in the last five minutes."
)


class Question(ModalScreen[bool]):
    """Asks before an order is given. Only y means yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,q,enter", "answer(False)", "no"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Show the question and the two answers."""
        with Vertical(classes="box"):
            yield Static(Text(self._text))
            yield Static(Text("\n[y] yes    [n] no", style="bold"))

    def action_answer(self, answer: bool) -> None:
        """Close the question with an answer."""
        self.dismiss(answer)


class Help(ModalScreen[None]):
    """Says what the keys do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark,space", "dismiss", "close")
    ]

    def compose(self) -> ComposeResult:
        """Show the keys."""
        with Vertical(classes="box"):
            yield Static(_keys())
            yield Static(Text(f"\n{SIGNS}"))


def _keys() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for key, does in HELP.items():
        table.add_row(Text(key, style="bold"), Text(does))
    return table
