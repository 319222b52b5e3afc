"""How `dnc import` shows what became of a file of entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scheduler.cli import console, problems_view
from scheduler.cli.dnc_options import in_options
from scheduler.errors import Problem
from scheduler.fields.counts import counted
from scheduler.operations.do_not_call import Import

_OF_LINES = (
    "{lines}: {listed:,} with entries, {header:,} of a header, {blank:,} blank or comments,"
    " {unread:,} unread"
)
_OF_ENTRIES = "{entries}: {added:,} added, {known:,} on it before, {repeated:,} repeated"


def show(done: Import, *, json: bool) -> None:
    """Say what became of every line, and of every entry in them, and which can't be read."""
    record, problems = done.as_record(), done.file.problems
    if json:
        console.emit(record)
    else:
        of_entries = _OF_ENTRIES + (", {not_taken:,} not taken" if record["unread"] else "")
        totals = {
            "lines": counted(record["lines"], "line"),
            "entries": counted(record["entries"], "entry"),
        }
        for sentence in (_OF_LINES, of_entries):
            console.out.print(sentence.format(**record | totals), markup=False)
    if problems.total:
        kinds = [replace(kind, first=_in_options(kind.first)) for kind in problems.alike]
        problems_view.show(_in_options(problems.kept), problems.total, kinds)
        console.fail(
            f"{counted(record['unread'], 'line')} could not be read, so nothing was imported:"
            " correct the file, and import it again"
        )


def _in_options(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(replace(one, message=in_options(one.message)) for one in problems)
