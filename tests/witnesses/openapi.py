"""What Twilio's own OpenAPI description says of a request and its answer.

`problems(exchange)` judges one; `Exchange.of_wire` makes it of an event `wire` in the journal of
Twilio's sandbox, which has the knob `wire` for that, and `Exchange.of_response` of an answer that
`requests` gave. The description is `twilio_oai/calls.json`; openapi-core reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.wire import Request

_DESCRIPTION = Path(__file__).parent / "twilio_oai" / "calls.json"
_HOST = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what it was answered; status None for no answer that anybody reads."""

    method: str
    path: str
    query: str
    request_type: str
    body: str
    authorization: str
    status: int | None
    answer_type: str
    answer: bytes

    @classmethod
    def of_wire(cls, event: Mapping[str, Any]) -> Exchange:
        """Make one of a journal's event."""
        return cls(
            method=event["method"],
            path=event["path"],
            query=event["query"],
            request_type=event["request_type"] or "",
            body=event["body"],
            authorization=event["authorization"] and f"{event['authorization']} (kept back)",
            status=event["status"],
            answer_type=event["answer_type"] or "",
            answer=event["answer"].encode(),
        )

    @classmethod
    def of_response(cls, response: requests.Response) -> Exchange:
        """Make one of what requests was answered."""
        asked = response.request
        url = urlsplit(asked.url or "")
        body = asked.body or b""
        return cls(
            method=asked.method or "",
            path=url.path,
            query=url.query,
            request_type=asked.headers.get("Content-Type", ""),
            body=body if isinstance(body, str) else body.decode(),
            authorization=asked.headers.get("Authorization", ""),
            status=response.status_code,
            answer_type=response.headers.get("Content-Type", ""),
            answer=response.content,
        )

    @classmethod
    def of_peer(cls, request: Request) -> Exchange:
        """Make one of what a peer on a raw socket was asked; what it answered is not judged."""
        path, _, query = request.path.partition("?")
        return cls(
            method=request.method,
            path=path,
            query=query,
            request_type=request.headers.get("content-type", ""),
            body=request.content.decode(),
            authorization=request.headers.get("authorization", ""),
            status=None,
            answer_type="",
            answer=b"",
        )


def judge_journal(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return all that is wrong with the events `wire` of a journal; there must be some."""
    exchanges = [Exchange.of_wire(event) for event in events if event["event"] == "wire"]
    assert exchanges, "nothing was recorded: turn the knob wire"
    return [f"{e.method} {e.path}: {p}" for e in exchanges for p in problems(e)]


def problems(exchange: Exchange) -> list[str]:
    """Return what is wrong with a request and its answer, if anything."""
    return [*request_problems(exchange), *answer_problems(exchange)]


def request_problems(exchange: Exchange) -> list[str]:
    """Return what is wrong with a request: path, query, form, credentials."""
    request = _request(exchange)
    errors = _api().iter_request_errors(request)
    found = [text for error in errors for text in _texts(error)]
    filters = _names(exchange.query) - _query_names(exchange)
    # openapi-core reads those fields of a form that it knows, so that it objects to none.
    fields = _names(exchange.body) - _form_names(exchange)
    return [
        *found,
        *(f"no filter {name}" for name in sorted(filters)),
        *(f"no field {name}" for name in sorted(fields)),
    ]


def answer_problems(exchange: Exchange) -> list[str]:
    """Return what is wrong with an answer. One that is no error must have the success's status."""
    if exchange.status is None:
        return []
    response = MockResponse(
        exchange.answer, exchange.status, content_type=exchange.answer_type.partition(";")[0]
    )
    if exchange.status == 204:
        return [] if exchange.answer == b"" else ["a 204 with a body"]
    errors = _api().iter_response_errors(_request(exchange), response)
    found = [text for error in errors for text in _texts(error)]
    is_odd = 200 <= exchange.status < 300 and str(exchange.status) not in _statuses(exchange)
    return [*found, *([f"no status {exchange.status}"] if is_odd else [])]


@cache
def _api() -> OpenAPI:
    formats: dict[str, Callable[[Any], bool]] = {
        "date-time-rfc-2822": _is_rfc2822,
        "date-time": _is_date,
    }
    config = Config(extra_format_validators=formats)
    return OpenAPI.from_file_path(str(_DESCRIPTION), config=config)


def _request(exchange: Exchange) -> MockRequest:
    return MockRequest(
        _HOST,
        exchange.method.lower(),
        exchange.path,
        args=_arguments(exchange.query),
        headers={"Authorization": exchange.authorization} if exchange.authorization else {},
        data=exchange.body.encode() or None,
        content_type=exchange.request_type,
    )


def _arguments(query: str) -> dict[str, list[str]]:
    arguments: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        arguments.setdefault(name, []).append(value)
    return arguments


@cache
def _paths() -> dict[str, Any]:
    return dict(json.loads(_DESCRIPTION.read_text("utf-8"))["paths"])


def _operation(exchange: Exchange) -> dict[str, Any]:
    """The operation of a request; an empty one for a path or a method that nobody described."""
    for template, path in _paths().items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, exchange.path):
            return dict(path.get(exchange.method.lower(), {}))
    return {}


def _query_names(exchange: Exchange) -> set[str]:
    parameters = _operation(exchange).get("parameters", ())
    return {parameter["name"] for parameter in parameters if parameter["in"] == "query"}


def _form_names(exchange: Exchange) -> set[str]:
    content = _operation(exchange).get("requestBody", {}).get("content", {})
    return {name for each in content.values() for name in each["schema"]["properties"]}


def _names(pairs: str) -> set[str]:
    return {name for name, _ in parse_qsl(pairs, keep_blank_values=True)}


def _statuses(exchange: Exchange) -> set[str]:
    return set(_operation(exchange).get("responses", ()))


def _texts(error: BaseException) -> Iterable[str]:
    """What an error says, and each of those that it is made of."""
    inner = getattr(error, "schema_errors", None) or ()
    cause = error.__cause__
    if inner:
        for each in inner:
            yield f"{'/'.join(map(str, each.absolute_path)) or '(whole)'}: {each.message}"
    elif cause is not None:
        yield from _texts(cause)
    else:
        yield f"{type(error).__name__}: {error}"


def _is_rfc2822(value: object) -> bool:
    try:
        return parsedate_to_datetime(str(value)).utcoffset() is not None
    except ValueError:
        return False


def _is_date(value: object) -> bool:
    """Whether a filter has a date, as Twilio's page on calls writes it, or a date with a time."""
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
