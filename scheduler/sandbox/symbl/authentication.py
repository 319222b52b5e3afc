"""How a token is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.sandbox.bodies import json_object
from scheduler.sandbox.symbl.refusals import refusal
from scheduler.sandbox.symbl.state import State

#: By the type of a request for a token: what the credentials are called.
_CREDENTIALS = {"application": ("appId", "appSecret"), "password": ("username", "password")}


class Authentication:
    """The endpoints under /oauth2."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def generate(self, request: Request) -> Response:
        """POST /oauth2/token:generate."""
        body, knobs = await json_object(request), self._state.board.knobs
        if knobs.token_fault:
            return refusal(knobs, int(knobs.token_fault))
        names = _CREDENTIALS.get(str(body.get("type")))
        if names is None:
            return refusal(knobs, 400, f"type: {' or '.join(_CREDENTIALS)} is needed")
        refused = self._refusal(body, *names)
        return refused or self._issue(str(body[names[0]]), anew=False)

    async def refresh(self, request: Request) -> Response:
        """POST /oauth2/token:refresh. Any refresh token is good: none was ever issued."""
        body, knobs = await json_object(request), self._state.board.knobs
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401)
        if not body.get("refreshToken"):
            return refusal(knobs, 400, "refreshToken: a token is needed")
        return self._refusal(body, "appId", "appSecret") or self._issue(
            str(body["appId"]), anew=True
        )

    async def revoke(self, request: Request) -> Response:
        """DELETE /oauth2/token:revoke."""
        body, knobs = await json_object(request), self._state.board.knobs
        if not self._state.tokens.admit(request.headers):
            return refusal(knobs, 401)
        refused = self._refusal(body, "appId", "appSecret")
        if refused:
            return refused
        self._state.tokens.revoke(request.headers)
        return Response(status_code=204)

    def _refusal(self, body: Mapping[str, object], name: str, secret: str) -> Response | None:
        if self._state.tokens.are_right(body.get(name), body.get(secret)):
            return None
        return refusal(self._state.board.knobs, 401, "These credentials are not known.")

    def _issue(self, app_id: str, *, anew: bool) -> Response:
        issued = self._state.tokens.issue(app_id, anew=anew)
        self._state.journal.record("token", renewed=issued.is_new)
        return JSONResponse({"accessToken": issued.token, "expiresIn": issued.left_seconds})
