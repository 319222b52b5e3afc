"""What a test or a person can ask of Twilio's sandbox itself. No credentials are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.sandbox import control
from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.twilio import parties, resource
from scheduler.sandbox.twilio.calls import Call, Direction, Status
from scheduler.sandbox.twilio.form import Form
from scheduler.sandbox.twilio.magic import FinalStatus
from scheduler.sandbox.twilio.state import State

_DIRECTIONS: dict[object, Direction] = {
    name: name for name in ("outbound-api", "outbound-dial", "inbound")
}
_STATUSES: dict[object, Status] = {name: name for name in ("queued", "ringing", "in-progress")}
_ENDS: tuple[FinalStatus, ...] = ("completed", "busy", "no-answer", "failed", "canceled")


class Control(control.Control):
    """The endpoints under /sandbox."""

    def __init__(self, state: State) -> None:
        super().__init__(state, "twilio")
        self._state = state

    def routes(self) -> list[Route]:
        """Which path leads where."""
        return [
            *super().routes(),
            Route("/sandbox/calls", self.add_call, methods=["POST"]),
            Route("/sandbox/calls/{sid}", self.show_call, methods=["GET"]),
            Route("/sandbox/calls/{sid}", self.change_call, methods=["POST"]),
        ]

    async def turn_knobs(self, request: Request) -> Response:
        """Turn some knobs, and show all. A new pace holds for those who wait as well."""
        answer = await super().turn_knobs(request)
        self._state.exchange.dial_next()
        return answer

    async def add_call(self, request: Request) -> Response:
        """Have a call there that somebody else has placed: another system, or an earlier life."""
        wishes = await json_object(request)
        call, status = self._foreign(wishes)
        self._state.journal.record("foreign", **call.ids(), call_status=status)
        self._state.exchange.place(call, status)
        return JSONResponse({"sid": call.sid}, 201)

    async def show_call(self, request: Request) -> Response:
        """Show a call as it is, whatever the API shows by now."""
        return JSONResponse(self._truth(self._found(request)))

    async def change_call(self, request: Request) -> Response:
        """Have something happen to a call now: `{"do": "answer"}` or a final status."""
        call, wish = self._found(request), (await json_object(request)).get("do")
        acts: dict[object, Callable[[], None]] = {
            status: partial(self._state.exchange.end, call, status, "control") for status in _ENDS
        }
        acts["answer"] = partial(self._state.exchange.answer, call)
        acts["hang_up"] = partial(self._state.exchange.hang_up, call)
        if wish not in acts:
            raise HTTPException(400, f"do: one of {', '.join(map(str, acts))} is needed")
        acts[wish]()
        return JSONResponse(self._truth(call))

    def _found(self, request: Request) -> Call:
        call = self._state.exchange.find(request.path_params["sid"])
        if call is None:
            raise HTTPException(404, "There is no such call.")
        return call

    def _truth(self, call: Call) -> dict[str, object]:
        knobs, now = self._state.board.knobs, self._state.clock.now()
        return {
            "call": resource.call(call, call.looks[-1], knobs, now),
            "ended_by": call.ended_by,
            "answered_by": call.answered_by,
            "time_limit_seconds": call.time_limit_seconds,
            "request": call.form.fields(),
            "children": [child.sid for child in call.children],
            "notifications": [noted.code for noted in call.notifications],
            "statuses": [look.status for look in call.looks],
        }

    def _foreign(self, wishes: Mapping[str, object]) -> tuple[Call, Status]:
        to = parties.callee(str(wishes.get("to")))
        caller = parties.number(str(wishes.get("from", "+15005550006")))
        direction = _DIRECTIONS.get(wishes.get("direction", "outbound-api"))
        status = _STATUSES.get(wishes.get("status", "ringing"))
        if to is None or caller is None or direction is None or status is None:
            raise HTTPException(400, "to, and a right from, direction and status are needed")
        account = wishes.get("account_sid") or self._account_sid()
        twiml, parent = wishes.get("twiml"), wishes.get("parent_call_sid")
        call = Call(
            account_sid=str(account),
            to=to,
            caller=caller,
            form=Form([("Twiml", str(twiml))] if twiml else ()),
            created_at=self._state.clock.now() - _age(wishes),
            direction=direction,
            parent=self._state.exchange.find(parent),
            is_foreign=True,
        )
        return call, status

    def _account_sid(self) -> str:
        known = self._state.board.knobs.account_sid or self._state.account_sid
        if not known:
            raise HTTPException(400, "account_sid: needed, for nobody has asked yet")
        return known


def _age(wishes: Mapping[str, object]) -> float:
    age = wishes.get("age_seconds", 0)
    if not isinstance(age, int | float):
        raise HTTPException(400, "age_seconds: a number is needed")
    return float(age)
