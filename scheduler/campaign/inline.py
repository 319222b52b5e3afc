"""How contacts that are listed in a YAML file become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

from scheduler.campaign.columns import OPTION, RawRow, column_name, header_faults
from scheduler.campaign.document import Mapping, Node, Scalar, plain
from scheduler.campaign.problems import Problems
from scheduler.errors import Problem


def read_inline(
    items: Sequence[Node], path: str, problems: Problems, heed: Callable[[Set[str]], None]
) -> Iterator[RawRow]:
    """Yield the rows. A contact that has no shape refuses the file.

    `heed` is told first which columns any of the contacts has.
    """
    heed({name for item in items for name, _ in _cells(item)})
    for item in items:
        faults = list(_faults(item, path))
        if faults:
            problems.refuse(faults)
        else:
            yield _row(item)


def _cells(item: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a contact has by the names of columns; `call: {x: y}` is the column call.x."""
    pairs = item.pairs.items() if isinstance(item, Mapping) else ()
    for written, (_, value) in pairs:
        name = column_name(written)
        if name.lower() + "." == OPTION and isinstance(value, Mapping):
            for key, (_, option) in value.pairs.items():
                yield column_name(OPTION + key), option
        else:
            yield name, value


def _faults(item: Node, path: str) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        message = "contacts: expected keys such as phone_number, got something else"
        yield Problem(path, message, item.line, item.column, "shape")
        return
    for fault in header_faults(name for name, _ in _cells(item)):
        yield Problem(path, fault, item.line, item.column, "header")
    for name, value in _cells(item):
        if not isinstance(value, Scalar) and not name.startswith(OPTION):
            message = f"{name}: expected text, got a list or keys"
            yield Problem(path, message, value.line, value.column, "shape")


def _row(item: Node) -> RawRow:
    cells: dict[str, str] = {}
    own: dict[str, object] = {}
    places = {"": (item.line, item.column)}
    for name, value in _cells(item):
        places[name] = (value.line, value.column)
        if not name.startswith(OPTION):
            cells[name] = str(plain(value))
        elif plain(value) != "":
            own[name.removeprefix(OPTION)] = plain(value)
    return RawRow(item.line, cells, places, own)
