"""What a test or a person can ask of the sandbox itself. No token is needed."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.symbl.state import State
from scheduler.sandbox.symbl.views import everything


class Control:
    """The endpoints under /sandbox."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def about(self, _: Request) -> Response:
        """Say that this is a sandbox, so that nobody takes it for the API."""
        return JSONResponse({"sandbox": True, "name": "callsched sandbox", "version": 1})

    async def show_knobs(self, _: Request) -> Response:
        """Show every knob as it stands."""
        return JSONResponse(self._state.board.knobs.model_dump(mode="json"))

    async def turn_knobs(self, request: Request) -> Response:
        """Turn some knobs, and show all. If one of them does not fit, none is turned."""
        changes = await json_object(request)
        try:
            self._state.board.change(changes)
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise HTTPException(400, "; ".join(problems)) from error
        if "seed" in changes:
            self._state.exchange.reseed()
        return await self.show_knobs(request)

    async def journal(self, request: Request) -> Response:
        """Serve the events, from index `since` on."""
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            raise HTTPException(400, "since: an index is needed")
        return Response(self._state.journal.text(int(since)), media_type="application/x-ndjson")

    async def live(self, _: Request) -> Response:
        """Show the connections that are live now."""
        return JSONResponse(self._state.exchange.snapshot())

    async def sockets(self, _: Request) -> Response:
        """Show how many sockets are open, and to which connections."""
        connections = self._state.sockets.count()
        return JSONResponse({"open": sum(connections.values()), "connections": connections})

    async def drop_sockets(self, request: Request) -> Response:
        """Close or cut every socket, or those of one connection, whose calls live on."""
        wishes = await json_object(request) if await request.body() else {}
        how = wishes.get("how", "close")
        if how not in ("close", "reset"):
            raise HTTPException(400, "how: close or reset is needed")
        dropped = self._state.sockets.drop(wishes.get("connection_id"), how)
        return JSONResponse({"dropped": dropped})

    async def conversation(self, request: Request) -> Response:
        """Show all that there is to know about a conversation, whatever the API has by now."""
        conversation = self._state.conversations.get(request.path_params["conversation_id"])
        if conversation is None:
            raise HTTPException(404, "There is no such conversation.")
        return JSONResponse(everything(conversation))

    async def expire_tokens(self, _: Request) -> Response:
        """Refuse every token that was issued so far."""
        self._state.tokens.expire()
        return JSONResponse({})

    async def reset(self, _: Request) -> Response:
        """Be as new: the journal is empty and nothing is live."""
        self._state.reset()
        return JSONResponse({})
