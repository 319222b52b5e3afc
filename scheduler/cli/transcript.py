"""`callsched transcript`: what was said in one call, and what is being said on live ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import options
from scheduler.cli import transcript_live as live
from scheduler.cli import transcript_view as view
from scheduler.cli.access import opened_ledger
from scheduler.cli.output import writing
from scheduler.cli.suggested import suggested
from scheduler.errors import LedgerError
from scheduler.operations.transcript import StillLive, transcript_of


def transcript(
    context: typer.Context,
    id_: options.ExistingId,
    contact: options.MaybeContact = None,
    format_: Annotated[
        view.TranscriptFormat | None,
        typer.Option("--format", help="Without it: what --output ends in, or text."),
    ] = None,
    output: options.Output = None,
    follow: Annotated[
        bool | None,
        typer.Option(
            "--follow/--no-follow",
            help="Show live lines, as they come until the calls are over, or those so far.",
        ),
    ] = None,
    since: Annotated[
        live.Since | None,
        typer.Option(help="Begin with the live lines that are still kept, or with what comes."),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Of live lines, also the words as they were recognised.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write what was said in a call, as text, Markdown or subtitles; or follow what is being said.

    Markdown has the insights too. Times count from the start of the call. Nothing is written, with
    exit code 0, when nothing was recorded; exit code 1: it was not read yet, or never will be.

    With --follow it shows what is being said, in one call or in all, and ends with them, or with
    Ctrl-C (exit code 130). Lines are kept an hour after a call; --json writes an object for each.

    Example: `callsched transcript nightly-2026-11-22 c-001 --format srt -o c-001.srt`
    """
    if follow is not None:
        if format_ or output:
            raise typer.BadParameter("live lines are not for a file", param_hint="--follow")
        live.show(id_, contact, since, follow=follow, raw=raw, json=json)
    elif since or raw:
        raise typer.BadParameter("only live lines have them: say --follow", param_hint="--since")
    elif contact is None:
        context.fail("Missing argument 'CONTACT': whose? With --follow it may be everybody.")
    else:
        chosen = format_ or (view.TranscriptFormat.TEXT if json else view.format_of(output))
        _write(id_, contact, chosen, output, json=json)


def _write(
    id_: str, contact: str, chosen: view.TranscriptFormat, output: Path | None, *, json: bool
) -> None:
    try:
        with opened_ledger() as ledger:
            found = transcript_of(ledger, id_, contact)
    except StillLive as error:
        way_out = f"`{suggested('transcript', id_, '--follow')}` shows what is said"
        raise LedgerError(f"{error}, {way_out}") from None
    with writing(output) as file:
        file.write(view.as_json(found.record) if json else view.written(found, chosen))
    view.say_what_is_missing(found)
