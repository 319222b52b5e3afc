"""What was pressed in calls, as an operator asks for it on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from scheduler.ledger import callbacks
from scheduler.ledger.ledger import Ledger
from scheduler.models import Disposition
from scheduler.script import Gather
from tests.functional.forks import Ended, Forks
from tests.functional.test_rubbish import environment
from tests.integration.ledger import Books

Call = Callable[..., Ended]


@pytest.fixture
def callsched(redis: Redis, private_url: str, forks: Forks, tmp_path: Path) -> Call:
    """Answer the questions of a campaign's calls; return what runs a command."""
    ledger = Ledger(private_url)
    ledger.open()
    books = Books(ledger, redis)
    books.campaign(4, script=(Gather("confirm", digits=1), Gather("pin", digits=2)))
    for answers in ({"confirm": "2", "pin": "07"}, {"confirm": "2", "pin": ""}, {"confirm": ""}):
        attempt = books.connected()
        for step, told in answers.items():
            callbacks.answer(ledger, attempt, step, told, now=books.now)
        assert books.confirm(attempt, Disposition.HUNG_UP)
    books.finish(books.begun())
    ledger.close()
    env = environment(private_url, tmp_path)
    return lambda *words: forks.call(tmp_path, env, words)


def rows(told: Ended) -> list[tuple[str, str]]:
    assert told.code == 0, told.err
    lines = csv.DictReader(io.StringIO(told.out))
    return [(line["answer_confirm"], line["answer_pin"]) for line in lines]


def test_results_are_of_the_calls_that_were_answered_so(callsched: Call) -> None:
    assert rows(callsched("results", "c")) == [("2", "07"), ("2", ""), ("", ""), ("", "")]
    assert rows(callsched("results", "c", "--where", "confirm=2")) == [("2", "07"), ("2", "")]
    both = ("--where", "confirm=2", "--where", "pin=")
    assert rows(callsched("results", "c", *both)) == [("2", "")]

    nothing = callsched("results", "c", "--format", "jsonl", "--where", "confirm=")
    assert [json.loads(line)["answers"] for line in nothing.out.splitlines()] == [{"confirm": ""}]


@pytest.mark.parametrize("words", [("results", "c", "--where"), ("retry", "c", "--only")])
def test_a_step_that_there_is_not_and_bad_syntax_are_told_apart(
    callsched: Call, words: tuple[str, ...]
) -> None:
    unknown = callsched(*words, "agree=2")
    assert (unknown.code, unknown.out) == (1, "")
    assert "no step is named agree: it asks for confirm, pin" in unknown.err

    unreadable = callsched(*words, "confirm=two")
    assert (unreadable.code, unreadable.out) == (2, "")
    assert "such as confirm=2" in unreadable.err


def test_retry_calls_whoever_answered_so(callsched: Call) -> None:
    made = callsched("retry", "c", "--only", "confirm=2", "--json")
    assert made.code == 0, made.err
    record = json.loads(made.out)
    assert (record["retry_of"], record["total"]) == ("c", 2)

    again = callsched("retry", "c", "--only", "confirm=2")
    assert again.out.strip() == record["campaign_id"]
    assert "nothing to do" in again.err


def test_explain_says_what_was_pressed_at_which_step(callsched: Call) -> None:
    shown = callsched("explain", "c", "#1")
    assert "pressed" in shown.out
    assert "07" in shown.out
    assert "\nheard: a person was heard\n" in shown.out
    silent = callsched("explain", "c", "#3")
    assert "(nothing)" in silent.out
    assert "pressed" not in callsched("explain", "c", "#4").out

    (attempt,) = json.loads(callsched("explain", "c", "#1", "--json").out)["attempts"]
    assert attempt["answers"] == {"confirm": "2", "pin": "07"}
    assert not [name for name in attempt if name.startswith("answer:")]


def test_an_archive_keeps_what_was_pressed_for_its_report(callsched: Call, tmp_path: Path) -> None:
    live = json.loads(callsched("report", "c", "--json").out)["answers"]
    assert live == [
        {
            "question": "confirm",
            "answers": [{"keys": "2", "calls": 2}, {"keys": "", "calls": 1}],
            "others": 0,
        },
        {
            "question": "pin",
            "answers": [{"keys": "07", "calls": 1}, {"keys": "", "calls": 1}],
            "others": 0,
        },
    ]

    archived = callsched("archive", "c", "-o", str(tmp_path), "--remove")
    assert archived.code == 0, archived.err
    told = callsched("report", "--archived", "c.jsonl.gz", "-o", "c.html", "--json")
    assert json.loads(told.out)["answers"] == live
    assert "<bdi>confirm</bdi>: <bdi>2</bdi>" in (tmp_path / "c.html").read_text("utf-8")
