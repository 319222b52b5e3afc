"""Which things a list has, and on which of its pages.

https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import neg
from urllib.parse import urlencode

from starlette.requests import Request

from scheduler.sandbox.twilio.calls import Call, Look
from scheduler.sandbox.twilio.knobs import Knobs
from scheduler.sandbox.twilio.parties import callee, shown

_USUAL_SIZE, _MOST = 50, 1000
_PAGING = ("Page", "PageToken", "PageSize")
_TOKEN_PREFIX = "PA"


class WrongQuery(ValueError):
    """What is asked for can't be read."""


#: A thing's number, which grows with its age in the list, and how it is shown.
Listed = tuple[int, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a list a request stands."""

    path: str
    filters: tuple[tuple[str, str], ...]
    size: int
    page: int
    before: int | None  #: the number of what the page before ended with

    @classmethod
    def of(cls, request: Request) -> Pages:
        """Read a request. Raises WrongQuery."""
        query = request.query_params
        filters = tuple((n, v) for n, v in query.multi_items() if n not in _PAGING)
        size, page = _number(query, "PageSize", _USUAL_SIZE), _number(query, "Page", 0)
        token = query.get("PageToken")
        if not 1 <= size <= _MOST or (page > 0) != (token is not None):
            raise WrongQuery("PageSize up to 1000, and a PageToken with each Page are needed")
        return cls(request.url.path, filters, size, page, _number_of(token))

    def body(self, name: str, things: Sequence[Listed]) -> dict[str, object]:
        """The page of these things, whose numbers fall.

        It goes on below the page before, whatever was added on top or has left the list since.
        """
        numbers = [number for number, _ in things]
        start = bisect_right(numbers, -self.before, key=neg) if self.before is not None else 0
        shown = things[start : start + self.size]
        first, before = self.page * self.size, start - self.size
        previous = numbers[before - 1] if before > 0 else None
        is_last = start + self.size >= len(things)
        return {
            name: [show() for _, show in shown],
            "page": self.page,
            "page_size": self.size,
            "start": first,
            "end": first + max(0, len(shown) - 1),
            "uri": self._uri(self.page, self.before),
            "first_page_uri": self._uri(0, None),
            "previous_page_uri": self._previous(previous) if self.page else None,
            "next_page_uri": None if is_last else self._uri(self.page + 1, shown[-1][0]),
        }

    def _previous(self, before: int | None) -> str:
        return self._uri(0 if before is None else self.page - 1, before)

    def _uri(self, page: int, before: int | None) -> str:
        token = [] if before is None else [("PageToken", f"{_TOKEN_PREFIX}{before}")]
        paging = [("PageSize", str(self.size)), ("Page", str(page)), *token]
        return f"{self.path}?{urlencode([*self.filters, *paging])}"


Test = Callable[[Call, Look], bool]


def tests(query: Mapping[str, str], knobs: Knobs) -> list[Test]:
    """What the filters of a query let pass. Raises WrongQuery. Names that nobody knows pass all."""
    made = [*_plain(query)]
    for name, value in query.items():
        field = name.rstrip("<>")
        if field in ("StartTime", "EndTime"):
            made.append(_timely(field, name[len(field) :], _Instant.of(value, knobs), knobs))
    return made


def _plain(query: Mapping[str, str]) -> list[Test]:
    made: list[Test] = []
    for name, value in query.items():
        if name == "To":
            made.append(_is_party(lambda call: call.to, value))
        elif name == "From":
            made.append(_is_party(lambda call: call.caller, value))
        elif name == "ParentCallSid":
            made.append(_is_child_of(value))
        elif name == "Status":
            made.append(_has_status(value))
    return made


def _is_party(of: Callable[[Call], str], value: str) -> Test:
    wanted = {callee(value), shown(value, sip_parameters=True)}
    return lambda call, _: of(call) in wanted


def _is_child_of(sid: str) -> Test:
    return lambda call, _: bool(call.parent and call.parent.sid == sid)


def _has_status(status: str) -> Test:
    return lambda _, look: look.status == status


@dataclass(frozen=True, slots=True)
class _Instant:
    """A time of a filter: from when, and until when what is equal to it."""

    since: float
    until: float

    @classmethod
    def of(cls, written: str, knobs: Knobs) -> _Instant:
        try:
            when = datetime.fromisoformat(written)
        except ValueError:
            raise WrongQuery(f"{written}: a date is needed") from None
        when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
        if len(written) > len("2026-11-27") and knobs.filters_times:
            return cls(when.timestamp(), when.timestamp() + 1)
        day = when.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        return cls(day, day + 86400)


def _timely(field: str, operator: str, instant: _Instant, knobs: Knobs) -> Test:
    def passes(_: Call, look: Look) -> bool:
        at = look.started_at if field == "StartTime" else look.end_time(knobs)
        if at is None:
            return field == "StartTime" and look.status == "queued" and knobs.queued_start_times
        if operator == ">":
            return at >= instant.since
        return at < instant.since if operator == "<" else instant.since <= at < instant.until

    return passes


def _number_of(token: str | None) -> int | None:
    if token is None:
        return None
    number = token.removeprefix(_TOKEN_PREFIX)
    if not number.isdecimal():
        raise WrongQuery("PageToken: one of ours is needed")
    return int(number)


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    value = query.get(name, str(otherwise))
    if not value.isdecimal():
        raise WrongQuery(f"{name}: a number is needed")
    return int(value)
