"""What a test or a person can ask of any sandbox itself. No credentials are needed."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.exchange import Exchange
from scheduler.sandbox.journal import Journal
from scheduler.sandbox.knobs import Board


class State(Protocol):
    """What every sandbox knows while it runs."""

    board: Board[Any]
    journal: Journal

    @property
    def exchange(self) -> Exchange[Any]:
        """Its calls."""

    def reset(self) -> None:
        """Be as new."""


class Control:
    """The endpoints under /sandbox that every sandbox has."""

    def __init__(self, state: State, provider: str) -> None:
        self._kit_state = state
        self._provider = provider

    def routes(self) -> list[Route]:
        """Which path leads where."""
        return [
            Route("/sandbox", self.about, methods=["GET"]),
            Route("/sandbox/knobs", self.show_knobs, methods=["GET"]),
            Route("/sandbox/knobs", self.turn_knobs, methods=["POST"]),
            Route("/sandbox/journal", self.journal, methods=["GET"]),
            Route("/sandbox/live", self.live, methods=["GET"]),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
        ]

    async def about(self, _: Request) -> Response:
        """Say that this is a sandbox, so that nobody takes it for the API."""
        name, provider = "callsched sandbox", self._provider
        return JSONResponse({"sandbox": True, "name": name, "version": 1, "provider": provider})

    async def show_knobs(self, _: Request) -> Response:
        """Show every knob as it stands."""
        return JSONResponse(self._kit_state.board.knobs.model_dump(mode="json"))

    async def turn_knobs(self, request: Request) -> Response:
        """Turn some knobs, and show all. If one of them does not fit, none is turned."""
        changes = await json_object(request)
        try:
            self._kit_state.board.change(changes)
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise HTTPException(400, "; ".join(problems)) from error
        if "seed" in changes:
            self._kit_state.exchange.reseed()
        return await self.show_knobs(request)

    async def journal(self, request: Request) -> Response:
        """Serve the events, from index `since` on."""
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            raise HTTPException(400, "since: an index is needed")
        text = self._kit_state.journal.text(int(since))
        return Response(text, media_type="application/x-ndjson")

    async def live(self, _: Request) -> Response:
        """Show the calls that are live now."""
        return JSONResponse(self._kit_state.exchange.snapshot())

    async def reset(self, _: Request) -> Response:
        """Be as new: the journal is empty and nothing is live."""
        self._kit_state.reset()
        return JSONResponse({})
