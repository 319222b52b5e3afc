"""One run against Twilio's sandbox."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from functools import cached_property
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as Retries

from scheduler.ledger import keys
from scheduler.models import OnUnknown, Policy, Retry
from scheduler.script import DoNotCall, Gather, Pause, Say
from tests.chaos.account import SLOTS, Account
from tests.chaos.judge import Judge
from tests.chaos.receiver import Receiver
from tests.chaos.run import Run
from tests.chaos.twilio_blows import CALLER, TwilioBlows
from tests.chaos.twilio_judge import TwilioJudge
from tests.chaos.twilio_world import CALL_SECONDS, NEVER_AGAIN, RING_SECONDS, STEP, YES, World
from tests.functional.campaign import magic, numbers
from tests.waiting import wait_until

#: 10004 as a failed call and as an answer, 429; the answer reset, 500, 503 and 21204, all of them
#: placed; the second half of a stop reset, stops refused; not listed, not readable at first.
_ODD = (27, 28, 29, 20, 50, 53, 54, 62, 63, 95, 96)

#: What calls ask where there is somebody who hears what is pressed.
_ASKED = (
    Gather(
        STEP,
        (Say("Well?"),),
        digits=1,
        tries=2,
        branches={"1": (Say(YES),), "9": (Say(NEVER_AGAIN), DoNotCall())},
    ),
)

#: Between looks at which attempts hold a slot.
_SAMPLE_SECONDS = 0.2


class TwilioRun(Run):
    """Everything that one run consists of."""

    _program = "tests.chaos.twilio_worker"
    _blows_of = TwilioBlows

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._samples: list[tuple[float, frozenset[str]]] = []
        self._has_waited = False  #: until nothing was live that was left alone

    @cached_property
    def _receiver(self) -> Receiver:
        receiver = Receiver(self._folder, super()._env(0))
        self._stack.callback(receiver.end)
        return receiver

    def _env(self, worker: int) -> dict[str, str]:
        env = super()._env(worker)
        if not self._world.has_callbacks:
            return env
        return env | {"CALLSCHED_PUBLIC_URL": self._receiver.url}

    def go_through(self) -> None:
        """Do the same, with somebody who hears callbacks where there are any."""
        if self._world.has_callbacks:
            self._twilio_blows.receiver = self._receiver
            self._receiver.start()
            wait_until(lambda: self._receiver.is_up)
        super().go_through()

    @property
    def _world(self) -> World:
        assert self._plan.twilio is not None
        return self._plan.twilio

    @property
    def _account_of_run(self) -> Account:
        (account,) = self._accounts
        return account

    @property
    def _twilio_blows(self) -> TwilioBlows:
        return cast("TwilioBlows", self._blows)

    def _sandbox_options(self) -> dict[str, object]:
        world = self._world
        return {
            "provider": "twilio",
            "limit": world.limit,
            "limit_answer": world.limit_answer,
            "calls_per_second": world.starts_per_second,
            "list_lag": world.list_lag_seconds,
            "read_lag": world.read_lag_seconds,
            "stop_takes": world.stop_takes_seconds,
            "callbacks_lost": world.callbacks_lost,
            "callbacks_doubled": world.callbacks_doubled,
            "callbacks_shuffled": world.callbacks_shuffled,
            "keys": "1,9,,3",
            # All of it fits into a second, also where it is asked twice.
            "key": 0.1,
            "say_letters_per_second": 100.0,
            "ring": (0.1, 0.6),
            "busy_share": 0.1,
            "no_answer_share": 0.1,
            "failed_share": 0.05,
        }

    def _policy(self) -> Policy:
        again = Retry(max=1, delays_seconds=(0.5,))
        return Policy(
            CALL_SECONDS,
            insights=(),
            on_unknown=OnUnknown.REDIAL if self._plan.redials else OnUnknown.HOLD,
            ring_seconds=RING_SECONDS,
            script=(*(_ASKED if self._world.has_callbacks else ()), Say("Hello."), Pause(60)),
            retry={"busy": again, "no_answer": again},
            retry_total=2,
        )

    def _phone_numbers(self, first: int, count: int) -> list[str]:
        plain, odd = numbers(first + count)[first:], list(map(magic, _ODD))
        apart = max(2, len(plain) // len(odd))
        # Not one after the other: three starts in a row that go wrong are an outage.
        return [
            one
            for place, number in enumerate(plain)
            for one in (number, *odd[place // apart : place // apart + (place % apart == 0)])
        ]

    def _of_accounts(self) -> dict[str, str]:
        return {
            "CHAOS_WORLD": self._world.written(),
            "CALLSCHED_PROVIDER": "twilio",
            "CALLSCHED_TWILIO_BASE_URL": f"http://127.0.0.1:{self._account_of_run.api.port}",
            "CALLSCHED_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "CALLSCHED_TWILIO_AUTH_TOKEN": "sandbox",
            "CALLSCHED_CALLER_ID": CALLER,
            "CALLSCHED_EXCLUSIVE": str(self._world.is_exclusive).lower(),
            "CALLSCHED_MAX_STARTS_PER_SECOND": "50",
            "CALLSCHED_ACCOUNT": self._account_of_run.name,
            "CALLSCHED_MAX_CONCURRENCY": str(SLOTS),
        }

    # The course of events -----------------------------------------------------------------------

    def _tend(self) -> None:
        self._sample()
        blows = self._twilio_blows
        blows.abandon()
        if not blows.is_abandoned:
            hears = self._receiver.is_up if self._world.has_callbacks else True
            if not hears or not all(worker.is_at_work for worker in self._workers):
                blows.trouble()
            super()._tend()
            return
        self._until_nothing_is_live()
        self._has_waited = True
        if self._world.takes_over:
            blows.is_abandoned = False

    def _sample(self) -> None:
        """See who holds a slot, if Redis answers at once."""
        now = time.time()
        if self._samples and now - self._samples[-1][0] < _SAMPLE_SECONDS:
            return
        at_once = {"socket_timeout": 0.2, "retry": Retries(NoBackoff(), 0)}
        with (
            suppress(RedisError),
            Redis.from_url(self.redis.url, decode_responses=True, **at_once) as redis,
        ):
            held = frozenset(redis.zrange(keys.account(self._account_of_run.name, "slots"), 0, -1))
            self._samples.append((now, held))

    def _until_nothing_is_live(self) -> None:
        """Wait, with no worker alive, for what Twilio was told with each start."""
        give_up_at = time.monotonic() + self._longest_seconds
        while self._live() and time.monotonic() < give_up_at:
            self._twilio_blows.trouble()
            self._sample()
            time.sleep(0.1)

    @property
    def _longest_seconds(self) -> float:
        """For how long a call may live that has just been placed, queue included."""
        world = self._world
        queue = SLOTS / world.starts_per_second if world.starts_per_second else 0.0
        return queue + RING_SECONDS + world.time_limit_seconds + 2.0

    def _live(self) -> int:
        return sum(not one["foreign"] for one in self._account_of_run.sandbox.live()["connections"])

    def _is_over(self) -> bool:
        return self._has_waited if self._is_left else super()._is_over()

    @property
    def _is_left(self) -> bool:
        """Whether no worker of ours will ever live again."""
        return self._twilio_blows.is_abandoned and not self._world.takes_over

    def judges(self) -> list[Judge]:
        """End the workers, so that nothing moves any more, and look."""
        for worker in self._workers:
            worker.end()
        if self._world.has_callbacks:
            self._receiver.kill()
        account = self._account_of_run
        judge = TwilioJudge(
            self.ledger,
            account.name,
            account.campaign_id,
            account.sandbox.journal(),
            plan=self._plan,
            troubles=self._twilio_blows.troubles,
            is_left=self._is_left,
            samples=self._samples,
            slots=SLOTS,
        )
        return [judge]

    def faults(self) -> Counter[str]:
        """Return how many faults struck, by kind."""
        faults = super().faults()
        faults.update(self._world.kinds)
        return faults
