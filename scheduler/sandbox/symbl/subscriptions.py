"""Who may listen to a connection, by which WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial

from starlette.responses import Response
from starlette.websockets import WebSocket

from scheduler.sandbox.symbl.connections import Connection
from scheduler.sandbox.symbl.refusals import refusal
from scheduler.sandbox.symbl.sockets import GOING_AWAY, Socket
from scheduler.sandbox.symbl.speaker_events import problem
from scheduler.sandbox.symbl.state import State


class Subscriptions:
    """The WebSockets of the API. All of them hear the same."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def subscribe(self, websocket: WebSocket) -> None:
        """/session/subscribe/{connection_id} and /v1/subscribe/{connection_id}: listen only."""
        await self._serve(websocket, lambda connection, text: None)

    async def events(self, websocket: WebSocket) -> None:
        """/events/{connection_id}: speaker events may be sent as well."""
        await self._serve(websocket, self._hear_event)

    async def nowhere(self, websocket: WebSocket) -> None:
        """Any other path."""
        await websocket.send_denial_response(refusal(self._state.board.knobs, 404))

    async def _serve(self, websocket: WebSocket, hear: Callable[[Connection, str], None]) -> None:
        connection = self._state.exchange.find(websocket.path_params["connection_id"])
        refused = self._refusal(websocket, connection)
        if refused or connection is None:
            await websocket.send_denial_response(refused or Response(status_code=404))
            return
        token = next(filter(self._state.tokens.is_good, websocket.scope["subprotocols"]), None)
        await websocket.accept(token)
        path = websocket.url.path.rpartition("/")[0]
        socket = Socket(websocket, connection, path)
        self._state.sockets.add(socket)
        try:
            self._close_early(socket)
            await socket.run(partial(hear, connection))
        finally:
            self._state.sockets.remove(socket)

    def _refusal(self, websocket: WebSocket, connection: Connection | None) -> Response | None:
        knobs = self._state.board.knobs
        query, offered = websocket.query_params, websocket.scope["subprotocols"]
        given = [query.get("access_token", ""), *offered]
        if not self._state.tokens.admit(websocket.headers, given):
            return refusal(knobs, 401)
        if connection is None or not self._state.exchange.is_live(connection):
            return refusal(knobs, 404, "No such connection.")
        if knobs.sockets == "refused" or connection.outcome.refuses_sockets:
            return refusal(knobs, 503)
        return None

    def _close_early(self, socket: Socket) -> None:
        connection, sockets = socket.connection, self._state.sockets
        is_first, connection.had_socket = not connection.had_socket, True
        close_after_seconds = connection.outcome.closes_first_socket_after_seconds
        if self._state.board.knobs.sockets == "closed":
            sockets.close(socket, GOING_AWAY)
        elif is_first and close_after_seconds is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(close_after_seconds, sockets.close, socket, GOING_AWAY)

    def _hear_event(self, connection: Connection, text: str) -> None:
        try:
            event = json.loads(text)
        except ValueError:
            return
        # SDKs also say `stopped` here, about nobody, right before they stop a call.
        is_live = self._state.exchange.is_live(connection)
        if is_live and isinstance(event, dict) and problem(event) is None:
            self._state.hear_speaker_event(connection, event)
