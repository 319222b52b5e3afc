"""How a campaign file says when people may be called."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.hours.weeks import WHOLE_WEEK, read_week, written
from scheduler.masking import mask_text
from scheduler.models import Contact, Hours, Policy, Reason
from scheduler.records import decode_policy, encode_policy

CONTACTS = "contacts: [{phone_number: +12025550100}]\n"
DEFAULT = Hours("CALLSCHED_CALLING_HOURS", read_week("8:00-21:00"))


def read(folder: Path, text: str) -> CheckedCampaign:
    path = folder / "c.yaml"
    path.write_text(text)
    return load(path, max_duration_ceiling_seconds=14_400)


def policy(folder: Path, keys: str) -> Policy:
    with read(folder, CONTACTS + keys) as campaign:
        assert decode_policy(encode_policy(campaign.policy)) == campaign.policy
        return campaign.policy


def refused(folder: Path, keys: str) -> str:
    with pytest.raises(CampaignError) as caught:
        read(folder, CONTACTS + keys)
    (problem,) = caught.value.problems
    return str(problem).removeprefix(f"{folder}/")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# Windows and days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("9:00-17:00", "9:00-17:00"),
        (" 09:00 - 17:00 ", "9:00-17:00"),
        ("13:00-17:00,9:00-12:00", "9:00-12:00, 13:00-17:00"),
        ("9:00-12:00, 12:00-17:00", "9:00-17:00"),
        ("Mon-Fri 9:00-17:00", "mon-fri 9:00-17:00; sat-sun closed"),
        ("sat, sunday 9:00-17:00", "mon-fri closed; sat-sun 9:00-17:00"),
        ("fri-mon 9:00-10:00", "mon 9:00-10:00; tue-thu closed; fri-sun 9:00-10:00"),
        ("mon-sun 9:00-10:00", "9:00-10:00"),
        ("mon-sat 9:00-10:00; sun closed", "mon-sat 9:00-10:00; sun closed"),
        ("22:00-2:00", "0:00-2:00, 22:00-24:00"),
        ("sun 22:00-2:00", "mon 0:00-2:00; tue-sat closed; sun 22:00-24:00"),
        ("22:00-0:00", "22:00-24:00"),
        ("0:00-24:00", "always"),
        ("always", "always"),
    ],
)
def test_the_hours_of_a_week_are_read_and_written(text: str, same: str) -> None:
    assert written(read_week(text)) == same
    assert read_week(same) == read_week(text)


_quarters = st.integers(0, 95).map(lambda quarter: f"{quarter // 4}:{quarter % 4 * 15:02}")
_windows = st.tuples(_quarters, _quarters).filter(lambda ends: ends[0] != ends[1]).map("-".join)
_days = st.sampled_from(["mon", "tue-thu", "fri, sun", "sat"])
_texts = st.dictionaries(_days, st.lists(_windows, min_size=1, max_size=3), min_size=1)


@given(_texts)
def test_a_week_that_is_written_is_the_same_week(parts: dict[str, list[str]]) -> None:
    week = read_week("; ".join(f"{days} {', '.join(each)}" for days, each in parts.items()))

    assert read_week(written(week)) == week


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected hours such as 9:00-17:00 or mon-fri 9:00-12:00"),
        ("9-17", "expected a window such as 9:00-17:00, got '9-17'"),
        ("office hours", "expected hours such as 9:00-17:00 or mon-fri"),
        ("9:00-9:00", "expected a window that opens before it closes, got '9:00-9:00'"),
        ("24:00-8:00", "expected a window that opens before it closes"),
        ("9:00-25:00", "expected a time from 0:00 to 24:00, got '25:00'"),
        ("9:60-10:00", "expected a time from 0:00 to 24:00, got '9:60'"),
        ("9:00-17:00,", "expected a window such as 9:00-17:00, got ''"),
        ("montag 9:00-17:00", "expected days such as mon or mon-fri, got 'montag'"),
        ("mon-wed 9:00-17:00; tue 9:00-10:00", "expected each day once, got tuesday twice"),
        ("mon 9:00-17:00; 9:00-10:00", "expected each day once, got monday twice"),
    ],
)
def test_hours_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        read_week(text)

    assert str(caught.value).startswith(message)


# Keys ---------------------------------------------------------------------------------------------


def test_without_a_word_people_are_called_in_the_hours_of_the_setting(tmp_path: Path) -> None:
    assert policy(tmp_path, "").hours == (DEFAULT,)


def test_a_table_alone_has_the_hours_of_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("phone_number\n+12025550100\n")
    week = read_week("10:00-12:00")

    with load(path, max_duration_ceiling_seconds=60, default_hours=week) as campaign:
        assert campaign.policy.hours == (Hours("CALLSCHED_CALLING_HOURS", week),)
    with load(path, max_duration_ceiling_seconds=60, default_hours=WHOLE_WEEK) as campaign:
        assert campaign.policy.hours == ()


@pytest.mark.parametrize(
    ("keys", "hours"),
    [
        ("calling_hours: always\n", ()),
        (
            "calling_hours: mon-fri 9:00-17:00\n",
            (Hours("calling_hours", read_week("mon-fri 9:00-17:00")),),
        ),
        (
            "calling_hours: {mon-fri: ['9:00-12:00', '13:00-17:00'], sat: 10:00-14:00}\n",
            (
                Hours(
                    "calling_hours",
                    read_week("mon-fri 9:00-12:00, 13:00-17:00; sat 10:00-14:00"),
                ),
            ),
        ),
        (
            "calling_hours: {'mon, wed': '9:00-12:00, 13:00-17:00', sun: closed}\n",
            (Hours("calling_hours", read_week("mon, wed 9:00-12:00, 13:00-17:00")),),
        ),
        ("calling_hours: {timezone: Asia/Tokyo}\n", (DEFAULT,)),
        (
            "calling_hours: always\nblackout_dates: 2026-12-24\n",
            (Hours("calling_hours", WHOLE_WEEK, ("2026-12-24",)),),
        ),
        (
            "blackout_dates: [2026-12-31..2027-01-02, 2026-12-24, 2027-01-01]\nholidays: us\n",
            (
                Hours(
                    DEFAULT.name,
                    DEFAULT.week,
                    ("2026-12-24", "2026-12-31", "2027-01-01", "2027-01-02"),
                    ("US",),
                ),
            ),
        ),
        (
            "calling_hours: always\nholidays: [US-FL, de-by, 'FR-Zone A', US-FL]\n",
            (Hours("calling_hours", WHOLE_WEEK, (), ("US-FL", "DE-BY", "FR-Zone A")),),
        ),
    ],
)
def test_a_file_says_when_people_may_be_called(
    tmp_path: Path, keys: str, hours: tuple[Hours, ...]
) -> None:
    assert policy(tmp_path, keys).hours == hours


def test_the_time_zone_under_calling_hours_is_the_campaigns(tmp_path: Path) -> None:
    assert policy(tmp_path, "calling_hours: {timezone: Asia/Tokyo}\n").timezone == "Asia/Tokyo"
    assert policy(tmp_path, "calling_hours: 9:00-17:00\n").timezone == ""


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("calling_hours: nine to five\n", "c.yaml:2:16: calling_hours: expected hours such as"),
        ("calling_hours:\n", "c.yaml:2:15: calling_hours: expected hours such as"),
        (
            "calling_hours: {mon: 9:00-17:00, timezone: America/New York}\n",
            "c.yaml:2:16: calling_hours: unknown time zone",
        ),
        (
            "calling_hours: {mon: {from: 9}}\n",
            "c.yaml:2:16: calling_hours: expected a text, or a list of texts",
        ),
        (
            "holidays: [US, US-FK]\n",
            "c.yaml:2:11: holidays: no holidays are known of 'US-FK': did you mean US-",
        ),
        ("holidays: Narnia\n", "c.yaml:2:11: holidays: no holidays are known of 'Narnia': "),
        (
            "blackout_dates: [24.12.2026]\n",
            "c.yaml:2:17: blackout_dates: expected dates such as 2026-12-24 or",
        ),
        ("blackout_dates: 2026-02-30\n", "c.yaml:2:17: blackout_dates: expected dates such as"),
        (
            "blackout_dates: 2027-01-02..2026-12-31\n",
            "c.yaml:2:17: blackout_dates: expected a span of at most a year, its end last",
        ),
        (
            "not_before: 2026-12-24\n",
            "c.yaml:2:13: not_before: expected a date and a time such as 2026-12-24T09:00-05:00",
        ),
        ("not_after: 1026-12-24T09:00Z\n", "c.yaml:2:12: not_after: expected a date and a time"),
        (
            "not_after: 2026-12-24T09:00\n",
            "c.yaml:2:12: not_after: expected a date and a time such as 2026-12-24T09:00-05:00,"
            " got '2026-12-24T09:00', which has no time zone: add an offset, or say"
            " calling_hours: {timezone: America/New_York}",
        ),
        (
            "preset: us-tpca\n",
            "c.yaml:2:9: preset: unknown preset 'us-tpca': did you mean us-tcpa?",
        ),
    ],
)
def test_a_value_that_says_no_time_is_refused_at_its_place(
    tmp_path: Path, keys: str, message: str
) -> None:
    assert refused(tmp_path, keys).startswith(message)


def test_hours_that_cant_be_read_are_the_one_problem(tmp_path: Path) -> None:
    told = refused(tmp_path, "calling_hours: nine\nnot_before: 2026-12-24T09:00\n")

    assert told.startswith("c.yaml:2:16: calling_hours: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("got '2026-12-24'", "got '2026-12-24'"),
        ("2026-12-31..2027-01-02", "2026-12-31..2027-01-02"),
        ("2026-12-24 09:00", "2026-12-24 09:00"),
        ("+1 202-555-0143", "…0143"),
        ("2026-12-2450", "…2450"),
        ("2026-12-24-50", "…2450"),
        ("202-555-0143 2026-12-24", "…1224"),
        ("2026-13-24", "…1324"),
    ],
)
def test_a_date_is_told_and_a_number_is_not(text: str, told: str) -> None:
    assert mask_text(text) == told


# Instants -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "zone", "instant"),
    [
        ("2026-12-24T09:00-05:00", "", "2026-12-24T09:00-05:00"),
        ("2026-12-24 09:00:30Z", "Asia/Tokyo", "2026-12-24T09:00:30+00:00"),
        ("2026-12-24T09:00", "Asia/Tokyo", "2026-12-24T09:00+09:00"),
        ("2026-12-24T09:00:00.000Z", "", "2026-12-24T09:00+00:00"),
        ("2026-12-24T09:00:00+0530", "", "2026-12-24T09:00+05:30"),
        ("2026-07-24T09:00", "America/New_York", "2026-07-24T09:00-04:00"),
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T03:00-04:00"),  # it is left out
    ],
)
def test_an_instant_has_an_offset_or_is_local_to_the_campaign(
    tmp_path: Path, written: str, zone: str, instant: str
) -> None:
    hours = f"calling_hours: {{timezone: {zone}}}\n" if zone else ""

    found = policy(tmp_path, f"{hours}not_before: {written}\nnot_after: {written}\n")

    assert (found.not_before, found.not_after) == (at(instant), at(instant))


def test_of_a_time_that_comes_twice_the_narrower_one_holds(tmp_path: Path) -> None:
    hours = "calling_hours: {timezone: America/New_York}\n"
    twice = "2026-11-01T01:30"

    found = policy(tmp_path, f"{hours}not_before: {twice}\nnot_after: {twice}\n")

    assert found.not_before == at(f"{twice}-05:00")
    assert found.not_after == at(f"{twice}-04:00")


@pytest.mark.parametrize(
    ("columns", "campaign", "instant"),
    [
        ("not_before: 2026-12-24T09:00Z", "", "2026-12-24T09:00+00:00"),
        ("not_before: 2026-12-24T09:00, timezone: Asia/Tokyo", "", "2026-12-24T09:00+09:00"),
        (
            "not_before: 2026-12-24T09:00, timezone: Asia/Tokyo",
            "Europe/Berlin",
            "2026-12-24T09:00+09:00",
        ),
        ("not_before: 2026-12-24T09:00", "Europe/Berlin", "2026-12-24T09:00+01:00"),
    ],
)
def test_an_instant_of_a_contact_is_in_its_own_time(
    tmp_path: Path, columns: str, campaign: str, instant: str
) -> None:
    hours = f"calling_hours: {{timezone: {campaign}}}\n" if campaign else ""
    text = f"contacts: [{{phone_number: +12025550100, {columns}}}]\n{hours}"

    with read(tmp_path, text) as checked:
        (row,) = checked.rows()

    assert (row.reason, row.contact.not_before, row.contact.not_after) == (None, at(instant), None)


def test_a_row_whose_instant_cant_be_read_is_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "phone_number,not_before,not_after\n"
        "+12025550100,soon,\n+12025550101,,2026-12-24T09:00\n+12025550102,,\n"
    )

    with load(path, max_duration_ceiling_seconds=60) as checked:
        rows = list(checked.rows())

    assert [row.reason for row in rows] == [Reason.INVALID_ROW, Reason.INVALID_ROW, None]
    assert rows[0].error.startswith("not_before: expected a date and a time such as")
    assert "which has no time zone: add an offset" in rows[1].error
    assert rows[2].contact == Contact("+12025550102", phone_number="+12025550102")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("12/18/2026 5:00 PM", "got '12/18/2026 5:00 PM'"),
        ("28/11/2026 09:00", "got '28/11/2026 09:00'"),
        ("2026-12-18T17:00 EST", "got '2026-12-18T17:00 EST'"),
        ("20261218T170000Z", "got '20261218T170000Z'"),
        ("46374.70833", "got '…0833', a number, as programs and spreadsheets keep an instant"),
        ("1797613200", "got '…3200', a number, as programs and spreadsheets keep an instant"),
    ],
)
def test_an_instant_in_another_form_is_refused_as_it_was_written(
    tmp_path: Path, written: str, why: str
) -> None:
    told = refused(tmp_path, f'not_after: "{written}"\n')

    assert told.startswith("c.yaml:2:12: not_after: expected a date and a time such as 2026-")
    assert why in told


def test_a_trial_at_any_hour_waits_for_nothing_that_a_file_says_of_time(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"{CONTACTS}calling_hours: 2:00-2:01\nnot_before: 2090-01-01T00:00:00Z\n")
    with load(path, Reading(any_hour=True), max_duration_ceiling_seconds=14_400) as campaign:
        (row,) = campaign.rows()

        assert row.due_at is None
        assert (campaign.policy.hours, campaign.policy.not_before) == ((), None)
