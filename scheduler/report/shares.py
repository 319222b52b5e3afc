"""Groups of calls as bars: each has a colour and a pattern, for who tells no colours apart.

A page with a strict policy heeds no `style` attribute; the width of a rectangle is none.
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
    """Return what the bars of a page refer to, once."""
    found = Markup("").join(_PATTERN.format(group, path) for group, path in _PATTERNS.items())
    return _BAR.format("patterns", Markup("<defs>{}</defs>").format(found))


def bar(part: int, whole: int, group: str) -> Markup:
    """Return a bar that is full when a part is the whole."""
    return _BAR.format("bar", _RECT.format(0, 100 * part / whole if whole else 0, group))


def swatch(group: str) -> Markup:
    """Return a little square that looks as the bars of a group do."""
    return _BAR.format("swatch", _RECT.format(0, 100, group))


def stacked(counts: Mapping[Reached, int], whole: int) -> Markup:
    """Return all groups as one bar, side by side; what is missing is not over."""
    found, at = Markup(""), 0.0
    for group in Reached:
        width = 100 * counts[group] / whole if whole else 0.0
        found += _RECT.format(at, width, group) if width else Markup("")
        at += width
    return _BAR.format("stacked", found)
