"""How a request's body is read."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request


async def json_object(request: Request) -> dict[str, object]:
    """The JSON object that a request carries. Anything else is a 400."""
    try:
        body = json.loads(await request.body())
    except (ValueError, ClientDisconnect):
        body = None
    if not isinstance(body, dict):
        raise HTTPException(400, "The body is not a JSON object.")
    return body
