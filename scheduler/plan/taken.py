"""What each column of the contacts was taken for, and how to say what nobody understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scheduler.campaign.columns import OPTION, UNDERSTOOD
from scheduler.masking import shown
from scheduler.plan.rules import Record

VARIABLE = "variable"
_MOST_TOLD = 12
#: What a column of ids or of names is often called, the likelier before the others.
_LIKELY = {
    "id": (
        re.compile(r"\bid\b|_id\b|\w+ID\b|\bmrn\b", re.I),
        re.compile(r"\b(no|nr|number|code|ref)\b", re.I),
    ),
    "name": (re.compile(r"\bname\b|_name\b", re.I), re.compile(r"name", re.I)),
}
_OTHER_NUMBERS = re.compile(r"phone|mobile|cell|tel|fax", re.I)


def columns(taken: Mapping[str, str]) -> list[Record]:
    """Return every column as it is written, each with what it was taken for."""
    return [
        {"column": theirs, "taken_for": ours if _is_ours(ours) else VARIABLE}
        for theirs, ours in taken.items()
    ]


def lines(found: list[Record]) -> Iterator[str]:
    """Say what the columns were taken for, and which one may be the id or the name."""
    ours = [each for each in found if each["taken_for"] != VARIABLE]
    others = [each["column"] for each in found if each["taken_for"] == VARIABLE]
    parts = [_said(each) for each in ours[:_MOST_TOLD]]
    if others:
        more = len(others) - _MOST_TOLD
        listed = ", ".join(map(shown, others[:_MOST_TOLD])) + (f" and {more:,} more" * (more > 0))
        parts.append(f"variables: {listed}")
    yield f"columns: {'; '.join(parts)}"
    missing = [name for name in ("id", "name") if name not in {each["taken_for"] for each in ours}]
    guesses = {name: guess for name in missing if (guess := _guess(name, others))}
    if guesses:
        mapped = ", ".join(f"{name}: {shown(guess)}" for name, guess in guesses.items())
        yield (
            f"no column is the {' or the '.join(missing)}; a campaign file maps them:"
            f" columns: {{{mapped}}}"
        )


def _said(each: Record) -> str:
    column, ours = each["column"], each["taken_for"]
    return ours if column == ours else f"{ours} ← {shown(column)}"


def _is_ours(name: str) -> bool:
    return name in UNDERSTOOD or name.startswith(OPTION)


def _guess(name: str, columns: list[str]) -> str | None:
    titles = [title for title in columns if not _OTHER_NUMBERS.search(title)]
    found = (title for likely in _LIKELY[name] for title in titles if likely.search(title))
    return next(found, None)
