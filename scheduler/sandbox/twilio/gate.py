"""What every request passes before anything is done: who asks, and whether too many do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from scheduler.sandbox import answers
from scheduler.sandbox.twilio import errors
from scheduler.sandbox.twilio.credentials import code_of_refusal, own_token
from scheduler.sandbox.twilio.state import State

Act = Callable[[Request], Awaitable[Response]]

_THROTTLED, _FOR_TESTS = 20429, 20008


class Gate:
    """Lets requests in, and writes down each of them with its answer."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open = 0

    def guarded(self, act: Act, *, is_start: bool = False) -> Act:
        """An endpoint that is asked only by whoever may."""

        async def served(request: Request) -> Response:
            code = self._code_of_refusal(request, is_start=is_start)
            self._open += 1
            try:
                knobs = self._state.board.knobs
                answer = errors.of_code(knobs, code) if code else await act(request)
            finally:
                self._open -= 1
            await self._note(request, answer)
            return answer

        return served

    def _code_of_refusal(self, request: Request, *, is_start: bool) -> int | None:
        knobs, account_sid = self._state.board.knobs, request.path_params["account_sid"]
        if knobs.parallel_most and self._open >= knobs.parallel_most:
            return _THROTTLED
        if knobs.throttle_share and self._state.exchange.lots.random() < knobs.throttle_share:
            return _THROTTLED
        code = code_of_refusal(request, account_sid, knobs)
        if code is None:
            self._state.account_sid = account_sid
            self._state.recordings.home = str(request.base_url).rstrip("/")
            if token := own_token(request, account_sid):
                self._state.sender.tokens[account_sid] = token
            return _FOR_TESTS if knobs.test_credentials and not is_start else None
        return code

    async def _note(self, request: Request, answer: Response) -> None:
        url, status = request.url, answers.status(answer)
        asked = {"method": request.method, "path": url.path, "query": url.query}
        self._state.journal.record("request", **asked, status=status)
        if self._state.board.knobs.wire:
            self._state.journal.record(
                "wire",
                **asked,
                body=(await request.body()).decode("utf-8", "replace"),
                authorization=request.headers.get("authorization", "").partition(" ")[0],
                request_type=request.headers.get("content-type"),
                status=status,
                answer_type=answer.headers.get("content-type"),
                answer="" if status is None else bytes(answer.body).decode("utf-8", "replace"),
            )
