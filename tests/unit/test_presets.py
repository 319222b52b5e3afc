"""The sets of rules that come with callsched, one by one, and what all of them have."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, chosen, of_states, presets
from scheduler.campaign.loader import load
from scheduler.hours.openings import opening
from scheduler.hours.states import STATES
from scheduler.hours.weeks import read_week
from scheduler.models import Cap, Contact, Hours, Policy

DAY = 86_400.0
STATES_OF_THREE = ("us-fl", "us-ok", "us-md")
#: Those that go with another law: a debt may be asked after at night as far as its cap goes.
NOT_FEDERAL = ("us-reg-f",)
CONTACT = Contact("c", phone_number="+12125550123")


def policy(folder: Path, keys: str) -> Policy:
    path = folder / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: +12125550123}}]\n{keys}")
    with load(path, max_duration_ceiling_seconds=60) as campaign:
        return campaign.policy


def is_open(rules: Policy, at: float) -> bool:
    return opening(rules, CONTACT, at).at == at


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
        ("us-me", "2026-11-23T08:59-05:00", "Mon 09:00"),
        ("us-me", "2026-11-23T16:59-05:00", "Mon 16:59"),
        ("us-me", "2026-11-20T17:00-05:00", "Mon 09:00"),  # a Friday
        ("us-reg-f", "2026-11-23T03:00-05:00", "Mon 03:00"),
        *[
            (name, *edge)
            for name in ("us-al", "us-la", "us-ms")
            for edge in [
                ("2026-11-21T19:59-05:00", "Sat 19:59"),
                ("2026-11-21T20:00-05:00", "Mon 08:00"),
                ("2026-11-22T12:00-05:00", "Mon 08:00"),
                ("2026-11-23T20:30-05:00", "Tue 08:00"),
            ]
        ],
        *[
            (name, "2026-11-26T12:00-05:00", "Fri 08:00")  # Thanksgiving
            for name in ("us-al", "us-la", "us-ut")
        ],
        ("us-ms", "2026-11-26T12:00-05:00", "Thu 12:00"),  # which closes it no longer
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
            for name in ("us-mi", "us-mn", "us-nm", "us-il")
            for edge in [
                ("2026-11-23T08:00-05:00", "Mon 09:00"),
                ("2026-11-23T21:00-05:00", "Tue 09:00"),
            ]
        ],
        ("us-pa", "2026-11-21T11:59-05:00", "Sat 11:59"),
        ("us-pa", "2026-11-21T12:00-05:00", "Mon 08:00"),
        ("us-pa", "2026-11-22T12:00-05:00", "Mon 08:00"),  # a Sunday
        ("us-pa", "2026-11-26T12:00-05:00", "Sat 08:00"),  # Thanksgiving, and the day after
        *[
            (name, *edge)
            for name in ("us-ma", "us-wa", "us-wy")
            for edge in [
                ("2026-11-22T07:59-05:00", "Sun 08:00"),
                ("2026-11-22T19:59-05:00", "Sun 19:59"),
                ("2026-11-22T20:00-05:00", "Mon 08:00"),
            ]
        ],
        ("us-tx", "2026-11-21T08:59-05:00", "Sat 09:00"),
        ("us-tx", "2026-11-21T20:59-05:00", "Sat 20:59"),
        ("us-tx", "2026-11-21T21:00-05:00", "Sun 12:00"),
        ("us-tx", "2026-11-22T20:59-05:00", "Sun 20:59"),
        ("us-ri", "2026-11-20T08:59-05:00", "Fri 09:00"),
        ("us-ri", "2026-11-20T18:00-05:00", "Sat 10:00"),
        ("us-ri", "2026-11-21T17:00-05:00", "Mon 09:00"),
        ("us-ri", "2026-11-26T12:00-05:00", "Fri 09:00"),  # Thanksgiving
        ("us-ne", "2026-11-21T08:00-05:00", "Sat 08:00"),
        ("us-ne", "2026-11-22T08:00-05:00", "Sun 13:00"),
        ("us-ne", "2026-11-26T14:00-05:00", "Fri 08:00"),  # Thanksgiving
        ("us-ut", "2026-11-21T21:00-05:00", "Mon 08:00"),
        ("fr", "2026-11-23T09:59-05:00", "Mon 10:00"),
        ("fr", "2026-11-23T13:00-05:00", "Mon 14:00"),
        ("fr", "2026-11-20T19:59-05:00", "Fri 19:59"),
        ("fr", "2026-11-20T20:00-05:00", "Mon 10:00"),
        ("fr", "2026-11-11T12:00-05:00", "Thu 10:00"),  # Armistice Day
        ("gb", "2026-11-23T07:59-05:00", "Mon 08:00"),
        ("gb", "2026-11-20T21:00-05:00", "Sat 09:00"),
        ("gb", "2026-11-21T21:00-05:00", "Mon 08:00"),
        ("gb", "2026-11-30T12:00-05:00", "Tue 08:00"),  # Saint Andrew's Day, of Scotland alone
        ("gb", "2026-07-13T12:00-04:00", "Tue 08:00"),  # the Boyne, of Northern Ireland alone
        # Only us-tcpa is everybody's; New York has no rules of its own.
        ("us", "2026-11-22T07:59-05:00", "Sun 08:00"),
        ("us", "2026-11-22T20:59-05:00", "Sun 20:59"),
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
        ("fr", (Cap(4, 31 * DAY, "fr"),)),
        (
            "us",
            (
                *[Cap(3, DAY, name, (name[-2:].upper(),)) for name in ("us-fl", "us-md")],
                Cap(1, DAY / 3, "us-me", ("ME",)),
                Cap(3, DAY, "us-ok", ("OK",)),
            ),
        ),
        *[
            (name, ())
            for name in presets()
            if name not in (*STATES_OF_THREE, "us", "us-me", "us-reg-f", "fr")
        ],
    ],
)
def test_the_caps_of_a_preset(tmp_path: Path, name: str, caps: tuple[Cap, ...]) -> None:
    assert policy(tmp_path, f"preset: {name}\n").caps == caps


def test_a_copy_of_a_registry_is_not_too_old() -> None:
    aged = {name: preset.do_not_call_max_age_days for name, preset in presets().items()}

    assert {name: days for name, days in aged.items() if days} == {"us-tcpa": 31, "gb": 28}


@pytest.mark.parametrize("name", presets())
def test_a_preset_says_where_it_is_from_and_since_when(name: str) -> None:
    (preset, *_) = chosen([name])

    assert all(source.startswith(("https://", "http://")) for source in preset.sources)
    assert preset.as_of in ("2026-09", "2026-11")
    assert preset.unverified == "true"
    assert preset.title
    assert preset.text.endswith(".")
    assert set(preset.also) <= {"us-tcpa"}


def test_every_state_has_its_rules_beside_the_federal_ones() -> None:
    assert [one.name for one in of_states() if one.also != ("us-tcpa",)] == []
    assert {one.state for one in of_states()} <= set(STATES)
    assert len(of_states()) == 22


@pytest.mark.parametrize("name", presets())
def test_no_preset_is_open_when_the_federal_hours_are_not(tmp_path: Path, name: str) -> None:
    federal = policy(tmp_path, "calling_hours: always\npreset: us-tcpa\n")
    rules = policy(tmp_path, f"calling_hours: always\npreset: {name}\n")
    monday = datetime.fromisoformat("2026-11-23T00:00-05:00").timestamp()
    quarters = [monday + quarter * 900 for quarter in range(7 * 96)]

    wrong = [at for at in quarters if is_open(rules, at) and not is_open(federal, at)]

    assert (wrong == []) is (name not in NOT_FEDERAL)


def test_a_country_has_its_iso_name_and_the_one_that_people_say(tmp_path: Path) -> None:
    assert policy(tmp_path, "preset: uk\n") == policy(tmp_path, "preset: gb\n")


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
