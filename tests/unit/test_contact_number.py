"""Which number of a row is called, and which file is refused for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.fields.countries import region_of
from scheduler.fields.parties import spellings
from scheduler.models import Contact, Reason, Row
from scheduler.records import decode, encode


def rows(tmp_path: Path, document: str, table: str) -> list[Row]:
    (tmp_path / "a.csv").write_text(table)
    path = tmp_path / "a.yaml"
    path.write_text(f"contacts: a.csv\n{document}")
    with load(path, max_duration_ceiling_seconds=600) as checked:
        return list(checked.rows())


def contacts(tmp_path: Path, document: str, table: str) -> list[Contact]:
    return [row.contact for row in rows(tmp_path, document, table)]


def refusals(tmp_path: Path, document: str, table: str) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        rows(tmp_path, document, table)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


# Several columns ---------------------------------------------------------------------------------

CHOICES = "columns: {phone_number: [mobile, home]}\n"


def test_the_first_valid_number_is_called_and_the_result_says_which_column(tmp_path: Path) -> None:
    table = (
        "mobile,home,name\n+12025550100,+12025550101,Ana\n,+12025550102,Ben\nabc,+12025550103,\n"
    )
    found = contacts(tmp_path, CHOICES, table)

    assert [(each.phone_number, each.phone_column) for each in found] == [
        ("+12025550100", "mobile"),
        ("+12025550102", "home"),
        ("+12025550103", "home"),
    ]
    assert decode(encode(found[0], 2))[0] == found[0]


def test_the_order_is_that_of_the_key_and_not_of_the_file(tmp_path: Path) -> None:
    (found,) = contacts(tmp_path, CHOICES, "Home,Mobile\n+12025550101,+12025550100\n")

    assert (found.phone_number, found.phone_column) == ("+12025550100", "Mobile")


def test_a_row_without_a_valid_number_says_what_is_wrong_with_its_first(tmp_path: Path) -> None:
    table = "mobile,home,name\n+1202555,abc,\n,,Zoe\n+12025550100,,\n"
    first, second, _ = rows(tmp_path, CHOICES, table)

    assert first.reason is second.reason is Reason.INVALID_NUMBER
    assert first.error.startswith("mobile: expected")
    assert second.error == "phone_number: expected a number in 'mobile' or 'home', got none"


def test_who_asked_not_to_be_called_is_not_called_by_another_number_of_the_row(
    tmp_path: Path,
) -> None:
    (tmp_path / "dnc.txt").write_text("+12025550100\n")
    table = "mobile,home\n+12025550100,+12025550101\n,+12025550102\n"
    first, second = rows(tmp_path, CHOICES + "do_not_call: dnc.txt\n", table)

    assert first.reason is Reason.DO_NOT_CALL
    assert second.reason is None


def test_templates_may_name_every_column(tmp_path: Path) -> None:
    document = CHOICES + "call: {session_name: '{{ mobile }} {{ home }} {{ phone_number }}'}\n"
    (found,) = contacts(tmp_path, document, "mobile,home\nabc,+12025550101\n")

    assert found.options["session_name"] == "abc +12025550101 +12025550101"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("columns: {phone_number: [mobile, fax]}\n", "there is no column 'fax'"),
        ("columns: {name: [mobile, home]}\n", "only phone_number may have several"),
        ("columns: {phone_number: [mobile, Mobile]}\n", "every column of the file once"),
        ("columns: {phone_number: []}\n", "columns"),
    ],
)
def test_choices_that_can_not_be_meant_are_refused(
    tmp_path: Path, document: str, said: str
) -> None:
    assert said in refusals(tmp_path, document, "mobile,home\n+12025550100,\n")[0]


def test_two_likely_columns_are_told_with_both_ways_out(tmp_path: Path) -> None:
    table = "Name,Phone 1 - Type,Phone 1 - Value,Phone 2 - Value\nAna,Mobile,+12025550100,\n"
    (said,) = refusals(tmp_path, "", table)

    assert "columns: {phone_number: 'Phone 1 - Value'}" in said
    assert "columns: {phone_number: ['Phone 1 - Value', 'Phone 2 - Value']}" in said


# The country of a number -------------------------------------------------------------------------

CODES = "Country Code,phone\n1,2125550142\n44,2079460142\n"


def test_a_country_code_that_nothing_uses_refuses_national_numbers_of_another_country(
    tmp_path: Path,
) -> None:
    for document in ("default_region: US\n", ""):
        said = refusals(tmp_path, document, CODES)
        assert "columns: {country_code: 'Country Code'}" in said[0]
        assert all("a.csv:" in each for each in said)


def test_a_country_code_that_the_file_names_reads_each_number(tmp_path: Path) -> None:
    document = "columns: {country_code: Country Code}\n"
    found = contacts(
        tmp_path, document, CODES + "+49,030 23125014\nDE,03023125015\n,+12125550143\n"
    )

    assert [each.phone_number for each in found] == [
        *("+12125550142", "+442079460142", "+493023125014", "+493023125015", "+12125550143")
    ]


def test_a_country_code_of_the_default_region_leaves_no_doubt(tmp_path: Path) -> None:
    table = "Country Code,phone\n1,2125550142\n+1,2125550143\nCA,2125550144\n"
    table += "44,+442079460142\n,2125550145\n"
    found = rows(tmp_path, "default_region: US\n", table)

    assert [row.reason for row in found] == [None] * 5


def test_a_code_that_stands_for_no_country_skips_its_row(tmp_path: Path) -> None:
    table = "country_code,phone\n999,2125550142\n1,2125550143\n"
    first, second = rows(tmp_path, "", table)

    assert first.error.startswith("country_code: expected a calling code or a country")
    assert second.contact.phone_number == "+12125550143"


def test_a_contact_of_another_country_is_not_called_by_the_default_region(tmp_path: Path) -> None:
    table = (
        "phone,Country\n2125550142,United States\n2079460142,England\n2079460143,GB\n"
        "2125550144,Canada\n2125550145,somewhere\n+442079460144,Germany\n"
    )
    found = rows(tmp_path, "default_region: US\n", table)

    assert [row.reason for row in found] == [
        *(None, Reason.INVALID_NUMBER, Reason.INVALID_NUMBER, None, None, None)
    ]
    assert "columns: {country_code: 'Country'}" in found[1].error


@pytest.mark.parametrize(
    ("written", "region"),
    [
        *(("1", "US"), ("+1", "US"), ("001", "US"), ("1.0", "US"), ("44", "GB"), ("+49", "DE")),
        *(("gb", "GB"), ("Germany", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE")),
        *(("USA", "US"), ("UK", "GB"), ("1-242", "US"), ("999", None), ("Mars", None), ("0", None)),
    ],
)
def test_a_country_is_told_by_its_code_or_a_name(written: str, region: str | None) -> None:
    assert region_of(written) == region


# Extensions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["5", "5.0", "x5", "ext. 5", "#5", "5#"])
def test_an_extension_is_pressed_after_a_pause(tmp_path: Path, written: str) -> None:
    (found,) = contacts(tmp_path, "", f"phone,Ext\n+12125550142,{written}\n")

    assert (found.dtmf, found.party) == (",,5", "+12125550142,,,5")
    assert found.variables == {}


def test_two_extensions_behind_one_number_are_two_parties(tmp_path: Path) -> None:
    found = contacts(
        tmp_path, "", "phone,extension\n+12125550142,5\n+12125550142,6\n+12125550142,\n"
    )

    assert len({each.party for each in found}) == 3


def test_an_extension_that_can_not_be_pressed_skips_its_row(tmp_path: Path) -> None:
    table = "phone,ext,dtmf\n+12125550142,front desk,\n+12125550143,5,1#\n+12125550144,,1#\n"
    first, second, third = rows(tmp_path, "", table)

    assert first.error == "ext: expected an extension such as 212, got 'front desk'"
    assert second.error == "ext: expected no extension beside dtmf"
    assert third.contact.dtmf == "1#"


# Columns that are there twice --------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    ["call: {session_name: '{{ Notes }}'}\n", "columns: {name: Notes}\n"],
)
def test_a_column_that_is_there_twice_refuses_what_uses_it(tmp_path: Path, document: str) -> None:
    (said,) = refusals(tmp_path, document, "phone,Notes,Notes\n+12125550142,a,b\n")

    assert "the column 'Notes' is there twice: rename one of the two" in said


# Ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["2.015E+11", "2,015E+11", "NULL", "0", "-", "n/a", "0.0"])
def test_an_id_that_is_none_refuses_the_file_when_it_stands_beside_different_numbers(
    tmp_path: Path, written: str
) -> None:
    table = f'id,phone\n"{written}",+12125550142\n"{written}",+12125550143\n'
    (said,) = refusals(tmp_path, "", table)

    assert said.startswith("a.csv:3:id:")
    assert "stands beside another number in line 2, too" in said


def test_an_id_that_is_none_harms_nobody_alone_or_beside_one_number(tmp_path: Path) -> None:
    table = "id,phone\n0,+12125550142\n0,(212) 555-0142\nx1,+12125550143\nx1,+12125550144\n"

    assert len(rows(tmp_path, "default_region: US\n", table)) == 4


def test_an_id_that_is_none_is_found_over_the_chunks_of_a_file(tmp_path: Path) -> None:
    table = "id,phone\nNULL,+12125550142\n" + "".join(
        f"k{n},+121255501{n % 100:02}\n" for n in range(2000)
    )
    (said,) = refusals(tmp_path, "", f"{table}NULL,+12125550143\n")

    assert said.startswith("a.csv:2003:id:")


# Whom an operator means --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "region", "known_as"),
    [
        ("+1 (202) 555-0143", None, "+12025550143"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("2025550143.0", "US", "+12025550143"),
        ("(202) 555-0143,4711#", "US", "+12025550143,4711#"),
        ("sip:room7@SIP.example.com", None, "sip:room7@sip.example.com"),
    ],
)
def test_a_contact_is_found_by_its_number_as_people_write_it(
    who: str, region: str | None, known_as: str
) -> None:
    assert list(spellings(who, region)) == [who, known_as]


def test_an_id_is_only_an_id() -> None:
    assert list(spellings("c-1", "US")) == ["c-1"]
