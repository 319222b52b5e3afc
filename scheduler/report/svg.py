"""How a drawing is made part of a page: its colours are the page's, and nothing in it is a style.

A page with a strict policy heeds no `style` attribute. Attributes of SVG's own do the same, and
classes take their colours from the style sheet, which knows light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

#: Colours that stand for the page's own in a drawing.
INK, GRID, FIRST, SECOND = "#010101", "#020202", "#030303", "#040404"
_CLASSES = {INK: "ink", GRID: "grid", FIRST: "first", SECOND: "second"}

_XLINK = "{http://www.w3.org/1999/xlink}href"
#: Of a text the page says in which font it is.
_LEFT_OUT = ("font-family", "font-style", "font-weight")


def inline(drawing: str, name: str, title: str, description: str) -> str:
    """Return a drawing of matplotlib's as an element of a page; its ids begin with `name`."""
    drawn = ElementTree.fromstring(drawing)
    ids = {found.get("id", "") for found in drawn.iter() if _is_defined(found)}
    made = ElementTree.Element(
        "svg",
        {
            "viewBox": drawn.get("viewBox", ""),
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-description",
        },
    )
    for tag, text in (("title", title), ("desc", description)):
        told = ElementTree.SubElement(made, tag)
        told.set("id", f"{name}-{'title' if tag == 'title' else 'description'}")
        told.text = text
    for child in drawn:
        _copy(child, made, name, ids)
    return ElementTree.tostring(made, encoding="unicode")


def _is_defined(element: ElementTree.Element) -> bool:
    return _tag(element) in ("clipPath", "path") and "id" in element.attrib


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _copy(
    element: ElementTree.Element, parent: ElementTree.Element, name: str, ids: set[str]
) -> None:
    tag, attributes = _tag(element), _attributes(element, name, ids)
    if tag in ("metadata", "style"):
        return
    copied = parent
    if tag != "g" or attributes:
        copied = ElementTree.SubElement(parent, tag, attributes)
        copied.text = element.text if tag == "text" else None
    for child in element:
        _copy(child, copied, name, ids)


def _attributes(element: ElementTree.Element, name: str, ids: set[str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for attribute, value in element.attrib.items():
        if attribute == "style":
            kept |= _presentation(value)
        elif attribute == "id":
            kept |= {"id": f"{name}-{value}"} if value in ids else {}
        elif attribute == _XLINK:
            kept["href"] = f"#{name}-{value.removeprefix('#')}"
        elif attribute == "clip-path":
            kept["clip-path"] = value.replace("url(#", f"url(#{name}-")
        else:
            kept[attribute] = " ".join(value.split())
    return kept


def _presentation(style: str) -> dict[str, str]:
    pairs = (declared.partition(":") for declared in style.split(";") if declared.strip())
    said: Mapping[str, str] = {key.strip(): value.strip() for key, _, value in pairs}
    kept = {key: value for key, value in said.items() if key not in _LEFT_OUT}
    classes = []
    for paint in ("fill", "stroke"):
        if (colour := kept.get(paint)) in _CLASSES:
            del kept[paint]
            classes.append(f"{paint}-{_CLASSES[colour]}")
    return kept | ({"class": " ".join(classes)} if classes else {})
