"""What each column of the contacts was taken for, and how to say what nobody understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scheduler.campaign.columns import OPTION, UNDERSTOOD
from scheduler.campaign.likely import likely
from scheduler.masking import shown
from scheduler.plan.rules import Record

VARIABLE = "variable"
_MOST_TOLD = 12


def columns(taken: Mapping[str, str]) -> list[Record]:
    """Return every column as it is written, each with what it was taken for."""
    return [
        {"column": column, "taken_for": key if _is_ours(key) else VARIABLE}
        for column, key in taken.items()
    ]


def lines(found: list[Record]) -> Iterator[str]:
    """Say what the columns were taken for, and which one may be the id or the name."""
    ours = [each for each in found if each["taken_for"] != VARIABLE]
    others = [each["column"] for each in found if each["taken_for"] == VARIABLE]
    parts = [_mapping(each) for each in ours[:_MOST_TOLD]]
    if others:
        more = len(others) - _MOST_TOLD
        listed = ", ".join(map(shown, others[:_MOST_TOLD])) + (f" and {more:,} more" * (more > 0))
        parts.append(f"variables: {listed}")
    yield f"columns: {'; '.join(parts)}"
    known = {each["taken_for"]: each["column"] for each in ours}
    guesses = {name: each for name, each in likely(others, known).items() if name not in known}
    if guesses:
        mapped = ", ".join(f"{name}: {shown(each)}" for name, each in guesses.items())
        yield (
            f"no column is the {' or the '.join(guesses)}; a campaign file maps them:"
            f" columns: {{{mapped}}}"
        )


def _mapping(each: Record) -> str:
    column, key = each["column"], each["taken_for"]
    return key if column == key else f"{key} ← {shown(column)}"


def _is_ours(name: str) -> bool:
    return name in UNDERSTOOD or name.startswith(OPTION)
