"""What can be read: a call, a list of calls, what was noted about one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.knobs import Range
from scheduler.sandbox.twilio import errors, listing, resource
from scheduler.sandbox.twilio.calls import Call, Look, Notification
from scheduler.sandbox.twilio.listing import Listed, Pages, WrongQuery
from scheduler.sandbox.twilio.state import State

_WRONG, _NOT_FOUND = 20001, 20404


class Reads:
    """GET of everything. What is shown may be older than what was shown before."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def call(self, request: Request) -> Response:
        """One call."""
        return await self._answered(request, self._call)

    async def calls(self, request: Request) -> Response:
        """The calls of the account, the newest first."""
        return await self._answered(request, self._calls)

    async def notifications(self, request: Request) -> Response:
        """What was noted about a call."""
        return await self._answered(request, self._notifications)

    async def notification(self, request: Request) -> Response:
        """One thing that was noted."""
        return await self._answered(request, self._notification)

    async def _answered(self, request: Request, read: Callable[[Request], object]) -> Response:
        knobs = self._state.board.knobs
        await asyncio.sleep(knobs.read_latency_seconds)
        fault = self._state.board.take_fault("read")
        if fault and not fault.acts:
            return answers.undone(fault, self._refuse)
        try:
            body = read(request)
        except WrongQuery as wrong:
            return errors.of_code(knobs, _WRONG, str(wrong))
        answer = errors.of_code(knobs, _NOT_FOUND) if body is None else JSONResponse(body)
        return answers.done(fault, answer, self._refuse)

    def _call(self, request: Request) -> object | None:
        call = self._found(request, "sid")
        look = call and self._look(call, self._state.board.knobs.read_lag_seconds)
        return self._shown(call, look) if call and look else None

    def _calls(self, request: Request) -> object:
        knobs, pages = self._state.board.knobs, Pages.of(request)
        tests = listing.tests(dict(pages.filters), knobs)
        lag = self._lag(knobs.list_lag_seconds)
        listed: list[Listed] = []
        for call in reversed(self._state.exchange.everyone()):
            if call.account_sid != request.path_params["account_sid"] or call.outcome.is_unlisted:
                continue
            look = self._look_then(call, lag)
            if look and all(passes(call, look) for passes in tests):
                listed.append((call.number, partial(self._shown, call, look)))
        return pages.body("calls", listed)

    def _notifications(self, request: Request) -> object | None:
        call, pages = self._found(request, "call_sid"), Pages.of(request)
        if call is None:
            return None
        wanted = dict(pages.filters).get("Log")
        listed: list[Listed] = [
            (noted.number, partial(resource.notification, call, noted))
            for noted in reversed(self._known(call))
            if wanted in (None, str(int(noted.is_warning)))
        ]
        return pages.body("notifications", listed)

    def _notification(self, request: Request) -> object | None:
        call = self._found(request, "call_sid")
        noted = next(
            (n for n in (self._known(call) if call else ()) if n.sid == request.path_params["sid"]),
            None,
        )
        return resource.details(resource.notification(call, noted)) if call and noted else None

    def _known(self, call: Call) -> list[Notification]:
        since = self._state.clock.now() - self._state.board.knobs.notification_after_seconds
        return [noted for noted in call.notifications if noted.at <= since]

    def _found(self, request: Request, name: str) -> Call | None:
        call = self._state.exchange.find(request.path_params[name])
        is_there = call and call.account_sid == request.path_params["account_sid"]
        return call if is_there else None

    def _look(self, call: Call, lags: Range) -> Look | None:
        return self._look_then(call, self._lag(lags))

    def _look_then(self, call: Call, lag_seconds: float) -> Look | None:
        now = self._state.clock.now()
        is_unseen = now - call.created_at < call.outcome.unseen_for_seconds
        return None if is_unseen else call.look(now - lag_seconds)

    def _lag(self, lags: Range) -> float:
        knobs, lots = self._state.board.knobs, self._state.exchange.lots
        if not lags[1] or lots.random() >= knobs.lag_share:
            return 0.0
        return lots.uniform(*lags)

    def _shown(self, call: Call, look: Look) -> dict[str, object]:
        return resource.call(call, look, self._state.board.knobs, self._state.clock.now())

    def _refuse(self, status: int) -> Response:
        return errors.of_status(self._state.board.knobs, status)
