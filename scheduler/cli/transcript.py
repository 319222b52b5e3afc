"""`callsched transcript`: what was said in one call, for reading."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from scheduler.cli import console, options
from scheduler.cli.access import opened_ledger
from scheduler.cli.results import writing
from scheduler.errors import ConfigError, LedgerError
from scheduler.fields.contact_label import label_of
from scheduler.ledger.reading import CampaignView, campaign_view, find_row, result
from scheduler.models import CallState, Insight
from scheduler.report import transcripts


class Format(StrEnum):
    """How a transcript is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    SRT = "srt"


_ENDINGS = {".txt": Format.TEXT, ".md": Format.MARKDOWN, ".srt": Format.SRT}


def transcript(
    id_: options.ExistingId,
    contact: options.SomeContact,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Without it: what --output ends in, or text."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to this file.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Write what was said in one call: as text, as Markdown with its insights, or as subtitles.

    Times count from the start of the call. Nothing is written, with exit code 0, when nothing was
    recorded; exit code 1 says that it was not read yet, or never will be.

    Example: `callsched transcript nightly-2026-11-22 c-001 --format srt -o c-001.srt`
    """
    chosen = format_ or (Format.TEXT if json else _format_of(output))
    with opened_ledger() as ledger:
        row = find_row(ledger, id_, contact)
        record, campaign = result(ledger, id_, row), campaign_view(ledger, id_)
    label = label_of(record, row)
    _expect_transcript(record, campaign, label)
    with writing(output) as file:
        file.write(_as_json(record) if json else _written(record, chosen, label))
    if not record["transcript"]:
        console.say(f"nothing was recorded in the call to {label}")
    elif why := record.get("insights_error"):
        console.say(f"something of the call to {label} could not be read: {why}")


def _format_of(path: Path | None) -> Format:
    if path is None:
        return Format.TEXT
    if path.suffix.lower() not in _ENDINGS:
        expected = ", ".join(_ENDINGS)
        raise ConfigError(f"{path}: expected a path that ends in {expected}, or say --format")
    return _ENDINGS[path.suffix.lower()]


def _expect_transcript(record: dict[str, Any], campaign: CampaignView, label: str) -> None:
    """Raise LedgerError that says why there is none."""
    if why := _why_none(record, campaign):
        raise LedgerError(f"no transcript of the call to {label}: {why}")
    if not record["transcript"] and "insights_error" in record:
        raise LedgerError(f"the call to {label} could not be read: {record['insights_error']}")


def _why_none(record: dict[str, Any], campaign: CampaignView) -> str:
    """Return why a record has no transcript, also no empty one; "" when it has."""
    campaign_id = campaign.campaign_id
    if "insights_erased" in record:
        return "it was erased"
    if "transcript" in record:
        return ""
    if record["state"] != CallState.ENDED:
        return f"the call is {record['state']}, `callsched tail {campaign_id}` shows what is said"
    if not record["conversation_id"]:
        ending = ", ".join(filter(None, (record["disposition"], record["reason"])))
        return f"there was no conversation ({ending.replace('_', ' ')})"
    if Insight.TRANSCRIPT not in campaign.policy.insights:
        return "the campaign collects none, as `insights` in its file says"
    if campaign.collecting:
        return "it is still being read, which takes a worker and a minute or two"
    return "nothing is collected any more"


def _as_json(record: dict[str, Any]) -> str:
    names = ("campaign_id", "contact_id", "conversation_id", "started_at", "transcript", "insights")
    return console.as_json({name: record[name] for name in names}) + "\n"


def _written(record: dict[str, Any], chosen: Format, label: str) -> str:
    began_at = record["started_at"]
    lines = transcripts.spoken(record["transcript"], began_at)
    if not lines:
        return ""
    if chosen is Format.TEXT:
        return transcripts.text(lines)
    if chosen is Format.SRT:
        return transcripts.srt(lines)
    return transcripts.markdown(lines, label, began_at, record["insights"])
