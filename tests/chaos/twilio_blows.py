"""Deals what strikes at Twilio besides, and remembers when anything was out of order."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.chaos.blows import Blows
from tests.chaos.lives import Worker
from tests.chaos.plan import Blow
from tests.chaos.receiver import Receiver
from tests.chaos.twilio_plan import ABANDONED, RECEIVER
from tests.functional.campaign import magic, numbers

#: The number that callees see; strangers on the account may call from it as well.
CALLER = "+15005550006"

#: After a fault a stop that failed is sent again, a lease runs out, a worker becomes ready.
RECOVERY_SECONDS = 4.0

#: Longer than a start has.
_PLACED_AFTER_SECONDS = 2.0

#: For so long all workers are killed only while two calls of ours are answered, then while one is:
#: an account in an outage places one call at a time.
_TWO_TALK_WITHIN_SECONDS = 20.0


class TwilioBlows(Blows):
    """What strikes from outside."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.receiver: Receiver  #: of callbacks; dead in a run that has none
        self.is_abandoned = False  #: every worker was killed, and none is to be started
        self.troubles: list[tuple[float, float]] = []  #: by this machine's clock, from and until
        self._strangers = 0
        self._two_talk_until: float | None = None  #: when one call is enough, once all are to die
        self._suspended: list[Worker] = []  #: those that were frozen for that

    def trouble(self, seconds: float = 0.0) -> None:
        """Remember that from now on, and for so long, not all is in order."""
        now = time.time()
        self.troubles.append((now, now + seconds + RECOVERY_SECONDS))

    def _ways(self, blow: Blow) -> tuple[Callable[[], None], Callable[[], None] | None]:
        deal, mend = self._ways_of(blow)

        def dealt() -> None:
            self.trouble(blow.seconds)
            deal()

        return dealt, mend

    def _ways_of(self, blow: Blow) -> tuple[Callable[[], None], Callable[[], None] | None]:
        match blow.kind:
            case "too many requests":
                return self._turning(blow, throttle_share=(0.4, 0))
            case "reads fail":
                return self._turning(blow, read_fault=(blow.how, None))
            case "start placed late":
                return self._turning(blow, place_after_seconds=(_PLACED_AFTER_SECONDS, 0))
            case kind if kind == RECEIVER:
                return lambda: self._count(blow, self.receiver.kill()), self.receiver.start
            case "strangers":
                return lambda: self._call_from_elsewhere(blow), None
            case kind if kind == ABANDONED:
                return self._plan_to_abandon, None
            case _:
                return super()._ways(blow)

    def _turning(
        self, blow: Blow, **knobs: tuple[object, object]
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        """Turn knobs, each to its first value, and back to its second."""

        def turn() -> None:
            self._accounts[0].turn(**{name: to for name, (to, _) in knobs.items()})
            self._count(blow)

        return turn, lambda: self._accounts[0].turn(
            **{name: back for name, (_, back) in knobs.items()}
        )

    def _call_from_elsewhere(self, blow: Blow) -> None:
        """Have others call two numbers of the campaign, one that loses answers, and another."""
        self._strangers += 1
        every = numbers(200)
        callees = (every[self._strangers], every[10 + self._strangers], magic(50), every[150])
        for to in callees:
            self._accounts[0].sandbox.add_call(to, **{"from": CALLER})
        self._count(blow)

    def abandon(self) -> None:
        """Kill every worker, if that is to be, while somebody is on the phone.

        They are frozen first, and killed when whatever they had sent has arrived and somebody is
        still on the phone: a stop may be on its way when one looks, and killing takes its time.
        """
        if self._two_talk_until is None:
            return
        wanted = 2 if time.monotonic() < self._two_talk_until else 1
        if self._talking() < wanted:
            self._wake()
        elif self._suspended:
            self._kill_all()
        else:
            self._suspended = [worker for worker in self._workers if worker.freeze()]
            self.trouble()

    def _plan_to_abandon(self) -> None:
        self._two_talk_until = time.monotonic() + _TWO_TALK_WITHIN_SECONDS

    def _kill_all(self) -> None:
        self.is_abandoned, self._two_talk_until, self._suspended = True, None, []
        self.struck[ABANDONED] += sum(worker.kill() for worker in self._workers)
        self.trouble()

    def _wake(self) -> None:
        for worker in self._suspended:
            worker.wake()
        self._suspended = []

    def _talking(self) -> int:
        live = self._accounts[0].sandbox.live()["connections"]
        return sum(not one["foreign"] and one["call_status"] == "in-progress" for one in live)
