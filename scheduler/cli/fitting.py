"""A table that fits the screen: names stay whole, and the least important columns are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table

#: Columns with words that people type again: an id in two pieces would be useless.
_NAMES = {
    *("account", "call", "campaign", "contact", "conversation", "number", "schedule", "token"),
    *("day", "hour", "user"),
}
#: Longer words may be broken.
_LONGEST_WORD = 24
_ANY_WIDTH = 10_000
_BETWEEN = 2  #: blanks beside a column


class Fitting(Table):
    """A table that leaves out columns, those of `sheds` one after the other, until it fits."""

    def __init__(self, title: str, sheds: Sequence[str]) -> None:
        super().__init__(title=title or None, title_justify="left", box=None, pad_edge=False)
        self._sheds = sheds

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the columns that fit."""
        wide = options.update(max_width=_ANY_WIDTH)
        sizes = [(each, _size(console, wide, each)) for each in self.columns]
        for name in self._sheds:
            if _needed(size.minimum for _, size in sizes) <= options.max_width:
                break
            sizes = [(each, size) for each, size in sizes if each.header != name]
        self.columns = [each for each, _ in sizes]
        for at, each in enumerate(self.columns):
            each._index = at  # the library finds the columns at the edges by these
        spare = options.max_width - _needed(size.minimum for _, size in sizes)
        wish = sum(size.span for _, size in sizes)
        # If even that is too wide, the library breaks words.
        for each, size in sizes if spare >= 0 else ():
            each.width = size.minimum + min(size.span, spare * size.span // max(1, wish))
        yield from super().__rich_console__(console, options)


def _needed(widths: Iterable[int]) -> int:
    each = list(widths)
    return sum(each) + _BETWEEN * len(each)


def _size(console: Console, options: ConsoleOptions, column: Column) -> Measurement:
    """Return the least width of a column, and the width that shows everything."""
    sizes = [Measurement.get(console, options, each) for each in (column.header, *column.cells)]
    most = max(size.maximum for size in sizes)
    if column.header in _NAMES:
        return Measurement(most, most)
    return Measurement(min(_LONGEST_WORD, max(size.minimum for size in sizes)), most)
