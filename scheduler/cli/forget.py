"""`callsched forget`: erase what was said in every call to a number."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from scheduler.cli import console, erasure, options
from scheduler.cli.access import opened_ledger
from scheduler.fields.numbers import possible
from scheduler.fields.sip import sip_uri
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.reading import CampaignView, campaign_ids, campaign_view, result, rows_to
from scheduler.masking import mask, mask_text
from scheduler.models import CallState
from scheduler.settings import settings

_ONCE_A_NUMBER = re.compile(r"\+[1-9]\d{6,14}")


def _address(written: str) -> str:
    """Read a number or SIP address as a campaign file's are read."""
    try:
        if written.lower().startswith(("sip:", "sips:")):
            return sip_uri(written)
        return possible(written, None)
    except ValueError as error:
        # What is a number changes with the years; what was called then can be forgotten now.
        if _ONCE_A_NUMBER.fullmatch(written):
            return written
        raise typer.BadParameter(str(error).replace(", or set default_region", "")) from None


def forget(
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", parser=_address, help="Such as +12025550143, or a SIP address."
        ),
    ],
    remote: options.Remote = False,
    yes: options.YesErase = False,
    json: options.Json = False,
) -> None:
    """Erase what was said in every call to a number: transcripts, insights and live lines.

    That it was called, and how it ended, stays on record: else it could be called again. The same
    command may be repeated, and goes on where it broke off. Exit code 1 when the API did not delete
    all that --remote asks of it.

    Example: `callsched forget +12025550143 --remote`
    """
    chosen = settings()
    shown = mask_text(number) if number.startswith("sip") else mask(number)
    with opened_ledger() as ledger, erasure.remote(ledger, chosen, wanted=remote) as provider:
        found = _calls_to(ledger, number)
        if not found:
            console.say(f"no campaign has a contact with {shown}")
        elif not yes:
            erasure.confirm(f"Erase what was said in {len(found)} calls to {shown}, for good?")
        erased = erasure.Erasure(ledger, chosen, provider)
        with console.counting("erasing", "calls") as counted:
            for campaign, row in found:
                erased.erase(campaign, row)
                counted(erased.calls, len(found))
        _warn_of_live(ledger, found)
    campaigns = len({campaign.campaign_id for campaign, _ in found})
    if found or json:
        whose = f"{len(found)} calls to {shown} in {campaigns} campaigns"
        erased.report(whose, {"number": number}, json=json)


def _calls_to(ledger: Ledger, number: str) -> list[tuple[CampaignView, int]]:
    found = []
    ids = campaign_ids(ledger)
    with console.counting("looking", "campaigns") as counted:
        for done, campaign_id in enumerate(ids, start=1):
            campaign = campaign_view(ledger, campaign_id)
            found += [(campaign, row) for row in rows_to(ledger, campaign_id, number)]
            counted(done, len(ids))
    return found


def _warn_of_live(ledger: Ledger, found: list[tuple[CampaignView, int]]) -> None:
    states = [result(ledger, campaign.campaign_id, row)["state"] for campaign, row in found]
    if live := sum(state in (CallState.CONNECTED, CallState.STOPPING) for state in states):
        console.say(
            f"{live} of them are live: what is said from now on is not kept, but the API keeps it"
            " until the same command with --remote follows their end"
        )
