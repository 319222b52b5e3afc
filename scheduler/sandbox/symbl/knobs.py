"""What can be changed about the sandbox's behaviour, at its start and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
#: What a socket hears when the far end has hung up: a message and a close, a bare close, nothing.
HangupSignal = Literal["completed", "close", "silent"]
#: The shapes that the body of an error has been seen in, and some that a proxy gives it.
ErrorBody = Literal["message", "status_code", "code", "empty", "text", "html"]


class Fault(StrEnum):
    """A way to answer badly. A number is that status code, its body as `error_body` has it."""

    SERVER_ERROR = "500"  #: done, and answered 500
    SERVER_ERROR_NOT_PLACED = "500_not_placed"
    RESET_AFTER = "reset_after"  #: done, then the TCP connection is reset
    RESET_BEFORE = "reset_before"
    HANG = "hang"  #: done, and never answered
    HTML = "html"  #: 200 with a page that some proxy might send
    CUT_BODY = "cut_body"  #: done, and the answer is shorter than its Content-Length
    REDIRECT = "redirect"  #: 302
    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    PAYMENT_REQUIRED = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    METHOD_NOT_ALLOWED = "405"
    GONE = "410"
    AT_LIMIT = "429"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"

    @property
    def acts(self) -> bool:
        """Whether what was asked is done all the same: the phone rings, the call is stopped."""
        return self in _ACTING


_ACTING = {Fault.SERVER_ERROR, Fault.RESET_AFTER, Fault.HANG, Fault.CUT_BODY}


class Knobs(BaseModel):
    """How the sandbox behaves. A frozen value: a change makes a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    limit: Annotated[int, Field(ge=0)] = 100  #: live connections; one more start is a 429
    retry_after: str | None = None  #: the Retry-After header of a 429 or 503, as it is sent
    error_body: ErrorBody = "message"  #: the shape of every error that has a status
    limit_body: Literal["message", "status_code"] = "message"  #: which of a 429's two shapes
    start_status: Annotated[Literal[200, 201], BeforeValidator(int)] = 200
    latency_seconds: Seconds = 0.0  #: a start is accepted first, then its answer waits this long
    start_fault: Fault | None = None
    start_fault_count: Count | None = None  #: only the next so many starts; None means all
    stop_latency_seconds: Seconds = 0.0  #: a stop is done first, then its answer waits this long
    stop_fault: Fault | None = None
    stop_fault_count: Count | None = None
    stop_ended: Annotated[Literal[200, 404], BeforeValidator(int)] = (
        200  #: the answer to a stop of what has already ended
    )
    hangup_after_seconds: tuple[Seconds, Seconds] | None = None  #: least and most; None: never
    hangup_share: Annotated[float, Field(ge=0, le=1)] = 1.0  #: how many far ends hang up at all
    seed: int = 0  #: of everything that is drawn by lot
    app_id: str | None = None  #: the only right one; None takes any that is not empty
    app_secret: str | None = None
    token_lifetime_seconds: Count = 86400
    token_fault: Literal["500", "401"] | None = None
    sockets: Literal["open", "refused", "closed"] = "open"  #: what becomes of a WebSocket
    hangup_signal: HangupSignal = "completed"
    answer_after_seconds: Seconds = 0.2  #: how long a far end rings
    line_every_seconds: Seconds = 0.5  #: from the beginning of one line to that of the next
    insights_after_seconds: Seconds = 0.0  #: until then a conversation is not found
    transcript_settles_seconds: Seconds = 0.0  #: from then on, until its last line is there
    conversation_latency_seconds: Seconds = 0.0
    conversation_fault: Fault | None = None
    conversation_fault_count: Count | None = None

    @model_validator(mode="after")
    def _range_in_order(self) -> Self:
        if (
            self.hangup_after_seconds
            and self.hangup_after_seconds[0] > self.hangup_after_seconds[1]
        ):
            raise ValueError("hangup_after_seconds: the least comes first")
        return self

    def changed(self, changes: Mapping[str, object]) -> Knobs:
        """These knobs with some turned. Raises pydantic.ValidationError, a ValueError."""
        return Knobs.model_validate({**self.model_dump(), **changes})


class Board:
    """The knobs as they stand. A fault with a count turns itself off when it is used up."""

    def __init__(self, knobs: Knobs) -> None:
        self._first = knobs
        self.knobs = knobs

    def change(self, changes: Mapping[str, object]) -> None:
        """Turn some knobs, or none if one of them does not fit."""
        self.knobs = self.knobs.changed(changes)

    def reset(self) -> None:
        """Turn every knob back to where it stood when the sandbox started."""
        self.knobs = self._first

    def take_fault(self, operation: Literal["start", "stop", "conversation"]) -> Fault | None:
        """The fault of this request; counts it."""
        fault_name, count_name = f"{operation}_fault", f"{operation}_fault_count"
        now: Fault | None = getattr(self.knobs, fault_name)
        left = getattr(self.knobs, count_name)
        if now and left:
            used_up = {fault_name: None, count_name: None}
            self.change({count_name: left - 1} if left > 1 else used_up)
        return now
