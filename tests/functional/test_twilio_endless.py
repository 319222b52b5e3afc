"""A server that answers too much as Twilio's API: no process of ours grows by much."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from scheduler.providers.answers import most_values
from scheduler.providers.bodies import LIST_BYTES
from scheduler.providers.twilio.pages import PAGE
from tests.functional.asked import __name__ as ASKED
from tests.functional.test_endless_bodies import BOMBS, answering, packed, served
from tests.growth import MOST_BYTES, grown
from tests.wire import Peer

pytestmark = pytest.mark.timeout(120)

CALLS = b"/2010-04-01/Accounts/AC" + b"0" * 32 + b"/Calls.json"


def test_a_start_that_is_answered_without_end_may_ring() -> None:
    with served(*BOMBS.values()) as urls:
        starts = grown(f"{ASKED}:twilio", *(f"start {url}" for url in urls))

    for kind, said in zip(BOMBS, starts.said.splitlines(), strict=True):
        assert said.startswith("MaybeDone: the answer is lost: "), kind
    assert starts.bytes < MOST_BYTES / 5


def test_nothing_that_is_asked_besides_is_read_without_end() -> None:
    asked = ("stop", "look", "why", "prolong", "open", "ended", "to")
    with Peer(packed("gzip")) as peer:
        asking = grown(f"{ASKED}:twilio", *(f"{what} {peer.url}" for what in asked))

    for what, said in zip(asked, asking.said.splitlines(), strict=True):
        assert said.startswith("MaybeDone: the answer is lost: more than "), what
    assert asking.bytes < MOST_BYTES


def listed(item: Callable[[int], bytes]) -> bytes:
    """A page that goes on for ever, with as many items as are read at all."""
    head = b'{"next_page_uri":"%b?Page=1","calls":[' % CALLS
    left_bytes, left_values, items = (
        LIST_BYTES - 200_000,
        most_values(LIST_BYTES) - 20,
        list[bytes](),
    )
    while True:
        one = item(len(items))
        left_bytes -= len(one) + 1
        left_values -= one.count(b"{") + one.count(b",") + 1
        if min(left_bytes, left_values) < 0:
            return head + b",".join(items) + b"]}"
        items.append(one)


WORST: dict[str, Callable[[int], bytes]] = {
    "short calls": lambda at: b'{"sid":"CA%d","status":"queued"}' % at,
    "long calls": lambda at: (
        b'{"sid":"CA%d","status":"queued","to":"%b","from":"%b"}' % (at, b"1" * 255, b"2" * 255)
    ),
    "very long calls": lambda at: b'{"sid":"CA%d","status":"queued","to":"%b"}' % (at, b"1" * 4000),
    "empty objects": lambda _: b"{}",
}


def endless_pages(item: Callable[[int], bytes]) -> Callable[[], bytes]:
    """Return what makes one page after another, with other calls on each."""
    body, pages = listed(item), count()
    return lambda: body.replace(b"CA", b"CA%d_" % next(pages))


def test_lists_that_are_mean_within_their_bounds_are_no_harm() -> None:
    with served(*(answering(endless_pages(item)) for item in WORST.values())) as urls:
        reading = grown(f"{ASKED}:twilio", *(f"open {url}" for url in urls))

    for kind, said in zip(WORST, reading.said.splitlines(), strict=True):
        assert int(said) <= 3 * PAGE * 10, kind
    assert reading.bytes < 1.2 * MOST_BYTES
