"""What is said about a file in another encoding, and that it is read when that is done."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from scheduler.campaign.file.source import CHUNK_BYTES, Lines
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.hours.weeks import read_week
from tests.every import every

ALWAYS = read_week("always")
HINT = re.compile(r"--encoding ([\w-]+)")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def names(path: Path, encoding: str = "utf-8") -> list[str]:
    with load(
        path, Reading(encoding=encoding), max_duration_ceiling_seconds=600, default_hours=ALWAYS
    ) as checked:
        assert [row.error for row in checked.rows() if row.error] == []
        return [row.contact.name for row in checked.rows()]


def said_of(path: Path, encoding: str = "utf-8") -> str:
    with pytest.raises(CampaignError) as caught:
        names(path, encoding)
    (problem,) = caught.value.problems
    return str(problem).replace(f"{path.parent}/", "")


def table(name: str, header: str = "phone_number,name\n") -> str:
    return f"{header}+12025550100,{name}\n"


def objects(name: str) -> str:
    return json.dumps({"phone_number": "+12025550100", "name": name}, ensure_ascii=False) + "\n"


def document(name: str) -> str:
    return f"contacts:\n- phone_number: +12025550100\n  name: {name}\n"


SHAPES = {"a.csv": table, "a.jsonl": objects, "a.yaml": document, "a.csv.gz": table}
#: What people have in their files, the encoding that their program wrote, and what is suggested.
WRITTEN = (
    ("José Peña", "latin-1", "latin-1"),
    ("Pat O\u2019Brien", "cp1252", "cp1252"),
    ("René “Ray” Dupont", "cp1252", "cp1252"),
    ("Zoë \u2013 5 €", "cp1252", "cp1252"),
    ("José Muñoz", "mac-roman", "mac-roman"),
    ("Jürgen Müller", "mac-roman", "mac-roman"),
    ("Jürgen Müller", "cp850", "cp850"),
    ("José", "utf-16", "utf-16"),
    ("José", "utf-16-le", "utf-16-le"),
    ("José", "utf-16-be", "utf-16-be"),
    ("Jose", "utf-16-le", "utf-16-le"),
    ("Jose", "utf-16-be", "utf-16-be"),
    ("Ἀθηνᾶ", "utf-16-le", "utf-16-le"),
    ("José", "utf-32", "utf-32"),
    ("Jose", "utf-32-le", "utf-32-le"),
    ("José", "utf-32-be", "utf-32-be"),
)


@pytest.mark.parametrize("file", SHAPES)
@pytest.mark.parametrize(("name", "encoding", "hint"), WRITTEN)
def test_who_follows_the_hint_has_the_file_read(
    tmp_path: Path, file: str, name: str, encoding: str, hint: str
) -> None:
    data = SHAPES[file](name).encode(encoding)
    path = tmp_path / file
    path.write_bytes(gzip.compress(data, mtime=0) if file.endswith(".gz") else data)

    said = said_of(path)

    assert HINT.findall(said) == [hint]
    assert names(path, hint) == [name]


def test_whatever_the_byte_the_hint_is_one_with_which_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with every() as case:
        for byte in range(0x80, 0x100):
            with case(hex(byte)):
                path.write_bytes(table("Ada").encode().replace(b"d", bytes((byte,))))

                (hint,) = HINT.findall(said_of(path))

                (name,) = names(path, hint)
                assert len(name) == 3
                assert not CONTROL.search(name)


def test_the_hint_is_for_the_whole_file_and_not_for_its_first_strange_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    filler = b"+12025550100,Ada\n" * (CHUNK_BYTES // 8)
    path.write_bytes(
        table("Zo\xeb").encode("latin-1") + filler + table("O\x92Neil", "").encode("latin-1")
    )

    said = said_of(path)

    assert said.startswith("a.csv:2:16: ")
    assert HINT.findall(said) == ["cp1252"]
    assert names(path, "cp1252")[-1] == "O\u2019Neil"


def test_a_hint_shows_how_the_cell_would_read_without_a_whole_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"phone_number,name\n+12025550100,O\x92Neil 2025550100\n")

    assert said_of(path) == (
        "a.csv:2:15: expected UTF-8 text, got the byte 0x92 at byte offset 32: save the file as"
        " UTF-8, or say --encoding cp1252 if 'O\u2019Neil …0100' is right"
    )


@pytest.mark.parametrize("before", ["Zoë", "Zoë\n" * (CHUNK_BYTES // 8)])
def test_one_line_that_is_not_utf8_among_others_that_are_is_to_be_mended(
    tmp_path: Path, before: str
) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"+12025550100,{name}\n" for name in before.splitlines())
    path.write_bytes(b"phone_number,name\n" + rows.encode() + b"+12025550100,Zo\xeb\n")

    said = said_of(path)

    assert "0xEB" in said
    assert said.endswith("the text before it is UTF-8: type this line again")


@pytest.mark.parametrize("file", SHAPES)
def test_latin_1_with_quotes_of_windows_is_told_to_be_that(tmp_path: Path, file: str) -> None:
    data = SHAPES[file]("Pat O\u2019Brien").encode("cp1252")
    path = tmp_path / file
    path.write_bytes(gzip.compress(data, mtime=0) if file.endswith(".gz") else data)

    said = said_of(path, "latin-1")

    assert "got the control character 0x92" in said
    assert HINT.findall(said) == ["cp1252"]
    assert "O\u2019Brien" in said


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("cp1252", "the file is UTF-8: leave --encoding out"),
        ("ascii", "the file is UTF-8: leave --encoding out"),
    ],
)
def test_who_names_an_encoding_for_utf8_is_told(tmp_path: Path, encoding: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table("Á").encode())  # 0x81 is in it, which cp1252 has not

    assert said_of(path, encoding).endswith(said)


@pytest.mark.parametrize("right", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("said", ["utf-16", "latin-1"])
def test_another_wrong_encoding_is_told_the_right_one(
    tmp_path: Path, said: str, right: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table("José").encode(right))

    assert HINT.findall(said_of(path, said)) == [right]


def test_a_nul_in_a_text_is_called_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table("A\0da").encode())

    assert said_of(path) == (
        "a.csv:2:15: expected text, got a NUL byte: no text has one, take it out"
    )


def test_a_list_of_numbers_is_told_the_same_as_contacts_are(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("+12025550100\n+12025550101\n".encode("utf-16-le"))

    with path.open("rb") as file, pytest.raises(CampaignError) as caught:
        list(Lines(file, "list.txt", "utf-8", lambda _: None))

    assert HINT.findall(str(caught.value)) == ["utf-16-le"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.yaml"])
@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_under_another_name_is_called_what_it_is(
    tmp_path: Path, name: str, begins: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(begins + bytes(range(256)))

    said = said_of(path)

    assert "workbook" in said
    assert "save its sheet as CSV" in said
