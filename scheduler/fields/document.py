"""Parses YAML into nodes that know their line and column.

Aliases, anchors and tags are refused, keys may not repeat and nesting is bounded, so that no file
can run code or grow when it is read. Scalars stay as they were written: `+12025550123` is a phone
number and `NO` is a country here, neither an integer nor a boolean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import yaml
from yaml.reader import Reader

from scheduler.errors import CampaignError, refusal
from scheduler.masking import mask_text, shown

# Without libyaml PyYAML reads the same, ten times slower.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_DEEPEST = 16
#: The most keys and values of a document, and the most outside the list of contacts. The second
#: is lower: if all of them are wrong, the message about each takes two kilobytes.
MOST_NODES, MOST_OTHER_NODES = 100_000, 10_000
LONGEST_VALUE = 131_072  #: characters; a cell of a CSV has as many at most
_CONTACTS = "contacts"
MANY_ROWS = "put many contacts into a file of CSV or JSON Lines, which may have any length"
_BOM = "\ufeff"
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # characters that libyaml refuses by itself
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written; None where YAML says null."""

    line: int
    column: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    items: list[Node]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the order of the file."""

    line: int
    column: int
    pairs: dict[str, tuple[Scalar, Node]]


class _Mark(Protocol):
    """The parser's position; libyaml and PyYAML have a class each."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


Node: TypeAlias = Scalar | Sequence | Mapping


def compose(text: str, path: str) -> Node | None:
    """Return the root of the only document in a text; None for an empty text."""
    bad = Reader.NON_PRINTABLE.search(text)
    if bad is not None:
        message = f"expected text, got the control character {bad[0]!r}"
        line, column = place(text[: bad.start()])
        raise refusal(path, message, line, column, "yaml")
    try:
        return _Composer(text, path).root()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, path) from None


def plain(node: Node) -> object:
    """Return a node as plain strings, lists and dicts; null becomes ""."""
    if isinstance(node, Scalar):
        return node.text or ""
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.pairs.items()}


def place_of(
    root: Node | None, *way: str | int, at_key: bool = False
) -> tuple[int | None, int | None]:
    """Follow keys and list indexes into a document, as far as they lead; return the place there.

    `at_key`: the place of the last key, not of its value.
    """
    key = root
    for step in way:
        if isinstance(root, Mapping) and step in root.pairs:
            key, root = root.pairs[str(step)]
        elif isinstance(root, Sequence) and isinstance(step, int) and step < len(root.items):
            key = root = root.items[step]
        else:
            break
    found = key if at_key else root
    return (found.line, found.column) if found else (None, None)


class _Composer:
    """Builds nodes from the parser's events, and refuses what no campaign file needs."""

    def __init__(self, text: str, path: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
        self._path = path
        self._nodes = 0
        self._others = 0
        self._is_in_contacts = False

    def root(self) -> Node | None:
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), 0)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refused(after, "expected one document, got another after ---")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        self._check(event, depth)
        line, column = _at(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            null = event.implicit[0] and event.value in _NULLS
            return Scalar(line, column, None if null else event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            items = [self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
            return Sequence(line, column, items)
        return Mapping(line, column, self._pairs(depth))

    def _pairs(self, depth: int) -> dict[str, tuple[Scalar, Node]]:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for event in self._until(yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar) or key.text is None:
                raise self._refused(event, "expected a word as the key")
            if key.text in pairs:
                first = pairs[key.text][0].line
                raise self._refused(
                    event, f"{shown(key.text)} is there twice, first in line {first}"
                )
            self._is_in_contacts |= depth == 0 and key.text == _CONTACTS
            pairs[key.text] = key, self._node(next(self._events), depth + 1)
            self._is_in_contacts &= depth > 0
        return pairs

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _check(self, event: yaml.Event, depth: int) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._refused(event, "anchors and aliases (& and *) are not read: write it out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._refused(event, f"tags are not read: remove {shown(_tag(tag))}")
        if isinstance(event, yaml.ScalarEvent) and _HALF_CHARACTER.search(event.value):
            raise self._refused(event, f"expected text, got {shown(event.value)}")
        if depth > _DEEPEST:
            raise self._refused(event, f"expected at most {_DEEPEST} levels of nesting")
        self._count(event)

    def _count(self, event: yaml.Event) -> None:
        """Refuse a document that is too large, before it fills the memory."""
        self._nodes += 1
        self._others += not self._is_in_contacts
        if self._nodes > MOST_NODES:
            raise self._refused(event, f"expected at most {MOST_NODES:,} values: {MANY_ROWS}")
        if self._others > MOST_OTHER_NODES:
            most = f"expected at most {MOST_OTHER_NODES:,} values besides the contacts"
            raise self._refused(event, f"{most}: {MANY_ROWS}")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_VALUE:
            raise self._refused(event, f"expected at most {LONGEST_VALUE:,} characters in a value")

    def _refused(self, event: yaml.Event, message: str) -> CampaignError:
        line, column = _at(event.start_mark)
        return refusal(self._path, message, line, column, "yaml")


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!", 1)


def _at(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax_error(error: yaml.MarkedYAMLError, path: str) -> CampaignError:
    line, column = _at(error.problem_mark or error.context_mark)
    text = ", ".join(part for part in (error.context, error.problem) if part)
    return refusal(path, f"this is not YAML: {mask_text(text)}", line, column, "yaml")


def flow(written: str) -> object:
    """Read lists and mappings of one cell, as in YAML or JSON; ValueError says what is wrong."""
    try:
        root = compose(written, "")
    except CampaignError as error:
        raise ValueError(f"expected YAML or JSON; {error.problems[0].message}") from None
    return "" if root is None else plain(root)


def place(text: str) -> tuple[int, int]:
    """Return the line and the column that follow a text, both counted from 1."""
    text = text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n")
    return text.count("\n") + 1, len(text) - text.rfind("\n")
