"""Which rows are refused alone, and what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.models import Reason, Row

GOOD = "+12025550100"


def checked(
    tmp_path: Path, header: str, *lines: str, strict: bool = False, first: int | None = None
) -> CheckedCampaign:
    path = tmp_path / "contacts.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return load(path, Reading(strict=strict, first=first), max_duration_ceiling_seconds=600)


def refused_row(tmp_path: Path, header: str, line: str) -> tuple[Row, str]:
    with checked(tmp_path, header, line, GOOD) as campaign:
        row = next(campaign.rows())
        (problem,) = campaign.problems
    return row, str(problem).replace(f"{tmp_path}/", "")


def test_a_bad_number_is_skipped_alone_and_reported_with_its_place(tmp_path: Path) -> None:
    with checked(tmp_path, "phone_number", "+1202555", GOOD) as campaign:
        bad, good = campaign.rows()

    assert (bad.reason, good.reason) == (Reason.INVALID_NUMBER, None)
    assert (campaign.row_count, campaign.callable_count, campaign.refused_count) == (2, 1, 1)
    assert str(campaign.problems[0]) == (
        f"{tmp_path}/contacts.csv:2:phone_number: "
        "expected a number that exists, such as +12025550123, got …555"
    )
    assert bad.error == (
        "phone_number: expected a number that exists, such as +12025550123, got …555"
    )


def test_a_bad_number_refuses_the_file_when_it_is_read_strictly(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, "phone_number", "+1202555", GOOD, strict=True)

    assert [problem.line for problem in caught.value.problems] == [2]


def test_a_file_that_leaves_nobody_to_call_is_refused_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, "phone_number", "911", "nobody")

    assert [problem.code for problem in caught.value.problems] == [
        "nobody",
        "emergency_number",
        "invalid_number",
    ]
    assert caught.value.problems[0].message == "no valid contacts: all 2 rows are rejected"


def test_a_refused_row_keeps_its_number_as_it_was_given(tmp_path: Path) -> None:
    row, _ = refused_row(tmp_path, "phone_number,name", " 555-0100 ,Ada")

    assert row.contact.contact_id == row.contact.phone_number == "555-0100"
    assert row.contact.name == "Ada"


def test_a_refused_row_keeps_its_id(tmp_path: Path) -> None:
    row, _ = refused_row(tmp_path, "phone_number,id", "555-0100,c-1")

    assert (row.contact.contact_id, row.has_id) == ("c-1", True)


def test_a_refused_row_without_a_number_is_known_by_its_line(tmp_path: Path) -> None:
    row, problem = refused_row(tmp_path, "phone_number,name", ",Ada")

    assert row.contact.contact_id == "line 2"
    assert problem.endswith("or set default_region; got nothing")


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("dtmf", "12a#", "expected key presses of 0-9, * and #, with a comma for a pause"),
        ("dtmf", "1" * 101, "expected key presses"),
        ("timezone", "Mars/Olympus", "unknown time zone 'Mars/Olympus': expected an IANA name"),
        (
            "timezone",
            "europe/berlin",
            "unknown time zone 'europe/berlin': did you mean Europe/Berlin?",
        ),
        ("timezone", "EST", "unknown time zone 'EST': did you mean America/New_York?"),
        (
            "timezone",
            "America/NewYork",
            "unknown time zone 'America/NewYork': did you mean America/New",
        ),
        ("dtmf", "ww12#", "expected key presses of 0-9, * and #, with a comma for a pause, got"),
        ("max_duration", "90", "expected a duration such as 90s, 1500ms, 5m or 2h, got '90'"),
        ("max_duration", "0s", "expected a duration of more than nothing"),
        ("max_duration", "2h", "expected at most 10m, the ceiling that CALLSCHED_MAX_DURATION_"),
        ("id", "x" * 201, "expected at most 200 printable characters"),
        ("id", "a\x1bb", "expected at most 200 printable characters"),
        ("name", "a\x1bb", "expected at most 1000 printable characters"),
    ],
)
def test_a_cell_that_cannot_be_read_skips_its_row(
    tmp_path: Path, column: str, cell: str, expected: str
) -> None:
    row, problem = refused_row(tmp_path, f"phone_number,{column}", f"{GOOD},{cell}")

    assert row.reason is Reason.INVALID_ROW
    assert problem.startswith(f"contacts.csv:2:{column}: {expected}")


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("dtmf", "ww 12#", "',,12#'"),
        ("max_duration", "90", "90s"),
        ("sip_uri", "room7@sip.example.com", "'sip:room7@sip.example.com'"),
    ],
)
def test_what_was_perhaps_meant_is_asked(
    tmp_path: Path, column: str, cell: str, meant: str
) -> None:
    number = "" if column == "sip_uri" else GOOD
    with checked(tmp_path, f"phone_number,{column}", f'{number},"{cell}"', GOOD) as campaign:
        (problem,) = campaign.problems

    assert problem.message.endswith(f": did you mean {meant}?")


def test_every_fault_of_a_row_is_reported_and_the_number_decides(tmp_path: Path) -> None:
    with checked(tmp_path, "phone_number,dtmf,timezone", "+1202555,x,y", GOOD) as campaign:
        row = next(campaign.rows())

    assert row.reason is Reason.INVALID_NUMBER
    assert [problem.column for problem in campaign.problems] == [
        "phone_number",
        "dtmf",
        "timezone",
    ]
    assert campaign.problem_counts == {"invalid_number": 1, "invalid_row": 2}
    assert campaign.refused_count == 1


def test_no_message_shows_a_whole_number_that_slipped_into_another_column(
    tmp_path: Path,
) -> None:
    _, problem = refused_row(tmp_path, "phone_number,dtmf", f"{GOOD},+1 202 555 0199")

    assert problem.endswith("got '…0199'")


def test_of_many_problems_the_first_hundred_are_kept_and_all_are_counted(
    tmp_path: Path,
) -> None:
    rows = ["202-555-0100"] * 150 + ["911", GOOD]
    with checked(tmp_path, "phone_number", *rows) as campaign:
        pass

    assert len(campaign.problems) == 100
    assert campaign.problem_count == 151
    one, other = campaign.problems_alike
    assert ([each.line for each in one.first], one.last.line, one.count) == ([2, 3, 4], 151, 150)
    assert (other.last.code, other.count) == ("emergency_number", 1)


def test_a_refused_file_carries_a_hundred_problems_and_their_number(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as caught:
        checked(tmp_path, "phone_number", *["911"] * 150, GOOD, strict=True)

    assert (len(caught.value.problems), caught.value.total) == (100, 150)


def test_only_the_first_rows_are_kept_when_that_is_asked(tmp_path: Path) -> None:
    with checked(tmp_path, "phone_number", GOOD, "911", "912", first=2) as campaign:
        assert [row.line for row in campaign.rows()] == [2, 3]

    assert (campaign.row_count, campaign.problem_count) == (2, 1)


def test_rows_can_be_read_more_than_once(tmp_path: Path) -> None:
    with checked(tmp_path, "phone_number", GOOD) as campaign:
        assert list(campaign.rows()) == list(campaign.rows())
