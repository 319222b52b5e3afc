"""A cache of the recordings that somebody plays: each is fetched once, and kept some minutes.

A player asks for one piece after another, and goes back and forth; the provider is asked once. They
are files without a name, which no other process sees and none leaves behind.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from fastapi.responses import Response, StreamingResponse

from scheduler.web.kept_file import KeptFile
from scheduler.web.problems import Failure

#: How long a recording is kept after its last use, and how many are.
KEPT_SECONDS = 300.0
MOST_KEPT = 8
#: The longest recording. Four hours on two channels take half of it.
MOST_BYTES = 1 << 30

_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")

#: Writes a recording to a file.
Fetch = Callable[[IO[bytes]], None]


@dataclass(slots=True)
class Sound:
    """A cached recording, and the names of the visitors who have heard it."""

    file: KeptFile
    until: float
    heard_by: set[str] = field(default_factory=set)


class Sounds:
    """The cache. Safe to use from many threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Sound] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], fetch: Fetch) -> Sound:
        """Return a recording from the cache, or fetch it."""
        with self._lock:
            self._forget(time.monotonic())
            if (kept := self._kept.get(key)) is not None:
                return kept
        with tempfile.TemporaryFile() as file:
            fetch(file)
            fresh = Sound(KeptFile(file), time.monotonic() + KEPT_SECONDS)
        with self._lock:
            return self._kept.setdefault(key, fresh)

    def is_first(self, sound: Sound, who: str) -> bool:
        """Tell whether a visitor hears the recording for the first time, and note that they do."""
        with self._lock:
            is_new = who not in sound.heard_by
            sound.heard_by.add(who)
            return is_new

    def _forget(self, now: float) -> None:
        old = [key for key, sound in self._kept.items() if sound.until < now]
        for key in [*old, *list(self._kept)[: max(0, len(self._kept) - MOST_KEPT + 1)]]:
            self._kept.pop(key, None)


def of_sound(sound: Sound, wanted: str) -> Response:
    """Send a recording, or the part that a `Range` header names. Raises Failure: 416."""
    length = sound.file.length
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    span = _span(wanted, length)
    if span is None:
        start, end, status = 0, length, 200
    else:
        (start, end), status = span, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(sound.file.pieces(start, end), status, headers, media_type="audio/wav")


def _span(wanted: str, length: int) -> tuple[int, int] | None:
    """Return where a range begins and ends, the end excluded; None for all, and for several."""
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found.groups() == (None, None):
        return None
    first, last = found.groups()
    if first is None:
        start, end = max(0, length - int(last)), length
    else:
        start, end = int(first), min(length, int(last) + 1) if last else length
    if start >= end:
        raise Failure(
            416, "range", "it has no such bytes", headers={"Content-Range": f"bytes */{length}"}
        )
    return start, end
