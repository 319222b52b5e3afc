"""One account at Twilio: its calls and recordings, and the callbacks that Twilio sends.

The client keeps nothing of a call but its SID: any worker can ask the API about any call. See
https://www.twilio.com/docs/voice/api/call-resource.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from urllib3.util import make_headers

from scheduler.clock import since_boot
from scheduler.errors import (
    Forged,
    MaybeDone,
    NoSuchConnection,
    ProviderError,
    Refused,
    ScriptError,
)
from scheduler.models import Connection
from scheduler.providers.answer import Answer
from scheduler.providers.answers import is_success, json_of
from scheduler.providers.api_clock import ApiClock, ApiTime
from scheduler.providers.base import (
    CallReport,
    Heard,
    Leave,
    Outcome,
    Stage,
    StartOrder,
    StopAnswer,
)
from scheduler.providers.bodies import LIST_BYTES, SHORT_BYTES, read_whole
from scheduler.providers.callbacks import Callback, CallbackPlace, Erased, Recording, Reply
from scheduler.providers.http import Line, Stream
from scheduler.providers.secrets import revealed
from scheduler.providers.twilio.answers import (
    connection_in,
    error_of,
    message_of,
    sid_in,
    why_failed,
)
from scheduler.providers.twilio.call_report import bare, read_report, read_reports
from scheduler.providers.twilio.credentials import TwilioCredentials
from scheduler.providers.twilio.heard import read_heard
from scheduler.providers.twilio.pages import Places, day_of, written
from scheduler.providers.twilio.recordings import (
    KEPT,
    exists,
    expect_from,
    read_recordings,
    recording_of,
)
from scheduler.providers.twilio.signatures import verified
from scheduler.providers.twilio.start import (
    Form,
    expect_within_limit,
    start_form,
    time_limit,
    what_a_machine_hears,
)
from scheduler.providers.twilio.twiml import render_reply
from scheduler.script import Script
from scheduler.tokens import TokenShelf

logger = logging.getLogger(__name__)

#: Wall time for a whole start; the lease of a dialing attempt is longer.
START_SECONDS = 15.0
#: For a stop and all the readings that confirm it.
STOP_SECONDS = 10.0
READ_SECONDS = 10.0
#: For the next piece of a recording.
PIECE_SECONDS = 30.0

#: Redirects from the address of a recording to its sound.
_MOST_REDIRECTS = 3

#: Pauses between the readings of a call after its stop, while there is time; the last one repeats.
_BETWEEN_READINGS = (0.5, 1.0, 2.0)

#: In the order in which a call goes through them: a call that moves on while the lists are read
#: is then in a later list, or in two.
_OPEN_STATUSES = ("queued", "ringing", "in-progress")

#: The most pages of one list, the newest calls first; a call that is missing is read by its id.
#: Somebody else's queue may have 86,400 calls, and the server must not decide how much memory we
#: use.
_MOST_PAGES = 10

#: A list is asked for from so much earlier: the two clocks may differ, and they count in whole
#: seconds. The caller compares the times of the calls in it.
_EARLIER_SECONDS = 60.0

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Twilio:
    """One account at Twilio. Safe to use from many threads."""

    def __init__(self, credentials: TwilioCredentials, shelf: TokenShelf | None = None) -> None:
        """Raise ConfigError when the credentials are missing. There is no token to share."""
        proof = credentials.proof()
        identity = "\n".join((proof.base_url, proof.account_sid, proof.user, proof.password))
        self.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._account_sid = proof.account_sid
        self._auth_token = revealed(credentials.auth_token)
        self._proof = make_headers(basic_auth=f"{proof.user}:{proof.password}")
        self._places = Places(proof.base_url, proof.account_sid)
        self._clock = ApiClock(proof.base_url)
        self._line = Line(self._clock)

    def close(self) -> None:
        """Close the connections of this thread."""
        self._line.close()

    def authorize(self, max_duration_seconds: float) -> None:
        """Do nothing: the credentials are no tokens that have to be fetched or that end."""

    @property
    def shown_time(self) -> ApiTime | None:
        """Return the time in the API's last answer."""
        return self._clock.last

    def ask_time(self, seconds: float) -> ApiTime | None:
        """Ask for the calls that wait in the queue, and read nothing but the headers."""
        asked_at = since_boot()
        place = self._places.listed({"Status": "queued"})
        self._ask("GET", place, seconds=seconds, most_bytes=0)
        return self._clock.since(asked_at)

    # Starts and stops ---------------------------------------------------------------------------

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        """Send one start, once. Raises Refused, and sends nothing, if it can't be one."""
        form = start_form(order)
        answer = self._ask("POST", self._places.calls, form, seconds=START_SECONDS, leave=leave)
        if not is_success(answer):
            raise error_of(answer, order.caller_id)
        return connection_in(answer)

    def stop(self, connection_id: str) -> StopAnswer:
        """Send a stop, and read the call until it is over: only that confirms its end.

        All of that takes STOP_SECONDS at most; then MaybeDone has the caller send the stop again.
        If the call was transferred and the second call does not end with it, that one is stopped
        too.
        """
        until = since_boot() + STOP_SECONDS
        report = self._end(connection_id, until)
        if report.outcome is Outcome.COMPLETED:  # else nobody answered
            for child in self._children(connection_id, until):
                self._end(child.connection_id, until)
        return StopAnswer(report=report)

    def _end(self, connection_id: str, until: float) -> CallReport:
        """End one call, and return the reading that shows that it is over."""
        refusal = self._send_end(connection_id, until)
        for pause in self._pauses(until):
            time.sleep(pause)
            try:
                report = self._read(connection_id, _left(until))
            except NoSuchConnection:
                continue  # the API does not know the call yet
            if report.stage is Stage.OVER:
                return report
        raise MaybeDone(refusal or "a stop was sent, and the call is not seen to be over yet")

    def _send_end(self, connection_id: str, until: float) -> str:
        """Send `completed`, which ends a call in any state; return the words of a refusal.

        We could not verify whether the API answers 200 or 21220 for a call that is over. Raises an
        error if the stop has to be sent again.
        """
        form = [("Status", "completed")]
        place = self._places.call(connection_id)
        answer = self._ask("POST", place, form, seconds=_left(until))
        if is_success(answer):
            return ""
        if answer.status_code in (404, 410):
            # The call is of another account or region, or the API does not know it yet: it may
            # ring.
            raise MaybeDone(f"a stop was not confirmed: {message_of(answer)}")
        error = error_of(answer)
        if not isinstance(error, Refused):
            raise error
        return f"a stop was not confirmed: {error}"

    @staticmethod
    def _pauses(until: float) -> Iterator[float]:
        """Yield how long to wait before each reading, until no time is left for another one."""
        yield 0.0
        waits = list(_BETWEEN_READINGS)
        while since_boot() + waits[0] < until:
            yield waits[0]
            if len(waits) > 1:
                waits.pop(0)

    def _children(self, connection_id: str, until: float) -> list[CallReport]:
        """Return the live calls that this one was transferred to."""
        filters = {"ParentCallSid": connection_id}
        found = self._list(filters, _left(until), most_pages=1)
        return [each for each in found if each.stage is not Stage.OVER]

    def prolong(self, connection_id: str, max_duration_seconds: float) -> None:
        """Move the call's own time limit. Raises NoSuchConnection, or any ProviderError."""
        expect_within_limit(max_duration_seconds)
        self._change(connection_id, ("TimeLimit", str(time_limit(max_duration_seconds))))

    def say_instead(self, connection_id: str, order: StartOrder, script: Script) -> None:
        """Replace what a call does now by a filled script.

        Raises NoSuchConnection, Refused for a call that is over, or any ProviderError.
        """
        try:
            twiml = what_a_machine_hears(order, script)
        except ScriptError as error:
            raise Refused(str(error)) from error
        self._change(connection_id, ("Twiml", twiml))

    def _change(self, connection_id: str, field: tuple[str, str]) -> None:
        """Change one thing about a live call. Raises as `prolong` does."""
        place = self._places.call(connection_id)
        answer = self._ask("POST", place, [field], seconds=READ_SECONDS)
        _expect_success(answer, of_a_call=True)
        if read_report(answer, connection_id).stage is Stage.OVER:
            raise Refused("the call is over")

    # Callbacks ---------------------------------------------------------------------------------

    @property
    def can_verify(self) -> bool:
        """Whether the Auth Token is known, with which Twilio signs, even if we send a key."""
        return bool(self._auth_token)

    def hear(self, callback: Callback) -> Heard:
        """Verify a callback and read it. Raises Forged, or Unreadable."""
        if not self.can_verify:
            raise Forged("without CALLSCHED_TWILIO_AUTH_TOKEN no request can be verified")
        fields = verified(callback, self._auth_token)
        return read_heard(callback.topic, fields, self._account_sid)

    def reply(
        self,
        script: Script,
        place: CallbackPlace,
        *,
        max_duration_seconds: float,
        caller_id: str = "",
    ) -> Reply:
        """Return TwiML that continues a call. Raises ScriptError for what TwiML can't say."""
        body = render_reply(
            script, max_duration_seconds=max_duration_seconds, caller_id=caller_id, place=place
        )
        return Reply(body, "text/xml; charset=utf-8")

    # Recordings ---------------------------------------------------------------------------------

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        """Return the recordings of a call, complete or not. Raises any ProviderError."""
        return [recording_of(each) for each in self._recordings(connection_id) if exists(each)]

    def _recordings(self, connection_id: str) -> list[dict[str, Any]]:
        """Return every recording that the API lists for a call, page by page."""
        place: str | None = self._places.recordings(connection_id)
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            if place is None:
                break
            answer = self._ask("GET", place, seconds=READ_SECONDS, most_bytes=LIST_BYTES)
            _expect_success(answer, of_a_call=True)
            page, body = read_recordings(answer, LIST_BYTES)
            found += page
            place = self._places.next_page(body, of_recordings=connection_id)
        return found

    @contextmanager
    def download(self, recording_id: str, offset: int) -> Iterator[Iterator[bytes]]:
        """Open a recording's sound from a byte on, as a stream. Raises any ProviderError.

        Raises Refused if the sound begins elsewhere than at `offset`.
        """
        wanted = {"Range": f"bytes={offset}-"} if offset else {}
        url = self._places.sound(recording_id)
        for _ in range(_MOST_REDIRECTS):
            with self._line.stream(
                url, seconds=PIECE_SECONDS, headers={**self._proof, **wanted}
            ) as stream:
                if stream.answer.is_redirect:
                    url = self._places.elsewhere(url, stream.answer.headers["Location"])
                    continue
                _expect_sound(stream, offset)
                yield stream.pieces()
                return
        raise Refused("it is nowhere: one address leads to another")

    def erase_call(self, connection_id: str) -> Erased:
        """Delete the recordings and the record of a call that is over, each confirmed.

        If the API no longer knows something, that is no error. Raises any ProviderError.
        """
        try:
            recordings = self._recordings(connection_id)
        except NoSuchConnection:
            recordings = []
        for each in recordings:
            self._delete(self._places.recording(sid_in(each)))
        self._delete(self._places.call(connection_id))
        return Erased(len(recordings), KEPT if recordings else "")

    def _delete(self, place: str) -> None:
        answer = self._ask("DELETE", place, seconds=READ_SECONDS)
        # Only the API itself can say that there is none: a web page may come from anybody on the
        # way.
        is_gone = answer.status_code in (404, 410) and json_of(answer) is not None
        if not is_gone:
            _expect_success(answer)

    # Readings -----------------------------------------------------------------------------------

    def look(self, connection_id: str) -> CallReport:
        """Read one call. Raises NoSuchConnection, or any ProviderError."""
        return self._read(connection_id, READ_SECONDS)

    def _read(self, connection_id: str, seconds: float) -> CallReport:
        answer = self._ask("GET", self._places.call(connection_id), seconds=seconds)
        _expect_success(answer, of_a_call=True)
        return read_report(answer, connection_id)

    def why_failed(self, connection_id: str) -> ProviderError | None:
        """Return what the notifications of a FAILED call say; None while there are none."""
        place = self._places.notifications(connection_id)
        answer = self._ask("GET", place, seconds=READ_SECONDS)
        _expect_success(answer, of_a_call=True)
        return why_failed(json_of(answer) or {})

    def open_calls(self) -> Sequence[CallReport]:
        """Return every live call, in each of the open statuses."""
        return self._of_statuses({})

    def ended_calls(self, since: float) -> Sequence[CallReport]:
        """Return calls that have ended since an instant, and some that ended before.

        Calls that nobody answered may be missing: the API does not say when these ended.
        """
        filters = {"EndTime>": written(since - _EARLIER_SECONDS)}
        found = self._list(filters)
        return [each for each in found if each.stage is Stage.OVER]

    def calls_to(self, address: str, since: float) -> Sequence[CallReport]:
        """Return the calls to an address that were created since an instant, and some before.

        They may be in any stage. A call in Twilio's queue has no time by which a filter could find
        it.
        """
        earliest = since - _EARLIER_SECONDS
        found: dict[str, CallReport] = {}
        # A number has one form; we could not verify how Twilio compares SIP addresses.
        for form in dict.fromkeys((address, bare(address))):
            to = {"To": form}
            listed = self._list({**to, "StartTime>": day_of(earliest)})
            found |= {each.connection_id: each for each in listed}
            found |= {each.connection_id: each for each in self._of_statuses(to)}
        return [
            replace(each, address=address)
            for each in found.values()
            if bare(each.address) == bare(address)
            and (each.created_at is None or each.created_at >= earliest)
        ]

    def _of_statuses(self, filters: Mapping[str, str]) -> list[CallReport]:
        found: dict[str, CallReport] = {}
        for status in _OPEN_STATUSES:
            listed = self._list({**filters, "Status": status})
            found |= {each.connection_id: each for each in listed}
        return list(found.values())

    def _list(
        self, filters: Mapping[str, str], seconds: float = READ_SECONDS, most_pages: int = 0
    ) -> list[CallReport]:
        """Return the calls of a list, page by page; `seconds` is for each of them.

        It leaves out what comes after the last allowed page, and logs that: an absent call proves
        nothing.
        """
        found: list[CallReport] = []
        place: str | None = self._places.listed(filters)
        for _ in range(most_pages or _MOST_PAGES):
            if place is None:
                return found
            answer = self._ask("GET", place, seconds=seconds, most_bytes=LIST_BYTES)
            _expect_success(answer)
            page, body = read_reports(answer, LIST_BYTES)
            found += page
            place = self._places.next_page(body)
        if place is not None:
            logger.warning("a list of calls is not read beyond its first %d", len(found))
        return found

    # Requests -----------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        url: str,
        form: Form | None = None,
        *,
        seconds: float,
        leave: Leave | None = None,
        most_bytes: int = SHORT_BYTES,
    ) -> Answer:
        return self._line.send(
            method,
            url,
            seconds=seconds,
            leave=leave,
            written=urlencode(form).encode() if form is not None else None,
            headers={**self._proof, **(_FORM if form is not None else {})},
            most_bytes=most_bytes,
        )


def _left(until: float) -> float:
    """Return the seconds that are left for a stop. Raises MaybeDone if none are."""
    left = until - since_boot()
    if left <= 0:
        raise MaybeDone(f"a stop was not confirmed within {STOP_SECONDS:.0f} s")
    return left


def _expect_sound(stream: Stream, offset: int) -> None:
    """Raise an error unless the answer is the sound of a recording from this byte on."""
    if not is_success(stream.answer):
        read_whole(stream.answer, SHORT_BYTES)
        raise error_of(stream.answer)
    expect_from(stream.answer, offset)


def _expect_success(answer: Answer, *, of_a_call: bool = False) -> None:
    """Raise an error unless a reading succeeded; `of_a_call`: 404: there is no such call."""
    if is_success(answer):
        return
    if of_a_call and answer.status_code in (404, 410):
        raise NoSuchConnection(message_of(answer))
    raise error_of(answer)
