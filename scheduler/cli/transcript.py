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
        typer.Option("--format", help="Default: what the name of --output ends in, or text."),
    ] = None,
    output: options.Output = None,
    follow: Annotated[
        bool | None,
        typer.Option(
            "--follow/--no-follow",
            help="Show live lines until the calls end, or only the lines so far.",
        ),
    ] = None,
    since: Annotated[
        live.Since | None,
        typer.Option(help="Begin with the lines that are still kept, or with new ones."),
    ] = None,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Also show the words of live lines as they are recognised."),
    ] = False,
    json: options.Json = False,
) -> None:
    """Write what was said in a call as text, Markdown or subtitles; or follow it live.

    Markdown includes the insights. Times count from the start of the call. Exit code 0 with no
    output: nothing was recorded; exit code 1: the transcript is not there yet, or never will be.

    --follow shows what is being said, in one call or in all, until the calls end or you press
    Ctrl-C (exit code 130). Lines are kept for an hour after a call.

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
