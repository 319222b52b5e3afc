"""Shows the problems of a file, each kind once, with how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.cli import console
from scheduler.errors import Alike, Problem

#: Up to so many problems are all shown, in the order of the file.
_FEW = 10
_NO_REGION = "set default_region"


def show(
    problems: Iterable[Problem], total: int, alike: Sequence[Alike] = (), *, what: str = "error"
) -> None:
    """Show the first problems, a line each, then how many there are, and what to do about them."""
    shown = list(problems)
    if total > _FEW and alike:
        shown = _show_kinds(alike, what)
        total -= sum(each.count for each in alike) - len(shown)
    else:
        for problem in shown:
            console.problem(what, str(problem))
    if total > len(shown):
        console.say(f"… and {total - len(shown):,} more")
    if any(_NO_REGION in problem.message for problem in shown):
        console.say(
            "numbers without a country: add --region US (or another country), or write"
            " default_region: US into a campaign file"
        )


def _show_kinds(alike: Iterable[Alike], what: str) -> list[Problem]:
    shown: list[Problem] = []
    for kind in alike:
        for problem in kind.first:
            console.problem(what, str(problem))
        shown += kind.first
        if more := kind.count - len(kind.first):
            last = "" if kind.last.line is None else f", the last in line {kind.last.line}"
            console.say(f"… and {more:,} more like it{last}")
    return shown
