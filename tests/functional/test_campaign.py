from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.functional.campaign import LATE_SECONDS, Command, Event, Judge, Site, magic, numbers
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(120)

MIXED = """\
phone_number,id,name,city
+12025550101,c-1,"=HYPERLINK(""http://x"")",@SUM(1)
+12025550101,c-2,Twice,Bern
+1202555,c-3,Short,Bern
{refused},c-4,Refused,Bern
{forbidden},c-5,Forbidden,Bern
{lost},c-6,Lost,Bern
{busy},c-7,Busy,Bern
+12025550109,c-9,-2,+1 is not a formula
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=20, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def large(
    sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Command, Judge]]:
    """100 contacts at a limit of 20, each call for two seconds."""
    sandbox.reset()
    with Site(tmp_path_factory.mktemp("large"), sandbox.url) as site:
        path = site.contacts(numbers(100))
        words = ("--max-concurrency", "20", "--max-duration", "2s", "--id", "large", "--json")
        command = site.call("run", path, *words, within_seconds=100)
        yield site, command, Judge(sandbox)


@pytest.fixture(scope="module")
def mixed(
    sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Command, Judge]]:
    """One contact of each kind."""
    sandbox.reset()
    with Site(tmp_path_factory.mktemp("mixed"), sandbox.url) as site:
        path = site.home / "mixed.csv"
        path.write_text(
            MIXED.format(
                refused=magic(4),
                forbidden=magic(3),
                lost=magic(50),
                busy=magic(29),
            )
        )
        words = ("--max-duration", "2s", "--id", "mixed", "--results", "kept.csv")
        yield site, site.call("run", str(path), *words), Judge(sandbox)


@pytest.fixture(scope="module")
def explained(mixed: tuple[Site, Command, Judge]) -> dict[str, Event]:
    """The record of each contact of the mixed campaign."""
    site, _, _ = mixed
    return {record["contact_id"]: record for record in site.results("mixed")}


def test_a_campaign_runs_to_its_end(large: tuple[Site, Command, Judge]) -> None:
    _, command, _ = large

    assert command.wait() == 0, command.err
    record = command.record
    assert (record["state"], record["total"], record["exit_code"]) == ("finished", 100, 0)
    assert record["dispositions"] == {"stopped": 100}
    assert len(command.out.splitlines()) == 1


def test_every_contact_is_called_exactly_once(large: tuple[Site, Command, Judge]) -> None:
    _, _, judge = large

    assert judge.accepted == dict.fromkeys(numbers(100), 1)
    assert len(judge.events("start")) == 100


def test_the_limit_is_used_and_never_exceeded(large: tuple[Site, Command, Judge]) -> None:
    _, command, judge = large

    assert judge.peak == 20
    assert command.record["peak_slots"] <= 20
    assert judge.refusals == []


def test_every_call_is_stopped_at_its_deadline_and_none_before(
    large: tuple[Site, Command, Judge],
) -> None:
    _, _, judge = large

    judge.assert_on_time(2.0)
    assert len(judge.lateness(2.0)) == 100
    assert judge.live == set()


def test_every_result_is_explained(large: tuple[Site, Command, Judge]) -> None:
    site, _, judge = large
    records = site.results("large")

    assert [record["phone_number"] for record in records] == numbers(100)
    assert {(record["state"], record["disposition"]) for record in records} == {
        ("ended", "stopped")
    }
    told = {record["connection_id"]: record["conversation_id"] for record in records}
    asked = {event["connection_id"]: event["conversation_id"] for event in judge.events("answered")}
    assert told == asked
    assert all(2.0 <= record["duration_seconds"] < 2.0 + LATE_SECONDS for record in records)
    assert {record["attempts"] for record in records} == {1}


def test_nothing_stays_behind_when_a_campaign_has_ended(large: tuple[Site, Command, Judge]) -> None:
    site, _, _ = large

    assert site.workers() == []
    assert site.redis() is None


def test_a_mixed_campaign_ends_as_the_closing_table_says(
    mixed: tuple[Site, Command, Judge],
) -> None:
    _, command, judge = mixed

    assert command.wait() == 0, command.err
    for line in ("rejected", "unknown", "duplicate", "invalid number", "stopped"):
        assert line in command.out
    assert "mixed.csv:4:phone_number" in command.err
    assert judge.rung_twice == []


@pytest.mark.parametrize(
    ("contact_id", "disposition", "reason", "attempts"),
    [
        ("c-1", "stopped", None, 1),
        ("c-2", "skipped", "duplicate", 0),
        ("c-3", "skipped", "invalid_number", 0),
        ("c-4", "rejected", None, 1),
        ("c-5", "rejected", None, 1),
        ("c-6", "unknown", "answer_lost", 1),
        ("c-7", "stopped", None, 1),
        ("c-9", "stopped", None, 1),
    ],
)
def test_each_contact_has_one_explained_result(
    explained: dict[str, Event],
    contact_id: str,
    disposition: str,
    reason: str | None,
    attempts: int,
) -> None:
    record = explained[contact_id]

    assert record["state"] == "ended"
    assert (record["disposition"], record["reason"]) == (disposition, reason)
    assert record["attempts"] == attempts


def test_a_refusal_for_the_limit_uses_up_no_attempt(
    mixed: tuple[Site, Command, Judge], explained: dict[str, Event]
) -> None:
    _, _, judge = mixed

    refused = [event["phone_number"] for event in judge.refusals]
    assert refused == [magic(29)] * 2
    assert explained["c-7"]["attempts"] == 1


def test_a_formula_in_a_csv_cell_is_made_harmless(mixed: tuple[Site, Command, Judge]) -> None:
    site, _, _ = mixed
    kept = (site.home / "kept.csv").read_text()
    rows = {row["contact_id"]: row for row in csv.DictReader(kept.splitlines())}

    assert rows["c-1"]["name"] == '\'=HYPERLINK("http://x")'
    assert rows["c-1"]["phone_number"] == "+12025550101"
    assert rows["c-9"]["name"] == "-2"
    assert rows["c-9"]["city"] == "'+1 is not a formula"
    assert rows["c-1"]["ended_at"].endswith("+00:00")


def test_results_can_be_had_again_in_either_format(mixed: tuple[Site, Command, Judge]) -> None:
    site, _, _ = mixed

    told = site.call("results", "mixed", "--format", "csv")
    written = site.call("results", "mixed", "-o", "again.jsonl")
    some = ("--only", "rejected,skipped:invalid_number")
    few = site.call("results", "mixed", *some, "-o", "few.csv", "--json")
    shown = site.call("results", "mixed", *some, "--json", "--times", "iso")

    assert told.out == (site.home / "kept.csv").read_text()
    lines = (site.home / "again.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == site.results("mixed")
    assert [json.loads(line)["line"] for line in lines] == list(range(2, 10))
    assert written.err == "again.jsonl: 8 calls\n"
    ends = [
        (one["disposition"], one["ended_at"][-6:])
        for one in map(json.loads, shown.out.splitlines())
    ]
    assert ends == [("skipped", "+00:00")] + 2 * [("rejected", "+00:00")]
    assert few.record == {"campaign_id": "mixed", "path": "few.csv", "records": 3, "contacts": 8}
    heard = site.call("results", "mixed", "--only", "heard=human,rejected:,unknown", "--json")
    assert heard.wait() == 2
    either = site.call("results", "mixed", "--only", "heard=human,unknown", "--json")
    found = {(one["disposition"], one["heard"]) for one in map(json.loads, either.out.splitlines())}
    assert found == {("stopped", "human"), ("unknown", None)}
    wrong = site.call("results", "mixed", "--only", "stoped")
    assert wrong.wait() == 2
    assert "expected some of hung_up" in " ".join(wrong.err.split())


def test_a_workbook_has_what_the_csv_has(mixed: tuple[Site, Command, Judge]) -> None:
    site, _, _ = mixed

    told = site.call("results", "mixed", "-o", "kept.xlsx")
    assert told.wait() == 0, told.err
    piped = site.call("results", "mixed", "--format", "xlsx")
    assert piped.wait() == 0, piped.err

    with (site.home / "kept.csv").open(newline="") as file:
        expected = [(row["contact_id"], row["phone_number"]) for row in csv.DictReader(file)]
    for source in (site.home / "kept.xlsx", io.BytesIO(piped.out_bytes)):
        sheet = CalamineWorkbook.from_object(source).get_sheet_by_index(0)
        titles, *rows = sheet.iter_rows()
        records = [dict(zip(map(str, titles), row, strict=True)) for row in rows]
        assert [(row["contact_id"], row["phone_number"]) for row in records] == expected
        assert records[0]["name"] == '=HYPERLINK("http://x")'


def test_csv_for_excel_keeps_plus_signs_and_accents(mixed: tuple[Site, Command, Judge]) -> None:
    site, _, _ = mixed

    told = site.call("results", "mixed", "--excel", "-o", "excel.csv")

    assert told.wait() == 0, told.err

    data = (site.home / "excel.csv").read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    rows = {row["contact_id"]: row for row in csv.DictReader(data.decode("utf-8-sig").splitlines())}
    assert rows["c-1"]["phone_number"] == '="+12025550101"'
    assert rows["c-1"]["name"] == '\'=HYPERLINK("http://x")'


def test_a_pipe_gets_no_escape_codes(mixed: tuple[Site, Command, Judge]) -> None:
    site, command, _ = mixed

    told = [command, site.call("status"), site.call("results")]

    assert [command.wait() for command in told] == [0] * 3
    for command in told:
        assert "\x1b" not in command.out + command.err


def test_contacts_of_a_yaml_file_are_called_by_its_policy(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    sandbox.reset()
    policy = "name: bridges\nmax_duration: 1s\nmax_concurrency: 1\ncall: {session_name: spring}\n"
    contacts = "contacts:\n  - {id: a, phone_number: +12025550170, dtmf: ',,1#'}\n"
    contacts += "  - {id: b, phone_number: +12025550170, dtmf: ',,2#', max_duration: 2s}\n"
    with Site(tmp_path, sandbox.url) as site:
        (tmp_path / "bridges.yaml").write_text(policy + contacts)
        command = site.call("run", "bridges.yaml", "--id", "b", "--results", "kept.jsonl")
        judge = Judge(sandbox)

    assert command.wait() == 0, command.err
    assert judge.peak == 1
    assert [event["dtmf"] for event in judge.events("accepted")] == [",,1#", ",,2#"]
    names = [event["session_name"] for event in judge.events("accepted")]
    assert all(name.startswith("spring") for name in names)
    assert len(set(names)) == 2
    kept = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert [round(record["duration_seconds"]) for record in kept] == [1, 2]
