"""`callsched PROVIDER event`: tell the API who speaks on a live call."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from scheduler import providers
from scheduler.cli import console, options
from scheduler.cli.access import changed_ledger
from scheduler.operations.speakers import tell
from scheduler.providers import SpeakerEvent
from scheduler.settings import settings


class What(StrEnum):
    """What somebody did."""

    STARTED_SPEAKING = "started_speaking"
    STOPPED_SPEAKING = "stopped_speaking"
    JOINED = "joined"
    LEFT = "left"


def _instant(written: str) -> datetime:
    with suppress(ValueError):
        read = datetime.fromisoformat(written)
        if read.tzinfo is not None:
            return read
    raise typer.BadParameter("expected an instant with its zone, such as 2026-11-22T14:00:05Z")


def _somebody(value: str) -> str:
    if not value.strip():
        raise typer.BadParameter("expected who it is, such as ana@example.com")
    return value.strip()


def event(
    context: typer.Context,
    id_: options.ExistingId,
    contact: options.SomeContact,
    what: Annotated[What, typer.Argument(metavar="EVENT", help=f"One of {', '.join(What)}.")],
    user: Annotated[
        str,
        typer.Option(metavar="USER", callback=_somebody, help="The speaker, often a mail address."),
    ],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The speaker's name in the transcript.")
    ] = "",
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="INSTANT",
            parser=_instant,
            help="When: 2026-11-22T14:00:05Z. Default: now.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Tell the API who starts or stops speaking on a live call, so that it can name speakers.

    Example: `callsched PROVIDER event bridges design started_speaking --user ana@example.com`
    """
    kind: providers.Kind = context.obj
    event_ = SpeakerEvent(what.value, user, name, at.timestamp() if at is not None else None)
    with changed_ledger() as ledger:
        call = tell(ledger, settings(), kind, id_, contact, event_)
    if json:
        ids = {"campaign_id": id_, "contact_id": call.record["contact_id"], "row": call.row}
        ids |= {"connection_id": call.connection.connection_id}
        console.emit({**ids, "event": what.value, "user_id": user, "name": name, "at": event_.at})
    else:
        console.say(f"{call.label}: {name or user} {what.replace('_', ' ')}")
