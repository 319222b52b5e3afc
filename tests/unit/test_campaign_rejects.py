"""The file of refused rows: mended, it is a campaign file again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError, ConfigError
from scheduler.models import Row


def checked(path: Path, rejects: Path | None = None, *, strict: bool = False) -> CheckedCampaign:
    return load(path, Reading(rejects=rejects, strict=strict), max_duration_ceiling_seconds=600)


def rows(path: Path, rejects: Path | None = None) -> list[Row]:
    with checked(path, rejects) as campaign:
        return list(campaign.rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_refused_rows_keep_columns_order_and_dialect(tmp_path: Path, delimiter: str) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    table = 'Name,Cell #,note\nAda,+12025550100,x\n"B, C",911,"two\nlines"\nEve,12\n'
    path.write_text(table.replace('"B, C"', '"B/ C"').replace(",", delimiter))

    rows(path, rejects)

    head, *lines = rejects.read_text().split("\n")
    assert head.split(delimiter) == ["Name", "Cell #", "note", "reject_reason", "reject_message"]
    assert lines[0].split(delimiter) == ["B/ C", "911", '"two']
    assert lines[1].split(delimiter)[:2] == ['lines"', "emergency_number"]
    assert lines[2].split(delimiter)[:3] == ["Eve", "12", ""]


def test_a_mended_file_is_read_without_its_reasons(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text("phone,id,city\n911,c-1,Rome\n+12025550101,c-2,Oslo\n")
    rows(path, rejects)

    rejects.write_text(rejects.read_text().replace("911", "+12025550100"))
    (mended,) = rows(rejects)

    assert (mended.reason, mended.contact.contact_id) == (None, "c-1")
    assert mended.contact.variables == {"city": "Rome"}


def test_what_is_refused_again_has_its_reasons_once(tmp_path: Path) -> None:
    path, rejects, again = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    path.write_text("phone,city\n12,Rome\n+12025550101,Oslo\n")
    rows(path, rejects)
    rejects.write_text(rejects.read_text() + "+12025550102,Oslo,,\n")

    rows(rejects, again)

    assert again.read_text() == rejects.read_text().removesuffix("+12025550102,Oslo,,\n")


def test_objects_are_refused_as_objects(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.jsonl", tmp_path / "rejects.jsonl"
    bad = {"phone": "911", "call": {"languages": ["en"]}, "age": 3, "reject_reason": "old"}
    path.write_text(json.dumps(bad) + '\n{"phone": "+12025550100"}\n')

    rows(path, rejects)

    (line,) = rejects.read_text().splitlines()
    found = json.loads(line)
    assert list(found) == ["phone", "call", "age", "reject_reason", "reject_message"]
    assert found["call"] == {"languages": ["en"]}
    assert found["reject_reason"] == "emergency_number"


def test_rejects_of_a_list_are_json_lines(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.yaml", tmp_path / "rejects.jsonl"
    path.write_text("contacts:\n- {phone: 911, call: {languages: [en]}}\n- phone: +12025550100\n")

    rows(path, rejects)

    found = json.loads(rejects.read_text())
    assert (found["phone"], found["call"]) == ("911", {"languages": ["en"]})


def test_a_file_without_refused_rows_leaves_a_file_without_rows(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text("phone\n+12025550100\n")
    rejects.write_text("of yesterday")

    rows(path, rejects)

    assert rejects.read_text() == "phone,reject_reason,reject_message\n"


def test_a_file_that_is_refused_for_its_rows_tells_them(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text("phone\n+12025550100\n911\n")

    with pytest.raises(CampaignError):
        checked(path, rejects, strict=True)

    assert "911,emergency_number," in rejects.read_text()


def test_a_file_of_no_shape_changes_nothing(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text("phone\n911\n1,2,3\n")
    rejects.write_text("of yesterday")

    with pytest.raises(CampaignError):
        checked(path, rejects)

    assert rejects.read_text() == "of yesterday"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "rejects.csv"]


def test_nothing_is_left_beside_the_rejects(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text("phone\n911\n+12025550100\n")

    rows(path, rejects)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "rejects.csv"]


def test_the_encoding_is_that_of_the_file(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_bytes("phone,name\n555-0100,Zoé\n+12025550100,Ada\n".encode("latin-1"))

    with load(path, Reading(rejects=rejects, encoding="latin-1"), max_duration_ceiling_seconds=600):
        pass

    assert "555-0100,Zoé,invalid_number," in rejects.read_text("latin-1")


@pytest.mark.parametrize("name", ["a.yaml", "a.csv", "link.csv"])
def test_the_campaigns_own_files_are_never_written(tmp_path: Path, name: str) -> None:
    path, table = tmp_path / "a.yaml", tmp_path / "a.csv"
    path.write_text("contacts: a.csv\n")
    table.write_text("phone\n911\n+12025550100\n")
    (tmp_path / "link.csv").symlink_to(table)

    with pytest.raises(ConfigError, match="this is the campaign's own file"):
        checked(path, tmp_path / name)

    assert table.read_text() == "phone\n911\n+12025550100\n"


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("phone\n911\n+12025550100\n")

    with pytest.raises(ConfigError, match=r"--rejects .* can't be written: No such file"):
        checked(path, tmp_path / "nowhere" / "rejects.csv")


FORMULAS = ["=cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "＝1", "'=1", "''@x", "\t=1", "+1 (202"]  # noqa: RUF001
PLAIN = ["'tis", "x=1", "-5", "+12025550143", "'", "''", ""]


@pytest.mark.parametrize("cell", [*FORMULAS, *PLAIN])
def test_no_cell_of_rejects_is_a_formula_and_each_comes_back_as_it_was(
    tmp_path: Path, cell: str
) -> None:
    path, rejects, again = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    lines = [["phone_number", "note", "@title"], ["911", cell, cell], ["+12025550101", "", ""]]
    write(path, lines)
    rows(path, rejects)

    titles, refused = read = table(rejects)
    assert titles[2] == "'@title"
    assert refused[1] == refused[2] == (f"'{cell}" if cell in FORMULAS else cell)
    write(rejects, [*read, ["+12025550102", "", "", "", ""]])
    rows(rejects, again)
    assert table(again) == read
    write(again, [titles, ["+12025550102", *refused[1:]]])
    (mended,) = rows(again)
    assert mended.contact.variables.get("@title", "").strip() == cell.strip()


def write(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)


def table(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_a_refused_row_with_a_carriage_return_in_a_cell_is_one_row_again(tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_text('phone,note\n911,"a\rb"\n+12025550101,c\n', newline="")
    rows(path, rejects)

    rejects.write_text(rejects.read_text().replace("911", "+12025550100"))
    (mended,) = rows(rejects)

    assert mended.contact.variables["note"].split() == ["a", "b"]
