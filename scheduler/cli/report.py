"""`callsched report`: a campaign as one page to look at and to send."""

from __future__ import annotations

from pathlib import Path

import typer

from scheduler.cli import console, options
from scheduler.cli import report_options as ours
from scheduler.cli.report_view import STANDARD_OUTPUT, figures_of, opened_source, show, write_page
from scheduler.report.entries import Entries


def report(
    id_: options.SomeId = None,
    archived: ours.Archived = None,
    output: ours.Output = None,
    rows: ours.Rows = ours.ROWS,
    transcripts: ours.Transcripts = False,
    no_transcripts: ours.NoTranscripts = False,
    numbers: ours.Numbers = False,
    open_: ours.Open = False,
    json: ours.Json = False,
) -> None:
    """Write a campaign as one HTML page: who was reached, what needs you, and every call.

    The page needs no network; an existing one is replaced once the new one is complete. While the
    campaign runs, it says "so far". Numbers are masked and what was said is left out unless you ask
    for them. `callsched results` exports every record as data.

    Example: `callsched report nightly-2026-11-22 -o report.html --open`
    """
    _expect_one_way(id_, archived, output, opens=open_, json=json)
    if no_transcripts:
        console.warn("--no-transcripts is deprecated: transcripts are left out without it")
    transcripts = transcripts and not no_transcripts
    with opened_source(id_, archived) as source:
        if json and output is None:
            figures = figures_of(source, None, numbers=numbers, transcripts=transcripts)
        else:
            path = output or Path(f"{source.header.campaign_id}.html")
            with Entries(rows, numbers=numbers, transcripts=transcripts) as entries:
                figures = figures_of(source, entries, numbers=numbers, transcripts=transcripts)
                write_page(figures, entries, path)
            if path != STANDARD_OUTPUT:
                show(path, opens=open_)
    if json:
        console.emit(figures.as_record())


def _expect_one_way(
    id_: str | None, archived: Path | None, output: Path | None, *, opens: bool, json: bool
) -> None:
    """Refuse options that contradict each other."""
    if json and output == STANDARD_OUTPUT:
        raise typer.BadParameter("--json writes to standard output as well", param_hint="-o")
    if opens and (output == STANDARD_OUTPUT or (json and output is None)):
        raise typer.BadParameter("there is no file to open: say -o PATH", param_hint="--open")
    if id_ and archived:
        raise typer.BadParameter("say an id or --archived, not both", param_hint="ID")
