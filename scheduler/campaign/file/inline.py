"""Makes rows of the contacts that a YAML file lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduler.campaign.columns import OPTION
from scheduler.campaign.file.mappings import keyed_row, names_of, rejected
from scheduler.campaign.file.shapes import Contacts, Shaped
from scheduler.campaign.names import Names
from scheduler.errors import Problem
from scheduler.fields.document import Mapping as MappingNode
from scheduler.fields.document import Node, plain


@dataclass(frozen=True, slots=True)
class Inline:
    """Contacts in the campaign file itself."""

    path: str
    names: Names

    def row(self, line: int, record: Node) -> Shaped:
        """Make a row of an item. One that has no keys refuses the file."""
        if not isinstance(record, MappingNode):
            message = "contacts: expected keys such as phone_number, got something else"
            return (Problem(self.path, message, line, record.column, "shape"),)
        return keyed_row(line, _plain(record), self.path, self.names, _places(record, self.names))

    def reject_head(self) -> str:
        """Return "": rejects of a list are JSON Lines, which have no header."""
        return ""

    def reject(self, record: Node, reason: str, message: str) -> str:
        """Return the item as a line of JSON, with the reason."""
        return rejected(_plain(record), reason, message)


def open_inline(items: Sequence[Node], path: str, names: Names) -> Contacts[Node]:
    """Return the contacts of a list."""
    known = frozenset().union(*(names_of(_plain(item)) for item in items))
    return Contacts(Inline(path, names), ((item.line, item) for item in items), known)


def _plain(item: Node) -> Mapping[str, object]:
    return {key: plain(node) for key, (_, node) in _pairs(item).items()}


def _pairs(item: Node) -> dict[str, tuple[Node, Node]]:
    return {**item.pairs} if isinstance(item, MappingNode) else {}


def _places(item: MappingNode, names: Names) -> dict[str, tuple[int, int]]:
    """Return the place of each value, by the key as it is written and by ours."""
    places = {"": (item.line, item.column)}
    for key, (_, node) in _pairs(item).items():
        places[key] = (node.line, node.column)
        if isinstance(node, MappingNode):
            for option, (_, value) in node.pairs.items():
                places[OPTION + option] = (value.line, value.column)
    meant = names.header([key for key in places if key]).keys
    return places | {key: places[column] for column, key in meant.items() if column in places}
