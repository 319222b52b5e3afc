"""`callsched recordings`: the recordings of a campaign's calls, listed or as files."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, options, recordings_view
from scheduler.cli.access import opened_ledger
from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger import views
from scheduler.operations.account import expect_reachable, provider_with
from scheduler.operations.recordings import Listed, Unreached, listed, save
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
            help="Download to this folder. Default: only list.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the recordings of calls, or download them: CONTACT-ATTEMPT-RECORDING.wav.

    It covers every attempt. The same command again keeps complete files and continues partial ones.
    Recordings in the results are listed without the account's credentials. Exit code 1 if a
    recording is unavailable or incomplete. Deleting the files is up to you: `callsched erase` does
    not touch them.

    Example: `callsched recordings nightly-2026-11-22 c-001 -o recordings`
    """
    found = _found(id_, contact, output)
    recordings_view.show(found, id_, json=json, is_saved=output is not None)
    if not found.is_whole:
        raise typer.Exit(1)


def _found(id_: str, contact: str | None, output: Path | None) -> Listed:
    with opened_ledger() as ledger, ExitStack() as stack:
        campaign = views.campaign(ledger, id_)
        try:
            expect_reachable(campaign, settings())
            provider = stack.enter_context(provider_with(Records, campaign, settings(), ledger))
            if provider is None or not isinstance(provider, Records):
                owner = f"the provider of account {campaign.account}"
                raise LedgerError(f"{owner} keeps no recordings of calls")
        except (ConfigError, LedgerError) as error:
            if output is not None:
                raise
            return listed(ledger, Unreached(error), campaign, contact, console.counting)
        found = listed(ledger, provider, campaign, contact, console.counting)
        return found if output is None else save(provider, found, output, console.counting)
