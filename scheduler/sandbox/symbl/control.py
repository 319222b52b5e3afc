"""What a test or a person can ask of Symbl's sandbox itself. No token is needed."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.sandbox import control
from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.symbl.state import State
from scheduler.sandbox.symbl.views import everything


class Control(control.Control):
    """The endpoints under /sandbox."""

    def __init__(self, state: State) -> None:
        super().__init__(state, "symbl")
        self._state = state

    def routes(self) -> list[Route]:
        """Which path leads where."""
        one = "/sandbox/conversations/{conversation_id}"
        return [
            *super().routes(),
            Route("/sandbox/sockets", self.sockets, methods=["GET"]),
            Route("/sandbox/sockets/drop", self.drop_sockets, methods=["POST"]),
            Route(one, self.conversation, methods=["GET"]),
            Route("/sandbox/tokens/expire", self.expire_tokens, methods=["POST"]),
        ]

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
