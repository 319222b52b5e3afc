"""What a request of Twilio's tells of its call, in our words.

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

#: Of what one event says: some 10 minutes of speech.
_MOST_LETTERS = 10_000
_KEYS = re.compile(r"[0-9*#A-Da-d]{0,100}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_heard(topic: Topic, fields: Fields, account_sid: str) -> Heard:
    """Read what a verified request says.

    Raises Forged for another account's, Unreadable for what nobody understands.
    """
    if set(fields.get("AccountSid", ())) != {account_sid}:
        raise Forged("a request is not of this account")
    said = {name: values[0] for name, values in fields.items()}
    sid = sid_in({"sid": said.get("CallSid")})
    if not sid:
        raise Unreadable("a request names no call")
    return _READERS[topic](said, sid)


def _status(said: dict[str, str], sid: str) -> Heard:
    status = said.get("CallStatus", "")
    if not status:
        raise Unreadable("a report of a call has no status")
    stage, outcome = stage_of(status)
    at = http_date(said.get("Timestamp", ""))
    report = CallReport(
        connection_id=sid,
        stage=stage,
        outcome=outcome,
        address=address_of(kept(said, "To")),
        caller_id=kept(said, "From"),
        is_ours=is_placed_by_us(text_in(said, "Direction"), said.get("ParentCallSid", "")),
        ended_at=at if stage is Stage.OVER else None,
        duration_seconds=_duration(said, outcome),
        answered_by=answered_by(said.get("AnsweredBy", "")),
        read_at=at,
    )
    return Heard(
        sid,
        sequence=whole_number(said.get("SequenceNumber", "")),
        report=report,
        answered_by="" if stage is Stage.OVER else report.answered_by,
    )


def _duration(said: dict[str, str], outcome: Outcome | None) -> float | None:
    return whole_seconds(said.get("CallDuration", "")) if outcome is not None else None


def _machine(said: dict[str, str], sid: str) -> Heard:
    verdict = said.get("AnsweredBy", "")
    if not verdict:
        raise Unreadable("a verdict about who answered has none")
    return Heard(sid, answered_by=answered_by(verdict), may_speak=verdict.startswith("machine_end"))


def _words(said: dict[str, str], sid: str) -> Heard:
    """Read an event of a transcription; that it has begun or ended is no news."""
    event = said.get("TranscriptionEvent", "")
    if not event:
        raise Unreadable("words have no event")
    read = _EVENTS.get(event)
    news = read(said) if read is not None else None
    if news is None:
        return Heard(sid)
    return Heard(sid, news=(news,), news_id=_news_id(said))


def _content(said: dict[str, str]) -> News | None:
    data = read_json(said.get("TranscriptionData", ""))
    if not isinstance(data, dict):
        raise Unreadable("words can't be read")
    text = text_in(data, "transcript").strip()[:_MOST_LETTERS]
    if not text:
        return None
    return News(
        kind="message" if said.get("Final", "").lower() == "true" else "transcript",
        text=text,
        speaker=SPEAKERS.get(said.get("Track", ""), ""),
        said_at=_instant(said.get("Timestamp", "")),
    )


def _error(said: dict[str, str]) -> News:
    """Read that words are missing: how the fields are called, no page could be found to say."""
    codes = (said.get(name, "") for name in ("TranscriptionErrorCode", "ErrorCode"))
    texts = (said.get(name, "") for name in ("TranscriptionError", "ErrorMessage"))
    told = " ".join(filter(None, (next(filter(None, codes), ""), next(filter(None, texts), ""))))
    text = f"transcription: {told or 'an error'}"[:300]
    return News("error", text, said_at=_instant(said.get("Timestamp", "")))


_EVENTS: Mapping[str, Callable[[dict[str, str]], News | None]] = {
    "transcription-content": _content,
    "transcription-error": _error,
}


def _news_id(said: dict[str, str]) -> str:
    """Return the id of an event: they are counted within a track alone."""
    parts = [said.get(name, "") for name in ("TranscriptionSid", "Track", "SequenceId")]
    if all(map(_ID.fullmatch, parts)):
        return ":".join(parts)
    # Without a number what is sent again is known by what it says.
    return hashlib.sha256(repr(sorted(said.items())).encode("utf-8", "replace")).hexdigest()[:32]


def _instant(written: str) -> float | None:
    """Return epoch seconds of a time in ISO 8601, which such events have, or as mail writes it."""
    try:
        read = datetime.fromisoformat(written)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return http_date(written)


def _recording(said: dict[str, str], sid: str) -> Heard:
    return Heard(sid)


def _steps(said: dict[str, str], sid: str) -> Heard:
    pressed = said.get("Digits", "")
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
