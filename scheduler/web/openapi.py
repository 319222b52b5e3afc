"""The description of the API, as programs and makers of clients read it: OpenAPI 3.1.

`python -m scheduler.web.openapi` writes it, and `/openapi.json` serves it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from scheduler.web import api
from scheduler.web.problems import MEDIA_TYPE, ProblemDetails
from scheduler.web.site import Looks, May

router = APIRouter(include_in_schema=False)

TITLE = "callsched"
DESCRIPTION = """\
Campaigns of outbound calls: what they do, and what became of every call.

A list comes in pages: its `next_cursor` is the `cursor` of the next one, and null at its end.
Instants are seconds since 1970 in UTC, lengths are seconds. Phone numbers are masked unless the
token may see them. An error is a problem as RFC 9457 has it; its `code` is stable."""

#: In the order in which somebody comes to need them.
TAGS = {
    "launches": "How a campaign comes in: what a file would do, and the start of exactly that.",
    "campaigns": "Campaigns as they stand, and what became of their calls.",
    "contacts": "Contacts one by one: found by number, id or name, and why each was called or not.",
    "results": "Results as files: JSON Lines, CSV, Excel.",
    "orders": "Orders on whole campaigns: pause, resume, cancel, abort.",
    "live": "Calls that go on now: what they are, and how one is stopped or extended.",
    "events": "What happens, as it happens: server-sent events.",
    "unknown": "Calls of which nobody learned whether they rang, and how a person settles them.",
    "do not call": "Who is never called.",
    "schedules": "Campaigns that start by themselves, again and again.",
    "accounts": "Whose credentials calls are placed with, and how many at once.",
}

#: An answer as it may look, for each status: code and detail.
_EXAMPLES = {
    400: ("bad_request", "the body can't be read"),
    401: ("unauthorized", "say who you are"),
    403: ("forbidden", "this needs the scope start, and yours is look"),
    404: ("no_such_campaign", "there is no campaign spring"),
    409: ("refused", "the campaign spring is over"),
    412: ("moved_on", "the campaign has changed since you saw it: look again"),
    413: ("too_large", "the body is larger than this takes"),
    415: ("media_type", "this body is of a kind that nobody here reads"),
    422: ("invalid", "the request is not valid"),
    429: ("too_many_requests", "too many requests: come again"),
    502: ("provider", "the provider does not do what it is asked"),
    503: ("ledger_away", "the ledger does not answer"),
}
#: What may stand in a path, for each name.
_PLACES = {
    "campaign_id": "The campaign's id.",
    "contact": "The contact's id, as the campaign's file has it.",
    "attempt": "The attempt: campaign, row and number, with colons between.",
    "name": "Its name.",
    "account": "The account's name.",
}
_AGAIN = {
    "Retry-After": {
        "description": "After so many seconds it is worth another try.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


@router.get("/openapi.json")
def serve(_: Looks) -> JSONResponse:
    """Serve the description."""
    return JSONResponse(description())


@cache
def description() -> dict[str, Any]:
    """Return the description of every route of the API."""
    app = FastAPI(generate_unique_id_function=_id_of)
    app.include_router(api.router)
    found = get_openapi(
        title=TITLE,
        version="1",
        description=DESCRIPTION,
        routes=app.routes,
        servers=[{"url": "/", "description": "Where `callsched web` listens."}],
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
    )
    for context in iter_route_contexts(app.routes):
        for operation in _operations(found, context):
            _complete(operation, _scope_of(context.dependant))
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [_whole(schemas, schema, each) for each in schema["examples"]]
    components.setdefault("securitySchemes", {})["bearer"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `callsched token create`, or `CALLSCHED_WEB_TOKEN`.",
    }
    return found


def _id_of(route: APIRoute) -> str:
    """Name an operation by its noun and its function, as makers of clients name their own."""
    return f"{route.tags[0]}_{route.name}".replace(" ", "_")


def _operations(found: dict[str, Any], context: RouteContext) -> Iterator[dict[str, Any]]:
    path = found["paths"].get(context.path_format, {})
    for method in context.methods or ():
        if method.lower() in path:
            yield path[method.lower()]


def _scope_of(dependant: Dependant) -> str:
    """Return the scope of a route. Raises LookupError for a route without a rule."""
    waiting = [*dependant.dependencies]
    for each in waiting:
        if isinstance(each.call, May):
            return str(each.call.scope)
        waiting += each.dependencies  # a rule may stand in what a dependency depends on
    raise LookupError(f"nobody says who may ask for {dependant.path}")


def _complete(operation: dict[str, Any], scope: str) -> None:
    """Say who may ask, and how an error looks."""
    operation["security"] = [{"bearer": [scope]}]
    words = operation.get("description", "")
    operation["description"] = f"{words}\n\nNeeds the scope `{scope}`.".strip()
    for each in operation.get("parameters", ()):
        if each["in"] == "path" and each["name"] in _PLACES:
            each.setdefault("description", _PLACES[each["name"]])
    if "requestBody" in operation:
        operation["responses"].setdefault("400", {"description": "Nobody can read the body"})
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, answer in operation["responses"].items():
        if status.isdecimal() and int(status) >= 400:
            _be_a_problem(int(status), answer)


def _whole(schemas: dict[str, Any], schema: dict[str, Any], value: Any) -> Any:
    """Return an example with every nullable key present: FastAPI leaves nulls out."""
    schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if isinstance(value, list):
        return [_whole(schemas, schema.get("items", {}), each) for each in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", {})
    nulls = {
        name: None
        for name in schema.get("required", ())
        if {"type": "null"} in known[name].get("anyOf", ())
    }
    return nulls | {name: _whole(schemas, known.get(name, {}), of) for name, of in value.items()}


def _be_a_problem(status: int, answer: dict[str, Any]) -> None:
    """Declare a problem as an error's only answer: FastAPI adds the route's usual answer."""
    own = answer.get("content", {}).get(MEDIA_TYPE, {})
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    examples = {key: own[key] for key in ("example", "examples") if key in own}
    answer["content"] = {MEDIA_TYPE: content | (examples or {"example": _example(status)})}
    if status in (429, 503):
        answer["headers"] = _AGAIN | answer.get("headers", {})


def _example(status: int) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    code, detail = _EXAMPLES.get(status, (title.lower().replace(" ", "_"), title))
    return ProblemDetails(title=title, status=status, detail=detail, code=code).model_dump()


def written() -> str:
    """Write the description as the repository keeps it."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
