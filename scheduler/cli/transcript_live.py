"""How `callsched transcript --follow` shows what is being said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import typer
from rich.text import Text

from scheduler.cli import console
from scheduler.cli.access import opened_ledger
from scheduler.cli.suggested import suggested
from scheduler.fields.visible import one_line
from scheduler.hours import reader
from scheduler.ledger import listeners
from scheduler.ledger.listeners import LiveLine
from scheduler.live import lines
from scheduler.live.lines import Contacts


class Since(StrEnum):
    """Which live lines are shown first."""

    START = "start"
    NOW = "now"


def show(
    campaign_id: str,
    contact: str | None,
    since: Since | None,
    *,
    follow: bool,
    raw: bool,
    json: bool,
) -> None:
    """Show live lines; with `follow` also new ones, until the calls end or Ctrl-C."""
    try:
        with opened_ledger() as ledger:
            row = lines.row_of(ledger, campaign_id, contact)
            after = listeners.last_place(ledger, campaign_id, row) if since is Since.NOW else "0"
            heard = lines.lines_after(ledger, campaign_id, row, after, follow=follow)
            if not _show(heard, Contacts(ledger, campaign_id), raw=raw, json=json):
                console.say(_nothing(campaign_id, contact))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _nothing(campaign_id: str, contact: str | None) -> str:
    words = ("transcript", campaign_id, contact) if contact else ("results", campaign_id)
    why = "nothing was said, it is kept no longer, or the campaign collects nothing"
    return f"{why}: see `{suggested(*words)}`"


def _show(
    heard_lines: Iterable[tuple[str, LiveLine]], contacts: Contacts, *, raw: bool, json: bool
) -> int:
    """Return how many lines were shown."""
    shown = 0
    for place, heard in heard_lines:
        if heard.kind == "transcript" and not raw:
            continue
        shown += 1
        contact = contacts.of(heard.attempt.row)
        if json:
            console.emit(lines.as_record(place, heard, contact))
        else:
            console.out.print(_line(place, heard, contact))
    return shown


def _line(place: str, heard: LiveLine, contact: Mapping[str, Any]) -> Text:
    at = heard.said_at if heard.said_at is not None else lines.noted_at(place)
    when = reader.written(at, "%H:%M:%S")
    line = Text.assemble((when, "dim"), "  ", (contact["label"], "cyan"), "  ")
    if heard.kind != "message":
        line.append(f"[{one_line(heard.kind).replace('_', ' ')}] ", "magenta")
    if speaker := one_line(heard.speaker):
        line.append(f"{speaker}: ", "bold")
    return line.append(one_line(heard.text))
