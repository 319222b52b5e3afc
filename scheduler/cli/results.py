"""`callsched results`: a record for every contact, as CSV, as a workbook or as JSON Lines."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scheduler.cli import options
from scheduler.cli.access import newest, opened_ledger
from scheduler.cli.conditions import answered_so, read_where
from scheduler.cli.results_view import counted, export, format_of
from scheduler.fields.conditions import asked_in
from scheduler.ledger import views
from scheduler.operations.answers import expect_asked
from scheduler.operations.export import ResultFormat, expect_library


def results(
    id_: options.SomeId = None,
    format_: Annotated[
        ResultFormat | None,
        typer.Option("--format", help="Without it: what --output ends in, or CSV."),
    ] = None,
    output: options.Output = None,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel",
            help="CSV for a double click in Excel: accents, plus signs and zeros stay.",
        ),
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP=KEYS",
            help="Only calls in which this was pressed: confirm=2, or confirm= for nothing. May"
            " be repeated: all have to hold.",
        ),
    ] = None,
) -> None:
    """Export one record for every contact: what became of its call, and why.

    JSON Lines have all that was collected of a conversation as well: `transcript`, `insights`,
    `recordings` and the summary's pages. CSV and workbooks have none of it; `callsched transcript`
    writes one for reading. What was pressed stands in a column for each step that asks for keys:
    `answer_confirm`.

    Example: `callsched results nightly-2026-11-22 --format jsonl -o results.jsonl`

    Example: `callsched results confirmation --where confirm=2`
    """
    chosen = format_ or format_of(output)
    if excel and chosen is not ResultFormat.CSV:
        raise typer.BadParameter("only CSV has two ways to be written", param_hint="--excel")
    conditions = read_where(where)
    expect_library(chosen)
    if chosen is ResultFormat.XLSX and output is None and sys.stdout.isatty():
        raise typer.BadParameter("a workbook is no text: say -o results.xlsx", param_hint="-o")
    with opened_ledger() as ledger:
        campaign_id = id_ or newest(ledger)
        campaign = views.campaign(ledger, campaign_id)
        campaign.expect_kept()
        expect_asked(campaign, conditions)
        every = views.results(ledger, campaign_id)
        with counted(every, output, campaign.total) as records:
            some = answered_so(records, conditions)
            export(some, output, chosen, asked=asked_in(campaign.policy), excel=excel)
