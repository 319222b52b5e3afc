"""What the sandbox knows about one call, and what it looked like before."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from scheduler.sandbox.timers import Timers
from scheduler.sandbox.twilio.form import Form
from scheduler.sandbox.twilio.knobs import Knobs
from scheduler.sandbox.twilio.magic import NOTHING, Outcome, Who

Status = Literal[
    "queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"
]
Direction = Literal["outbound-api", "outbound-dial", "inbound"]
#: Who ended a call: a request, the far end, a limit, the last verb, the API, its parent, control.
By = Literal["stop", "hangup", "time_limit", "timeout", "twiml", "api", "parent", "control"]

FINAL: frozenset[Status] = frozenset(("completed", "busy", "no-answer", "failed", "canceled"))

_numbers = count(1)


def new_sid(prefix: str) -> str:
    """A sid that no other thing has: two letters and 32 hexadecimal digits."""
    return prefix + uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Look:
    """What a call looked like from one instant on, until the next one. Times are the API's."""

    at: float
    status: Status
    started_at: float | None
    ended_at: float | None
    duration_seconds: int | None

    def end_time(self, knobs: Knobs) -> float | None:
        """When it ended, where the API tells: the document says only of what was completed."""
        is_told = self.status == "completed" or knobs.unfinished_end_time
        return self.ended_at if is_told else None


@dataclass(frozen=True, slots=True)
class Notification:
    """An error or a warning about a call."""

    at: float
    code: int
    text: str
    is_warning: bool
    sid: str = field(default_factory=lambda: new_sid("NO"))
    number: int = field(default_factory=_numbers.__next__)


@dataclass(slots=True, eq=False)
class Call:
    """One leg to a far end. Times are those of the API's clock."""

    account_sid: str
    to: str
    caller: str
    form: Form
    created_at: float
    outcome: Outcome = NOTHING
    direction: Direction = "outbound-api"
    parent: Call | None = None
    is_foreign: bool = False
    ring_most_seconds: float = 60.0
    time_limit_seconds: float | None = None
    sid: str = field(default_factory=lambda: new_sid("CA"))
    number: int = field(default_factory=_numbers.__next__)  #: in the order of their creation
    status: Status = "queued"
    queue_milliseconds: int = 0
    started_at: float | None = None  #: it was dialled
    answered_at: float | None = None
    ended_at: float | None = None
    ended_by: By | None = None
    answered_by: Who | None = None
    stops: int = 0
    askings: int = 0  #: how often keys were asked for
    children: list[Call] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    timers: Timers = field(default_factory=Timers)
    looks: list[Look] = field(default_factory=list)

    @property
    def id(self) -> str:
        """By which the API names it."""
        return self.sid

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in FINAL

    @property
    def duration_seconds(self) -> int | None:
        """How long it was answered, in whole seconds; None for a live call and an unanswered."""
        if self.status != "completed" or self.answered_at is None or self.ended_at is None:
            return None
        return max(0, round(self.ended_at - self.answered_at))

    @property
    def machine_detection(self) -> str:
        """What is asked for: Enable, DetectMessageEnd or nothing. Keys to press switch it off."""
        return "" if self.form.has("SendDigits") else self.form.get("MachineDetection")

    def fields(self) -> dict[str, object]:
        """How it is shown among those that are live."""
        return {**self.ids(), "call_status": self.status, "created_at": self.created_at}

    def ids(self) -> dict[str, object]:
        """What a journal's event about it has."""
        return {
            "connection_id": self.sid,
            "phone_number": self.to,
            "caller": self.caller,
            "direction": self.direction,
            "parent_call_sid": self.parent.sid if self.parent else None,
            "foreign": self.is_foreign,
        }

    def note_look(self, at: float) -> None:
        """Keep what it looks like from now on."""
        duration = self.duration_seconds
        self.looks.append(Look(at, self.status, self.started_at, self.ended_at, duration))

    def look(self, at: float) -> Look | None:
        """What it looked like at that time; None before it was created."""
        return next((look for look in reversed(self.looks) if look.at <= at), None)
