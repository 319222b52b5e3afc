"""Which request to the telephony API gets which answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.asked import Party, problem
from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.exchange import Connection
from scheduler.sandbox.magic import NOTHING, Script
from scheduler.sandbox.state import State

Body = Mapping[str, object]


class Telephony:
    """The endpoints of the API. What is asked is done at once; only its answer may wait."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def generate_token(self, request: Request) -> Response:
        """POST /oauth2/token:generate."""
        body, fault = await json_object(request), self._state.board.knobs.token_fault
        if fault:
            return answers.message(int(fault))
        if body.get("type") != "application":
            return answers.message(400, "type: application is needed")
        if not self._state.tokens.are_right(body.get("appId"), body.get("appSecret")):
            return answers.message(401, "These credentials are not known.")
        token, left_seconds = self._state.tokens.issue(str(body["appId"]))
        return JSONResponse({"accessToken": token, "expiresIn": left_seconds})

    async def connect(self, request: Request) -> Response:
        """POST /v1/endpoint:connect, for both of its operations."""
        body = await json_object(request)
        if body.get("operation") == "start":
            return await self._start(request, body)
        if body.get("operation") == "stop":
            return await self._stop(request, body)
        return answers.message(400, "operation: start or stop is needed")

    async def _start(self, request: Request, body: Body) -> Response:
        party = Party.of(body)
        self._note("start", party)
        answer, connection = self._place(request, body, party)
        if await _reaches(request, answer, self._state.board.knobs.latency_seconds):
            self._note("answered", party, connection, answer.status_code)
        return answer

    def _place(
        self, request: Request, body: Body, party: Party
    ) -> tuple[Response, Connection | None]:
        knobs, exchange = self._state.board.knobs, self._state.exchange
        refusal, script = self._refusal(request, body), NOTHING
        if not refusal:
            script = self._script(party)
            if script.fault and not script.fault.acts:
                refusal = answers.undone(script.fault, knobs)
            elif exchange.is_full:
                refusal = answers.at_limit(knobs)
        if refusal:
            self._note("refused", party, None, answers.status(refusal))
            return refusal, None
        connection = exchange.accept(party, script.hangup_after_seconds)
        self._note("accepted", party, connection)
        answer = JSONResponse(_described(request, connection), knobs.start_status)
        return answers.done(script.fault, answer), connection

    def _script(self, party: Party) -> Script:
        script = self._state.magic.script(party.phone_number)
        fault = self._state.board.take_fault("start")
        return replace(script, fault=fault) if fault else script

    def _refusal(self, request: Request, body: Body) -> Response | None:
        if not self._state.tokens.admit(request.headers):
            return answers.message(401)
        wrong = problem(body)
        return answers.message(400, wrong) if wrong else None

    async def _stop(self, request: Request, body: Body) -> Response:
        connection_id = body.get("connectionId")
        connection = self._state.exchange.find(connection_id)
        answer, is_done = self._stop_answer(request, connection)
        self._state.journal.record(
            "stop",
            connection_id=connection_id,
            conversation_id=connection.conversation_id if connection else None,
            status=answers.status(answer),
        )
        if connection and is_done:
            self._state.exchange.end(connection, "stop")
        await asyncio.sleep(self._state.board.knobs.stop_latency_seconds)
        return answer

    def _stop_answer(
        self, request: Request, connection: Connection | None
    ) -> tuple[Response, bool]:
        board, exchange = self._state.board, self._state.exchange
        if not self._state.tokens.admit(request.headers):
            return answers.message(401), False
        fault = board.take_fault("stop")
        if fault and not fault.acts:
            return answers.undone(fault, board.knobs), False
        is_over = connection is None or not exchange.is_live(connection)
        if connection is None or (is_over and board.knobs.stop_ended == 404):
            return answers.done(fault, answers.message(404, "No such connection.")), False
        body = {**_described(request, connection), "summaryInfo": []}
        return answers.done(fault, JSONResponse(body)), True

    def _note(
        self,
        event: Literal["start", "accepted", "refused", "answered"],
        party: Party,
        connection: Connection | None = None,
        status: int | None = None,
    ) -> None:
        self._state.journal.record(
            event,
            **party.fields(),
            status=status,
            connection_id=connection.connection_id if connection else None,
            conversation_id=connection.conversation_id if connection else None,
            **self._state.exchange.load(),
        )


async def _reaches(request: Request, answer: Response, after_seconds: float) -> bool:
    """Wait until it is time to answer; say whether the client is still there to hear it."""
    if after_seconds:
        await asyncio.sleep(after_seconds)
    return not isinstance(answer, answers.Unanswered) and not await request.is_disconnected()


def _described(request: Request, connection: Connection) -> dict[str, object]:
    host, connection_id = request.headers.get("host", "localhost"), connection.connection_id
    return {
        "eventUrl": f"http://{host}/v1/event/{connection_id}",
        "resultWebSocketUrl": f"ws://{host}/events/{connection_id}",
        "connectionId": connection_id,
        "conversationId": connection.conversation_id,
    }
