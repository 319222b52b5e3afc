"""How `callsched transcript` writes what was said."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from scheduler.cli import console
from scheduler.errors import ConfigError
from scheduler.operations.transcript import Transcript
from scheduler.report import transcripts


class TranscriptFormat(StrEnum):
    """How a transcript is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    SRT = "srt"


_ENDINGS = {
    ".txt": TranscriptFormat.TEXT,
    ".md": TranscriptFormat.MARKDOWN,
    ".srt": TranscriptFormat.SRT,
}


def format_of(path: Path | None) -> TranscriptFormat:
    """Return the format of a path's ending; text without a path."""
    if path is None:
        return TranscriptFormat.TEXT
    if path.suffix.lower() not in _ENDINGS:
        expected = ", ".join(_ENDINGS)
        raise ConfigError(f"{path}: expected a path that ends in {expected}, or say --format")
    return _ENDINGS[path.suffix.lower()]


def as_json(record: dict[str, Any]) -> str:
    """Return a transcript and its insights as one line of JSON."""
    names = ("campaign_id", "contact_id", "conversation_id", "started_at", "transcript", "insights")
    return console.as_json({name: record[name] for name in names}) + "\n"


def written(transcript: Transcript, chosen: TranscriptFormat) -> str:
    """Return a transcript for reading; "" if nothing was recorded."""
    record = transcript.record
    began_at = record["started_at"]
    spoken = transcripts.spoken(record["transcript"], began_at)
    if not spoken:
        return ""
    if chosen is TranscriptFormat.TEXT:
        return transcripts.text(spoken)
    if chosen is TranscriptFormat.SRT:
        return transcripts.srt(spoken)
    return transcripts.markdown(spoken, transcript.label, began_at, record["insights"])


def say_what_is_missing(found: Transcript) -> None:
    """Say why the transcript is missing, or not complete."""
    if not found.record["transcript"]:
        console.say(f"nothing was recorded in the call to {found.label}")
    elif found.missing:
        console.say(f"something of the call to {found.label} could not be read: {found.missing}")
