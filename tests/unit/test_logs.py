from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from scheduler.fields.visible import visible
from scheduler.logs import be_discreet, dress
from scheduler.masking import mask_text
from scheduler.models import Attempt

NUMBER = "+12025550143"
FIRST = Attempt("nightly-20261122T200000Z", 1_000_000, 2)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f"{NUMBER} is rejected", "…0143 is rejected"),
        ("call +1 (202) 555-0143 now", "call …0143 now"),
        ("sip:2025550143@example.com", "sip:…0143@example.com"),
        ("number:5550143", "number:…143"),
        ("12.34.56.78", "…5678"),
        (f"{FIRST}: stop: {NUMBER}", f"{FIRST}: stop: …0143"),
    ],
)
def test_numbers_are_masked_wherever_they_stand(line: str, masked: str) -> None:
    assert mask_text(line) == masked


@pytest.mark.parametrize(
    "line",
    [
        "schedule nightly: firing nightly-20261122T200000Z: launched",
        "attempt nightly-2026-11-22:1234567:1 is no longer claimed",
        "Error 111 connecting to 192.168.100.200:6379. Connection refused.",
        "Task callsched.dial[40cd2c4c-8d36-4cbb-a4f8-123456789012] succeeded in 0.12345678s: None",
        "callsched-4194304@vm ready.",
    ],
)
def test_what_only_looks_like_a_number_is_left_alone(line: str) -> None:
    assert mask_text(line) == line


class Log:
    """A logger of its own, and what it has written."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        self.logger = logging.Logger("trial")
        self.logger.addHandler(logging.StreamHandler(self.written))

    def lines(self) -> list[str]:
        return self.written.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[Log]:
    yield Log()


def test_a_json_line_says_which_attempt_it_is_about(log: Log) -> None:
    dress(log.logger, "json", "host:1")

    log.logger.warning("%s: %s", FIRST, f"{NUMBER} is rejected", extra={"data": {"args": NUMBER}})

    (line,) = log.lines()
    record = json.loads(line)
    assert record.pop("time").endswith("+00:00")
    assert record.pop("pid") > 0
    assert record == {
        "level": "WARNING",
        "logger": "trial",
        "message": f"{FIRST}: …0143 is rejected",
        "campaign_id": "nightly-20261122T200000Z",
        "call": "nightly-20261122T200000Z:1000000",
        "attempt": "nightly-20261122T200000Z:1000000:2",
        "worker": "host:1",
        "thread": "MainThread",
    }


def test_an_attempt_is_found_in_a_text_as_well(log: Log) -> None:
    dress(log.logger, "json", "host:1")

    log.logger.info("attempt autumn:3:1 is no longer claimed")
    log.logger.info("the listener has died")

    about, other = map(json.loads, log.lines())
    assert (about["campaign_id"], about["call"]) == ("autumn", "autumn:3")
    assert "attempt" not in other


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_text_of_an_exception_is_masked(log: Log, form: str) -> None:
    dress(log.logger, "json" if form == "json" else "text", "host:1")

    try:
        raise ValueError(f"nobody answers at {NUMBER}")
    except ValueError:
        log.logger.exception("a tick failed")

    written = log.written.getvalue()
    told = json.loads(written)["exception"] if form == "json" else written
    assert "5550143" not in written
    assert "ValueError: nobody answers at …0143" in told
    assert "in test_the_text_of_an_exception_is_masked" in told


def test_arguments_by_name_are_understood(log: Log) -> None:
    dress(log.logger, "text", "host:1")

    log.logger.info("Task %(name)s got %(args)s", {"name": "dial", "args": NUMBER})

    assert log.lines() == ["Task dial got …0143"]


def test_a_process_without_a_log_hides_numbers_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    be_discreet()
    try:
        logging.Logger("bare").warning("%s is rejected", NUMBER)
    finally:
        assert logging.lastResort is not None
        logging.lastResort.filters.clear()

    assert capsys.readouterr().err == "…0143 is rejected\n"


def test_dressing_twice_hides_once_and_keeps_the_line(log: Log) -> None:
    dress(log.logger, "text", "host:1")
    dress(log.logger, "text", "host:1")

    log.logger.info("100 %% of %s", NUMBER)

    assert log.lines() == ["100 % of …0143"]
    assert len(log.logger.handlers[0].filters) == 2


FORGED = "no\x1b[31m\u202e\r\n[2026-11-22 20:00:00,000: INFO/MainProcess] all is well\x85\u2028"
ESCAPED = r"no\x1b[31m\u202e\r\n[2026-11-22 20:00:00,000: INFO/MainProcess] all is well\x85\u2028"


def test_a_record_is_one_line_whoever_is_quoted_in_it(log: Log) -> None:
    dress(log.logger, "text", "host:1")

    log.logger.error("%s: stop: %s", FIRST, FORGED)

    assert log.written.getvalue() == f"{FIRST}: stop: {ESCAPED}\n"


def test_no_line_of_a_traceback_looks_like_a_record(log: Log) -> None:
    dress(log.logger, "text", "host:1")

    try:
        raise ValueError(FORGED)
    except ValueError:
        log.logger.exception("a tick failed", stack_info=True)

    first, *others = log.written.getvalue().rstrip("\n").split("\n")
    assert first == "a tick failed"
    assert all(line.startswith("  ") for line in others if line)
    assert r"  ValueError: no\x1b[31m\u202e\r" in others
    assert visible(log.written.getvalue(), keep="\n") == log.written.getvalue()


def test_json_says_what_was_said_and_escapes_it_once(log: Log) -> None:
    dress(log.logger, "json", "host:1")

    log.logger.error("%s", FORGED)

    (line,) = log.lines()
    assert line.isascii() and line.isprintable()
    assert json.loads(line)["message"] == FORGED
