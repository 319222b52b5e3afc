from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.worker.files import ASKERS, OF_A_THREAD, OTHERS, Shares, needed, shared

#: As shipped: 32 threads that dial and read, 16 that stop, 1,000 sockets.
SHIPPED = {"stops": 16, "dials": 32, "sockets": 1000}


@pytest.mark.parametrize(
    ("allowed", "shares"),
    [
        (65_536, Shares(1000, 16)),
        (needed(**SHIPPED), Shares(1000, 16)),
        (1024, Shares(828, 1)),
        (256, Shares(60, 1)),
        (196, Shares(0, 1)),
        (128, Shares(0, 1, missing=68)),
    ],
)
def test_stops_come_first_and_who_asks_last(allowed: int, shares: Shares) -> None:
    assert shared(allowed, **SHIPPED) == shares


@given(st.integers(0, 70_000), st.integers(1, 1000), st.integers(4, 1000), st.integers(0, 100_000))
def test_nothing_is_given_away_that_stops_and_dials_need(
    allowed: int, stops: int, dials: int, sockets: int
) -> None:
    shares = shared(allowed, stops=stops, dials=dials, sockets=sockets)

    assert 0 <= shares.sockets <= sockets
    assert 1 <= shares.askers <= ASKERS
    reserved = OTHERS + OF_A_THREAD * (stops + dials)
    assert reserved + shares.sockets + (shares.askers - 1) <= allowed + shares.missing
    if not shares.missing:
        assert reserved <= allowed
    if shares.sockets < sockets:
        assert shares.askers == 1  # who asks has nothing before every socket has its file


TRIAL = """
import logging, resource, sys
from scheduler.worker.files import share_out
logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(share_out(stops=16, dials=32, sockets=1000), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "told"),
    [
        (64, 2048, 1212, ""),
        (64, 256, 256, "60 sockets are kept open, of 1000"),
        (2048, 2048, 2048, ""),
        (64, 100, 100, "stops and dials may fail: they need 96 more"),
    ],
)
def test_the_system_is_asked_for_what_is_needed(
    soft: int, hard: int, raised: int, told: str
) -> None:
    if hard > resource.getrlimit(resource.RLIMIT_NOFILE)[1]:
        pytest.skip("the system allows less")

    words = [sys.executable, "-c", TRIAL, str(soft), str(hard)]
    trial = subprocess.run(words, capture_output=True, text=True, check=True)

    assert trial.stdout.split()[-1] == str(raised)
    assert told in trial.stderr
    assert bool(told) == bool(trial.stderr)
