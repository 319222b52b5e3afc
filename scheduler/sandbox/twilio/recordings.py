"""What was recorded of whole calls: it can be listed, had and deleted.

See https://www.twilio.com/docs/voice/api/recording.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from scheduler.sandbox.dates import http_date
from scheduler.sandbox.twilio.calls import Call, new_sid
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.knobs import Board
from scheduler.sandbox.twilio.sender import Sender
from scheduler.sandbox.twilio.wishes import known, wished

_RATE, _BYTES = 8000, 2
_numbers = count(1)

RecordingStatus = Literal["in-progress", "processing", "completed"]


@dataclass(slots=True, eq=False)
class Recording:
    """The sound of one call."""

    call: Call
    began_at: float
    channels: int
    home: str  #: the URL of the API
    ended_at: float | None = None
    is_complete: bool = False  #: whether its sound can be had
    sid: str = field(default_factory=lambda: new_sid("RE"))
    number: int = field(default_factory=_numbers.__next__)  #: in the order of their beginning

    @property
    def track(self) -> str:
        """Whose voices it has."""
        return self.call.form.get("RecordingTrack") or "both"

    @property
    def seconds(self) -> int:
        """How long it is, in whole seconds."""
        return max(1, round((self.ended_at or self.began_at) - self.began_at))

    @property
    def url(self) -> str:
        """Where its sound is."""
        return f"{self.home}/2010-04-01/Accounts/{self.call.account_sid}/Recordings/{self.sid}"

    @property
    def status(self) -> RecordingStatus:
        """How far it has come."""
        if self.is_complete:
            return "completed"
        return "in-progress" if self.ended_at is None else "processing"

    def fields(self) -> Iterator[tuple[str, str]]:
        """What every request that tells of it has."""
        yield "RecordingSid", self.sid
        yield "RecordingUrl", self.url
        if self.ended_at is not None:
            yield "RecordingDuration", str(self.seconds)

    @property
    def sound(self) -> bytes:
        """A WAV file: silence, of which its own numbers tell one second from another."""
        frames = _RATE * self.seconds
        frame = _BYTES * self.channels
        head = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", 36 + frames * frame, b"WAVE", b"fmt ", 16, 1, self.channels),
            *(_RATE, _RATE * frame, frame, 8 * _BYTES, b"data", frames * frame),
        )
        seconds = (struct.pack("<H", n) * (_RATE * self.channels) for n in range(self.seconds))
        return head + b"".join(seconds)


class Recordings:
    """The recordings of every call that was answered and is to be recorded."""

    def __init__(self, board: Board, exchange: Exchange, clock: Clock, sender: Sender) -> None:
        self._board = board
        self._clock = clock
        self._sender = sender
        self._known: dict[str, Recording] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}  #: until each is complete
        self.home = ""  #: the URL of the API, as it was asked last
        exchange.when_answered(self._answered)
        exchange.when_ended(self._ended)

    def clear(self) -> None:
        """Forget all."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._known.clear()

    def of(self, call: Call) -> list[Recording]:
        """Return those of a call, the newest first."""
        return [one for one in reversed(self._known.values()) if one.call is call]

    def find(self, sid: str) -> Recording | None:
        """Return one, if there is one."""
        return self._known.get(sid)

    def delete(self, sid: str) -> bool:
        """Delete one; False when there is none."""
        return self._known.pop(sid, None) is not None

    def _answered(self, call: Call) -> None:
        if call.form.get("Record") != "true" or call.parent:
            return
        channels = 2 if call.form.get("RecordingChannels") == "dual" else 1
        recording = Recording(call, call.answered_at or 0.0, channels, self.home)
        self._known[recording.sid] = recording
        self._tell(recording, "in-progress")

    def _ended(self, call: Call) -> None:
        for recording in self.of(call):
            recording.ended_at = call.ended_at
            seconds = self._clock.real(self._board.knobs.recording_after_seconds)
            complete = asyncio.get_running_loop().call_later(seconds, self._complete, recording)
            self._timers[recording.sid] = complete

    def _complete(self, recording: Recording) -> None:
        del self._timers[recording.sid]
        recording.is_complete = True
        if recording.sid in self._known:
            self._tell(recording, "completed")

    def _tell(self, recording: Recording, status: RecordingStatus) -> None:
        call = recording.call
        wish = wished(call, "RecordingStatusCallback")
        # Unlike those of calls, these events may stand in one field.
        events = " ".join(call.form.every("RecordingStatusCallbackEvent")).split()
        if wish is None or status not in (events or ["completed"]):
            return
        fields = [
            *known(call),
            *recording.fields(),
            ("RecordingStatus", status),
            ("RecordingChannels", str(recording.channels)),
            ("RecordingStartTime", http_date(recording.began_at)),
            ("RecordingSource", "OutboundAPI"),
            ("RecordingTrack", recording.track),
        ]
        self._sender.tell(call.sid, "recording", wish, fields)
