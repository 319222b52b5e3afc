"""The options of `reconcile`: which calls it is about, and what the operator knows about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from scheduler.cli import complete
from scheduler.ledger.unknowns import Resolution

SomeContacts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONTACT",
        autocompletion=complete.contact_ids,
        help="As for `transcript`. Default: all unknown calls.",
    ),
]
Placed = Annotated[bool, typer.Option("--placed", help="They rang: never dial them again.")]
NotPlaced = Annotated[bool, typer.Option("--not-placed", help="No phone rang: free their slots.")]
Redial = Annotated[bool, typer.Option("--redial", help="With --not-placed: dial them now.")]
EveryUnknown = Annotated[bool, typer.Option("--all", help="Every unknown call of the campaign.")]
Attach = Annotated[
    str,
    typer.Option(metavar="CALL", help="It is this call of the account; end it at its deadline."),
]
End = Annotated[str, typer.Option(metavar="CALL", help="End this call of the account.")]
LookUp = Annotated[
    bool, typer.Option("--lookup/--no-lookup", help="Ask the API for their conversations.")
]
YesSettle = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before settling calls as not placed.")
]


def verdict(*, placed: bool, not_placed: bool, redial: bool) -> Resolution | None:
    """Return the verdict on the calls; None without one. Two of them are bad usage."""
    if placed and not_placed:
        raise typer.BadParameter("either --placed or --not-placed")
    if redial and not not_placed:
        raise typer.BadParameter(
            "--redial needs --not-placed: it dials only contacts that were not called", None
        )
    if not_placed:
        return Resolution.REDIAL if redial else Resolution.NOT_PLACED
    return Resolution.PLACED if placed else None


def expect_one(contacts: Sequence[str] | None) -> str:
    """Return the only contact of --attach or --end; none or several are bad usage."""
    if not contacts or len(contacts) > 1:
        raise typer.BadParameter("--attach and --end are for one contact: name it")
    return contacts[0]


def expect_whom(contacts: Sequence[str] | None, verdict: Resolution | None, *, every: bool) -> None:
    """Refuse, as bad usage, a verdict on nobody, or on named contacts and on all."""
    if contacts and every:
        raise typer.BadParameter("either contacts or --all")
    if verdict is not None and not contacts and not every:
        raise typer.BadParameter("say which calls you settle: name contacts, or say --all")
    if every and verdict is None:
        raise typer.BadParameter("--all goes with --placed or --not-placed")
