"""Answers to requests that fail: problem details (RFC 9457), with the problems of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from scheduler.errors import (
    Alike,
    CampaignError,
    ConfigError,
    LedgerError,
    LedgerTrouble,
    MovedOn,
    NoSuchCampaign,
    Problem,
    ProviderError,
    SchedulerError,
    StaleAttempt,
)

MEDIA_TYPE = "application/problem+json"

#: Paths that only programs request: they are answered with JSON.
FOR_PROGRAMS = ("/api/", "/openapi.json", "/metrics")

#: Words of the statuses whose phrase differs between releases of Python.
_CODES = {413: "content_too_large", 416: "range_not_satisfiable", 422: "invalid"}


class Fault(BaseModel):
    """One thing that is wrong with what was sent, and where."""

    line: int | None = Field(default=None, description="Counted from 1; null: the whole is meant.")
    column: str | int | None = Field(
        default=None, description="A column's name, or a position from 1 on."
    )
    key: str | None = Field(default=None, description="The key or parameter that it is about.")
    code: str = Field(description="Short and stable, for programs.", examples=["invalid_number"])
    message: str = Field(description="What is wrong, and what would be right.")


class Kind(Fault):
    """Errors of one kind, of which only what was given differs: the first of them."""

    count: int = Field(description="How many there are.")
    last_line: int | None = Field(description="The line of the last one.")


class ProblemDetails(BaseModel):
    """A problem as RFC 9457 has it."""

    type: str = Field(
        default="about:blank", description="Always about:blank: `code` says which it is."
    )
    title: str = Field(description="The words of the HTTP status.", examples=["Conflict"])
    status: int = Field(description="The HTTP status.", examples=[409])
    detail: str = Field(description="What is wrong here, in a sentence or more.")
    code: str = Field(description="Short and stable, for programs.", examples=["campaign_exists"])
    errors: list[Fault] = Field(default_factory=list, description="The first hundred of them.")
    total: int | None = Field(default=None, description="How many errors there are in all.")
    kinds: list[Kind] = Field(
        default_factory=list,
        description="All errors of a campaign by their kind, a hundred kinds at most.",
    )


class Failure(Exception):
    """What a route raises when a request can't be done."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        total: int | None = None,
        kinds: Sequence[Kind] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.details = ProblemDetails(
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            errors=list(errors),
            total=total,
            kinds=list(kinds),
        )
        self.headers = dict(headers or {})


def faults_of(problems: Iterable[Problem]) -> list[Fault]:
    """Return the problems of a file as the API has them."""
    return [
        Fault(
            line=each.line,
            column=each.column,
            key=each.column if isinstance(each.column, str) else None,
            code=each.code,
            message=each.message,
        )
        for each in problems
    ]


def kinds_of(alike: Iterable[Alike]) -> list[Kind]:
    """Return the kinds of problems of a file as the API has them."""
    return [
        Kind(**fault.model_dump(), count=each.count, last_line=each.last.line)
        for each in alike
        for fault in faults_of(each.first[:1])
    ]


#: The status and code of each of callsched's errors; the first that matches counts.
_ANSWERS: tuple[tuple[type[SchedulerError], int, str], ...] = (
    (NoSuchCampaign, 404, "no_such_campaign"),
    (MovedOn, 412, "moved_on"),
    (StaleAttempt, 409, "not_live"),
    (LedgerTrouble, 503, "ledger_away"),
    (LedgerError, 409, "refused"),
    (ProviderError, 502, "provider"),
    (ConfigError, 422, "settings"),
    (SchedulerError, 409, "refused"),
)


def failure_of(error: SchedulerError) -> Failure:
    """Return the HTTP failure of one of callsched's errors."""
    detail = error.on_the_web if isinstance(error, NoSuchCampaign) else str(error)
    if isinstance(error, CampaignError):
        found = faults_of(error.problems)
        kinds = kinds_of(error.alike)
        return Failure(422, "campaign", detail, errors=found, total=error.total, kinds=kinds)
    status, code = next((one[1], one[2]) for one in _ANSWERS if isinstance(error, one[0]))
    return Failure(status, code, detail, headers={"Retry-After": "1"} if status == 503 else None)


def written(failure: Failure) -> Response:
    """Write a failure as JSON."""
    return JSONResponse(
        failure.details.model_dump(mode="json"),
        failure.details.status,
        failure.headers,
        media_type=MEDIA_TYPE,
    )


def failure_from(error: Exception) -> Failure:
    """Return the HTTP failure of any exception that a route raised."""
    match error:
        case Failure():
            return error
        case SchedulerError():
            return failure_of(error)
        case RequestValidationError():
            return Failure(422, "invalid", "the request is not valid", errors=_invalid(error))
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            code = _CODES.get(error.status_code) or phrase.lower().replace(" ", "_")
            detail = str(error.detail)
            if detail == phrase == HTTPStatus.NOT_FOUND.phrase:
                detail = "there is nothing at this address"
            return Failure(error.status_code, code, detail, headers=error.headers or {})
        case _:
            return Failure(500, "internal", "this is a bug of callsched: its log has more")


def _invalid(error: RequestValidationError) -> list[Fault]:
    return [
        Fault(
            key=".".join(map(str, each["loc"][1:])) or None,
            code=str(each["type"]),
            message=str(each["msg"]),
        )
        for each in error.errors()[:100]
    ]


def answered(request: Request, failure: Failure, page_of: Any) -> Response:
    """Answer a failed request: a program in JSON, a browser with a page."""
    if request.scope["path"].startswith(FOR_PROGRAMS):
        return written(failure)
    page: Response = page_of(request, failure)
    return page


def install(app: FastAPI, page_of: Any) -> None:
    """Have the app answer every exception. `page_of` makes a page of a failure for a browser."""

    async def answer(request: Request, error: Exception) -> Response:
        failure = failure_from(error)
        if failure.details.status == 405:
            # Starlette looks only at the first route of a path, and its methods.
            failure.headers["Allow"] = ", ".join(sorted(_methods_of(app, request)))
        return answered(request, failure, page_of)

    for kind in (Failure, SchedulerError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


def problem(description: str) -> dict[str, Any]:
    """Return the OpenAPI entry of a problem for a route's `responses`."""
    return {"model": ProblemDetails, "content": {MEDIA_TYPE: {}}, "description": description}


def _methods_of(app: FastAPI, request: Request) -> set[str]:
    path = request.scope["path"]
    return {
        method
        for context in iter_route_contexts(app.routes)
        if (known := getattr(context, "path_regex", None)) and known.match(path)
        for method in context.methods or ()
    }


#: The errors that every route of the API may answer with.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: problem(phrase)
    for status, phrase in (
        (400, "The body can't be parsed"),
        (401, "The request has no token, or the token is unknown or revoked"),
        (403, "The client is not allowed to do this"),
        (404, "There is none"),
        (409, "It can't be done as things stand"),
        (412, "The state that If-Match named has changed"),
        (422, "The request or the campaign is wrong"),
        (429, "Too many requests: try again after Retry-After"),
        (503, "The ledger does not answer: try again after Retry-After"),
    )
}
