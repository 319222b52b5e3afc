"""What can be changed about the behaviour of Symbl's sandbox."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator

from scheduler.sandbox import knobs
from scheduler.sandbox.faults import Fault
from scheduler.sandbox.knobs import Count, Seconds

#: What a socket hears when the far end has hung up: a message and a close, a bare close, nothing.
HangupSignal = Literal["completed", "close", "silent"]
#: The shapes that the body of an error has been seen in, and some that a proxy gives it.
ErrorBody = Literal["message", "status_code", "code", "empty", "text", "html"]


class Knobs(knobs.Knobs):
    """How Symbl's sandbox behaves."""

    date_ahead_seconds: float = 0.0  #: what the header Date is ahead of this machine's clock
    error_body: ErrorBody = "message"  #: the shape of every error that has a status
    limit_body: Literal["message", "status_code"] = "message"  #: which of a 429's two shapes
    start_status: Annotated[Literal[200, 201], BeforeValidator(int)] = 200
    stop_ended: Annotated[Literal[200, 404], BeforeValidator(int)] = (
        200  #: the answer to a stop of what has already ended
    )
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


Board: TypeAlias = knobs.Board[Knobs]
