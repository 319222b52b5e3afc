"""A window with everything about one live call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from scheduler.cli.orders import instant
from scheduler.cli.screen.cells import BAD, FAINT
from scheduler.cli.screen.drawing import minutes, spelled
from scheduler.errors import SchedulerError
from scheduler.fields.visible import one_line, visible
from scheduler.heard import in_words
from scheduler.ledger.ledger import Ledger
from scheduler.live.one_call import OneCall, one_call
from scheduler.masking import mask, mask_text
from scheduler.models import Attempt

_LOOK_SECONDS = 1.0


class Details(ModalScreen[None]):
    """Shows a call, and keeps it up to date until the window is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,space", "dismiss", "close"),
    ]

    def __init__(self, ledger: Ledger, attempt: Attempt) -> None:
        super().__init__()
        self._ledger = ledger
        self._attempt = attempt

    def compose(self) -> ComposeResult:
        """Show what is known, once it has been read."""
        with Vertical(classes="box"):
            yield Static(id="call")
            yield Static(Text("\n[Esc] close", style="bold"))

    def on_mount(self) -> None:
        """Read it now, and again every second."""
        self._look()
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self.run_worker(self._read, thread=True, exclusive=True, group="details")

    def _read(self) -> None:
        try:
            found: Table | Text = drawn(one_call(self._ledger, self._attempt), time.time())
        except SchedulerError as error:
            found = Text(visible(str(error)), style=BAD)
        if self.is_attached:
            self.app.call_from_thread(self._show, found)

    def _show(self, found: Table | Text) -> None:
        if self.is_attached:
            self.query_one("#call", Static).update(found)


def drawn(call: OneCall, now: float) -> Table:
    """Return a line for each fact about a call."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(style=FAINT, width=12)
    table.add_column(ratio=1)
    table.add_row("contact", Text(call.who, style="bold"))
    for name, text in _known(call.record, now):
        table.add_row(name, Text(visible(text)))
    for at, line in enumerate(call.lines):
        speaker = f"{one_line(line.speaker)}: " if line.speaker else ""
        words = mask_text(f"{speaker}{one_line(line.text)}")
        table.add_row("" if at else "last heard", Text(words))
    return table


def _known(record: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    """Yield each fact with its name, in the order of a call's life."""
    yield "campaign", record["campaign_id"]
    yield "stands", _stands(record, now)
    yield "attempt", str(record["attempts"])
    for name, key, write in _LINES:
        if record.get(key):
            yield name, write(record[key])
    if heard := in_words(record):
        yield "heard", heard
    if pressed := record.get("answers"):
        yield "pressed", ", ".join(f"{step}: {keys or '-'}" for step, keys in pressed.items())


def _stands(record: Mapping[str, Any], now: float) -> str:
    if record["disposition"]:
        end = spelled(":".join(filter(None, (record["disposition"], record["reason"]))))
        return f"ended: {end}"
    if (deadline := record["deadline"]) is None:
        return str(record["state"])
    left = deadline - now
    late = f"{minutes(-left)} past its deadline" if left <= -1 else f"{minutes(left)} left"
    return f"{record['state']}, {late}"


_LINES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("placed", "started_at", instant),
    ("answered", "answered_at", instant),
    ("answered by", "answered_by", str),
    ("deadline", "deadline", instant),
    ("ended", "ended_at", instant),
    ("caller id", "caller_id", mask),
    ("connection", "connection_id", str),
    ("conversation", "conversation_id", str),
    ("error", "error", mask_text),
)
