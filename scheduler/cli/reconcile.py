"""`callsched reconcile`: what became of calls whose placing nobody learned of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from scheduler.cli import options, reconcile_view
from scheduler.cli.access import opened_ledger
from scheduler.ledger.reading import campaign_view
from scheduler.ledger.settling import Verdict
from scheduler.operations.account import expect_account
from scheduler.operations.reconcile import look_up, settle, to_settle, unknown
from scheduler.settings import settings


def reconcile(
    id_: options.ExistingId,
    contacts: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONTACT", help="As for `transcript`. Without any: every one."),
    ] = None,
    placed: Annotated[
        bool, typer.Option("--placed", help="Settle: they rang. They are never dialled again.")
    ] = False,
    not_placed: Annotated[
        bool, typer.Option("--not-placed", help="Settle: no phone rang. Their slots are free.")
    ] = False,
    redial: Annotated[
        bool, typer.Option("--redial", help="With --not-placed: have them dialled now.")
    ] = False,
    all_: Annotated[
        bool, typer.Option("--all", help="Settle every unknown call of the campaign.")
    ] = False,
    lookup: Annotated[
        bool, typer.Option("--lookup/--no-lookup", help="Ask the API for their conversations.")
    ] = True,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before settling as not placed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Find out what became of `unknown` calls: were they placed, and what was said?

    Each attempt's conversation has a name of its own. One that the API has is attached to its call,
    and proves that it was placed. One that it has not proves nothing, so nothing is settled by
    itself: that is for you to say, and the same may be said again. Exit code 1 when the API could
    not be asked, or a contact that you name is not unknown.

    Example: `callsched reconcile nightly-2026-11-22 c-001 --not-placed --redial`
    """
    verdict = _verdict(placed=placed, not_placed=not_placed, redial=redial)
    _expect_whom(contacts or [], verdict, all_=all_)
    chosen = settings()
    with opened_ledger() as ledger:
        campaign = campaign_view(ledger, id_)
        if lookup:
            expect_account(campaign, chosen)
        inquiry = unknown(ledger, campaign, contacts or [])
        if lookup and inquiry.cases:
            inquiry = look_up(ledger, inquiry, chosen, reconcile_view.say_reading)
        if verdict is not None:
            if not yes:
                reconcile_view.confirm(to_settle(inquiry, verdict), verdict)
            inquiry = settle(ledger, inquiry, verdict)
    reconcile_view.show(inquiry, json=json)
    if inquiry.errors:
        raise typer.Exit(1)


def _verdict(*, placed: bool, not_placed: bool, redial: bool) -> Verdict | None:
    if placed and not_placed:
        raise typer.BadParameter("either --placed or --not-placed")
    if redial and not not_placed:
        raise typer.BadParameter("--redial needs --not-placed: only who was not called is", None)
    if not_placed:
        return Verdict.REDIAL if redial else Verdict.NOT_PLACED
    return Verdict.PLACED if placed else None


def _expect_whom(contacts: Sequence[str], verdict: Verdict | None, *, all_: bool) -> None:
    if contacts and all_:
        raise typer.BadParameter("either contacts or --all")
    if verdict is not None and not contacts and not all_:
        raise typer.BadParameter("say whom you settle: contacts, or --all")
    if all_ and verdict is None:
        raise typer.BadParameter("--all goes with --placed or --not-placed")
