"""The sets of rules that come with callsched, one by one, and what all of them have."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.campaign.openings import opening
from scheduler.campaign.presets import NO_LEGAL_ADVICE, chosen, presets
from scheduler.campaign.weeks import read_week
from scheduler.models import Cap, Contact, Hours, Policy

DAY = 86_400.0
STATES_OF_THREE = ("us-fl", "us-ok", "us-md")
CONTACT = Contact("c", phone_number="+12125550123")


def policy(folder: Path, keys: str) -> Policy:
    path = folder / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: +12125550123}}]\n{keys}")
    with load(path, max_duration_ceiling_seconds=60) as campaign:
        return campaign.policy


def opens(rules: Policy, local: str) -> str:
    """Return when it is open next, from an instant in New York on, as it is told there."""
    now = datetime.fromisoformat(local)
    found = opening(rules, CONTACT, now.timestamp())
    return datetime.fromtimestamp(found.at, now.tzinfo).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("name", "now", "next_opening"),
    [
        # The 23rd is a Monday; what is open now is told as now.
        ("us-tcpa", "2026-11-23T07:59-05:00", "Mon 08:00"),
        ("us-tcpa", "2026-11-22T20:59-05:00", "Sun 20:59"),
        ("us-tcpa", "2026-11-23T21:00-05:00", "Tue 08:00"),
        *[
            (name, *edge)
            for name in STATES_OF_THREE
            for edge in [
                ("2026-11-23T07:59-05:00", "Mon 08:00"),
                ("2026-11-23T19:59-05:00", "Mon 19:59"),
                ("2026-11-23T20:00-05:00", "Tue 08:00"),
            ]
        ],
        ("us-me", "2026-11-23T07:59-05:00", "Mon 08:00"),  # as us-tcpa, which holds besides
        ("us-reg-f", "2026-11-23T03:00-05:00", "Mon 03:00"),
        *[
            (name, *edge)
            for name in ("us-al", "us-la", "us-ms")
            for edge in [
                ("2026-11-21T20:59-05:00", "Sat 20:59"),
                ("2026-11-21T21:00-05:00", "Mon 08:00"),
                ("2026-11-22T12:00-05:00", "Mon 08:00"),
            ]
        ],
        *[
            (name, *edge)
            for name in ("us-ct", "us-nv")
            for edge in [
                ("2026-11-23T08:00-05:00", "Mon 09:00"),
                ("2026-11-23T20:00-05:00", "Tue 09:00"),
            ]
        ],
        ("us-ky", "2026-11-23T08:00-05:00", "Mon 10:00"),
        ("us-ky", "2026-11-23T21:00-05:00", "Tue 10:00"),
        *[
            (name, *edge)
            for name in ("us-mi", "us-mn", "us-nm")
            for edge in [
                ("2026-11-23T08:00-05:00", "Mon 09:00"),
                ("2026-11-23T21:00-05:00", "Tue 09:00"),
            ]
        ],
        ("us-pa", "2026-11-21T11:59-05:00", "Sat 11:59"),
        ("us-pa", "2026-11-21T12:00-05:00", "Sun 08:00"),
        ("us-pa", "2026-11-26T12:00-05:00", "Sat 08:00"),  # Thanksgiving, and the day after
    ],
)
def test_the_hours_of_a_preset(tmp_path: Path, name: str, now: str, next_opening: str) -> None:
    rules = policy(tmp_path, f"calling_hours: always\npreset: {name}\n")

    assert opens(rules, now) == next_opening


@pytest.mark.parametrize(
    ("name", "caps"),
    [
        *[(name, (Cap(3, DAY, name),)) for name in STATES_OF_THREE],
        ("us-me", (Cap(1, DAY / 3, "us-me"),)),
        ("us-reg-f", (Cap(7, 7 * DAY, "us-reg-f"),)),
        *[(name, ()) for name in presets() if name not in (*STATES_OF_THREE, "us-me", "us-reg-f")],
    ],
)
def test_the_caps_of_a_preset(tmp_path: Path, name: str, caps: tuple[Cap, ...]) -> None:
    assert policy(tmp_path, f"preset: {name}\n").caps == caps


def test_a_copy_of_the_registry_is_at_most_31_days_old() -> None:
    aged = {name: preset.do_not_call_max_age_days for name, preset in presets().items()}

    assert {name: days for name, days in aged.items() if days} == {"us-tcpa": 31}


@pytest.mark.parametrize("name", presets())
def test_a_preset_says_where_it_is_from_and_since_when(name: str) -> None:
    (preset, *_) = chosen([name])

    assert all(source.startswith(("https://", "http://")) for source in preset.sources)
    assert preset.as_of == "2026-09"
    assert preset.unverified == "true"
    assert preset.title
    assert preset.text.endswith(".")
    assert set(preset.also) <= {"us-tcpa"}


def test_none_of_them_is_legal_advice() -> None:
    assert NO_LEGAL_ADVICE.startswith("This is no legal advice.")
    assert "have not been verified" in NO_LEGAL_ADVICE


def test_a_preset_only_narrows(tmp_path: Path) -> None:
    rules = policy(tmp_path, "calling_hours: 10:00-20:30\npreset: [us-fl, us-ky]\n")

    assert [rule.name for rule in rules.hours] == ["calling_hours", "us-fl", "us-ky", "us-tcpa"]
    assert rules.hours[0] == Hours("calling_hours", read_week("10:00-20:30"))
    assert opens(rules, "2026-11-23T05:00-05:00") == "Mon 10:00"
    assert opens(rules, "2026-11-23T20:00-05:00") == "Tue 10:00"


def test_without_hours_a_preset_stands_beside_those_of_the_setting(tmp_path: Path) -> None:
    rules = policy(tmp_path, "preset: us-tcpa\n")

    assert [rule.name for rule in rules.hours] == ["CALLSCHED_CALLING_HOURS", "us-tcpa"]
