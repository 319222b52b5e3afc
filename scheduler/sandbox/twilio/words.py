"""What is heard on a call, told as it is said.

See https://www.twilio.com/docs/voice/twiml/transcription.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from scheduler.sandbox.twilio.calls import Call, new_sid
from scheduler.sandbox.twilio.clock import Clock
from scheduler.sandbox.twilio.exchange import Exchange
from scheduler.sandbox.twilio.knobs import Board
from scheduler.sandbox.twilio.sender import Sender
from scheduler.sandbox.twilio.twiml import Verb
from scheduler.sandbox.twilio.wishes import known, wished_of

_SAME_TRACKS = ("both_tracks", "")


@dataclass(slots=True)
class _Transcription:
    sid: str
    noun: Verb
    sequence: int = 0


class Words:
    """The live transcriptions."""

    def __init__(self, board: Board, exchange: Exchange, clock: Clock, sender: Sender) -> None:
        self._board = board
        self._clock = clock
        self._sender = sender
        self._live: dict[str, _Transcription] = {}
        exchange.when_ended(self._ended)

    def clear(self) -> None:
        """Listen to nobody any more."""
        self._live.clear()

    def begin(self, call: Call, noun: Verb) -> None:
        """Listen to a call, as a `<Transcription>` says."""
        self._live[call.sid] = live = _Transcription(new_sid("GT"), noun)
        attributes = noun.attributes
        self._tell(
            call,
            live,
            "transcription-started",
            Name=attributes.get("name", ""),
            Track=attributes.get("track", "both_tracks"),
            LanguageCode=attributes.get("languageCode", "en-US"),
            PartialResults=attributes.get("partialResults", "false"),
            TranscriptionEngine=attributes.get("transcriptionEngine", "google"),
        )
        for sentence in filter(None, self._board.knobs.callee_says.split("|")):
            self.said(call, "inbound_track", sentence)

    def said(self, call: Call, track: str, sentence: str) -> None:
        """Tell a sentence, where somebody listens to its track."""
        live = self._live.get(call.sid)
        if live is None or live.noun.attributes.get("track", "") not in (*_SAME_TRACKS, track):
            return
        if live.noun.attributes.get("partialResults") == "true":
            begun = " ".join(sentence.split()[:-1])
            self._tell_content(call, live, track, begun or sentence, Final="false", Stability="0.5")
        self._tell_content(call, live, track, sentence, Final="true")

    def _tell_content(
        self, call: Call, live: _Transcription, track: str, heard: str, **more: str
    ) -> None:
        self._tell(
            call,
            live,
            "transcription-content",
            Track=track,
            LanguageCode=live.noun.attributes.get("languageCode", "en-US"),
            TranscriptionData=json.dumps({"transcript": heard, "confidence": 0.9}),
            **more,
        )

    def _ended(self, call: Call) -> None:
        live = self._live.pop(call.sid, None)
        if live is not None:
            self._tell(call, live, "transcription-stopped")

    def _tell(self, call: Call, live: _Transcription, event: str, **more: str) -> None:
        live.sequence += 1
        at = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        fields = [
            *known(call),
            ("TranscriptionSid", live.sid),
            ("TranscriptionEvent", event),
            ("Timestamp", at.replace("+00:00", "Z")),
            ("SequenceId", str(live.sequence)),
            *more.items(),
        ]
        if wish := wished_of(live.noun, "statusCallbackUrl", "statusCallbackMethod"):
            self._sender.tell(call.sid, "words", wish, fields)
