"""`callsched tail`: what is being said on live calls."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from scheduler.cli import console, options
from scheduler.cli.access import opened_ledger
from scheduler.fields.contact_label import label_of
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listening import Heard, last_place, said
from scheduler.ledger.reading import campaign_view, find_row, result
from scheduler.models import CallState, CampaignState
from scheduler.report.transcripts import one_line

#: How long one look waits for a line; after a call's end, one such silence is the end of it.
LOOK_SECONDS = 1.0

#: By which a program gets to know whose line it is.
_FIELDS = ("contact_id", "phone_number", "sip_uri")


class Since(StrEnum):
    """From where on live lines are shown."""

    START = "start"
    NOW = "now"


def tail(
    id_: options.ExistingId,
    contact: options.MaybeContact = None,
    since: Annotated[
        Since, typer.Option(help="Begin with what is still kept, or with what comes from now on.")
    ] = Since.START,
    raw: Annotated[
        bool, typer.Option("--raw", help="Also the words as they were recognised, line by line.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Wait for more, until the calls are over.")
    ] = True,
    json: options.JsonLines = False,
) -> None:
    """Follow what is being said on the live calls of a campaign, or on one of them.

    It ends by itself when the calls are over; Ctrl-C ends it with exit code 130 and no call. Lines
    are kept while a call lives and an hour longer; `callsched transcript` has the whole of it.

    Example: `callsched tail nightly-2026-11-22 +12025550143`
    """
    try:
        with opened_ledger() as ledger:
            row = _row(ledger, id_, contact)
            after = last_place(ledger, id_, row) if since is Since.NOW else "0"
            lines = _lines(ledger, id_, row, after, follow=follow)
            if not _show(lines, _Contacts(ledger, id_), raw=raw, json=json):
                console.say("nothing was said, or it is kept no longer: see `callsched transcript`")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _row(ledger: Ledger, campaign_id: str, contact: str | None) -> int | None:
    """Return the row of the call that is followed; None for all. Raises LedgerError."""
    if contact is None:
        campaign_view(ledger, campaign_id)
        return None
    row = find_row(ledger, campaign_id, contact)
    result(ledger, campaign_id, row)
    return row


def _show(lines: Iterable[tuple[str, Heard]], contacts: _Contacts, *, raw: bool, json: bool) -> int:
    """Show lines as they come; return how many."""
    shown = 0
    for place, heard in lines:
        if heard.kind == "transcript" and not raw:
            continue
        shown += 1
        known = contacts.of(heard.attempt.row)
        if json:
            console.emit(_record(place, heard, known))
        else:
            console.out.print(_line(place, heard, known))
    return shown


def _lines(
    ledger: Ledger, campaign_id: str, row: int | None, after: str, *, follow: bool
) -> Iterator[tuple[str, Heard]]:
    """Yield what is kept after a place, and what comes, until there is nothing more to come."""
    while True:
        # Looked at first: what was said before the end is on record by the end of this look.
        is_last = not follow or _is_over(ledger, campaign_id, row)
        wait_seconds = LOOK_SECONDS if follow else 0.0
        found = said(ledger, campaign_id, row, after=after, block_seconds=wait_seconds)
        yield from found
        if found:
            after = found[-1][0]
        elif is_last:
            return


def _is_over(ledger: Ledger, campaign_id: str, row: int | None) -> bool:
    if row is None:
        return campaign_view(ledger, campaign_id).state is CampaignState.FINISHED
    return bool(result(ledger, campaign_id, row)["state"] == CallState.ENDED)


class _Contacts:
    """Whose lines they are; each contact is read once."""

    def __init__(self, ledger: Ledger, campaign_id: str) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._known: dict[int, dict[str, Any]] = {}

    def of(self, row: int) -> dict[str, Any]:
        """Return what names a contact."""
        if row not in self._known:
            record = result(self._ledger, self._campaign_id, row)
            named = {name: record[name] for name in _FIELDS}
            self._known[row] = named | {"label": label_of(record, row)}
        return self._known[row]


def _record(place: str, heard: Heard, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "campaign_id": heard.attempt.campaign_id,
        "row": heard.attempt.row,
        **{name: known[name] for name in _FIELDS},
        "kind": heard.kind,
        "speaker": heard.speaker,
        "text": heard.text,
        "said_at": heard.said_at,
        "noted_at": _noted_at(place),
    }


def _line(place: str, heard: Heard, known: Mapping[str, Any]) -> Text:
    at = heard.said_at if heard.said_at is not None else _noted_at(place)
    when = time.strftime("%H:%M:%S", time.localtime(at))
    line = Text.assemble((when, "dim"), "  ", (known["label"], "cyan"), "  ")
    if heard.kind != "message":
        line.append(f"[{one_line(heard.kind).replace('_', ' ')}] ", "magenta")
    if speaker := one_line(heard.speaker):
        line.append(f"{speaker}: ", "bold")
    return line.append(one_line(heard.text))


def _noted_at(place: str) -> float:
    return int(place.partition("-")[0]) / 1000
