"""What the API tells of a call by itself: how far it has come, and who has answered.

See https://www.twilio.com/docs/voice/api/call-resource#statuscallback and
https://www.twilio.com/docs/voice/answering-machine-detection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scheduler.sandbox.dates import http_date
from scheduler.sandbox.twilio.calls import FINAL, Call
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.knobs import Board
from scheduler.sandbox.twilio.recordings import Recordings
from scheduler.sandbox.twilio.sender import Sender
from scheduler.sandbox.twilio.wishes import known, wished

_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "404"}


class NewsOfCalls:
    """Tells each call's own address what becomes of it."""

    def __init__(
        self,
        board: Board,
        exchange: Exchange,
        clock: Clock,
        sender: Sender,
        recordings: Recordings,
    ) -> None:
        self._board = board
        self._exchange = exchange
        self._clock = clock
        self._sender = sender
        self._recordings = recordings
        self._told: Counter[str] = Counter()  #: how many reports a call has had
        exchange.when_changed(self._changed)
        exchange.when_answered(self._detect)

    def clear(self) -> None:
        """Begin again."""
        self._told.clear()

    def _changed(self, call: Call, status: str) -> None:
        wish = wished(call, "StatusCallback")
        if wish is None or call.parent or (status == "canceled" and call.started_at is None):
            return  # one that is cancelled in the queue is told of by nobody
        event = _EVENTS.get(status, "completed")
        if event not in (call.form.every("StatusCallbackEvent") or ["completed"]):
            return
        fields = [*known(call), *self._of_report(call, status)]
        self._sender.tell(call.sid, "status", wish, fields)

    def _of_report(self, call: Call, status: str) -> Iterator[tuple[str, str]]:
        number = self._told[call.sid]
        self._told[call.sid] += 1
        yield "CallStatus", status
        yield "CallbackSource", "call-progress-events"
        yield "SequenceNumber", str(number)
        yield "Timestamp", http_date(self._clock.now())
        if status in FINAL:
            seconds = call.duration_seconds or 0
            yield "CallDuration", str(seconds)
            yield "Duration", str(-(-seconds // 60))
            yield "SipResponseCode", _SIP_CODES.get(status, "487")
            if call.machine_detection and call.answered_at is not None:
                yield "AnsweredBy", verdict(call)
            for recording in self._recordings.of(call):
                yield from recording.fields()

    # Who has answered ---------------------------------------------------------------------------

    def _detect(self, call: Call) -> None:
        is_told = call.form.get("AsyncAmd") == "true" and call.form.has("AsyncAmdStatusCallback")
        if not call.machine_detection or not is_told or call.parent:
            return
        knobs = self._board.knobs
        seconds = knobs.verdict_after_seconds
        if verdict(call) not in ("human", "fax", "unknown", "machine_start"):
            seconds += knobs.greeting_seconds
        call.timers.set("verdict", self._clock.real(seconds), lambda: self._tell_verdict(call))

    def _tell_verdict(self, call: Call) -> None:
        took = round(1000 * (self._clock.now() - (call.answered_at or 0.0)))
        fields = [
            *known(call),
            ("AnsweredBy", verdict(call)),
            ("MachineDetectionDuration", str(took)),
        ]
        if wish := wished(call, "AsyncAmdStatusCallback"):
            self._sender.tell(call.sid, "machine", wish, fields)


def verdict(call: Call) -> str:
    """Return who has answered, as the API says it."""
    if call.answered_by != "machine":
        return call.answered_by or "unknown"
    waits = call.machine_detection == "DetectMessageEnd"
    return "machine_end_beep" if waits else "machine_start"
