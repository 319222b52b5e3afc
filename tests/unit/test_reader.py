"""Times are shown by the reader's clock, with those of other places beside them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.cli import schedule_view
from scheduler.hours import reader
from scheduler.models import Schedule
from tests.unit.test_usage import parsed

#: A Saturday evening in Chicago, where it is Sunday in Berlin.
AT = 1795917600.0
CHICAGO, BERLIN = "America/Chicago", "Europe/Berlin"


@pytest.fixture(autouse=True)
def in_chicago(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reader, "_reads_utc", False)
    monkeypatch.setenv("TZ", CHICAGO)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_an_instant_is_shown_by_the_clock_here() -> None:
    assert reader.moment(AT) == "2026-11-28 20:00:00 CST"
    assert reader.minute(AT) == "2026-11-28 20:00 CST"
    assert reader.day_and_time(AT) == "Sat 2026-11-28 20:00:00 CST"


def test_other_places_stand_beside_it_where_their_clocks_show_something_else() -> None:
    assert reader.elsewhere(AT, (CHICAGO, "America/Mexico_City", "nowhere")) == ""
    assert reader.elsewhere(AT, ("America/Denver",)) == " (19:00 in America/Denver)"
    assert reader.elsewhere(AT, (BERLIN,)) == " (Sun 03:00 in Europe/Berlin)"


def test_a_schedule_has_its_own_time_and_the_reader_s() -> None:
    berlin = Schedule(cron="0 3 * * *", timezone=BERLIN)

    assert schedule_view.when(berlin, AT) == "Sun 2026-11-29 03:00:00 CET (Sat 20:00 CST here)"
    ours = schedule_view.when(Schedule(cron="0 3 * * *", timezone=CHICAGO), AT)
    assert ours == "Sat 2026-11-28 20:00:00 CST"


@pytest.mark.parametrize("words", ["explain c #1 --utc", "dnc list --utc", "status --utc --json"])
def test_any_command_shows_utc_when_it_is_asked_to(words: str) -> None:
    context: Any = parsed(words.split())

    assert "utc" not in context.params
    assert reader.moment(AT) == "2026-11-29 02:00:00 UTC"
    assert reader.elsewhere(AT, (CHICAGO,)) == " (Sat 20:00 in America/Chicago)"
    berlin = schedule_view.when(Schedule(cron="0 3 * * *", timezone=BERLIN), AT)
    assert berlin == "Sun 2026-11-29 03:00:00 CET (02:00 UTC)"
