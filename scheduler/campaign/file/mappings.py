"""Makes a row of a contact that is written as keys and values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.campaign.columns import OPTION, RawRow
from scheduler.campaign.file.shapes import Shaped
from scheduler.campaign.names import IGNORED, Names, column_name
from scheduler.errors import Problem

Places = Mapping[str, tuple[int, int]]


def flat(contact: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield keys and values; `call: {x: y}` becomes the key call.x."""
    for key, value in contact.items():
        if key.strip().lower() + "." == OPTION and isinstance(value, Mapping):
            for option, setting in value.items():
                yield OPTION + option, setting
        else:
            yield key, value


def keyed_row(
    line: int, contact: Mapping[str, object], path: str, names: Names, places: Places | None = None
) -> Shaped:
    """Make a row. `places` has the place of each key, and under "" that of the contact."""
    pairs = list(flat(contact))
    header = names.header([key for key, _ in pairs])
    faults = [_fault(path, line, fault, "", places) for fault in header.faults]
    if faults and (names.discreet or not header.names):
        return tuple(faults)
    cells: dict[str, str] = {}
    own: dict[str, object] = {}
    for name, (key, value) in zip(header.names, pairs, strict=True):
        if name.startswith(OPTION):
            if value not in ("", None):
                own[name.removeprefix(OPTION)] = value
        elif not name:
            continue
        elif isinstance(value, str):
            cells[name] = value
        else:
            message = f"{key.strip()}: expected text, got a list or keys"
            faults.append(_fault(path, line, message, key, places))
    if faults:
        return tuple(faults)
    return RawRow(line, cells, places, own, header)


def names_of(contact: Mapping[str, object]) -> frozenset[str]:
    """Return every name by which a template may name a value of this contact."""
    keys = [key.strip() for key, _ in flat(contact)]
    return frozenset((*keys, *map(column_name, keys)))


def rejected(contact: Mapping[str, object], reason: str, message: str) -> str:
    """Return a refused contact with the reason, as a line of JSON."""
    kept: dict[str, Any] = {key: value for key, value in contact.items() if key not in IGNORED}
    ignored = dict(zip(IGNORED, (reason, message), strict=True))
    return json.dumps(kept | ignored, ensure_ascii=False) + "\n"


def _fault(path: str, line: int, message: str, key: str, places: Places | None) -> Problem:
    code = "shape" if key else "header"
    if places is None:
        return Problem(path, message, line, code=code)
    return Problem(path, message, *places.get(key, places[""]), code)
