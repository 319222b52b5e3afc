"""How a start is answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.twilio import errors, parties, resource
from scheduler.sandbox.twilio.calls import Call
from scheduler.sandbox.twilio.form import OF_START, Form
from scheduler.sandbox.twilio.magic import NOTHING, Outcome
from scheduler.sandbox.twilio.start_request import problem
from scheduler.sandbox.twilio.state import State

_LIMIT = 10004
_USUAL_RING_SECONDS = 60


class Starts:
    """POST of Calls.json."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        """Judge a start, place the call and answer."""
        form = await Form.of(request)
        self._note("start", form, request=form.fields(), unknown_fields=form.unknown(OF_START))
        # Whether or not anybody still waits for the answer.
        await asyncio.sleep(self._state.board.knobs.place_after_seconds)
        answer, call = self._place(request.path_params["account_sid"], form)
        if await answers.reaches(request, answer, self._state.board.knobs.latency_seconds):
            self._note("answered", form, call, answer.status_code)
        return answer

    def _place(self, account_sid: str, form: Form) -> tuple[Response, Call | None]:
        knobs = self._state.board.knobs
        refused, outcome = self._refusal(form)
        if refused:
            self._note("refused", form, None, answers.status(refused))
            return refused, None
        call = self._call(account_sid, form, outcome)
        if knobs.test_credentials:
            call.note_look(call.created_at)
        else:
            self._state.exchange.queue(call)
            self._note("accepted", form, call, request=form.fields())
            self._state.exchange.dial_next()
        return self._answer(call, outcome), call

    def _refusal(self, form: Form) -> tuple[Response | None, Outcome]:
        """What a start is refused with, or what becomes of the call."""
        knobs = self._state.board.knobs
        code = problem(form, knobs)
        if code or knobs.test_credentials:
            return (errors.of_code(knobs, code) if code else None), NOTHING
        outcome = self._outcome(form)
        if outcome.fault and not outcome.fault.acts:
            return answers.undone(outcome.fault, self._refuse), outcome
        if outcome.code and not outcome.is_placed:
            return self._coded(outcome.code), outcome
        if knobs.limit_answer == "error" and self._state.exchange.is_full:
            return errors.of_code(knobs, _LIMIT), outcome
        return None, outcome

    def _outcome(self, form: Form) -> Outcome:
        outcome = self._state.magic.outcome(parties.callee(form.get("To")) or "")
        fault, knobs = self._state.board.take_fault("start"), self._state.board.knobs
        if fault:
            return replace(outcome, fault=fault, code=None)
        if knobs.start_code:
            return replace(outcome, code=knobs.start_code, is_placed=knobs.start_code_places)
        return outcome

    def _call(self, account_sid: str, form: Form, outcome: Outcome) -> Call:
        keeps = self._state.board.knobs.sip_parameters
        to, now = parties.shown(form.get("To"), sip_parameters=keeps), self._state.clock.now()
        caller = parties.caller(form.get("From"), to_sip="@" in to) or ""
        return Call(
            account_sid=account_sid,
            to=to,
            caller=caller,
            form=form,
            created_at=now,
            outcome=outcome,
            ring_most_seconds=float(form.integer("Timeout") or _USUAL_RING_SECONDS),
            time_limit_seconds=form.integer("TimeLimit"),
        )

    def _answer(self, call: Call, outcome: Outcome) -> Response:
        knobs, now = self._state.board.knobs, self._state.clock.now()
        if outcome.code:
            return self._coded(outcome.code)
        # The first look: the call may be dialled already.
        shown = resource.call(call, call.looks[0], knobs, now)
        return answers.done(outcome.fault, JSONResponse(shown, 201), self._refuse)

    def _coded(self, code: int) -> Response:
        knobs = self._state.board.knobs
        status = knobs.start_code_status if code == knobs.start_code else None
        return errors.of_code(knobs, code, status=status or 0)

    def _refuse(self, status: int) -> Response:
        return errors.of_status(self._state.board.knobs, status)

    def _note(
        self,
        event: Literal["start", "accepted", "refused", "answered"],
        form: Form,
        call: Call | None = None,
        status: int | None = None,
        **more: object,
    ) -> None:
        ids = call.ids() if call else {"connection_id": None, "phone_number": form.get("To")}
        load = self._state.exchange.load()
        self._state.journal.record(event, **ids, **more, status=status, **load)
