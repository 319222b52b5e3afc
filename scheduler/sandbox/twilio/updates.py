"""How a call is stopped, changed and deleted by a request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.faults import Fault
from scheduler.sandbox.twilio import errors, resource
from scheduler.sandbox.twilio.calls import Call
from scheduler.sandbox.twilio.form import OF_UPDATE, Form
from scheduler.sandbox.twilio.magic import FinalStatus
from scheduler.sandbox.twilio.start_request import document_problem, number_problem
from scheduler.sandbox.twilio.state import State

_WRONG, _NOT_FOUND, _NOT_LIVE, _NOT_DELETED = 20001, 20404, 21220, 20009
_STATUSES = ("completed", "canceled")


class Updates:
    """POST and DELETE of one call."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def update(self, request: Request) -> Response:
        """Stop a call, or change what it does or how long it may."""
        form, call = await Form.of(request), self._found(request)
        event = {
            "connection_id": request.path_params["sid"],
            "phone_number": call.to if call else None,
            "request": form.fields(),
            "unknown_fields": form.unknown(OF_UPDATE),
        }
        if form.has("Status"):
            return await self._stopped(call, form, event)
        answer = self._changed(call, form)
        self._state.journal.record("change", **event, status=answers.status(answer))
        return answer

    async def delete(self, request: Request) -> Response:
        """Remove the record of a call that is over."""
        call, knobs = self._found(request), self._state.board.knobs
        if call is None:
            return errors.of_code(knobs, _NOT_FOUND)
        if not call.is_over:
            return errors.of_code(knobs, _NOT_DELETED)
        self._state.exchange.forget(call)
        self._state.journal.record("deleted", **call.ids())
        return Response(status_code=204)

    def _found(self, request: Request) -> Call | None:
        call = self._state.exchange.find(request.path_params["sid"])
        is_there = call and call.account_sid == request.path_params["account_sid"]
        return call if is_there else None

    async def _stopped(
        self, call: Call | None, form: Form, event: Mapping[str, object]
    ) -> Response:
        fault, knobs = self._stop_fault(call), self._state.board.knobs
        answer, is_done = self._stop_answer(call, form, fault)
        self._state.journal.record("stop", **event, status=answers.status(answer))
        if call and is_done:
            self._stop(call, form.get("Status"))
            if knobs.stop_shows == "after":
                answer = answers.done(fault, self._shown(call), self._refuse)
        await asyncio.sleep(knobs.stop_latency_seconds)
        return answer

    def _stop_answer(
        self, call: Call | None, form: Form, fault: Fault | None
    ) -> tuple[Response, bool]:
        """The answer to a stop, as the call is before it, and whether it is done."""
        if fault and not fault.acts:
            return answers.undone(fault, self._refuse), False
        code = self._stop_code(call, form)
        if call is None or code:
            answer = errors.of_code(self._state.board.knobs, code or _NOT_FOUND)
            return answers.done(fault, answer, self._refuse), False
        return answers.done(fault, self._shown(call), self._refuse), True

    def _stop_fault(self, call: Call | None) -> Fault | None:
        fault = self._state.board.take_fault("stop")
        if call is None:
            return fault
        call.stops += 1
        faults = call.outcome.stop_faults
        return fault or (faults[call.stops - 1] if call.stops <= len(faults) else None)

    def _stop_code(self, call: Call | None, form: Form) -> int | None:
        if call is None or self._is_unseen(call):
            return _NOT_FOUND
        if self._state.clock.now() - call.created_at < call.outcome.stop_code_for_seconds:
            return call.outcome.stop_code
        if form.get("Status") not in _STATUSES:
            return _WRONG
        is_refused = call.is_over and self._state.board.knobs.stop_ended == 400
        return _NOT_LIVE if is_refused else None

    def _stop(self, call: Call, wanted: str) -> None:
        seconds = self._state.clock.real(self._state.board.knobs.stop_takes_seconds)
        if seconds:
            call.timers.set("stop", seconds, partial(self._end, call, wanted))
        else:
            self._end(call, wanted)

    def _end(self, call: Call, wanted: str) -> None:
        if call.status == "in-progress" and wanted == "canceled":
            return  # it goes on
        ringing: FinalStatus = self._state.board.knobs.stopped_ringing
        by_status: dict[str, FinalStatus] = {"ringing": ringing, "in-progress": "completed"}
        self._state.exchange.end(call, by_status.get(call.status, "canceled"), "stop")

    def _changed(self, call: Call | None, form: Form) -> Response:
        knobs = self._state.board.knobs
        fault = self._state.board.take_fault("change")
        if fault and not fault.acts:
            return answers.undone(fault, self._refuse)
        code = self._change_code(call, form)
        if call is None or code:
            return answers.done(fault, errors.of_code(knobs, code or _NOT_FOUND), self._refuse)
        seconds = form.integer("TimeLimit")
        if seconds is not None:
            call.time_limit_seconds = seconds
            self._state.exchange.limit(call)
        if form.has("Twiml", "Url"):
            self._state.speaker.speak(call, self._state.speaker.document(form))
        return answers.done(fault, self._shown(call), self._refuse)

    def _change_code(self, call: Call | None, form: Form) -> int | None:
        if call is None or self._is_unseen(call):
            return _NOT_FOUND
        code = number_problem(form, ("TimeLimit",)) or document_problem(form)
        if code:
            return code
        is_answered = call.status == "in-progress"
        is_late = call.is_over or (form.has("Twiml", "Url") and not is_answered)
        return _NOT_LIVE if is_late else None

    def _is_unseen(self, call: Call) -> bool:
        age_seconds = self._state.clock.now() - call.created_at
        return age_seconds < call.outcome.unseen_for_seconds

    def _shown(self, call: Call) -> Response:
        knobs, now = self._state.board.knobs, self._state.clock.now()
        return JSONResponse(resource.call(call, call.looks[-1], knobs, now))

    def _refuse(self, status: int) -> Response:
        return errors.of_status(self._state.board.knobs, status)
