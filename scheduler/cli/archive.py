"""`callsched archive`: write finished campaigns to files, and remove them from Redis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import archive_view, console, options, questions
from scheduler.cli.access import changed_ledger, opened_ledger
from scheduler.fields.counts import counted
from scheduler.fields.durations import positive_seconds
from scheduler.ledger import retirement
from scheduler.operations.archive import expect_folder, finished


def _age(value: str | None) -> float | None:
    try:
        return None if value is None else positive_seconds(value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from None


def archive(
    ids: options.SomeIds = None,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Every campaign that finished longer ago than this: 30d."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write to.")
    ] = Path(),
    remove: Annotated[
        bool, typer.Option("--remove", help="Erase archived campaigns from Redis afterwards.")
    ] = False,
    yes: options.YesErase = False,
    json: options.Json = False,
) -> None:
    """Write finished campaigns to files: ID.jsonl.gz has the results, ID.json the rest.

    --remove erases their contacts, calls and transcripts from Redis afterwards. The campaign itself
    and how its calls ended stay on record, so its id never calls anybody again by accident. An
    existing file is replaced once the new one is complete. `callsched report --archived
    ID.jsonl.gz` makes a page of it.

    Example: `callsched archive --older-than 30d -o /srv/archive --remove`
    """
    age = _age(older_than)
    if bool(ids) == (age is not None):
        raise typer.BadParameter("name the campaigns, or say --older-than", param_hint="ID")
    expect_folder(output)
    with changed_ledger() if remove else opened_ledger() as ledger:
        chosen = ids or retirement.campaigns_finished_before(ledger, time.time() - (age or 0))
        views = [finished(ledger, campaign_id) for campaign_id in dict.fromkeys(chosen)]
        if remove and views and not yes:
            question = f"Erase {counted(len(views), 'campaign')} from Redis once written?"
            questions.confirm(question, "nothing was erased")
        done = [archive_view.follow(ledger, view, output, remove=remove) for view in views]
    if json:
        console.emit({"archived": done})
    else:
        archive_view.show(done)
