"""What strikes when, all of it drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.chaos.twilio_world import World

T = TypeVar("T")

#: Where a worker is killed, in the order of a call's life.
POINTS = (
    "before claim",
    "after claim",
    "after begin",
    "start leaving",  #: after the last look at the clock, before the first byte
    "start sent",  #: every byte has left, no answer has come
    "start answered",  #: and nothing is on record yet
    "after connect",
    "stop sent",
    "before end",  #: the stop was confirmed, which is not on record yet
    "after end",
)

#: Where a worker is frozen, for longer than any lease.
FREEZING_POINTS = (
    "after claim",
    "after begin",
    "start leaving",
    "start sent",
    "start answered",
    "stop sent",
)

#: Longer than the leases that `worker.py` sets.
FREEZE_SECONDS = 3.2

#: How a proxy cuts a line: connections are refused; they are reset; bytes stand still and go on
#: later; every reply is cut in its middle, and its connection reset.
CUTS = ("refuse", "reset", "stall", "mid_reply")

#: How Redis answers, and refuses: it is full, has too few replicas, or takes a right away.
REFUSALS = ("OOM", "NOREPLICAS", "NOPERM")

LOST_ANSWERS = ("reset_after", "hang", "cut_body", "500")
FAILED_STOPS = ("500", "500_not_placed", "reset_before", "reset_after", "hang")

#: What strikes from outside, whatever the workers are at.
BLOWS = (
    "redis killed",
    "redis cut",
    "redis refuses",
    "api cut",
    "answer lost",
    "stop failed",
    "stop denied",
    "sockets",
    "frozen",
    "killed",
)

#: What strikes besides where there are two accounts: one of them is cut off from its API.
CUT_OFF = "account cut off"

#: One that is cut off fills threads with starts that hang: that takes longer than a start may.
CUT_OFF_SECONDS = (3.5, 5.0)

#: Which blows strike one account alone; the others strike all that there are.
OF_ONE_ACCOUNT = ("api cut", "answer lost", "stop failed", "stop denied", "sockets")

#: Every worker at once.
ALL = -1


@dataclass(frozen=True, slots=True)
class Strike:
    """A worker's own end, or its freezing, when it passes a point for the n-th time."""

    point: str
    passage: int
    how: str  #: kill or freeze


@dataclass(frozen=True, slots=True)
class Blow:
    """A fault that strikes at an instant of the run."""

    at_seconds: float  #: since the campaign was sealed
    kind: str  #: `blows.py` knows how it is dealt
    how: str = ""
    worker: int = ALL
    seconds: float = 0.0
    account: int = 0  #: whose API it is

    @property
    def name(self) -> str:
        """Kind and way, as the table has them."""
        return f"{self.kind}: {self.how}" if self.how else self.kind


@dataclass(frozen=True, slots=True)
class Plan:
    """One run."""

    seed: int
    contacts: int
    lives: tuple[tuple[tuple[Strike, ...], ...], ...]  #: of each worker, of each of its lives
    blows: tuple[Blow, ...]
    clock_shifts: tuple[float, ...]  #: of each worker's time.time, in seconds
    twice: bool  #: every message of Celery is sent twice, under one id
    redials: bool  #: the campaign wants unknown calls to be dialled once more
    latency_seconds: float  #: of the answer to a start
    hangup_share: float  #: of the far ends that hang up before their deadline
    accounts: int = 1  #: each at an API of its own, with a campaign of its own
    twilio: World | None = None  #: how calls go there, if the provider is Twilio; else it is Symbl

    @property
    def kinds(self) -> set[str]:
        """Every kind of fault that is in it."""
        strikes = {strike for lives in self.lives for life in lives for strike in life}
        named = {f"{strike.how}: {strike.point}" for strike in strikes}
        return named | {blow.kind for blow in self.blows}


def drawn(
    seed: int,
    *,
    kills: Sequence[str] = POINTS,
    freezes: Sequence[str] = FREEZING_POINTS,
    blows: int = 16,
    accounts: int | None = None,
) -> Plan:
    """Draw a plan. The defaults are those of `make chaos`: more than 20 faults.

    The first two workers die, once at each point of `kills`; the third one is frozen at some of
    `freezes` and has a clock of its own. A third of the runs has two accounts, unless it is said.
    """
    lots = random.Random(seed)
    killed: list[list[tuple[Strike, ...]]] = [[], []]
    for number, point in enumerate(dealt(lots, kills, len(kills))):
        killed[number % 2].append((Strike(point, lots.randint(1, 4), "kill"),))
    frozen = tuple(
        Strike(point, lots.randint(1, 3) + 3 * number, "freeze")
        for number, point in enumerate(dealt(lots, freezes, 3))
    )
    every = _blows(lots, blows)
    plan = Plan(
        seed=seed,
        contacts=10 + 4 * (len(kills) + blows),
        lives=(tuple(killed[0]), tuple(killed[1]), (frozen,)),
        blows=tuple(every),
        clock_shifts=(0.0, 0.0, lots.choice((-3.0, 3.0))),
        twice=lots.random() < 0.5,
        redials=lots.random() < 0.25,
        latency_seconds=lots.choice((0.05, 0.5)),
        hangup_share=lots.choice((0.0, 0.3)),
    )
    chosen = lots.choice((1, 1, 2))
    return plan if (accounts or chosen) == 1 else _with_two_accounts(lots, plan)


def _with_two_accounts(lots: random.Random, plan: Plan) -> Plan:
    """Have some of the blows strike the other account, and cut one of the two off now and then."""
    blows = [
        replace(blow, account=lots.randrange(2)) if blow.kind in OF_ONE_ACCOUNT else blow
        for blow in plan.blows
    ]
    count = max(1, len(blows) // 8)
    part = blows[-1].at_seconds / count
    for number, how in enumerate(dealt(lots, CUTS, count)):
        at_seconds = round((number + lots.uniform(0.1, 0.5)) * part, 2)
        seconds = round(lots.uniform(*CUT_OFF_SECONDS), 2)
        blows.append(Blow(at_seconds, CUT_OFF, how, ALL, seconds, lots.randrange(2)))
    return replace(plan, accounts=2, blows=tuple(sorted(blows, key=lambda blow: blow.at_seconds)))


def _blows(lots: random.Random, count: int) -> list[Blow]:
    """Draw what strikes from outside, one blow after the other."""
    blows, at_seconds = [], 1.0
    hows = {
        "redis cut": iter(dealt(lots, CUTS, count)),
        "redis refuses": iter(dealt(lots, REFUSALS, count)),
        "api cut": iter(dealt(lots, CUTS, count)),
        "answer lost": iter(dealt(lots, LOST_ANSWERS, count)),
        "stop failed": iter(dealt(lots, FAILED_STOPS, count)),
        "sockets": iter(dealt(lots, ("close", "reset", "refused"), count)),
    }
    for kind in dealt(lots, BLOWS, count):
        blows.append(
            Blow(
                round(at_seconds, 2),
                kind,
                next(hows[kind]) if kind in hows else "",
                lots.randrange(3) if kind == "frozen" else lots.choice((0, 1, 2, ALL)),
                _seconds(lots, kind),
            )
        )
        at_seconds += lots.uniform(0.4, 1.6)
    return blows


def _seconds(lots: random.Random, kind: str) -> float:
    if kind == "frozen":
        return FREEZE_SECONDS
    return round(lots.uniform(0.2, 2.5), 2)


def dealt(lots: random.Random, cards: Sequence[T], count: int) -> list[T]:
    """Deal so many from shuffled decks: every card comes before one comes again."""
    dealt: list[T] = []
    while len(dealt) < count:
        deck = list(cards)
        lots.shuffle(deck)
        dealt += deck
    return dealt[:count]
