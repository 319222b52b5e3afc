"""How contacts that are listed in a YAML file become rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduler.campaign.columns import RawRow, column_name, header_faults
from scheduler.campaign.document import Mapping, Node, Scalar
from scheduler.campaign.problems import Problems
from scheduler.errors import Problem


def read_inline(items: Iterable[Node], path: str, problems: Problems) -> Iterator[RawRow]:
    """Yield the rows. A contact that has no shape refuses the file."""
    for item in items:
        faults = list(_faults(item, path))
        if faults:
            problems.refuse(faults)
        elif isinstance(item, Mapping):
            yield _row(item)


def _faults(item: Node, path: str) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        message = "contacts: expected keys such as phone_number, got something else"
        yield Problem(path, message, item.line, item.column, "shape")
        return
    for fault in header_faults(map(column_name, item.pairs)):
        yield Problem(path, fault, item.line, item.column, "header")
    for name, (_, value) in item.pairs.items():
        if not isinstance(value, Scalar):
            message = f"{name}: expected text, got a list or keys"
            yield Problem(path, message, value.line, value.column, "shape")


def _row(item: Mapping) -> RawRow:
    cells, places = {}, {"": (item.line, item.column)}
    for written, (_, value) in item.pairs.items():
        if isinstance(value, Scalar):
            name = column_name(written)
            cells[name] = value.text or ""
            places[name] = (value.line, value.column)
    return RawRow(item.line, cells, places)
