"""Finished campaigns go into files, and out of Redis."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.campaign import Judge, Site, numbers
from tests.sandbox_process import SandboxProcess
from tests.unit.test_report_page import Page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A machine on which a campaign `old` has been run to its end."""
    with (
        SandboxProcess(limit=10) as sandbox,
        Site(tmp_path_factory.mktemp("archive"), sandbox.url) as site,
    ):
        words = ("--max-duration", "200ms", "--max-concurrency", "5", "--id", "old")
        run = site.call("run", site.contacts(numbers(5)), *words)
        assert run.wait() == 0, run.err
        before = site.results("old")

        archived = site.call("archive", "old", "-o", str(site.home), "--remove", "--json")

        assert archived.wait() == 0, archived.err
        (done,) = archived.record["archived"]
        assert (done["rows"], done["removed"]) == (5, True)
        assert lines(site.home / "old.jsonl.gz") == before
        assert len(Judge(sandbox).events("start")) == 5
        yield site


def lines(path: Path) -> list[object]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def test_what_it_was_stays_in_a_file_and_in_the_ledger(site: Site) -> None:
    head = json.loads((site.home / "old.json").read_text())
    status = site.call("status", "old", "--json").record

    assert head["dispositions"] == status["dispositions"] == {"stopped": 5}
    assert status["retired_at"] is not None
    assert "kept no longer" in site.call("status", "old").out


def test_a_report_is_made_of_the_files_alone(site: Site) -> None:
    told = site.call("report", "--archived", "old.jsonl.gz", "-o", "old.html", "--json")

    assert told.wait() == 0, told.err
    assert (told.record["campaign_id"], told.record["is_over"]) == ("old", True)
    assert told.record["outcomes"] == [{"disposition": "stopped", "reason": None, "calls": 5}]
    assert told.record["lengths"]["calls"] == 5
    page = Page((site.home / "old.html").read_text("utf-8"))
    assert "All 5 calls are over: " in page.text
    assert "stopped 5 100 %" in page.text


def test_a_report_of_files_that_are_none_says_what_is_wrong(site: Site) -> None:
    (site.home / "torn.jsonl.gz").write_bytes((site.home / "old.jsonl.gz").read_bytes()[:-20])
    (site.home / "torn.json").write_bytes((site.home / "old.json").read_bytes())
    (site.home / "odd.jsonl.gz").touch()
    (site.home / "odd.json").write_text("[1]")

    for path, why in [
        ("old.json", "expected ID.jsonl.gz"),
        ("none.jsonl.gz", "none.json can't be read"),
        ("torn.jsonl.gz", "torn.jsonl.gz can't be read"),
        ("odd.jsonl.gz", "no archive"),
    ]:
        told = site.call("report", "--archived", path, "-o", "not.html")
        assert told.process.returncode == 1
        assert why in told.err
    assert not (site.home / "not.html").exists()
    assert site.call("report", "old", "--archived", "old.jsonl.gz").process.returncode == 2


@pytest.mark.parametrize("command", ["results old", "transcript old #1", "archive old"])
def test_who_asks_for_what_is_gone_hears_so(site: Site, command: str) -> None:
    asked = site.call(*command.split())

    assert asked.process.returncode == 1
    assert "no longer kept" in asked.err


def test_nobody_of_it_is_called_by_the_same_id(site: Site) -> None:
    path = site.contacts(numbers(6), "more.csv")

    run = site.call("run", path, "--id", "old")
    submitted = site.call("submit", path, "--id", "old")

    assert (run.process.returncode, submitted.process.returncode) == (1, 1)
    assert "another --id" in run.err
    assert "another --id" in submitted.err


def test_it_says_which_campaigns_or_is_refused(site: Site) -> None:
    assert site.call("archive").process.returncode == 2
    assert site.call("archive", "--older-than", "soon").process.returncode == 2
    assert "no campaign is that old" in site.call("archive", "--older-than", "1d").out
