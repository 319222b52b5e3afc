"""What strikes when in a run against Twilio's sandbox, all of it drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.chaos.plan import ALL, BLOWS, FREEZING_POINTS, POINTS, Blow, Plan, dealt, drawn
from tests.chaos.twilio_world import World

#: Where a worker is killed, besides: the steps of a call that rings and is read.
TWILIO_POINTS = (
    *POINTS,
    "call read",  #: its report is not on record yet
    "after answered",  #: the callee's answer is on record
    "before find",  #: a lost call was looked for, and what came of it is not on record yet
    "after find",
    "after unplaced",  #: a call that rang nobody was given back
)

#: Who hears callbacks is killed, and started again after a while.
RECEIVER = "receiver killed"

#: What strikes from outside. There are no sockets.
TWILIO_BLOWS = (
    *(kind for kind in BLOWS if kind != "sockets"),
    "start placed late",  #: by a start that its client has given up
    "too many requests",
    "reads fail",
    "strangers",  #: others place calls on the account, to the same numbers
    RECEIVER,
)

#: Every worker is killed, and none started until no call is left.
ABANDONED = "abandoned"

_READ_FAULTS = ("500", "reset_before", "hang", "cut_body", "html")


def drawn_for_twilio(
    seed: int,
    *,
    contacts: int = 30,
    kills: Sequence[str] | None = None,
    blows: Sequence[str] | None = None,
    world: World | None = None,
) -> Plan:
    """Draw a plan of some 15 faults: kills at these points, and these blows in any order."""
    lots = random.Random(f"twilio {seed}")
    kills = dealt(lots, TWILIO_POINTS, 5) if kills is None else kills
    blows = dealt(lots, TWILIO_BLOWS, 8) if blows is None else blows
    world = world or _world(lots)
    freezes = dealt(lots, FREEZING_POINTS, 1)
    plan = drawn(seed, kills=kills, freezes=freezes, blows=len(blows), accounts=1)
    return replace(
        plan,
        contacts=contacts,
        blows=tuple(_blows(lots, blows, world)),
        twilio=world,
        redials=lots.random() < 0.25,
        latency_seconds=lots.choice((0.05, 0.3)),
        hangup_share=lots.choice((0.0, 0.3)),
    )


def _world(lots: random.Random) -> World:
    """Draw how the account is. One thing at a time is odd, so that a run says what of."""
    world = World(is_exclusive=lots.random() < 0.6, takes_over=lots.random() < 0.5)
    if lots.random() < 2 / 3:
        world = replace(
            world,
            has_callbacks=True,
            callbacks_lost=0.3,
            callbacks_doubled=0.3,
            callbacks_shuffled=0.3,
        )
    match lots.randrange(6):
        case 0:
            return replace(world, list_lag_seconds=(5.0, 5.0))
        case 1:
            return replace(world, list_lag_seconds=(0.0, 5.0), read_lag_seconds=(0.0, 1.0))
        case 2:
            return replace(world, read_lag_seconds=(0.0, 1.0), stop_takes_seconds=0.5)
        case 3:
            return replace(world, limit=5, limit_answer=lots.choice(("error", "failed")))
        case 4:
            return replace(world, starts_per_second=2.5)
        case _:
            return replace(world, stop_takes_seconds=lots.choice((0.0, 0.5)))


def _blows(lots: random.Random, kinds: Sequence[str], world: World) -> list[Blow]:
    """Draw when each blow strikes and how, one after the other; in a third all are killed."""
    may_share = not world.is_exclusive and world.limit >= 500
    may_share = may_share and not world.has_callbacks
    never = {"strangers": not may_share, RECEIVER: not world.has_callbacks}
    kinds = [kind for kind in kinds if not never.get(kind)]
    hows = drawn(lots.randrange(1 << 30), kills=(), blows=4 * len(BLOWS), accounts=1).blows
    blows, at_seconds = [], 1.0
    for kind in kinds:
        known = [blow for blow in hows if blow.kind == kind]
        if known:
            blow = replace(lots.choice(known), at_seconds=round(at_seconds, 2))
        else:
            how = lots.choice(_READ_FAULTS) if kind == "reads fail" else ""
            seconds = round(lots.uniform(0.5, 2.5), 2)
            blow = Blow(round(at_seconds, 2), kind, how, ALL, seconds)
        blows.append(blow)
        at_seconds += lots.uniform(0.4, 1.4)
    if ABANDONED not in kinds and lots.random() < 1 / 3:
        blows.append(Blow(round(lots.uniform(1.5, at_seconds), 2), ABANDONED))
    return blows
