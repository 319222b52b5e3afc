"""The key `schedule` of a campaign file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.models import Overlap, Schedule

HEAD = "contacts: [{phone_number: +12025550100}]\n"


def read(folder: Path, text: str) -> Schedule | None:
    path = folder / "nightly.yaml"
    path.write_text(HEAD + text)
    with load(path, max_duration_ceiling_seconds=14_400) as checked:
        return checked.schedule


def instant(written: str, zone: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_a_file_that_names_none_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None


def test_cron_needs_a_zone_and_nothing_else(tmp_path: Path) -> None:
    text = 'schedule: {cron: "0  9 * * MON-fri", timezone: Europe/Berlin}\n'

    assert read(tmp_path, text) == Schedule("0 9 * * MON-fri", None, "Europe/Berlin")


def test_every_key_is_read(tmp_path: Path) -> None:
    text = (
        "schedule:\n  cron: '*/5 8-17 * * *'\n  timezone: America/New_York\n"
        "  start: 2026-12-01T00:00\n  end: 2026-12-24 12:00\n"
        "  overlap: buffer_one\n  catch_up: 2h\n"
    )

    assert read(tmp_path, text) == Schedule(
        cron="*/5 8-17 * * *",
        timezone="America/New_York",
        start=instant("2026-12-01T00:00", "America/New_York"),
        end=instant("2026-12-24T12:00", "America/New_York"),
        overlap=Overlap.BUFFER_ONE,
        catch_up_seconds=7200.0,
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("at: 2026-12-01T09:00, timezone: Europe/Berlin", "2026-12-01T08:00"),
        ("at: 2026-12-01T09:00-05:00", "2026-12-01T14:00"),
        # The clock jumps over it, and shows it twice.
        ("at: 2026-03-29T02:30, timezone: Europe/Berlin", "2026-03-29T01:00"),
        ("at: 2026-10-25T02:30, timezone: Europe/Berlin", "2026-10-25T00:30"),
    ],
)
def test_one_time_is_an_instant(tmp_path: Path, text: str, at: str) -> None:
    schedule = read(tmp_path, f"schedule: {{{text}}}\n")

    assert schedule is not None
    assert schedule.at == instant(at, "UTC")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{timezone: UTC}", "2:11: schedule: expected cron or at, one of the two"),
        ('{cron: "0 9 * * *", at: 2026-12-01T09:00Z}', "expected cron or at, one of the two"),
        ('{cron: "0 9 * * *"}', "schedule: expected timezone beside cron"),
        ('{cron: "0 9 * *", timezone: UTC}', "schedule.cron: expected five fields"),
        ('{cron: "0 9 * * *", timezone: Berlin}', "schedule.timezone: unknown time zone 'Berlin'"),
        ("{at: 2026-12-01T09:00}", "schedule: at: expected a date and a time"),
        ("{at: soon, timezone: UTC}", "schedule: at: expected a date and a time"),
        ('{cron: "0 9 * * *", timezone: UTC, overlap: both}', "schedule.overlap: expected one of"),
        (
            '{cron: "0 9 * * *", timezone: UTC, catch_up: 900d}',
            "schedule.catch_up: expected a dura",
        ),
        ('{cron: "0 9 * * *", timezone: UTC, catchup: 1h}', "did you mean catch_up?"),
        (
            '{cron: "0 9 * * *", timezone: UTC, start: 2027-01-02T00:00, end: 2027-01-01T00:00}',
            "expected an end after the start",
        ),
        (
            '{cron: "0 9 * * *", timezone: UTC, start: 2027-01-01T10:00, end: 2027-01-01T11:00}',
            "it never fires between its start and its end",
        ),
        ("nightly", "schedule: expected cron or at under it"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CampaignError) as refused:
        read(tmp_path, f"schedule: {text}\n")

    assert said in str(refused.value)
