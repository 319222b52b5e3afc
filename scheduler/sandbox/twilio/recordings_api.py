"""Which requests there are about recordings."""

from __future__ import annotations

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox.twilio import errors
from scheduler.sandbox.twilio.clock import rfc2822
from scheduler.sandbox.twilio.listing import Listed, Pages, WrongQuery
from scheduler.sandbox.twilio.recordings import Recording
from scheduler.sandbox.twilio.state import State

_WRONG, _NOT_FOUND, _NOT_DELETED = 20001, 20404, 20009
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})?")


class RecordingsApi:
    """GET and DELETE of recordings."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def listed(self, request: Request) -> Response:
        """Those of one call."""
        call = self._state.exchange.find(request.path_params["call_sid"])
        if call is None or call.account_sid != request.path_params["account_sid"]:
            return self._refusal(_NOT_FOUND)
        known = self._state.recordings.of(call)
        listed: list[Listed] = [(one.number, partial(_of_a_call, one)) for one in known]
        try:
            return JSONResponse(Pages.of(request).body("recordings", listed))
        except WrongQuery as wrong:
            return self._refusal(_WRONG, str(wrong))

    async def one(self, request: Request) -> Response:
        """One of them, without its sound."""
        found = self._found(request)
        return JSONResponse(_alone(found)) if found else self._refusal(_NOT_FOUND)

    async def sound(self, request: Request) -> Response:
        """Its sound, or the part of it that is asked for."""
        found = self._found(request)
        if found is None or not found.is_complete:
            return self._refusal(_NOT_FOUND)
        return _part(found.sound, request.headers.get("range", ""))

    async def delete(self, request: Request) -> Response:
        """Delete one whose call is over."""
        found = self._found(request)
        if found is None:
            return self._refusal(_NOT_FOUND)
        if found.ended_at is None:
            return self._refusal(_NOT_DELETED)
        self._state.recordings.delete(found.sid)
        self._state.journal.record(
            "recording_deleted", recording_id=found.sid, connection_id=found.call.sid
        )
        return Response(status_code=204)

    def _found(self, request: Request) -> Recording | None:
        found = self._state.recordings.find(request.path_params["sid"])
        account_sid = request.path_params["account_sid"]
        return found if found and found.call.account_sid == account_sid else None

    def _refusal(self, code: int, text: str = "") -> Response:
        return errors.of_code(self._state.board.knobs, code, text)


def _part(sound: bytes, wanted: str) -> Response:
    """Answer one range of bytes; anything else that is asked for is answered with the whole."""
    size = len(sound)
    match = _RANGE.fullmatch(wanted)
    begin = int(match[1]) if match else 0
    end = int(match[2]) if match and match[2] else max(begin, size)
    if match is None or end < begin:
        return Response(sound, media_type="audio/x-wav")
    if begin >= size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    end = min(end, size - 1)
    headers = {"Content-Range": f"bytes {begin}-{end}/{size}", "Accept-Ranges": "bytes"}
    return Response(sound[begin : end + 1], 206, headers, media_type="audio/x-wav")


def _of_a_call(one: Recording) -> dict[str, object]:
    """A recording as the list of a call has it, and as it is alone but for a few properties."""
    root = f"/2010-04-01/Accounts/{one.call.account_sid}"
    return {
        "account_sid": one.call.account_sid,
        "api_version": "2010-04-01",
        "call_sid": one.call.sid,
        "channels": one.channels,
        "conference_sid": None,
        "date_created": rfc2822(one.began_at),
        "date_updated": rfc2822(one.ended_at or one.began_at),
        "duration": str(one.seconds) if one.is_complete else None,
        "encryption_details": None,
        "error_code": None,
        "price": None,
        "price_unit": "USD",
        "sid": one.sid,
        "source": "OutboundAPI",
        "start_time": rfc2822(one.began_at),
        "status": one.status,
        "track": one.track,
        "uri": f"{root}/Calls/{one.call.sid}/Recordings/{one.sid}.json",
    }


def _alone(one: Recording) -> dict[str, object]:
    shown = _of_a_call(one)
    del shown["track"]
    uri = f"/2010-04-01/Accounts/{one.call.account_sid}/Recordings/{one.sid}.json"
    return {**shown, "media_url": one.url, "subresource_uris": {}, "uri": uri}
