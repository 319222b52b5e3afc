"""Reads Twilio's callbacks into `Heard`.

See https://www.twilio.com/docs/voice/api/call-resource#statuscallback,
https://www.twilio.com/docs/voice/answering-machine-detection and
https://www.twilio.com/docs/voice/twiml/transcription.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from scheduler.errors import Forged, Unreadable
from scheduler.providers.answers import read_json, text_in
from scheduler.providers.base import CallReport, Heard, News, Outcome, Stage
from scheduler.providers.callbacks import Topic
from scheduler.providers.http_dates import http_date
from scheduler.providers.twilio.answers import sid_in
from scheduler.providers.twilio.call_report import (
    address_of,
    answered_by,
    is_placed_by_us,
    kept,
    stage_of,
    whole_number,
    whole_seconds,
)
from scheduler.providers.twilio.signatures import Fields
from scheduler.providers.twilio.twiml import SPEAKERS

#: Characters of one event's words: some 10 minutes of speech.
_MOST_LETTERS = 10_000
_KEYS = re.compile(r"[0-9*#A-Da-d]{0,100}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_heard(topic: Topic, fields: Fields, account_sid: str) -> Heard:
    """Read a verified callback.

    Raises Forged for a callback of another account, Unreadable for a malformed one.
    """
    if set(fields.get("AccountSid", ())) != {account_sid}:
        raise Forged("a request is not of this account")
    form = {name: values[0] for name, values in fields.items()}
    sid = sid_in({"sid": form.get("CallSid")})
    if not sid:
        raise Unreadable("a request names no call")
    return _READERS[topic](form, sid)


def _status(form: dict[str, str], sid: str) -> Heard:
    status = form.get("CallStatus", "")
    if not status:
        raise Unreadable("a report of a call has no status")
    stage, outcome = stage_of(status)
    at = http_date(form.get("Timestamp", ""))
    report = CallReport(
        connection_id=sid,
        stage=stage,
        outcome=outcome,
        address=address_of(kept(form, "To")),
        caller_id=kept(form, "From"),
        is_ours=is_placed_by_us(text_in(form, "Direction"), form.get("ParentCallSid", "")),
        ended_at=at if stage is Stage.OVER else None,
        duration_seconds=_duration(form, outcome),
        answered_by=answered_by(form.get("AnsweredBy", "")),
        read_at=at,
    )
    return Heard(
        sid,
        sequence=whole_number(form.get("SequenceNumber", "")),
        report=report,
        answered_by="" if stage is Stage.OVER else report.answered_by,
    )


def _duration(form: dict[str, str], outcome: Outcome | None) -> float | None:
    return whole_seconds(form.get("CallDuration", "")) if outcome is not None else None


def _machine(form: dict[str, str], sid: str) -> Heard:
    verdict = form.get("AnsweredBy", "")
    if not verdict:
        raise Unreadable("a verdict about who answered has none")
    return Heard(sid, answered_by=answered_by(verdict), may_speak=verdict.startswith("machine_end"))


def _words(form: dict[str, str], sid: str) -> Heard:
    """Read an event of a transcription; its beginning and end carry no news."""
    event = form.get("TranscriptionEvent", "")
    if not event:
        raise Unreadable("words have no event")
    read = _EVENTS.get(event)
    news = read(form) if read is not None else None
    if news is None:
        return Heard(sid)
    return Heard(sid, news=(news,), news_id=_news_id(form))


def _content(form: dict[str, str]) -> News | None:
    data = read_json(form.get("TranscriptionData", ""))
    if not isinstance(data, dict):
        raise Unreadable("words can't be read")
    text = text_in(data, "transcript").strip()[:_MOST_LETTERS]
    if not text:
        return None
    return News(
        kind="message" if form.get("Final", "").lower() == "true" else "transcript",
        text=text,
        speaker=SPEAKERS.get(form.get("Track", ""), ""),
        said_at=_instant(form.get("Timestamp", "")),
    )


def _error(form: dict[str, str]) -> News:
    """Read an event that words are missing. No documentation of its fields could be found."""
    codes = (form.get(name, "") for name in ("TranscriptionErrorCode", "ErrorCode"))
    texts = (form.get(name, "") for name in ("TranscriptionError", "ErrorMessage"))
    reasons = " ".join(filter(None, (next(filter(None, codes), ""), next(filter(None, texts), ""))))
    text = f"transcription: {reasons or 'an error'}"[:300]
    return News("error", text, said_at=_instant(form.get("Timestamp", "")))


_EVENTS: Mapping[str, Callable[[dict[str, str]], News | None]] = {
    "transcription-content": _content,
    "transcription-error": _error,
}


def _news_id(form: dict[str, str]) -> str:
    """Return the id of an event: track and number, since events are numbered within a track."""
    parts = [form.get(name, "") for name in ("TranscriptionSid", "Track", "SequenceId")]
    if all(map(_ID.fullmatch, parts)):
        return ":".join(parts)
    # Without a number the content tells whether an event is repeated.
    return hashlib.sha256(repr(sorted(form.items())).encode("utf-8", "replace")).hexdigest()[:32]


def _instant(written: str) -> float | None:
    """Return epoch seconds of a time in ISO 8601, which such events have, or as mail writes it."""
    try:
        read = datetime.fromisoformat(written)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return http_date(written)


def _recording(form: dict[str, str], sid: str) -> Heard:
    return Heard(sid)


def _steps(form: dict[str, str], sid: str) -> Heard:
    pressed = form.get("Digits", "")
    if not _KEYS.fullmatch(pressed):
        raise Unreadable("what was pressed are no keys")
    return Heard(sid, pressed=pressed)


_READERS: Mapping[Topic, Callable[[dict[str, str], str], Heard]] = {
    Topic.STATUS: _status,
    Topic.MACHINE: _machine,
    Topic.WORDS: _words,
    Topic.RECORDING: _recording,
    Topic.STEPS: _steps,
}
