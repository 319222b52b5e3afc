"""`callsched erase`: erase what was said in every call to a number, or of a campaign."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.cli import console, erase_questions, erase_view, options
from scheduler.cli.access import changed_ledger
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.operations.erase import Call, calls_to, eraser, read_address
from scheduler.settings import settings


def _address(written: str) -> str:
    try:
        return read_address(written)
    except ValueError as error:
        raise typer.BadParameter(str(error).replace(", or set default_region", "")) from None


def erase(
    context: typer.Context,
    number: Annotated[
        str | None,
        typer.Argument(metavar="NUMBER", parser=_address, help="+12025550143, or a SIP address."),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="ID", help="Erase every call of this campaign instead.")
    ] = None,
    remote: options.Remote = False,
    yes: options.YesErase = False,
    json: options.Json = False,
) -> None:
    """Erase what was said to a number, or in a campaign: transcripts, insights and live lines.

    A number is erased from every campaign; a campaign collects nothing more. Call records and
    opt-outs are kept, so that nobody is called again by mistake. The same command continues where
    it was interrupted. Exit code 1 if the API did not delete all that --remote asks for.

    Example: `callsched erase +12025550143 --remote`, `callsched erase --campaign nightly`
    """
    if number is None and campaign is None:
        context.fail("Missing argument 'NUMBER', or --campaign ID")
    if number is not None and campaign is not None:
        context.fail("either a number or --campaign ID")
    with changed_ledger() as ledger:
        if campaign is not None:
            view = views.campaign(ledger, campaign)
            with eraser(ledger, settings(), [view.account], remote=remote) as its:
                erase_questions.ask_for_campaign(view, yes=yes)
                erased = its.erase_campaign(view, console.counting)
            erase_view.show_campaign(erased, campaign, remote=remote, json=json)
        elif number is not None:
            found = _calls(ledger, number)
            called = {view.account for view, _ in found}
            with eraser(ledger, settings(), called, remote=remote) as its:
                erase_questions.ask_for_calls(found, number, yes=yes)
                erased = its.erase_calls(found, console.counting)
            erase_view.show_number(erased, found, number, remote=remote, json=json)
    if erased.errors:
        raise typer.Exit(1)


def _calls(ledger: Ledger, number: str) -> list[Call]:
    found = calls_to(ledger, number, console.counting)
    if not found:
        console.say(f"no campaign has a contact with {erase_view.masked(number)}")
    return found
