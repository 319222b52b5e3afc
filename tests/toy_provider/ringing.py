"""An API that rings, queues, lists its calls late and ends them by itself, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from scheduler.errors import NoSuchConnection, ProviderError
from scheduler.models import Connection
from scheduler.providers import (
    CallReport,
    Leave,
    Looks,
    Outcome,
    Prolongs,
    Stage,
    StartOrder,
    StopAnswer,
    Sweeps,
    Traits,
)
from tests.toy_provider import TOY

RINGS = Traits(rings=True, ends_calls=True, queues_starts=True)


#: How far a call has come that nobody moves by hand, so many seconds after it was placed.
BY_ITSELF: tuple[tuple[float, Stage], ...] = (
    (0.3, Stage.RINGING),
    (0.6, Stage.ANSWERED),
    (1.2, Stage.OVER),
)


@dataclass
class ToyCall:
    """One call at the toy; a test moves it on."""

    order: StartOrder
    report: CallReport
    listed: CallReport  #: what the lists say, which may lag
    prolonged: list[float] = field(default_factory=list)


class RingingToy:
    """An account at the toy. Every call stands in `calls` until a test moves it."""

    fingerprint = "ringing toy"

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.calls: dict[str, ToyCall] = {}
        self.asked: list[str] = []  #: each request, in its order
        self.stops: list[str] = []
        #: Answers starts: what is raised, after the call was placed where `places` says so.
        self.answers: Callable[[StartOrder], ProviderError | None] = lambda order: None
        self.places = False
        self.queue_seconds = 0.0
        self.lags = False  #: lists show no change until it is over
        self.is_deaf = False  #: no call can be read
        self.tells_ends = True  #: when a call ended
        self.holds_stops = False  #: a stop is accepted, and changes nothing yet
        self.why: dict[str, ProviderError] = {}

    # What a test does to a call -----------------------------------------------------------------

    def to(self, number: str) -> str:
        """Return the id of the last call to a number."""
        with self._lock:
            return [name for name, call in self.calls.items() if call.order.phone_number == number][
                -1
            ]

    def has_rung(self, number: str) -> bool:
        """Whether a number has been called."""
        with self._lock:
            return any(call.order.phone_number == number for call in self.calls.values())

    def move(self, name: str, stage: Stage, **facts: object) -> None:
        """Have a call come so far."""
        with self._lock:
            call = self.calls[name]
            call.report = replace(call.report, stage=stage, **facts)  # type: ignore[arg-type]
            if not self.lags:
                call.listed = call.report

    def end(self, name: str, outcome: Outcome, **facts: object) -> None:
        """End a call as its far end, or the network, does."""
        self.move(name, Stage.OVER, outcome=outcome, ended_at=time.time(), **facts)

    def catch_up(self) -> None:
        """Have the lists show what is."""
        with self._lock:
            self.lags = False
            for call in self.calls.values():
                call.listed = call.report

    @property
    def live(self) -> set[str]:
        with self._lock:
            return {
                name for name, call in self.calls.items() if call.report.stage is not Stage.OVER
            }

    def place(self, order: StartOrder, *, created_at: float | None = None) -> str:
        """Place a call, whoever asked for it."""
        with self._lock:
            name = f"ring {len(self.calls) + 1}"
            report = CallReport(
                name,
                Stage.QUEUED,
                address=order.phone_number,
                caller_id=order.caller_id,
                created_at=time.time() if created_at is None else created_at,
            )
            self.calls[name] = ToyCall(order, report, report)
            return name

    # What our worker does -----------------------------------------------------------------------

    def authorize(self, max_duration_seconds: float) -> None:
        """There is no token."""

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        leave()
        error = self.answers(order)
        if error is not None and not self.places:
            raise error
        name = self.place(order)
        if error is not None:
            raise error
        return Connection(name, queue_seconds=self.queue_seconds)

    def stop(self, connection_id: str) -> StopAnswer:
        with self._lock:
            self.stops.append(connection_id)
            if connection_id not in self.calls:
                raise NoSuchConnection("there is none")
            call = self.calls[connection_id]
            if call.report.stage is not Stage.OVER and not self.holds_stops:
                was_answered = call.report.stage is Stage.ANSWERED
                self.end(connection_id, Outcome.COMPLETED if was_answered else Outcome.CANCELED)
            return StopAnswer(report=self._read(call.report))

    def look(self, connection_id: str) -> CallReport:
        with self._lock:
            self.asked.append("look")
            if self.is_deaf:
                raise ProviderError("no answer")
            if connection_id not in self.calls:
                raise NoSuchConnection("there is none")
            return self._read(self.calls[connection_id].report)

    def why_failed(self, connection_id: str) -> ProviderError | None:
        self.asked.append("why")
        return self.why.get(connection_id)

    def open_calls(self) -> Sequence[CallReport]:
        return self._list("open", lambda report: report.stage is not Stage.OVER)

    def ended_calls(self, since: float) -> Sequence[CallReport]:
        return self._list("ended", lambda report: (report.ended_at or 0.0) >= since)

    def calls_to(self, address: str, since: float) -> Sequence[CallReport]:
        return self._list(
            "to", lambda one: one.address == address and (one.created_at or 0.0) >= since
        )

    def prolong(self, connection_id: str, max_duration_seconds: float) -> None:
        if self.is_deaf:
            raise ProviderError("no answer")
        self.calls[connection_id].prolonged.append(max_duration_seconds)

    def close(self) -> None:
        """There is no connection of a thread."""

    def _list(self, what: str, wanted: Callable[[CallReport], bool]) -> list[CallReport]:
        with self._lock:
            self.asked.append(what)
            if self.is_deaf:
                raise ProviderError("no answer")
            listed = [call.listed for call in self.calls.values()]
            return [self._read(report) for report in listed if wanted(report)]

    def _read(self, report: CallReport) -> CallReport:
        told = report.ended_at if self.tells_ends else None
        return replace(report, ended_at=told, read_at=time.time())


class BusyToy(RingingToy):
    """The same, where each call moves by itself: it rings, is answered, and hung up."""

    def _read(self, report: CallReport) -> CallReport:
        passed = time.time() - (report.created_at or 0.0)
        stage = max((0.0, Stage.QUEUED), *(one for one in BY_ITSELF if one[0] <= passed))[1]
        if report.stage is not Stage.OVER and stage is not report.stage:
            outcome = Outcome.COMPLETED if stage is Stage.OVER else None
            self.move(report.connection_id, stage, outcome=outcome, duration_seconds=0.6)
            if stage is Stage.OVER:
                self.end(report.connection_id, Outcome.COMPLETED, price="0.01 USD")
            report = self.calls[report.connection_id].report
        return super()._read(report)

    def _list(self, what: str, wanted: Callable[[CallReport], bool]) -> list[CallReport]:
        with self._lock:
            for call in list(self.calls.values()):
                self._read(call.report)
        return super()._list(what, wanted)


RINGING_TOY = replace(
    TOY,
    name="ringing",
    client=lambda credentials, shelf: BusyToy(),
    abilities=frozenset({Looks, Sweeps, Prolongs}),
    traits=RINGS,
)
