"""Groups of calls as SVG bars: each has a colour and, for colour-blind readers, a pattern.

A strict Content-Security-Policy forbids `style` attributes, but not the width of a rectangle.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from scheduler.reached import Reached

#: What is drawn over the colour of a group, in a square of eight.
_PATTERNS = {
    Reached.REACHED: "",
    Reached.NOT_REACHED: "M-2 2l4 -4M0 8l8 -8M6 10l4 -4",
    Reached.NOT_CALLED: "M0 2h8M0 6h8",
    Reached.UNKNOWN: "M0 8l8 -8M0 0l8 8",
}
_PATTERN = Markup(
    '<pattern id="of-{0}" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect width="8" height="8" class="fill-{0}"/><path d="{1}" class="over"/></pattern>'
)
_BAR = Markup('<svg class="{}" aria-hidden="true" focusable="false">{}</svg>')
_RECT = Markup('<rect x="{:.2f}%" width="{:.2f}%" height="100%" fill="url(#of-{})"/>')


def patterns() -> Markup:
    """Return the patterns' definitions, which a page needs once."""
    found = Markup("").join(_PATTERN.format(group, path) for group, path in _PATTERNS.items())
    return _BAR.format("patterns", Markup("<defs>{}</defs>").format(found))


def bar(part: int, whole: int, group: str) -> Markup:
    """Return a bar that is full when a part is the whole."""
    return _BAR.format("bar", _RECT.format(0, 100 * part / whole if whole else 0, group))


def swatch(group: str) -> Markup:
    """Return a small square with a group's colour and pattern, for a legend."""
    return _BAR.format("swatch", _RECT.format(0, 100, group))


def stacked(counts: Mapping[Reached, int], whole: int) -> Markup:
    """Return all groups side by side in one bar; its empty rest are calls that are not over."""
    found, at = Markup(""), 0.0
    for group in Reached:
        width = 100 * counts[group] / whole if whole else 0.0
        found += _RECT.format(at, width, group) if width else Markup("")
        at += width
    return _BAR.format("stacked", found)
