"""The same API that rings, and that tells of its calls by itself: a test says what it tells."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from scheduler.errors import Forged, NoSuchConnection, ProviderError, Refused, Unreadable
from scheduler.models import Attempt, Connection
from scheduler.providers import (
    Callback,
    CallbackPlace,
    CallReport,
    Heard,
    Leave,
    Outcome,
    Recording,
    Reply,
    Stage,
    StartOrder,
    Topic,
)
from scheduler.records import pack_script
from scheduler.script import Script
from tests.toy_provider.ringing import RingingToy


class TellingToy(RingingToy):
    """An account at the toy. A request's body is the number of what was told."""

    can_verify = True

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Heard] = []
        self.said: list[tuple[str, Script]] = []  #: instead, in its order
        self.cannot_say: list[ProviderError] = []  #: raised one after the other
        self.recorded: dict[str, list[Recording]] = {}
        #: What happens between a start that is accepted and the answer that says so.
        self.placed: Callable[[str], None] = lambda name: None

    def callback(
        self,
        attempt: Attempt,
        topic: Topic,
        heard: Heard | None,
        *,
        step: str = "",
        asked: int = 1,
        account: str = "trial",
    ) -> Callback:
        """Return a request that tells so; of nothing one that nobody can read."""
        body = b"unreadable"
        if heard is not None:
            self.told.append(heard)
            body = str(len(self.told) - 1).encode()
        return Callback("", {"signature": "ours"}, body, account, attempt, topic, step, asked)

    def status(self, attempt: Attempt, name: str, stage: Stage, sequence: int) -> Callback:
        """Return a request that tells how far a call has come."""
        outcome = Outcome.COMPLETED if stage is Stage.OVER else None
        report = CallReport(name, stage, outcome, read_at=time.time())
        return self.callback(attempt, Topic.STATUS, Heard(name, sequence, report))

    # What our receiver and our worker do --------------------------------------------------------

    def start(self, order: StartOrder, leave: Leave) -> Connection:
        connection = super().start(order, leave)
        self.placed(connection.connection_id)
        return connection

    def hear(self, callback: Callback) -> Heard:
        if callback.headers.get("signature") != "ours":
            raise Forged("not signed")
        if not callback.body.isdigit():
            raise Unreadable("no number")
        return self.told[int(callback.body)]

    def reply(
        self,
        script: Script,
        place: CallbackPlace,
        *,
        max_duration_seconds: float,
        caller_id: str = "",
    ) -> Reply:
        said = {"script": pack_script(script), "seconds": max_duration_seconds}
        return Reply(json.dumps(said).encode(), "application/json")

    def say_instead(self, connection_id: str, order: StartOrder, script: Script) -> None:
        with self._lock:
            if self.cannot_say:
                raise self.cannot_say.pop(0)
            if connection_id not in self.calls:
                raise NoSuchConnection("there is none")
            if self.calls[connection_id].report.stage is Stage.OVER:
                raise Refused("it is over")
            self.said.append((connection_id, script))

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        with self._lock:
            self.asked.append("recordings")
            return list(self.recorded.get(connection_id, ()))

    @contextmanager
    def download(self, recording_id: str, offset: int) -> Iterator[Iterator[bytes]]:
        yield iter((b"sound"[offset:],))
