"""Which request about a conversation gets which answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox import answers
from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.symbl import changes
from scheduler.sandbox.symbl.conversations import Conversation
from scheduler.sandbox.symbl.listing import Wanted
from scheduler.sandbox.symbl.refusals import refusal, refuser
from scheduler.sandbox.symbl.state import State
from scheduler.sandbox.symbl.views import VIEWS, details

Act = Callable[[Conversation], object | None]


class ConversationApi:
    """The endpoints under /v1/conversations."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show_all(self, request: Request) -> Response:
        """GET /v1/conversations."""
        return await self._finish(request, lambda: self._listed(request))

    async def show(self, request: Request) -> Response:
        """GET of a conversation, or of one of the things that were found in it."""
        view = VIEWS.get(request.path_params.get("view", ""))
        if view is None:
            return refusal(self._state.board.knobs, 404)
        known = self._state.conversations.known
        return await self._about(request, lambda c: view(c, known(c), request.query_params))

    async def put_metadata(self, request: Request) -> Response:
        """PUT of a conversation."""
        body = await json_object(request)
        return await self._about(request, lambda c: changes.set_metadata(c, body))

    async def delete(self, request: Request) -> Response:
        """DELETE of a conversation."""
        return await self._about(request, changes.delete)

    async def put_member(self, request: Request) -> Response:
        """PUT of a member."""
        body, member_id = await json_object(request), request.path_params["member_id"]
        return await self._about(request, lambda c: changes.rename_member(c, member_id, body))

    async def put_speakers(self, request: Request) -> Response:
        """PUT of the speaker events."""
        body = await json_object(request)
        return await self._about(request, lambda c: changes.set_speakers(c, body))

    async def transcript(self, request: Request) -> Response:
        """POST of the wish for a formatted transcript."""
        body, known = await json_object(request), self._state.conversations.known
        return await self._about(request, lambda c: changes.transcript(c, known(c), body))

    async def experience(self, request: Request) -> Response:
        """POST of the wish for a page."""
        body, host = await json_object(request), request.headers.get("host", "localhost")
        return await self._about(request, lambda c: changes.experience(c, host, body))

    async def insights_page(self, request: Request) -> Response:
        """GET of the page with the insights."""
        host = request.headers.get("host", "localhost")
        return await self._about(request, lambda c: {"url": f"http://{host}/insights/#/{c.id}"})

    async def _about(self, request: Request, act: Act) -> Response:
        return await self._finish(request, lambda: self._acted(request, act))

    async def _finish(self, request: Request, act: Callable[[], Response]) -> Response:
        answer = self._answer(request, act)
        self._state.journal.record(
            "conversation",
            method=request.method,
            path=request.url.path,
            conversation_id=request.path_params.get("conversation_id"),
            status=answers.status(answer),
        )
        await asyncio.sleep(self._state.board.knobs.conversation_latency_seconds)
        return answer

    def _answer(self, request: Request, act: Callable[[], Response]) -> Response:
        knobs = self._state.board.knobs
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401)
        fault = self._state.board.take_fault("conversation")
        if fault and not fault.acts:
            return answers.undone(fault, refuser(knobs))
        return answers.done(fault, act(), refuser(knobs))

    def _acted(self, request: Request, act: Act) -> Response:
        knobs, conversations = self._state.board.knobs, self._state.conversations
        conversation = conversations.get(request.path_params["conversation_id"])
        if conversation is None or not conversations.is_found(conversation):
            return refusal(knobs, 404, "The conversation does not exist.")
        try:
            utterance = act(conversation)
        except changes.WrongBody as wrong:
            return refusal(knobs, 400, str(wrong))
        if utterance is None:
            return refusal(knobs, 404, "The conversation is still in progress.")
        return JSONResponse(utterance)

    def _listed(self, request: Request) -> Response:
        try:
            wanted = Wanted.of(request.query_params)
        except ValueError as wrong:
            return refusal(self._state.board.knobs, 400, str(wrong))
        found = filter(self._state.conversations.is_found, self._state.conversations)
        return JSONResponse({"conversations": [details(each) for each in wanted.among(found)]})
