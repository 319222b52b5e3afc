"""How callsched understood each column of the contacts: as one of its keys, or a variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scheduler.campaign.columns import OPTION, UNDERSTOOD
from scheduler.campaign.likely import likely
from scheduler.masking import shown
from scheduler.plan.rules import Record

VARIABLE = "variable"
_MOST_SHOWN = 12


def columns(taken: Mapping[str, str]) -> list[Record]:
    """Return a record for each column: its name in the file, and the key it was taken for."""
    return [
        {"column": column, "taken_for": key if _is_known(key) else VARIABLE}
        for column, key in taken.items()
    ]


def lines(found: list[Record]) -> Iterator[str]:
    """Yield the columns in words, and a hint if one of the variables may be the id or the name."""
    known_keys = [each for each in found if each["taken_for"] != VARIABLE]
    others = [each["column"] for each in found if each["taken_for"] == VARIABLE]
    parts = [_mapping(each) for each in known_keys[:_MOST_SHOWN]]
    if others:
        more = len(others) - _MOST_SHOWN
        listed = ", ".join(map(shown, others[:_MOST_SHOWN])) + (f" and {more:,} more" * (more > 0))
        parts.append(f"variables: {listed}")
    yield f"columns: {'; '.join(parts)}"
    known = {each["taken_for"]: each["column"] for each in known_keys}
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


def _is_known(name: str) -> bool:
    return name in UNDERSTOOD or name.startswith(OPTION)
