"""What Twilio's own library says of a TwiML document: which verbs there are, and their attributes.

`problems(document)` is empty for a document that `twilio.twiml` could have built: each element
stands where the library has a method for it, each attribute is a parameter of that method.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.etree import ElementTree

from twilio.twiml import TwiML, lower_camel
from twilio.twiml.voice_response import VoiceResponse

_XML = "{http://www.w3.org/XML/1998/namespace}"
_MOST_LETTERS = 4000  #: of what a start brings along


@dataclass(frozen=True, slots=True)
class _Element:
    """An element that the library makes: of which class, and with which attributes."""

    made: Any  #: a class of the library
    attributes: frozenset[str]
    has_text: bool


def problems(document: str, most_letters: int = _MOST_LETTERS) -> list[str]:
    """Return what is wrong with a document, such as a start brings along, if anything."""
    if len(document) > most_letters:
        return [f"{len(document)} letters are more than {most_letters}"]
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        return [f"no XML: {error}"]
    if root.tag != "Response":
        return [f"the root is {root.tag}"]
    strangers = [f"Response: no attribute {name}" for name in root.attrib]
    return [*strangers, *_inside(root, VoiceResponse)]


def judge_journal(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return all that is wrong with the documents that starts and changes of a journal have."""
    requests = [event["request"] for event in events if event["event"] in ("start", "change")]
    return [problem for form in requests if "Twiml" in form for problem in problems(form["Twiml"])]


def _inside(element: ElementTree.Element, made: Any) -> Iterator[str]:
    elements = _elements(made)
    for child in element:
        if child.tag not in elements:
            yield f"{element.tag}: no {child.tag} is nested in it"
            continue
        known = elements[child.tag]
        names = {name.replace(_XML, "xml:") for name in child.attrib}
        for name in sorted(names - known.attributes):
            yield f"{child.tag}: no attribute {name}"
        if not known.has_text and (child.text or "").strip():
            yield f"{child.tag}: no text stands in it"
        yield from _inside(child, known.made)


@cache
def _elements(made: Any) -> dict[str, _Element]:
    """What can be nested in an element of a class, by tag."""
    found: dict[str, _Element] = {}
    for name, method in inspect.getmembers(made, inspect.isfunction):
        if not name.startswith("_") and not hasattr(TwiML, name):
            example = _built(made, method)
            found[example.name] = _element(type(example), method)
    return found


def _built(made: Any, method: Callable[..., Any]) -> TwiML:
    parameters = inspect.signature(method).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    needed_of_class = inspect.signature(made).parameters.values()
    parent = made(*("x" for p in needed_of_class if p.default is p.empty and p.name != "kwargs"))
    built = method(parent, *("x" for _ in needed[1:]))
    assert isinstance(built, TwiML)
    return built


def _element(made: Any, method: Callable[..., Any]) -> _Element:
    content = _names(made.__init__)
    attributes = {lower_camel(TwiML.MAP.get(name, name)) for name in _names(method) - content}
    return _Element(made, frozenset(attributes), bool(content))


def _names(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "kwargs"}
