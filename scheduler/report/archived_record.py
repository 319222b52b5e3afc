"""What a record of an archive has to be like: a file may be anybody's, and a page is made of it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_Instant: TypeAlias = Annotated[float, Field(ge=-1e11, lt=1e11)] | None
_Seconds: TypeAlias = Annotated[float, Field(ge=-1e9, lt=1e11)] | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Line(_Strict):
    speaker: str | None = None
    text: str | None = None
    started_at: _Instant = None


class _Item(_Strict):
    text: str | None = None
    assignee: str | None = None
    due_by: str | None = None


class _Insights(_Strict):
    topics: list[_Item] | None = None
    action_items: list[_Item] | None = None
    follow_ups: list[_Item] | None = None
    questions: list[_Item] | None = None
    summary: str | None = None


class _Record(_Strict):
    contact_id: str | None = None
    phone_number: str | None = None
    sip_uri: str | None = None
    dtmf: str | None = None
    state: str = ""
    disposition: str | None = None
    reason: str | None = None
    error: str | None = None
    stop_error: str | None = None
    insights_error: str | None = None
    answers: dict[str, str] | None = None
    connection_id: str | None = None
    answered_at: _Instant = None
    heard: str | None = None
    intents: list[str] | None = None
    asked_not_to_be_called: bool | None = None
    attempts: Annotated[int, Field(ge=0, lt=1e9)] | None = None
    started_at: _Instant = None
    begun_at: _Instant = None
    ended_at: _Instant = None
    duration_seconds: _Seconds = None
    late_seconds: _Seconds = None
    deadline: _Instant = None
    stop_late_seconds: _Seconds = None
    transcript: list[_Line] | None = None
    insights: _Insights | None = None


class _Order(_Strict):
    at: Annotated[float, Field(ge=0, lt=1e11)]
    what: str
    who: str
    note: str | None


class _Late(_Strict):
    calls: Annotated[int, Field(ge=0, lt=1e12)] = 0
    worst_seconds: Annotated[float, Field(ge=0, lt=1e11)] = 0.0
    since: _Instant = None
    until: _Instant = None
    causes: dict[str, Annotated[int, Field(ge=0, lt=1e12)]] = {}
    said: str | None = None


class _Head(_Strict):
    campaign_id: str
    name: str
    state: str
    created_at: Annotated[float, Field(ge=0, lt=1e11)]
    finished_at: _Instant
    max_duration_seconds: _Seconds = None
    max_concurrency: Annotated[int, Field(ge=0, lt=1e9)] | None = None
    account: str = ""
    stopped_itself: str | None
    late: _Late | None = None
    controls: list[_Order]
    total: Annotated[int, Field(ge=0, lt=1e12)]


def wrong_with_head(head: object) -> str:
    """Say in which key the file beside the results is none of `callsched archive`; else ""."""
    return _wrong(_Head, head)


def wrong_with(record: object) -> str:
    """Say in which key a record is none that `callsched archive` writes; "" when it is one."""
    return _wrong(_Record, record)


def _wrong(model: type[BaseModel], found: object) -> str:
    try:
        model.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        return f"{key}: {first['msg']}" if key else first["msg"]
    return ""
