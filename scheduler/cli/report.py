"""`callsched report`: a campaign as one page to look at and to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, options
from scheduler.cli.report_view import STANDARD_OUTPUT, figures_of, opened_source, write_page
from scheduler.report.entries import Entries

#: Calls that a page lists unless more are asked for: browsers take a moment to lay out more.
_ROWS = 10_000


def report(
    id_: options.SomeId = None,
    archived: Annotated[
        Path | None,
        typer.Option(
            "--archived",
            metavar="PATH",
            help="Of a campaign that `callsched archive` has written to this file, ID.jsonl.gz.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write to this file, or to standard output with -. Without it: ID.html here.",
        ),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="List so many calls, those first that did not end as usual."
        ),
    ] = _ROWS,
    transcripts: Annotated[
        bool,
        typer.Option("--transcripts/--no-transcripts", help="What was said in each listed call."),
    ] = True,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Whole phone numbers instead of their last digits.")
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Write the figures as JSON to standard output; no page without -o."
        ),
    ] = False,
) -> None:
    """Write a campaign as one HTML page: outcomes, slots over time, lateness, and every call.

    The page opens without a network, and is replaced when the new one is complete. One of a
    campaign that still runs says "so far". `callsched results` has every record as data.

    Example: `callsched report nightly-2026-11-22 -o report.html`
    """
    if json and output == STANDARD_OUTPUT:
        raise typer.BadParameter("--json writes to standard output as well", param_hint="-o")
    if id_ and archived:
        raise typer.BadParameter("say an id or --archived, not both", param_hint="ID")
    with opened_source(id_, archived) as source:
        if json and output is None:
            figures = figures_of(source, None, numbers=numbers)
        else:
            path = output or Path(f"{source.header.campaign_id}.html")
            with Entries(rows, numbers=numbers, transcripts=transcripts) as entries:
                figures = figures_of(source, entries, numbers=numbers)
                write_page(figures, entries, path)
    if json:
        console.emit(figures.as_record())
