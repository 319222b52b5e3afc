"""Draws a plot as an SVG element: axes with round ticks, and bars and curves between them.

It has no `style` attribute, which a strict Content-Security-Policy forbids: the style sheet gives
its classes their colours, light and dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal, NamedTuple

from markupsafe import Markup

from scheduler.report.curves import Step

Colour = Literal["first", "second"]
#: The lower and the higher value of a bar along one axis.
Range = tuple[float, float]

#: Lengths are in units of the drawing, which the page scales: on a phone to about nine tenths, so
#: that its letters can be read there, and never so far that it has to be pushed sideways.
_WIDTH = 360.0
_MARGIN = 10.0
#: Room below a plot, for the labels of its ticks and the axis' name; and above, for a legend.
_BELOW, _LEGEND = 30.0, 14.0
#: About the width of a letter; the style sheet has its size.
_LETTER = 5.6
#: Letters of a label; what is longer is cut.
_LONGEST_LABEL = 30
#: Ticks of an axis of counts.
_MOST_TICKS = 6


class Tick(NamedTuple):
    """A value that an axis names."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The values along one side of a plot."""

    name: str
    first: float  #: at the left, or at the bottom
    last: float
    ticks: Sequence[Tick]
    has_grid: bool = False

    def share(self, value: float) -> float:
        """Return how far along the axis a value is: from 0 to 1."""
        return (value - self.first) / (self.last - self.first)


def counts(name: str, most: float) -> Axis:
    """Return an axis with room for a count and its label; the ticks are round numbers."""
    last = 1.12 * max(most, 1)
    steps = (factor * 10**power for power in count() for factor in (1, 2, 5))
    step = next(step for step in steps if step * _MOST_TICKS >= last)
    return Axis(name, 0, last, [Tick(at, f"{at:,}") for at in range(0, int(last) + 1, step)], True)


class Drawing:
    """A plot between two axes. What is drawn later lies above."""

    def __init__(
        self, x: Axis, y: Axis, height: float = 172.0, *, has_legend: bool = False
    ) -> None:
        self._across, self._up, self._height = x, y, height
        longest = max((len(_cut(tick.text)) for tick in y.ticks), default=0)
        self._left = longest * _LETTER + (_MARGIN + 10 if y.name else 5)
        self._right = _WIDTH - _MARGIN
        self._top = _MARGIN + (_LEGEND if has_legend else 0)
        self._bottom = height - _BELOW
        self._legend_at = self._left
        self._parts: list[Markup] = []
        self._add_ticks()
        self._add_names()

    def bar(self, x: Range, y: Range, colour: Colour) -> None:
        """Fill a rectangle, from the lower to the higher value along each axis."""
        left, right, bottom, top = *map(self._x, x), *map(self._y, y)
        self._add(
            '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="fill-{}"/>',
            *(left, top, right - left, bottom - top, colour),
        )

    def label_beside(self, x: float, y: float, text: str) -> None:
        """Write to the right of a place."""
        self._text(self._x(x) + 4, self._y(y) + 3, text)

    def label_above(self, x: float, y: float, text: str) -> None:
        """Write over the middle of a place."""
        self._text(self._x(x), self._y(y) - 4, text, "middle")

    def curve(self, steps: Sequence[Step], colour: Colour, name: str, *, is_filled: bool) -> None:
        """Draw a value that changes by steps, filled to 0 or dashed, with its name in a legend."""
        line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in self._corners(steps))
        if is_filled:
            area = f"{line}V{self._bottom:g}H{self._x(steps[0].at):.1f}Z"
            self._add('<path d="{}" class="area fill-{}"/>', area, colour)
        look = f"stroke-{colour}" if is_filled else f"dashed stroke-{colour}"
        self._add('<path d="{}" class="line {}"/>', line, look)
        self._add_to_legend(name, look)

    def _corners(self, steps: Sequence[Step]) -> Iterator[tuple[float, float]]:
        before = steps[0].value
        for at, value in steps:
            yield self._x(at), self._y(before)
            yield self._x(at), self._y(value)
            before = value

    def element(self, name: str, title: str, description: str) -> Markup:
        """Return the SVG element; `title` and `description` are for screen readers.

        Its ids begin with `name`.
        """
        return Markup(
            '<svg viewBox="0 0 {0:g} {1:g}" role="img" aria-labelledby="{2}-title {2}-description">'
            '<title id="{2}-title">{3}</title><desc id="{2}-description">{4}</desc>{5}</svg>'
        ).format(_WIDTH, self._height, name, title, description, Markup("").join(self._parts))

    def _add_ticks(self) -> None:
        for at, text in self._across.ticks:
            x, half = self._x(at), len(text) * _LETTER / 2
            if self._across.has_grid:
                self._line(x, self._top, x, self._bottom, "grid")
            self._text(min(x, _WIDTH - half), self._bottom + 12, text, "middle")
        for at, text in self._up.ticks:
            y = self._y(at)
            if self._up.has_grid:
                self._line(self._left, y, self._right, y, "grid")
            self._text(self._left - 5, y + 3, _cut(text), "end")
        self._line(self._left, self._top, self._left, self._bottom, "axis")
        self._line(self._left, self._bottom, self._right, self._bottom, "axis")

    def _add_names(self) -> None:
        self._text((self._left + self._right) / 2, self._height - 5, self._across.name, "middle")
        if self._up.name:
            middle = (self._top + self._bottom) / 2
            turned = (
                '<text transform="translate(9 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
            )
            self._add(turned, middle, self._up.name)

    def _add_to_legend(self, name: str, look: str) -> None:
        x, y = self._legend_at, _MARGIN
        self._line(x, y - 3, x + 20, y - 3, f"line {look}")
        self._text(x + 26, y, name)
        self._legend_at += 50 + len(name) * _LETTER

    def _line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        line = '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>'
        self._add(line, x1, y1, x2, y2, look)

    def _text(self, x: float, y: float, text: str, anchor: str = "start") -> None:
        self._add('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>', x, y, anchor, text)

    def _add(self, element: str, *values: object) -> None:
        self._parts.append(Markup(element).format(*values))

    def _x(self, value: float) -> float:
        return self._left + self._across.share(value) * (self._right - self._left)

    def _y(self, value: float) -> float:
        return self._bottom - self._up.share(value) * (self._bottom - self._top)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"
