"""How a sandbox becomes an application: its API's routes, and those to control it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute


def application(
    api: Sequence[BaseRoute],
    control: Sequence[BaseRoute],
    refuse: Callable[[int, str], Response],
) -> Starlette:
    """An ASGI application, for a server that speaks CuttableProtocol.

    What is amiss with a request's path, method or body is answered by `refuse`, in the API's own
    shape; under /sandbox, in ours.
    """

    async def in_own_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/sandbox"):
            return JSONResponse({"message": error.detail}, error.status_code)
        return refuse(error.status_code, error.detail)

    # Control comes first: an API may have a route for every path that is left.
    return Starlette(routes=[*control, *api], exception_handlers={HTTPException: in_own_shape})
