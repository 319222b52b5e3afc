"""Which workbooks are read, what each kind of cell becomes, and what no workbook can do to us."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.file import xlsx_process
from scheduler.campaign.file.xlsx_process import MOST_UNPACKED_BYTES, read
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError, ConfigError
from scheduler.hours.weeks import read_week
from scheduler.models import Row

ALWAYS = read_week("always")
HEADER = ("phone_number", "name")
ADA = ("+12025550100", "Ada")
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, *rows: Iterable[object], sheet: str = "Contacts") -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        fill(book.add_worksheet(sheet), rows)
    return path


def fill(sheet: Any, rows: Iterable[Iterable[object]]) -> None:
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)


def loaded(path: Path, **how: Any) -> CheckedCampaign:
    return load(path, Reading(**how), max_duration_ceiling_seconds=600, default_hours=ALWAYS)


def rows(path: Path, **how: Any) -> list[Row]:
    with loaded(path, **how) as checked:
        return list(checked.rows())


def problems(path: Path, **how: Any) -> list[str]:
    with pytest.raises(CampaignError) as caught:
        rows(path, **how)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def at(hour: int = 0, minute: int = 0, second: int = 0, microsecond: int = 0) -> datetime:
    """Return a time of one day, which in a workbook has no zone."""
    return datetime(2026, 12, 18, hour, minute, second, microsecond)  # noqa: DTZ001


def cells_of(write: Callable[[Any, Any], None]) -> list[list[str]]:
    """Return the texts of the rows of a sheet that a test writes."""
    return [found[1] for found in found_in(write)]


def found_in(write: Callable[[Any, Any], None], sheet: str = "") -> list[Any]:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        write(book, book.add_worksheet())
    data.seek(0)
    _, *found = read(data, sheet)
    return found


def changed(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """Write a workbook anew with one part of it changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


# Which sheet of which file


def test_the_rows_of_a_sheet_are_those_of_the_same_csv(tmp_path: Path) -> None:
    table = [("Phone", "Full name", "city"), ("+12025550100", "Zoë", "Rome"), ("+1202555", "B", "")]
    sheet = workbook(tmp_path / "a.xlsx", *table)
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(table)

    assert rows(sheet) == rows(tmp_path / "a.csv")


def test_a_problem_names_the_row_of_the_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", (), ("Contacts of May",), *([()] * 3), ADA)
    assert problems(path)[0].startswith("a.xlsx:2: expected a column phone_number")

    path = workbook(tmp_path / "b.xlsx", (), HEADER, (), ("+1202", "two\nlines"), ADA, ("+1203",))
    with loaded(path) as checked:
        found = [str(problem).replace(f"{tmp_path}/", "") for problem in checked.problems]
    assert [each.split(": ")[0] for each in found] == [
        "b.xlsx:4:phone_number",
        "b.xlsx:6:phone_number",
    ]


@pytest.mark.parametrize(
    ("name", "who"),
    [("", "visible"), ("#Second sheet", "second"), ("#second SHEET", "second"), ("#Old", "hidden")],
)
def test_the_first_visible_sheet_is_read_or_the_one_that_is_named(
    tmp_path: Path, name: str, who: str
) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        for sheet, said in (("Old", "hidden"), ("Now", "visible"), ("Second sheet", "second")):
            fill(book.add_worksheet(sheet), [HEADER, (ADA[0], said)])
        book.get_worksheet_by_name("Now").activate()
        book.get_worksheet_by_name("Old").hide()
    (tmp_path / "a.yaml").write_text(f'contacts: "a.xlsx{name}"\n')

    assert [row.contact.name for row in rows(tmp_path / f"a.xlsx{name}")] == [who]
    assert [row.contact.name for row in rows(tmp_path / "a.yaml")] == [who]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", HEADER, ADA, sheet="Contacts, May")

    assert problems(tmp_path / "a.xlsx#April") == [
        "a.xlsx#April: there is no sheet 'April': expected one of 'Contacts, May'"
    ]


def test_the_digest_is_of_the_bytes_and_of_the_sheet_that_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)

    with loaded(path) as first, loaded(tmp_path / "a.xlsx#Contacts") as named:
        assert first.digest == hashlib.sha256(path.read_bytes()).hexdigest()
        assert first.digest != named.digest
        assert first.inputs == named.inputs == (path,)
        assert first.name == named.name == "a"


def test_rejects_of_a_sheet_are_csv(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", (*HEADER, "pin"), ADA, ("+1202", "Ben; or not", 42.0))

    rows(path, rejects=tmp_path / "rejects.csv")

    with (tmp_path / "rejects.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["phone_number"], row["name"], row["pin"]) == ("+1202", "Ben; or not", "42")
    assert row["reject_reason"] == "invalid_number"
    with pytest.raises(ConfigError, match="never a workbook"):
        rows(path, rejects=tmp_path / "rejects.xlsx")


def test_hidden_rows_are_read_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        fill(sheet, [HEADER, ADA, ("+12025550101", "Ben")])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_row(9, None, None, {"hidden": True})  # has nothing in it

    with loaded(path) as checked:
        assert checked.row_count == 2
        assert checked.warnings == (f"{path}: 1 hidden row is read, too",)


# What a cell becomes


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (2125550142.0, "General", "2125550142"),
        (2125550142, "[<=9999999]###-####;(###) ###-####", "2125550142"),
        (0, "General", "0"),
        (-5, "0000", "-5"),
        (2**53, "0", str(2**53)),
        (2.0**60, "0", repr(2.0**60)),
        (2125550142.5, "0", "2125550142.5"),
        (1234.0, "#,##0.00", "1234"),
        (42, "0000", "0042"),
        (12345, "0000", "12345"),
        (2079460143, '"0"0', "02079460143"),
        (4520123456, '"+"#', "+4520123456"),
        (4520123456, "+0", "+4520123456"),
        (2025550142, '"+1 "(000) 000-0000', "+1 (202) 555-0142"),
        (12345, r"000\-00\-0000", "000-01-2345"),
        (at(17), "yyyy-mm-dd hh:mm", "2026-12-18T17:00"),
        (at(17, 0, 29, 999_000), "d/m/yy h:mm", "2026-12-18T17:00:30"),
        (at(), "d mmm yyyy h:mm", "2026-12-18T00:00"),
        (at(17), "m/d/yy h:mm", "2026-12-18T17:00"),
        (date(2026, 12, 18), "[$-409]d mmm yyyy;@", "2026-12-18"),
        (time(17, 0), "hh:mm", "17:00"),
        (timedelta(seconds=90), "[h]:mm:ss", "90s"),
        (timedelta(milliseconds=1500), "[ss].000", "1500ms"),
    ],
)
def test_a_cell_is_what_a_person_sees_and_never_a_float(
    value: object, code: str, text: str
) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, value, book.add_format({"num_format": code}))

    assert cells_of(write) == [[text]]


def test_texts_booleans_and_formulas_are_their_values() -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_string(1, 2, " 0042 ")
        sheet.write_boolean(1, 3, True)
        sheet.write_formula(1, 4, '="+1"&"2"', None, "+12")
        sheet.write_formula(1, 5, "=6*7", None, 42)
        sheet.write_rich_string(2, 2, "two ", book.add_format({"bold": True}), "parts")
        sheet.write_string(2, 4, "_x0041_ O\u2019Neil")

    assert found_in(write) == [
        (2, [" 0042 ", "true", "+12", "42"], {}, {1: "true or false"}),
        (3, ["two parts", "", "_x0041_ O\u2019Neil"], {}, {}),
    ]


def test_a_row_with_an_error_or_an_unknown_value_is_refused_alone_and_in_words(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        fill(sheet, [("phone_number", "name", "pin"), ADA])
        for number in range(2, 5):
            fill_row = ("+12025550101", "Ben", "7")
            sheet.write_row(number, 0, fill_row)
        sheet.write_formula(2, 0, "=NA()", None, "#N/A")
        sheet.write_formula(3, 1, "=B2/0", None, "#DIV/0!")
        sheet.write_formula(4, 2, "=A1", None, "")
    changed(path, SHEET, lambda data: data.replace(b"<f>A1</f><v></v>", b"<f>A1</f><v/>"))

    found = rows(path, rejects=tmp_path / "rejects.csv")

    assert [row.error.partition(":")[0] for row in found] == ["", "phone_number", "name", "pin"]
    assert found[1].error == "phone_number: the cell holds the error #N/A"
    assert found[2].error == "name: the cell holds the error #DIV/0!"
    assert "formula that was never computed" in found[3].error
    assert "#DIV/0!" in (tmp_path / "rejects.csv").read_text()


def test_a_date_is_never_read_as_a_phone_number(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        fill(sheet, [HEADER, ADA])
        sheet.write_datetime(2, 0, at(), book.add_format({"num_format": "d/m/yy"}))
    (tmp_path / "a.yaml").write_text("contacts: a.xlsx\ndefault_region: NO\n")

    found = rows(tmp_path / "a.yaml")

    assert found[1].error.startswith("phone_number: the cell holds a date, and no number")


def test_an_instant_and_a_length_of_a_contact_may_be_typed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        fill(sheet, [("phone_number", "timezone", "not_after", "max_duration")])
        sheet.write_row(1, 0, ("+12025550100", "America/New_York"))
        instant, length = (
            book.add_format({"num_format": code}) for code in ("d/m/yy h:mm", "[m]:ss")
        )
        sheet.write_datetime(1, 2, at(17), instant)
        sheet.write_datetime(1, 3, timedelta(seconds=90), length)

    (row,) = rows(path)

    assert row.contact.not_after == datetime.fromisoformat("2026-12-18T17:00-05:00").timestamp()
    assert row.contact.max_duration_seconds == 90.0


# What is refused


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"phone_number\n+12025550100\n", "a.xlsx: this is no workbook of Excel, but a"),
        ("a.xlsx", OLD + bytes(99), "a.xlsx: this workbook has a password, or is"),
        ("a.xlsx", b"", "a.xlsx: the file is empty"),
        ("a.xlsx", b"PK\x03\x04" + bytes(99), "a.xlsx: this workbook is damaged"),
        ("a.xls", b"", "a.xls: expected another kind of sheet: save it as .xlsx, or as CSV"),
        ("a.ods", b"", "a.ods: expected another kind of sheet: save it as .xlsx, or as CSV"),
        ("a.xlsx.gz", b"", "a.xlsx.gz: expected a workbook as it is, and not in gzip"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_called_what_it_is(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    (problem,) = problems(tmp_path / name)

    assert problem.startswith(said)


def test_a_zip_file_of_something_else_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("content.xml", "<a/>")

    (said,) = problems(tmp_path / "a.xlsx")
    assert said == "a.xlsx: this is no workbook of Excel: save it as .xlsx, or as CSV"


@pytest.mark.parametrize("rows_", [[], [()], [(), ("", "")]])
def test_a_sheet_without_a_header_is_empty(tmp_path: Path, rows_: list[tuple[str, ...]]) -> None:
    (said,) = problems(workbook(tmp_path / "a.xlsx", *rows_))

    assert "the file is empty: expected a header" in said


def test_without_the_library_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    monkeypatch.setattr("scheduler.campaign.file.xlsx.find_spec", lambda name: None)

    (said,) = problems(path)

    assert importlib.util.find_spec("python_calamine") is not None
    assert "pip install 'callsched[xlsx]'" in said
    assert "as CSV" in said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (b'<row r="100002"><c r="A100002"><v>1</v></c></row>', "at most 100,000 rows"),
        (b'<row r="90000"><c r="XFD90000"><v>1</v></c></row>', "at most 10,000,000 cells"),
    ],
)
def test_a_sheet_that_is_too_large_is_sent_to_csv(tmp_path: Path, cell: bytes, said: str) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    changed(path, SHEET, lambda data: data.replace(b"</sheetData>", cell + b"</sheetData>"))

    (problem,) = problems(path)

    assert said in problem
    assert "save the sheet as CSV" in problem


@pytest.mark.parametrize("is_honest", [True, False])
def test_a_zip_bomb_is_refused_whether_or_not_it_says_its_size(
    tmp_path: Path, is_honest: bool
) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    changed(path, SHEET, lambda data: data + b" " * MOST_UNPACKED_BYTES)
    if not is_honest:
        path.write_bytes(with_size(path.read_bytes(), SHEET.encode(), 100))

    (problem,) = problems(path)

    assert "at most 50 MiB unpacked" in problem


def with_size(data: bytes, part: bytes, size: int) -> bytes:
    """Have a zip file tell another size of a part than the true one."""
    told = bytearray(data)
    for signature, name_at, size_at in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        at = data.find(signature)
        while at >= 0:
            if data[at + name_at :].startswith(part):
                told[at + size_at : at + size_at + 4] = struct.pack("<I", size)
            at = data.find(signature, at + 4)
    return bytes(told)


@pytest.mark.parametrize(
    ("part", "entity"),
    [(SHEET, b"<sheetData>"), ("xl/workbook.xml", b"<sheets>")],
)
def test_entities_are_never_expanded(tmp_path: Path, part: str, entity: bytes) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    def change(data: bytes) -> bytes:
        head, _, rest = data.partition(b"?>")
        return head + b"?>" + laughs + rest.replace(entity, entity + b"&b;", 1)

    (problem,) = problems(changed(path, part, change))

    assert "declares a document type" in problem


@pytest.mark.parametrize(
    ("part", "was", "now"),
    [
        (SHEET, b"</sheetData>", b"</sheet>"),
        (SHEET, b'r="A2"', b'r="A"'),
        (SHEET, b'<v>3</v>', b"<v>999999</v>"),
        ("xl/workbook.xml", b"rId1", b"rId9"),
        ("xl/workbook.xml", b'name="Contacts"', b""),
        ("xl/sharedStrings.xml", b"<si>", b"<si"),
    ],
)  # fmt: skip
def test_a_damaged_workbook_is_refused_in_one_line(
    tmp_path: Path, part: str, was: bytes, now: bytes
) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    changed(path, part, lambda data: data.replace(was, now, 1))

    assert problems(path) == [
        "a.xlsx: this workbook is damaged: open it in a spreadsheet program and save it again"
    ]


def test_a_sheet_that_repeats_a_long_text_is_ended_at_the_bound_of_its_memory(
    tmp_path: Path,
) -> None:
    path = workbook(tmp_path / "a.xlsx", HEADER, ("x" * 32_000, "y"))
    cells = b"".join(b'<row><c t="s"><v>2</v></c></row>' for _ in range(99_000))
    changed(path, SHEET, lambda data: data.replace(b"</sheetData>", cells + b"</sheetData>"))

    (problem,) = problems(path)

    assert "save the sheet as CSV" in problem
    assert "memory" in problem


def test_a_process_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "endless.py"
    script.write_text("while True: pass\n")
    path = workbook(tmp_path / "a.xlsx", HEADER, ADA)
    monkeypatch.setattr(xlsx_process, "__file__", str(script))
    monkeypatch.setattr("scheduler.campaign.file.xlsx.MOST_SECONDS", 0.1)

    (problem,) = problems(path)

    assert "takes more time or memory than a sheet should" in problem
