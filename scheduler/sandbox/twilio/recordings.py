"""What was recorded of whole calls: it can be listed, had and deleted.

See https://www.twilio.com/docs/voice/api/recording.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from scheduler.sandbox.twilio.calls import Call, new_sid
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.knobs import Board

_RATE, _BYTES = 8000, 2


@dataclass(frozen=True, slots=True)
class Recording:
    """The sound of one call."""

    call: Call
    began_at: float
    ended_at: float
    channels: int
    sid: str = field(default_factory=lambda: new_sid("RE"))

    @property
    def seconds(self) -> int:
        """How long it is, in whole seconds."""
        return max(1, round(self.ended_at - self.began_at))

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

    def __init__(self, board: Board, exchange: Exchange, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._known: dict[str, Recording] = {}
        exchange.when_ended(self._ended)

    def clear(self) -> None:
        """Forget all."""
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

    def is_complete(self, recording: Recording) -> bool:
        """Whether its sound can be had by now."""
        since = recording.ended_at + self._board.knobs.recording_after_seconds
        return self._clock.now() >= since

    def _ended(self, call: Call) -> None:
        if call.form.get("Record") != "true" or call.answered_at is None:
            return
        channels = 2 if call.form.get("RecordingChannels") == "dual" else 1
        recording = Recording(call, call.answered_at, call.ended_at or 0.0, channels)
        self._known[recording.sid] = recording
