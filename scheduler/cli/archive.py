"""`callsched archive`: keep finished campaigns in files, and let Redis go of them."""

from __future__ import annotations

import gzip
import json as jsons
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from scheduler.cli import console, options, questions
from scheduler.cli.access import opened_ledger
from scheduler.errors import ConfigError, LedgerError
from scheduler.fields.durations import positive_seconds
from scheduler.ledger.controls import controls_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_view, results
from scheduler.ledger.retiring import campaigns_finished_before, retire
from scheduler.models import CampaignState


def _age(value: str | None) -> float | None:
    try:
        return None if value is None else positive_seconds(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def archive(
    ids: options.SomeIds = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help="Every campaign that was finished longer ago, such as 30d."
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder of the files.")
    ] = Path(),
    remove: Annotated[
        bool, typer.Option("--remove", help="Erase from Redis what is in the files then.")
    ] = False,
    yes: options.YesErase = False,
    json: options.Json = False,
) -> None:
    """Write finished campaigns to files: ID.jsonl.gz has the results, ID.json the rest.

    With --remove their contacts, calls and transcripts are erased from Redis afterwards. That there
    was such a campaign, and how its calls ended, stays: its id is never called again by accident.
    A file that is there already is replaced when the new one is complete. `callsched report
    --archived ID.jsonl.gz` makes a page of it.

    Example: `callsched archive --older-than 30d -o /srv/archive --remove`
    """
    age = _age(older_than)
    if bool(ids) == (age is not None):
        raise typer.BadParameter("say which campaigns, or --older-than", param_hint="ID")
    if not output.is_dir() or not os.access(output, os.W_OK):
        raise ConfigError(f"{output}: the folder can't be written, or is not there")
    with opened_ledger() as ledger:
        chosen = ids or campaigns_finished_before(ledger, time.time() - (age or 0))
        views = [_kept(ledger, campaign_id) for campaign_id in dict.fromkeys(chosen)]
        if remove and views and not yes:
            question = f"Erase {len(views)} campaigns from Redis once they are written?"
            questions.confirm(question, "nothing was erased")
        done = [_archive(ledger, view, output, remove=remove) for view in views]
    if json:
        console.emit({"archived": done})
        return
    for each in done:
        gone = "; erased from Redis" if each["removed"] else ""
        console.out.print(
            f"campaign {each['campaign_id']}: {each['rows']:,} results in {each['file']}{gone}",
            markup=False,
        )
    if not done:
        console.out.print("no campaign is that old")


def _kept(ledger: Ledger, campaign_id: str) -> CampaignView:
    view = campaign_view(ledger, campaign_id)
    view.expect_kept()
    if view.state is not CampaignState.FINISHED:
        raise LedgerError(
            f"campaign {campaign_id} is not finished; callsched status {campaign_id} shows what is"
            " left, and callsched cancel ends it"
        )
    return view


def _archive(ledger: Ledger, view: CampaignView, folder: Path, *, remove: bool) -> dict[str, Any]:
    path, rows = folder / f"{view.campaign_id}.jsonl.gz", 0
    with (
        console.counting(f"archiving {view.campaign_id}", "results") as counted,
        _writing(path) as file,
    ):
        for record in results(ledger, view.campaign_id):
            file.write(console.as_json(record) + "\n")
            rows += 1
            counted(rows, view.total)
    if rows != view.total:
        raise LedgerError(f"{path} has {rows} of {view.total} results: nothing was erased")
    _write_head(ledger, view, folder)
    return {
        "campaign_id": view.campaign_id,
        "file": str(path),
        "rows": rows,
        "removed": remove and _remove(ledger, view),
    }


def _write_head(ledger: Ledger, view: CampaignView, folder: Path) -> None:
    controls = [each.as_record() for each in controls_of(ledger, view.campaign_id)]
    head = {
        **view.as_record(),
        "max_duration_seconds": view.policy.max_duration_seconds,
        "max_concurrency": view.policy.max_concurrency,
        "controls": controls,
    }
    path = folder / f"{view.campaign_id}.json"
    part = path.with_name(path.name + ".part")
    part.write_text(jsons.dumps(head, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


def _remove(ledger: Ledger, view: CampaignView) -> bool:
    """Erase a campaign; False, and a word about it, when something of it is under way."""
    with console.counting(f"erasing {view.campaign_id}", "calls") as counted:
        while (left := retire(ledger, view.campaign_id)) is not None:
            counted(view.total - left, view.total)
            if left == 0:
                return True
    console.say(
        f"campaign {view.campaign_id} stays in Redis for now: a stop is still repeated, an unknown"
        " call holds its slot, or something is still to be read or told"
    )
    return False


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """Open a file that is replaced when it is complete and on the disk."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8") as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
