"""`callsched explain`: every rule with its value and verdict, for one contact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.campaign.file.xlsx import file_of
from scheduler.campaign.reading import Reading
from scheduler.cli import campaigns, complete, console, explain_view, options, served
from scheduler.cli.access import opened_ledger
from scheduler.ledger import views
from scheduler.operations import explain as explaining
from scheduler.operations.explain import Explanation
from scheduler.settings import settings


def explain(
    campaign: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE",
            autocompletion=complete.campaign_ids,
            help="A campaign's id, or a campaign file.",
        ),
    ],
    contact: options.SomeContact,
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
) -> None:
    """Show why a contact was or was not called: every rule, every attempt, and what comes next.

    A contact may also be named by its line (`line 3`), or by its name or another column where
    nobody else has the same. For a file, it shows what the rules say now, before anything is
    submitted. It changes nothing and calls nobody.

    Example: `callsched explain nightly-2026-11-22 +12025550143`
    """
    path, lack = Path(campaign), ""
    if path.suffix and file_of(path).is_file():
        explanation = _of_file(path, contact, Reading(encoding, region=region))
    else:
        with opened_ledger() as ledger:
            explanation = explaining.explain(ledger, campaign, contact, searches=True)
            lack = served.lack_of(ledger, views.campaign(ledger, campaign))
    if json:
        console.emit(explanation.as_record() | {"nobody_dials": lack or None})
    else:
        explain_view.show(explanation, lack)


def _of_file(path: Path, contact: str, reading: Reading) -> Explanation:
    with campaigns.read(path, settings(), reading) as checked:
        policy = checked.policy
        found = explaining.find_row(checked, path, contact)
    with opened_ledger(path) as ledger:
        return explaining.explain_row(ledger, policy, path, found)
