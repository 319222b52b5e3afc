"""`callsched recordings`: the recordings of a campaign's calls, listed or as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, options, recordings_view
from scheduler.cli.access import opened_ledger
from scheduler.errors import LedgerError
from scheduler.ledger import views
from scheduler.operations.account import provider_with
from scheduler.operations.recordings import Listed, listed, save
from scheduler.providers import Records
from scheduler.settings import settings


def recordings(
    id_: options.ExistingId,
    contact: options.MaybeContact = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Download them to this folder; without it they are listed only.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the recordings of calls, or download them: CONTACT-ATTEMPT-RECORDING.wav.

    Of every attempt, also those that were made again. The same command may be repeated: what is
    there stays, and what was broken off goes on where it stood. Exit code 1 when a recording can't
    be had, or is not complete yet. Files are yours to delete: `callsched erase` knows none of them.

    Example: `callsched recordings nightly-2026-11-22 c-001 -o recordings`
    """
    found = _found(id_, contact, output)
    recordings_view.show(found, id_, json=json, is_saved=output is not None)
    if not found.is_whole:
        raise typer.Exit(1)


def _found(id_: str, contact: str | None, output: Path | None) -> Listed:
    with opened_ledger() as ledger:
        campaign = views.campaign(ledger, id_)
        with provider_with(Records, campaign, settings(), ledger) as provider:
            if provider is None or not isinstance(provider, Records):
                raise LedgerError(
                    f"the provider of account {campaign.account} keeps no recordings of calls"
                )
            found = listed(ledger, provider, campaign, contact, console.counting)
            if output is None:
                return found
            return save(provider, found, output, console.counting)
