"""Which request to the telephony API gets which answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.faults import Fault
from scheduler.sandbox.symbl import speaker_events
from scheduler.sandbox.symbl.connections import Connection
from scheduler.sandbox.symbl.magic import NOTHING, Outcome
from scheduler.sandbox.symbl.refusals import at_limit, refusal, refuser
from scheduler.sandbox.symbl.start_request import Party, emails_of, problem, users_of
from scheduler.sandbox.symbl.state import State

Body = Mapping[str, object]


class Telephony:
    """The endpoints of the API. What is asked is done at once; only its answer may wait."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def connect(self, request: Request) -> Response:
        """POST /v1/endpoint:connect, for both of its operations."""
        body = await json_object(request)
        if body.get("operation") == "start":
            return await self._start(request, body)
        if body.get("operation") == "stop":
            return await self._stop(request, body)
        return refusal(self._state.board.knobs, 400, "operation: start or stop is needed")

    async def speaker_event(self, request: Request) -> Response:
        """POST /v1/event/{connection_id}: who speaks now."""
        body, knobs = await json_object(request), self._state.board.knobs
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401)
        connection = self._state.exchange.find(request.path_params["connection_id"])
        if connection is None or not self._state.exchange.is_live(connection):
            return refusal(knobs, 404, "No such connection.")
        wrong = speaker_events.problem(body)
        if wrong:
            return refusal(knobs, 400, wrong)
        self._state.hear_speaker_event(connection, body)
        return Response(status_code=200)

    async def _start(self, request: Request, body: Body) -> Response:
        party = Party.of(body)
        self._note("start", party, request=body)
        answer, connection = self._place(request, body, party)
        if await answers.reaches(request, answer, self._state.board.knobs.latency_seconds):
            self._note("answered", party, connection, answer.status_code)
        return answer

    def _place(
        self, request: Request, body: Body, party: Party
    ) -> tuple[Response, Connection | None]:
        knobs, exchange = self._state.board.knobs, self._state.exchange
        refused, outcome = self._refusal(request, body), NOTHING
        if not refused:
            outcome = self._outcome(party)
            if outcome.fault and not outcome.fault.acts:
                refused = answers.undone(outcome.fault, refuser(knobs))
            elif exchange.is_full:
                refused = at_limit(knobs)
        if refused:
            self._note("refused", party, None, answers.status(refused))
            return refused, None
        connection = exchange.accept(body, outcome)
        self._note("accepted", party, connection, request=body)
        self._state.speech.begin(connection)
        answer = JSONResponse(_described(request, connection), knobs.start_status)
        return answers.done(outcome.fault, answer, refuser(knobs)), connection

    def _outcome(self, party: Party) -> Outcome:
        outcome = self._state.magic.outcome(party.phone_number)
        fault = self._state.board.take_fault("start")
        return replace(outcome, fault=fault) if fault else outcome

    def _refusal(self, request: Request, body: Body) -> Response | None:
        knobs = self._state.board.knobs
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401)
        wrong = problem(body)
        return refusal(knobs, 400, wrong) if wrong else None

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
            self._state.speech.say_goodbye(connection)
        await asyncio.sleep(self._state.board.knobs.stop_latency_seconds)
        return answer

    def _stop_answer(
        self, request: Request, connection: Connection | None
    ) -> tuple[Response, bool]:
        knobs, exchange = self._state.board.knobs, self._state.exchange
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401), False
        fault = self._stop_fault(connection)
        if fault and not fault.acts:
            return answers.undone(fault, refuser(knobs)), False
        is_over = connection is None or not exchange.is_live(connection)
        if connection is None or (is_over and knobs.stop_ended == 404):
            answer = refusal(knobs, 404, "No such connection.")
            return answers.done(fault, answer, refuser(knobs)), connection is not None
        body = {**_described(request, connection), "summaryInfo": _summaries(request, connection)}
        return answers.done(fault, JSONResponse(body), refuser(knobs)), True

    def _stop_fault(self, connection: Connection | None) -> Fault | None:
        fault = self._state.board.take_fault("stop")
        if connection is None:
            return fault
        connection.stops += 1
        age_seconds = connection.age_seconds()
        return fault or connection.outcome.stop_fault(connection.stops, age_seconds)

    def _note(
        self,
        event: Literal["start", "accepted", "refused", "answered"],
        party: Party,
        connection: Connection | None = None,
        status: int | None = None,
        **more: object,
    ) -> None:
        self._state.journal.record(
            event,
            **party.fields(),
            **more,
            status=status,
            connection_id=connection.connection_id if connection else None,
            conversation_id=connection.conversation_id if connection else None,
            **self._state.exchange.load(),
        )


def _described(request: Request, connection: Connection) -> dict[str, object]:
    host, connection_id = request.headers.get("host", "localhost"), connection.connection_id
    return {
        "eventUrl": f"http://{host}/v1/event/{connection_id}",
        "resultWebSocketUrl": f"ws://{host}/events/{connection_id}",
        "connectionId": connection_id,
        "conversationId": connection.conversation_id,
    }


def _summaries(request: Request, connection: Connection) -> list[dict[str, object]]:
    host, asked = request.headers.get("host", "localhost"), connection.request
    users = users_of(asked) or [{"userId": e, "name": e} for e in emails_of(asked)[:1]]
    url = f"http://{host}/meeting/#/{connection.conversation_id}"
    return [{"user": user, "url": url} for user in users]
