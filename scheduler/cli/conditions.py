"""Conditions on answers and on who was heard, as `results --where` takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from scheduler.fields.conditions import Condition, HeardSo, read_condition


def read_where(written: Sequence[str] | None) -> tuple[Condition | HeardSo, ...]:
    """Read every --where; one that can't be read is bad usage."""
    try:
        return tuple(map(read_condition, written or ()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--where") from None


def answered_so(
    records: Iterable[dict[str, Any]], conditions: Sequence[Condition | HeardSo]
) -> Iterator[dict[str, Any]]:
    """Yield the records of calls for which all conditions hold."""
    for record in records:
        if all(one.holds_of(record) for one in conditions):
            yield record
