"""Campaigns of days, in seconds: the same code on a clock that jumps to what is due next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from redis import Redis

from scheduler.hours.walltime import zone_of
from scheduler.ledger import calls, campaigns, explanation, keys, views
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import CampaignState, Cap, Contact, Hours, Policy, Retry, Row
from tests.examples import examples
from tests.functional.rig import ACCOUNT, Rig
from tests.sandbox_process import SandboxProcess

NINE_TO_FIVE: tuple[tuple[int, int], ...] = ((9 * 60, 17 * 60),)
ON_WEEKDAYS = (NINE_TO_FIVE,) * 5 + ((), ())

ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/St_Johns"),
    *("Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"),
)

DAY = 86_400.0


@dataclass
class Clock:
    """What the ledger is told the time is."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Days:
    """A campaign on a clock that jumps."""

    rig: Rig
    clock: Clock
    jumps: int = 0
    people: list[Contact] = field(default_factory=list)

    def load(self, people: list[Contact], policy: Policy) -> None:
        self.people = people
        ledger = self.rig.ledger
        campaigns.create(ledger, "days", account=ACCOUNT, name="days", policy=policy, digest="d")
        campaigns.load(
            ledger, "days", "l", 1, [Row(one, line) for line, one in enumerate(people, 2)]
        )
        campaigns.seal(ledger, "days", "l")

    def run(self, days: float) -> None:
        """Dial and stop what is due, and jump to what is due next, until all is over."""
        until = self.clock.now + days * DAY
        while self.clock.now < until and not self.is_over():
            self.rig.dialer.dial()
            due = calls.tick(
                self.rig.ledger,
                ACCOUNT,
                most=1000,
                free=1000,
                delays=(2.0,),
                ceiling=1000,
                interval_seconds=0.0,
            )
            for order in due.stops:
                self.rig.stopper.stop(order)
            if not due.stops and not self.is_over():
                assert due.seconds is not None, "nothing is in sight, and it is not over"
                self.clock.now += max(0.001, due.seconds)
                self.jumps += 1

    def is_over(self) -> bool:
        return views.campaign(self.rig.ledger, "days").state is CampaignState.FINISHED

    def dials(self) -> list[tuple[Contact, float]]:
        """Return every start that was sent, with the instant on the clock."""
        calls = [
            explanation.standing(self.rig.ledger, "days", row)
            for row in range(1, len(self.people) + 1)
        ]
        return [
            (call.contact, float(attempt["begun_at"]))
            for call in calls
            for attempt in call.attempts
        ]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=1000) as sandbox:
        yield sandbox


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def person(n: int, zone: str) -> Contact:
    number = f"+999555{n:04}"  # of no country: the contact alone says where it is
    return Contact(number, number, timezone=zone)


def is_open(policy: Policy, zone: str, instant: float) -> bool:
    """Say whether the wall clock of a zone shows a time inside the hours: as a person would."""
    shown = datetime.fromtimestamp(instant, zone_of(zone))
    minute = shown.hour * 60 + shown.minute
    return all(
        shown.date().isoformat() not in rule.blackout_dates
        and any(opens <= minute < closes for opens, closes in rule.week[shown.weekday()])
        for rule in policy.hours
    )


def accepted(sandbox: SandboxProcess) -> Counter[str]:
    return Counter(
        event["phone_number"] for event in sandbox.journal() if event["event"] == "accepted"
    )


def test_a_campaign_of_thirty_days_runs_through_the_same_code(
    private: EmbeddedRedis, redis: Redis, sandbox: SandboxProcess
) -> None:
    clock = Clock(at("2026-10-15T00:00+00:00"))
    policy = Policy(
        max_duration_seconds=2 * 3600.0,
        max_concurrency=1,
        insights=(),
        hours=(Hours("calling_hours", ON_WEEKDAYS, blackout_dates=("2026-10-20", "2026-10-21")),),
        retry={"stopped": Retry(1, (5 * DAY,))},
        caps=(Cap(1, 7 * DAY),),
        not_after=clock.now + 30 * DAY,
    )
    rig = Rig(private.url, sandbox.url, ceiling=50, threads=0, time=clock)
    days = Days(rig, clock)
    people = [person(n, ZONES[n % len(ZONES)]) for n in range(60)]
    days.load(people, policy)

    days.run(31)

    dials = days.dials()
    assert views.campaign(rig.ledger, "days").state is CampaignState.FINISHED
    assert all(is_open(policy, contact.timezone, instant) for contact, instant in dials)
    # Two hours each, one at a time: they took weeks, over the end of daylight saving time.
    instants = sorted(instant for _, instant in dials)
    # The deadline counts from the answer, which took its real milliseconds.
    assert all(later - one >= 7199 for one, later in pairwise(instants))
    assert instants[0] < at("2026-10-25T00:00+00:00")
    assert instants[-1] > at("2026-11-02T00:00+00:00")
    # The retry was due after five days, and the cap made it seven.
    by_party: dict[str, list[float]] = {}
    for contact, instant in dials:
        by_party.setdefault(contact.party, []).append(instant)
    twice = [sorted(each) for each in by_party.values() if len(each) == 2]
    assert twice
    assert all(second - first >= 7 * DAY for first, second in twice)
    assert accepted(sandbox) == Counter(contact.phone_number for contact, _ in dials)
    assert not rig.ledger.redis.zcard(keys.account(ACCOUNT, "live"))
    rig.close()


weeks = st.lists(
    st.lists(
        st.tuples(st.integers(0, 1380), st.integers(30, 720)).map(
            lambda window: (window[0], min(1440, window[0] + window[1]))
        ),
        max_size=1,
    ).map(tuple),
    min_size=7,
    max_size=7,
).map(tuple)

#: Around the days on which some clocks are moved.
begins = st.sampled_from(
    [date(2026, 3, 6), date(2026, 3, 27), date(2026, 4, 2), date(2026, 9, 4), date(2026, 10, 30)]
)


@examples(
    12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(week=weeks, begin=begins, zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=6))
def test_no_dial_leaves_the_hours(
    private: EmbeddedRedis,
    redis: Redis,
    sandbox: SandboxProcess,
    week: tuple[tuple[tuple[int, int], ...], ...],
    begin: date,
    zones: list[str],
) -> None:
    redis.flushall()
    sandbox.reset()
    clock = Clock(datetime.combine(begin, datetime.min.time(), UTC).timestamp())
    policy = Policy(
        max_duration_seconds=7200.0,
        max_concurrency=2,
        insights=(),
        hours=(Hours("calling_hours", week),),
        retry={"stopped": Retry(2, (11 * 3600.0,))},
        not_after=clock.now + 9 * DAY,
    )
    rig = Rig(private.url, sandbox.url, ceiling=50, threads=0, time=clock)
    days = Days(rig, clock)
    days.load([person(n, zone) for n, zone in enumerate(zones)], policy)

    days.run(10)

    dials = days.dials()
    over = days.is_over()
    rig.close()
    assert over
    assert all(is_open(policy, contact.timezone, instant) for contact, instant in dials)
    assert accepted(sandbox) == Counter(contact.phone_number for contact, _ in dials)
