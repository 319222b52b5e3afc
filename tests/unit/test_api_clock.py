"""The date of an API's answers: which of them count, and how far its clock has come."""

from __future__ import annotations

import pytest
from urllib3 import HTTPHeaderDict

from scheduler.providers.answer import Answer
from scheduler.providers.api_clock import ApiClock, ApiTime, Gain, gain

API = "https://api.example.com"
NOON, LATER = "Sat, 28 Nov 2026 12:00:00 GMT", "Sat, 28 Nov 2026 12:01:40 GMT"


def seen(url: str = f"{API}/v1/calls", status: int = 200, **headers: str) -> ApiTime | None:
    """Return what is kept of one answer."""
    answer, clock = Answer(status, "OK", HTTPHeaderDict(headers)), ApiClock(API)
    clock.see(url, answer, asked_at=1.0, answered_at=1.5)
    return clock.last


def test_the_date_of_an_answer_is_kept_with_when_it_was_written() -> None:
    assert seen(Date=NOON) == ApiTime(NOON, 1.0, 1.5)


@pytest.mark.parametrize(
    ("url", "status", "headers"),
    [
        (f"{API}/v1/calls", 200, {}),
        (f"{API}/v1/calls", 502, {"Date": NOON}),
        (f"{API}/v1/calls", 302, {"Date": NOON}),
        (f"{API}/v1/calls", 200, {"Date": NOON, "Age": "0"}),
        (f"{API}/v1/calls", 200, {"Date": f"{NOON}, {NOON}"}),
        ("https://files.example.com/v1/calls", 200, {"Date": NOON}),
        (f"{API}.example.org/v1/calls", 200, {"Date": NOON}),
    ],
    ids=["none", "an error", "a redirect", "kept on the way", "two", "elsewhere", "alike"],
)
def test_a_date_that_may_not_be_of_the_api_now_is_not(
    url: str, status: int, headers: dict[str, str]
) -> None:
    assert seen(url, status, **headers) is None


def test_only_what_was_asked_for_since_then_is_fresh() -> None:
    clock = ApiClock(API)
    assert clock.since(0.0) is None

    clock.last = ApiTime(NOON, 5.0, 5.1)

    assert (clock.since(5.0), clock.since(5.05)) == (clock.last, None)


def test_what_is_gained_is_known_to_a_second_and_to_how_long_answers_took() -> None:
    earlier, later = ApiTime(NOON, 10.0, 10.5), ApiTime(LATER, 110.0, 110.25)

    assert gain(earlier, later) == Gain(100.0 - 1.0 - 100.25, 100.0 + 1.0 - 99.5)
    assert gain(later, earlier) == Gain(-100.0 - 1.0 + 99.5, -100.0 + 1.0 + 100.25)


@pytest.mark.parametrize("date", ["", "noon", "Sat, 99 Nov 2026 12:00:00 GMT", "1e999"])
def test_of_a_date_that_can_not_be_read_nothing_is_known(date: str) -> None:
    good = ApiTime(NOON, 1.0, 2.0)

    assert gain(good, ApiTime(date, 3.0, 4.0)) is None
    assert gain(ApiTime(date, 0.0, 0.0), good) is None
