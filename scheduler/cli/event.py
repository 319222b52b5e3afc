"""`callsched event`: tell the API who speaks on a live call."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from scheduler.cli import console, options
from scheduler.cli.access import opened_ledger
from scheduler.errors import MaybeDone, NoSuchConnection
from scheduler.fields.contact_label import label_of
from scheduler.ledger.reading import campaign_view, find_row, live_connection, result
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.operations.account import expect_account
from scheduler.providers import SpeakerEvent, open_provider
from scheduler.settings import settings


class Kind(StrEnum):
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
    id_: options.ExistingId,
    contact: options.SomeContact,
    kind: Annotated[Kind, typer.Argument(metavar="EVENT", help=f"One of {', '.join(Kind)}.")],
    user: Annotated[
        str, typer.Option(metavar="USER", callback=_somebody, help="Who, often a mail address.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="How the transcript names them.")] = "",
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="INSTANT",
            parser=_instant,
            help="When, such as 2026-11-22T14:00:05Z. Without it: now.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Tell the API who begins or ceases to speak on a live call, so that it can name the speakers.

    Example: `callsched event bridges design started_speaking --user ana@example.com --name Ana`
    """
    chosen, said_at = settings(), at.timestamp() if at is not None else None
    with opened_ledger() as ledger:
        row = find_row(ledger, id_, contact)
        record = result(ledger, id_, row)
        expect_account(campaign_view(ledger, id_), chosen)
        connection = live_connection(ledger, id_, row)
        provider = open_provider(chosen, RedisTokenShelf(ledger))
        try:
            provider.tell(connection, SpeakerEvent(kind.value, user, name, said_at))
        except NoSuchConnection as error:
            raise NoSuchConnection(f"the call is over, as the API says: {error}") from error
        except MaybeDone as error:
            raise MaybeDone(
                f"whether the API heard it is not known, say it again: {error}"
            ) from error
        finally:
            provider.close()
    if json:
        told = {"event": kind.value, "user_id": user, "name": name, "at": said_at}
        ids = {"campaign_id": id_, "contact_id": record["contact_id"]}
        console.emit({**ids, "row": row, "connection_id": connection.connection_id, **told})
    else:
        console.say(f"{label_of(record, row)}: {name or user} {kind.replace('_', ' ')}")
