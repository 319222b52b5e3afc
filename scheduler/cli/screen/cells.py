"""Cells of a table that fit their column: a text cut in its middle, and a bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from scheduler.fields.visible import visible

#: Colours are those of the terminal's own palette, which are readable on its own background.
BAD, POOR, GOOD, FAINT = "bold red", "yellow", "green", "dim"

_FULL, _HALF, _EMPTY = "━", "╸", "╌"


@dataclass(frozen=True, slots=True)
class Cut:
    """A text from outside that is cut in its middle, because similar names differ at their ends."""

    text: str
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Write the text within the column."""
        yield Text(cut(visible(self.text), options.max_width), style=self.style, no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return its least and its full width."""
        return Measurement(1, max(1, cell_len(visible(self.text)))).with_maximum(options.max_width)


def cut(text: str, width: int) -> str:
    """Return a text of at most so many columns; a longer one loses its middle."""
    if cell_len(text) <= width:
        return text
    if width < 4:
        return set_cell_size(text, max(0, width - 1)).rstrip() + "…" * (width > 0)
    end = (width - 1) // 2
    start = set_cell_size(text, width - 1 - end).rstrip()
    last = set_cell_size(text[::-1], end).rstrip()[::-1]
    return f"{start}…{last}"


def bar(done: int, total: int, width: int) -> Text:
    """Return a bar; it is empty only if nothing is done, and full only if everything is."""
    if not width:
        return Text()
    halves = 2 * width * done // total if total else 2 * width
    halves = max(halves, min(1, done))
    full, half = divmod(halves, 2)
    done_part = _FULL * full + _HALF * half
    return Text.assemble((done_part, GOOD), (_EMPTY * (width - len(done_part)), FAINT))


def percent(part: int, whole: int) -> str:
    """Return a share in percent; 0 % means nothing at all, and 100 % everything."""
    if not whole:
        return ""
    share = 100 * part / whole
    if part and share < 1:
        return "<1 %"
    return ">99 %" if part < whole and share > 99 else f"{share:.0f} %"


def grid(columns: Mapping[str, int], right: Sequence[str] = (), *, header: bool = True) -> Table:
    """Return an empty table of one line a row.

    Each column has a width; columns with 0 or less share the rest, -2 twice as much as -1.
    """
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        expand=True,
        header_style=FAINT,
        show_header=header,
    )
    for name, width in columns.items():
        table.add_column(
            name,
            width=width if width > 0 else None,
            ratio=max(1, -width) if width <= 0 else None,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if name in right else "left",
        )
    return table
