"""Which results `callsched results` takes, and how it writes them."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.operations.export import ResultFormat
from scheduler.operations.instants import Times
from scheduler.operations.outcomes import Outcomes, read_outcomes

Format = Annotated[
    ResultFormat | None,
    typer.Option("--format", help="Default: what the name of --output ends in, or CSV."),
]
Excel = Annotated[
    bool,
    typer.Option(
        "--excel",
        help="CSV for a double click in Excel: accents, plus signs, zeros and long ids stay.",
    ),
]
TimesAs = Annotated[
    Times | None,
    typer.Option(
        "--times",
        help="Instants as ISO 8601 in UTC, or in epoch seconds. Without it: iso in CSV and"
        " workbooks, epoch in JSON Lines.",
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="ENDS",
        help="Only calls that ended so, such as stopped,not_reached:busy; `failed` is rejected and"
        " not_reached. Or that are pending, or heard=human, or confirm=2. Any of these will do.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP=KEYS",
        help="Only calls in which this was pressed: confirm=2, or confirm= for nothing. Or heard:"
        " heard=human, machine, silence, not_recorded or opted_out; intent=interested. May be"
        " repeated: all have to hold.",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="JSON Lines on standard output; with --output one object that says what was written.",
    ),
]


def read_only(only: str | None) -> Outcomes:
    """Read --only; one that can't be read is bad usage."""
    words = [word.strip() for word in (only or "").split(",") if word.strip()]
    if only is not None and not words:
        raise typer.BadParameter("say how the calls ended: stopped, failed, …", param_hint="--only")
    try:
        return read_outcomes(words)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from None


def chosen_format(
    format_: ResultFormat | None, of_path: ResultFormat | None, *, excel: bool, json: bool
) -> ResultFormat:
    """Return the chosen format; with `json` records go to standard output as JSON."""
    if json:
        if format_ not in (None, ResultFormat.JSONL):
            raise typer.BadParameter("standard output has one format", param_hint="--json")
        format_ = ResultFormat.JSONL
    chosen = format_ or of_path or ResultFormat.CSV
    if excel and chosen is not ResultFormat.CSV:
        raise typer.BadParameter("only CSV has two ways to be written", param_hint="--excel")
    return chosen
