"""Reads Twilio's lists of recordings, and checks where a resumed download begins.

See https://www.twilio.com/docs/voice/api/recording.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from scheduler.errors import MaybeDone, Refused
from scheduler.providers.answer import Answer
from scheduler.providers.answers import any_json, most_values, text_in
from scheduler.providers.callbacks import Recording
from scheduler.providers.twilio.answers import sid_in
from scheduler.providers.twilio.call_report import whole_seconds
from scheduler.providers.twilio.pages import PAGE

#: What Twilio keeps of a deleted recording, by its documentation.
KEPT = "metadata of recordings for 40 days"

#: The status of a recording without sound: the call ended before it began, or it failed.
_ABSENT = "absent"

_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/(?:[0-9]{1,15}|[*])", re.IGNORECASE)


def read_recordings(answer: Answer, most_bytes: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the recordings of a page of the list, and the page's whole body.

    Raises MaybeDone if the body is no such page.
    """
    body = any_json(answer, most_values(most_bytes))
    listed = body.get("recordings") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise MaybeDone("what was read is no list of recordings")
    return [each for each in listed[:PAGE] if isinstance(each, dict) and sid_in(each)], body


def exists(body: dict[str, Any]) -> bool:
    """Whether a recording has sound, or will have."""
    return text_in(body, "status") != _ABSENT


def recording_of(body: dict[str, Any]) -> Recording:
    """Return a recording as it is listed."""
    channels = text_in(body, "channels")
    return Recording(
        recording_id=sid_in(body),
        duration_seconds=whole_seconds(text_in(body, "duration")),
        channels=int(channels) if channels in ("1", "2") else 1,
        is_complete=text_in(body, "status") == "completed",
    )


def expect_from(answer: Answer, offset: int) -> None:
    """Raise Refused unless the answer's body begins at this byte of the recording."""
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Refused("it comes packed, which was not asked for")
    begin = 0
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        match = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        begin = int(match[1]) if match else -1
    if begin != offset:
        raise Refused(f"it can't be had from byte {offset} on: begin anew")
