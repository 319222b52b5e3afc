"""Which requests there are about recordings."""

from __future__ import annotations

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox.twilio import errors
from scheduler.sandbox.twilio.clock import http_date
from scheduler.sandbox.twilio.listing import Listed, Pages
from scheduler.sandbox.twilio.recordings import Recording
from scheduler.sandbox.twilio.state import State

_NOT_FOUND = 20404
_FROM = re.compile(r"bytes=([0-9]{1,15})-")


class RecordingsApi:
    """GET and DELETE of recordings."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def listed(self, request: Request) -> Response:
        """Those of one call."""
        call = self._state.exchange.find(request.path_params["call_sid"])
        if call is None:
            return self._nothing()
        known = self._state.recordings.of(call)
        listed: list[Listed] = [(-n, partial(self._shown, one)) for n, one in enumerate(known)]
        return JSONResponse(Pages.of(request).body("recordings", listed))

    async def one(self, request: Request) -> Response:
        """One of them, without its sound."""
        found = self._state.recordings.find(request.path_params["sid"])
        return self._nothing() if found is None else JSONResponse(self._shown(found))

    async def sound(self, request: Request) -> Response:
        """Its sound, or the rest of it from a byte on."""
        found = self._state.recordings.find(request.path_params["sid"])
        if found is None or not self._state.recordings.is_complete(found):
            return self._nothing()
        sound = found.sound
        wanted = _FROM.match(request.headers.get("range", ""))
        if wanted is None:
            return Response(sound, media_type="audio/x-wav")
        begin = int(wanted[1])
        if begin >= len(sound):
            return Response(status_code=416, headers={"Content-Range": f"bytes */{len(sound)}"})
        where = f"bytes {begin}-{len(sound) - 1}/{len(sound)}"
        headers = {"Content-Range": where, "Accept-Ranges": "bytes"}
        return Response(sound[begin:], 206, headers, media_type="audio/x-wav")

    async def delete(self, request: Request) -> Response:
        """Delete one."""
        sid = request.path_params["sid"]
        if not self._state.recordings.delete(sid):
            return self._nothing()
        self._state.journal.record("recording_deleted", recording_id=sid)
        return Response(status_code=204)

    def _nothing(self) -> Response:
        return errors.of_code(self._state.board.knobs, _NOT_FOUND)

    def _shown(self, one: Recording) -> dict[str, object]:
        is_complete = self._state.recordings.is_complete(one)
        path = f"/2010-04-01/Accounts/{one.call.account_sid}/Recordings/{one.sid}"
        return {
            "account_sid": one.call.account_sid,
            "api_version": "2010-04-01",
            "call_sid": one.call.sid,
            "channels": one.channels,
            "conference_sid": None,
            "date_created": http_date(one.began_at),
            "date_updated": http_date(one.ended_at),
            "duration": str(one.seconds) if is_complete else None,
            "encryption_details": None,
            "error_code": None,
            "media_url": path,
            "price": None,
            "price_unit": "USD",
            "sid": one.sid,
            "source": "OutboundAPI",
            "start_time": http_date(one.began_at),
            "status": "completed" if is_complete else "processing",
            "subresource_uris": {},
            "uri": f"{path}.json",
        }
