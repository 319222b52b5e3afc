"""How results are written for people who open them in a spreadsheet program."""

from __future__ import annotations

import codecs
import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from scheduler.campaign.file.xlsx_process import read
from scheduler.cli.results_view import export, format_of
from scheduler.errors import ConfigError
from scheduler.operations import export as exporting
from scheduler.operations import export_workbook
from scheduler.operations.export import Layout, ResultFormat
from scheduler.operations.export_columns import COLUMNS, columns_of
from scheduler.operations.instants import Times

RECORD: dict[str, Any] = {
    "campaign_id": "nightly-2026-11-22",
    "contact_id": "007",
    "phone_number": "+12025550100",
    "name": "Zoë",
    "dtmf": "0042",
    "line": 2,
    "attempts": 1,
    "conversation_id": "1234567890123456789",
    "started_at": 1795000000.25,
    "duration_seconds": 12.5,
    "error": None,
    "variables": {"city": "Zürich", "State": "TX", "error": "007"},
}
#: Of the same file, in which nobody has a plan; two columns are called as ours are.
LAYOUT = Layout(columns_of((), ("plan", "State", "city", "error", "file_error")))


THEIRS = {
    "plan": "",
    "file_State": "TX",
    "city": "Zürich",
    "file_error": "007",
    "file_file_error": "",
}


def sheet_of(path: Path) -> list[dict[str, Any]]:
    titles, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
    return [dict(zip(map(str, titles), row, strict=True)) for row in rows]


def excel_csv(path: Path, *records: dict[str, Any]) -> list[dict[str, str]]:
    export(records, path, layout=replace(LAYOUT, excel=True))
    data = path.read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_workbook_keeps_texts_as_texts_and_numbers_as_numbers(tmp_path: Path) -> None:
    export([RECORD, {"contact_id": "c-2"}], tmp_path / "a.xlsx", layout=LAYOUT)

    first, second = sheet_of(tmp_path / "a.xlsx")
    assert tuple(first) == (*COLUMNS, *THEIRS)
    own = {name: value for name, value in RECORD.items() if name != "variables"}
    expected = own | {"error": "", "started_at": "2026-11-18T11:06:40.250+00:00"}
    assert {name: first[name] for name in own} == expected
    assert {name: first[name] for name in THEIRS} == THEIRS
    assert {value for value in second.values() if value} == {"c-2"}


def test_instants_are_iso_or_epoch_as_it_is_asked_for(tmp_path: Path) -> None:
    said = {"transcript": [{"text": "at 1795000000", "started_at": 1795000000.0}]}
    odd = {"started_at": 1e300, "variables": {"paid_at": "1795000000"}}
    epoch = Layout(LAYOUT.columns, Times.EPOCH)
    for name in ("a.csv", "a.xlsx", "a.jsonl"):
        export([RECORD | said, odd], tmp_path / name, layout=epoch)
    export([RECORD | said, odd], tmp_path / "b.jsonl", layout=replace(epoch, times=Times.ISO))

    kept = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert kept == [RECORD | said, odd]
    assert "1795000000.25," in (tmp_path / "a.csv").read_text("utf-8")
    assert sheet_of(tmp_path / "a.xlsx")[0]["started_at"] == 1795000000.25
    first, second = map(json.loads, (tmp_path / "b.jsonl").read_text("utf-8").splitlines())
    assert first["started_at"] == "2026-11-18T11:06:40.250+00:00"
    assert first["transcript"][0] == {
        "text": "at 1795000000",
        "started_at": "2026-11-18T11:06:40.000+00:00",
    }
    assert second == odd


def test_a_head_of_somebody_else_is_as_harmless_as_a_cell(tmp_path: Path) -> None:
    layout = Layout(columns_of((), ("=1+1", "a\x1b[31m")))
    export([RECORD], tmp_path / "a.csv", layout=layout)

    head = (tmp_path / "a.csv").read_text("utf-8").splitlines()[0]
    assert head.endswith(",'=1+1,a\\x1b[31m")
    export([RECORD], tmp_path / "a.xlsx", layout=layout)
    assert "=1+1" in sheet_of(tmp_path / "a.xlsx")[0]


@pytest.mark.parametrize(
    "text", ["=1+1", "{=1+1}", "+1", "-1", "@SUM(1)", "http://x.example", "1E5"]
)
def test_no_text_in_a_workbook_is_anything_but_a_text(tmp_path: Path, text: str) -> None:
    export([{"name": text, "contact_id": text}], tmp_path / "a.xlsx")

    with (tmp_path / "a.xlsx").open("rb") as file:
        found: list[Any] = list(read(file, ""))
    _, _, (_, cells, _, _) = found
    assert [cell for cell in cells if cell] == [text, text]  # not what they would come to


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("a\0b\x1b[31m\ufffe", "a�b�[31m�"),
        ("two\r\nlines\t", "two\r\nlines\t"),
        ("x" * 32_767, "x" * 32_767),
        ("x" * 32_768, "x" * 32_759 + " … (cut)"),
        ("😀" * 20_000, "😀" * 16_379 + " … (cut)"),
        ("\ud800", "�"),
    ],
)
def test_a_text_is_made_to_fit_a_cell(tmp_path: Path, text: str, fitting: str) -> None:
    export([{"name": text}], tmp_path / "a.xlsx")

    (row,) = sheet_of(tmp_path / "a.xlsx")
    assert row["name"] == fitting


def test_more_results_than_a_sheet_has_rows_are_sent_to_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_workbook, "_MOST_ROWS", 3)
    path = tmp_path / "a.xlsx"
    export([RECORD] * 2, path)
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="say --format csv"):
        export([RECORD] * 3, path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_workbook_that_can_not_be_written_leaves_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.xlsx can't be written: No such file or directory"):
        export([RECORD], tmp_path / "missing" / "a.xlsx")


def test_without_the_library_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match="pip install"):
        exporting.expect_library(ResultFormat.XLSX)
    exporting.expect_library(ResultFormat.CSV)


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("+12025550100", '="+12025550100"'),
        ("007", '="007"'),
        ("1234567890123456789", '="1234567890123456789"'),
        ("12E5", '="12E5"'),
        ("3-4", '="3-4"'),
        ("2026-11-22", '="2026-11-22"'),
        ("-2", '="-2"'),
        ("Zoë", "Zoë"),
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ('1"&HYPERLINK("x")&"', '1"&HYPERLINK("x")&"'),
        ("1)+(2", "1)+(2"),
        ("١٢", "١٢"),
        ("1\n", "1\\n"),
        ("\x1b[31m\u202e\x85", "\\x1b[31m\\u202e\\x85"),
    ],
)
def test_csv_for_excel_keeps_what_it_would_change_and_runs_nothing(
    tmp_path: Path, written: str, cell: str
) -> None:
    (row,) = excel_csv(tmp_path / "a.csv", RECORD | {"name": written})

    assert row["name"] == cell
    assert row["line"] == "2"  # numbers are numbers
    assert row["started_at"] == "2026-11-18T11:06:40.250+00:00"
    assert row["file_error"] == '="007"'


@pytest.mark.parametrize(
    ("name", "format_"),
    [("a.csv", ResultFormat.CSV), ("a.XLSX", ResultFormat.XLSX), ("a.jsonl", ResultFormat.JSONL)],
)
def test_the_ending_of_a_path_says_the_format(name: str, format_: ResultFormat) -> None:
    assert format_of(Path(name)) is format_
    with pytest.raises(ConfigError, match=r"ends in \.csv, \.jsonl or \.xlsx"):
        format_of(Path("a.ods"))


def test_each_step_that_asks_has_a_column_in_a_table(tmp_path: Path) -> None:
    asked = ("confirm", "pin")
    pressed = RECORD | {"answers": {"confirm": "2", "pin": "0042"}}
    nothing = RECORD | {"answers": {"confirm": ""}}
    layout = Layout(columns_of(asked))
    for name in ("a.csv", "a.xlsx"):
        export([pressed, nothing, {"contact_id": "c-2"}], tmp_path / name, layout=layout)

    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for rows in (lines, sheet_of(tmp_path / "a.xlsx")):
        assert tuple(rows[0]) == (*COLUMNS, "answer_confirm", "answer_pin")
        found = [(row["answer_confirm"], row["answer_pin"]) for row in rows]
        assert found == [("2", "0042"), ("", ""), ("", "")]


def test_keys_stay_what_they_are_in_excel_and_are_no_formula(tmp_path: Path) -> None:
    pressed = {"answers": {"pin": "0042", "other": "=1+1"}}
    path = tmp_path / "a.csv"
    export([pressed], path, layout=Layout(columns_of(("pin", "other")), excel=True))

    (row,) = csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))
    assert (row["answer_pin"], row["answer_other"]) == ('="0042"', "'=1+1")


def test_json_lines_have_answers_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    layout = Layout(columns_of(("confirm",)))
    export([RECORD | {"answers": {"confirm": ""}}], path, layout=layout)

    record = json.loads(path.read_text("utf-8"))
    assert record["answers"] == {"confirm": ""}
    assert "answer_confirm" not in record
