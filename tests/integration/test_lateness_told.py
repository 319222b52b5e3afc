"""After an outage whoever asks is told what ended late, by how much, and why."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scheduler.cli import console
from scheduler.cli.app import app
from scheduler.late import LateCause
from scheduler.ledger import calls
from scheduler.settings import settings_of_worker
from tests.integration.ledger import Books

SAID = "not reached: no answer from +12025550143"
WHY = "why: the API could not be reached; the API said last: not reached: no answer from …0143"
WORST = "2 calls ended late, the worst (#2) by 72.0 s, from 2027-01-15 08:00:"


@pytest.fixture
def outage(
    books: Books, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Books]:
    """A campaign of which two calls outlasted an outage, and one ended in time."""
    monkeypatch.setenv("CALLSCHED_REDIS_URL", redis_url)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "say", lambda *lines: None)
    settings_of_worker.cache_clear()
    books.campaign(3)
    attempts = [books.connected(10) for _ in range(3)]
    books.wait(10)
    books.expire()
    books.take_stops()
    books.confirm(attempts[2])
    books.wait(31)
    for attempt, seconds in zip(attempts[:2], (0, 41), strict=True):
        calls.note_stop_error(books.ledger, attempt, SAID, LateCause.UNREACHABLE)
        books.wait(seconds)
        books.confirm(attempt)
    yield books
    settings_of_worker.cache_clear()


def call(*words: str) -> str:
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_status_explain_and_results_tell_it(outage: Books) -> None:
    told = call("status", "c")
    assert WORST in told
    assert WHY in told
    late = json.loads(call("status", "c", "--json"))["late"]
    assert (late["calls"], late["worst_row"], late["causes"]) == (2, 2, {"unreachable": 2})

    said = "attempt 1 ended 72.0 s late; its first stop was sent 0 ms after it was due; " + WHY
    assert said in call("explain", "c", "#2")
    assert "late" not in call("explain", "c", "#3").partition("attempt")[2]
    records = [json.loads(line) for line in call("results", "c", "--format", "jsonl").splitlines()]
    assert [each["late_cause"] for each in records] == ["unreachable", "unreachable", None]


def test_no_report_says_that_all_went_well(outage: Books) -> None:
    ends: dict[str, Any] = json.loads(call("report", "c", "--json", "-o", "page.html"))["ends"]
    page = Path("page.html").read_text("utf-8")

    assert (ends["calls"], ends["late"], ends["max_seconds"]) == (3, 2, pytest.approx(72))
    assert ends["causes"] == {"unreachable": 2}
    assert "it ran by itself" not in page
    assert page.count("2 calls ended late, the worst by 1") >= 2
    assert "Why: the API could not be reached" in page
    assert "5550143" not in page


def test_neither_does_one_of_an_archive_of_this_release_or_the_one_before(outage: Books) -> None:
    call("archive", "c", "-o", ".")
    now = json.loads(call("report", "--archived", "c.jsonl.gz", "--json"))["ends"]

    head = json.loads(Path("c.json").read_text("utf-8"))
    head.pop("late")
    Path("c.json").write_text(json.dumps(head), "utf-8")
    lines = gzip.decompress(Path("c.jsonl.gz").read_bytes()).decode().splitlines()
    records = [json.loads(line) for line in lines]
    with gzip.open("c.jsonl.gz", "wt", encoding="utf-8") as file:
        for record in records:
            del record["late_seconds"], record["late_cause"]
            file.write(json.dumps(record) + "\n")
    before = json.loads(call("report", "--archived", "c.jsonl.gz", "--json"))["ends"]

    assert (now["late"], now["causes"]) == (2, {"unreachable": 2})
    assert (before["late"], before["causes"]) == (2, {})
    assert before["max_seconds"] == pytest.approx(now["max_seconds"])
