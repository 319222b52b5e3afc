"""`callsched results`: a record for every contact, as CSV, as a workbook or as JSON Lines."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from scheduler.cli import options
from scheduler.cli import results_options as ours
from scheduler.cli.access import newest, opened_ledger
from scheduler.cli.conditions import answered_so, read_where
from scheduler.cli.results_view import counted, export, format_of, layout_of, say_written
from scheduler.ledger import views
from scheduler.operations.answers import expect_asked
from scheduler.operations.export import ResultFormat, expect_library


def results(
    id_: options.SomeId = None,
    format_: ours.Format = None,
    output: options.Output = None,
    excel: ours.Excel = False,
    times: ours.TimesAs = None,
    only: ours.Only = None,
    where: ours.Where = None,
    json: ours.Json = False,
) -> None:
    """Export one record for every contact: how its call ended, and why.

    A table has a column for each column of the contacts' file, and one for each step that asks for
    keys: `answer_confirm`. JSON Lines have all that was collected of a conversation as well:
    `transcript`, `insights`, `recordings` and the summary's pages; `callsched transcript` writes
    one for reading.

    Example: `callsched results nightly-2026-11-22 --format jsonl -o results.jsonl`

    Example: `callsched results nightly-2026-11-22 --only rejected,not_reached:busy`

    Example: `callsched results confirmation --where confirm=2`
    """
    of_path = format_of(output) if output and format_ is None else None
    chosen = ours.chosen_format(format_, of_path, excel=excel, json=json and output is None)
    conditions, outcomes = read_where(where), ours.read_only(only)
    expect_library(chosen)
    if chosen is ResultFormat.XLSX and output is None and sys.stdout.isatty():
        raise typer.BadParameter("a workbook is no text: say -o results.xlsx", param_hint="-o")
    with opened_ledger() as ledger:
        campaign_id = id_ or newest(ledger)
        campaign = views.campaign(ledger, campaign_id)
        campaign.expect_kept()
        expect_asked(campaign, (*conditions, *outcomes.conditions))
        layout = replace(layout_of(ledger, campaign, chosen), times=times, excel=excel)
        every = views.results(ledger, campaign_id)
        with counted(every, output, campaign.total) as records:
            some = filter(outcomes.have, answered_so(records, conditions))
            count = export(some, output, chosen, layout)
    if output is not None:
        say_written(output, campaign, count, json=json)
