"""How a CSV file is read, and what refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.hours.weeks import read_week
from scheduler.models import Contact, Row

HEADER = "phone_number,name\n"
ALWAYS = read_week("always")


def rows(tmp_path: Path, written: str | bytes, encoding: str = "utf-8") -> list[Row]:
    path = tmp_path / "contacts.csv"
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    with load(
        path, Reading(encoding=encoding), max_duration_ceiling_seconds=14_400, default_hours=ALWAYS
    ) as checked:
        return list(checked.rows())


def refused(tmp_path: Path, written: str | bytes, encoding: str = "utf-8") -> list[str]:
    with pytest.raises(CampaignError) as caught:
        rows(tmp_path, written, encoding)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_a_row_becomes_a_contact_whose_other_columns_are_variables(tmp_path: Path) -> None:
    written = (
        "phone_number,id,name,dtmf,timezone,max_duration,city\n"
        '+12025550100,c-1,Ada,"1,2#",Europe/Berlin,90s,Rome\n'
    )

    assert rows(tmp_path, written) == [
        Row(
            Contact(
                "c-1",
                "+12025550100",
                name="Ada",
                dtmf="1,2#",
                timezone="Europe/Berlin",
                max_duration_seconds=90.0,
                variables={"city": "Rome"},
                options={"intents": [{"intent": "answering_machine"}]},
            ),
            line=2,
            has_id=True,
        )
    ]


def test_without_an_id_the_party_stands_for_it(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "phone_number,dtmf\n+12025550100,1#\n")

    assert row.contact.contact_id == "+12025550100,1#"
    assert not row.has_id


def test_names_of_columns_are_understood_in_any_case(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, " Phone_Number , NAME\n+12025550100,Ada\n")

    assert row.contact.name == "Ada"


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    assert len(rows(tmp_path, "\ufeff" + HEADER + "+12025550100,Ada\n")) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read_and_counted(tmp_path: Path, end: str) -> None:
    written = (HEADER + "+12025550100,Ada\n\n+12025550101,Bob").replace("\n", end)

    assert [row.line for row in rows(tmp_path, written)] == [2, 4]


def test_a_quoted_cell_may_have_line_breaks_and_its_row_stands_where_it_starts(
    tmp_path: Path,
) -> None:
    written = 'phone_number,note\n+12025550100,"one\r\ntwo"\n+12025550101,three\n'

    first, second = rows(tmp_path, written)

    assert first.contact.variables == {"note": "one\r\ntwo"}
    assert (first.line, second.line) == (2, 4)


def test_a_name_with_a_line_break_becomes_one_line(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, HEADER + '+12025550100,"Ada\r\nLovelace"\n')

    assert row.contact.name == "Ada Lovelace"


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(rows(tmp_path, f"\n{HEADER}\n  \n,,\n+12025550100,Ada\n\n")) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_decides_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    written = "name|phone_number|a;b,c\nAda|+12025550100|x\n".replace("|", delimiter)
    if delimiter != "\t":
        written = written.replace("a;b,c", "city")

    (row,) = rows(tmp_path, written)

    assert (row.contact.name, row.contact.phone_number) == ("Ada", "+12025550100")


def test_a_row_with_fewer_cells_is_filled_up_with_empty_ones(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "phone_number,name,city\n+12025550100\n")

    assert (row.contact.name, row.contact.variables) == ("", {})


def test_empty_cells_beyond_the_header_are_read_over(tmp_path: Path) -> None:
    assert len(rows(tmp_path, "phone_number,,\n+12025550100,,\n")) == 1


def test_characters_that_span_two_pieces_of_the_file_are_read(tmp_path: Path) -> None:
    names = ["é" * 33_000 + str(number) for number in range(4)]
    written = "phone_number,note\n" + "".join(f"+12025550100,{name}\n" for name in names)

    assert [row.contact.variables["note"] for row in rows(tmp_path, written)] == names


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    expected = "contacts.csv: the file is empty: expected a header with phone_number or sip_uri"

    assert refused(tmp_path, "") == [expected]
    assert refused(tmp_path, "\n \n") == [expected]


def test_a_header_alone_leaves_nobody_to_call(tmp_path: Path) -> None:
    assert refused(tmp_path, HEADER) == ["contacts.csv: no valid contacts: there are no rows"]


def test_a_header_without_phone_number_names_the_nearest_column(tmp_path: Path) -> None:
    assert refused(tmp_path, "Name,Phone Nmber\nAda,+12025550100\n") == [
        "contacts.csv:1: expected a column phone_number; rename 'Phone Nmber' to phone_number"
    ]


def test_a_file_without_a_header_is_told_so_with_the_number_masked(tmp_path: Path) -> None:
    assert refused(tmp_path, "+12025550100,Ada\n") == [
        "contacts.csv:1: expected a column phone_number or sip_uri; this line has a phone number in"
        " it: write the names of the columns above it, such as phone_number,name; got '…0100',"
        " 'Ada'"
    ]


def test_a_title_above_the_header_is_told_to_go(tmp_path: Path) -> None:
    assert refused(tmp_path, "Patients of autumn,\nName,Phone\nAda,+12025550100\n") == [
        "contacts.csv:1: expected a column phone_number or sip_uri; got 'Patients of autumn'; if it"
        " is a title, delete it: the names of the columns come first"
    ]


def test_a_column_of_ours_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "phone_number,Name,name\n") == [
        "contacts.csv:1: the column 'name' is there twice"
    ]


def test_a_column_that_nothing_uses_may_be_there_twice_or_without_a_name(tmp_path: Path) -> None:
    written = "phone_number,City,,city,\n+12025550100,Bonn,x,Ulm,y\n"
    (row,) = rows(tmp_path, written)

    assert row.contact.variables == {"City": "Bonn", "city (2)": "Ulm"}


def test_a_column_whose_name_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, 'phone_number,"a\nb"\n') == [
        "contacts.csv:1: expected a printable name, got 'a\\nb'"
    ]


def test_every_row_with_more_cells_than_the_header_is_reported(tmp_path: Path) -> None:
    written = HEADER + "+12025550100,Ada,x\n+12025550101,Bob\n+12025550102,Eve,x,y\n"

    assert refused(tmp_path, written) == [
        "contacts.csv:2: expected 2 cells as in the header, got 3",
        "contacts.csv:4: expected 2 cells as in the header, got 4",
    ]


def test_a_quote_that_is_never_closed_is_refused_where_its_row_starts(tmp_path: Path) -> None:
    assert refused(tmp_path, HEADER + '+12025550100,Ada\n+12025550101,"Bob\n\n\n') == [
        "contacts.csv:3: the quote that opens in this row is never closed"
    ]


def test_text_after_a_closing_quote_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, HEADER + '+12025550100,"Ada" Lovelace\n')

    assert problem.startswith("contacts.csv:2: expected the next cell after a closing quote")


def test_a_cell_that_is_too_long_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, HEADER + '+12025550100,"' + "x\n" * 100_000)

    assert problem.startswith("contacts.csv:2: a cell of this row is longer than 131,072")


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, HEADER + "x," * 600_000)

    assert problem == "contacts.csv:2: this line is longer than 1,000,000 characters"


def test_a_nul_byte_is_refused_at_its_place(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, HEADER + "+12025550100,A\0da\n")

    assert problem.startswith("contacts.csv:2:15: expected text, got a NUL byte")


def test_a_file_that_is_not_utf8_is_refused_with_the_place_of_the_byte(tmp_path: Path) -> None:
    written = (HEADER + "+12025550100,Zoé\n").encode("latin-1")

    assert refused(tmp_path, written) == [
        "contacts.csv:2:16: expected UTF-8 text, got the byte 0xE9 at byte offset 33: "
        "save the file as UTF-8, or say --encoding latin-1 if 'Zoé' is right"
    ]


def test_the_place_of_a_bad_byte_is_right_far_into_a_file(tmp_path: Path) -> None:
    good = (HEADER + "+12025550100,Zoé\n" * 20_000).encode()

    (problem,) = refused(tmp_path, good + b"+12025550101,\xff\n")

    assert problem.startswith("contacts.csv:20002:14: ")
    assert f"0xFF at byte offset {len(good) + 13}:" in problem


def test_a_character_that_the_end_of_the_file_cuts_off_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, (HEADER + "+12025550100,Zo").encode() + b"\xc3")

    assert problem.startswith("contacts.csv:2:16: expected UTF-8 text, got the byte 0xC3")


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, (HEADER + "+12025550100,Zoé\n").encode("latin-1"), "latin-1")

    assert row.contact.name == "Zoé"


def test_a_file_in_utf16_is_told_how_to_read_it(tmp_path: Path) -> None:
    written = (HEADER + "+12025550100,Zoé\n").encode("utf-16")

    (problem,) = refused(tmp_path, written)

    assert "--encoding utf-16" in problem
    assert rows(tmp_path, written, "utf-16")[0].contact.name == "Zoé"


def test_utf16_of_no_byte_order_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "\u0442\u0435\u043b\n".encode("utf-16-be"), "utf-16")

    assert problem.startswith("contacts.csv: can't be decoded: ")


@pytest.mark.parametrize("encoding", ["klingon", "hex", "utf-7", "unicode_escape", "a\0b", ""])
def test_an_encoding_that_no_file_has_is_refused(tmp_path: Path, encoding: str) -> None:
    (problem,) = refused(tmp_path, HEADER + "+12025550100,Ada\n", encoding)

    assert problem.startswith("contacts.csv: unknown encoding")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("name,note,phone_number,fax\nAda,\r,+12025550100,+12025550101\n", 2),
        ("name,note,phone_number,fax\r\nAda,\r,+12025550100,+12025550101\r\n", 2),
        ("phone_number\r,name,fax\n+12025550100,Ada,\n", 2),
        ("phone_number,note\r+12025550100,a\nb\r", 2),
    ],
)
def test_a_line_end_inside_a_cell_without_quotes_puts_no_number_into_another_column(
    tmp_path: Path, written: str, line: int
) -> None:
    (problem,) = refused(tmp_path, written)

    assert problem.startswith(f"contacts.csv:{line}:")
    assert "is there a carriage return inside a cell?" in problem


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_inside_quotes_any_line_end_is_a_part_of_the_cell(
    tmp_path: Path, end: str, inside: str
) -> None:
    lines = ["phone_number,note", f'+12025550100,"a{inside}b"', "+12025550101,c"]

    found = rows(tmp_path, end.join(lines))

    assert [row.contact.variables["note"] for row in found] == [f"a{inside}b", "c"]
