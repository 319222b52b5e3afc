"""Who reads standard output may leave: a command does its work, and its exit code is of that."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.campaign import Site, numbers
from tests.functional.forks import CLOSED, Ended, shared
from tests.sandbox_process import SandboxProcess

#: No output at all: only an interpreter of its own begins without one.
MISSING = "missing"
FULL = "/dev/full"


def ended(site: Site, *words: str, output: str = CLOSED) -> Ended:
    """Run a command whose standard output nobody can read."""
    if output != MISSING:
        return shared().call(site.home, site.env, words, output=output, within_seconds=60)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "scheduler.cli", *words],
        env=site.env | {"PYTHONPATH": ":".join(sys.path)},
        cwd=site.home,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return Ended(done.returncode, "", done.stderr)


def dispositions(path: Path) -> list[str]:
    return [row["disposition"] for row in csv.DictReader(path.read_text().splitlines())]


@pytest.mark.parametrize(("output", "code"), [(CLOSED, 0), (FULL, 1)])
@pytest.mark.parametrize("shape", [(), ("--json",)])
def test_run_writes_its_results_though_nobody_reads_what_it_prints(
    site: Site, sandbox: SandboxProcess, output: str, code: int, shape: tuple[str, ...]
) -> None:
    results = site.home / "r.csv"
    words = ("run", site.contacts(numbers(3)), "--max-duration", "1s", "--results", str(results))

    run = ended(site, *words, "--workers", "1", *shape, output=output)

    assert dispositions(results) == ["stopped"] * 3
    assert run.code == code, run.err
    assert "Traceback" not in run.err
    assert ("the output can't be written" in run.err) == (output == FULL)
    assert sandbox.live()["live"] == 0


def test_how_a_run_ended_is_said_though_its_results_find_no_place(site: Site) -> None:
    results = site.home / "r.csv"
    results.mkdir()  # in its place no file can be put
    words = ("run", site.contacts(numbers(1)), "--max-duration", "1s", "--results", str(results))

    run = site.call(*words, "--json")

    assert run.process.returncode == 1
    assert run.record["calls"]["ended"] == 1
    assert "r.csv can't be written" in run.err


def test_what_a_campaign_file_is_is_told_by_the_exit_code_though_nobody_reads(site: Site) -> None:
    good = site.contacts(numbers(2))
    (site.home / "bad.csv").write_text("phone_number\nnone\n")

    assert ended(site, "plan", good).code == 0
    without = ended(site, "plan", good, output=MISSING)
    assert (without.code, without.err) == (0, "")
    assert ended(site, "plan", "bad.csv", "--strict").code == 1
    assert ended(site, "submit", good, "--id", "given", "--yes").code == 0


@pytest.mark.parametrize("how", [(), ("--format", "jsonl"), ("--format", "xlsx")])
def test_who_has_seen_enough_of_the_results_is_no_failure(site: Site, how: tuple[str, ...]) -> None:
    assert site.call("submit", site.contacts(numbers(9)), "--id", "c", "--yes").wait() == 0

    assert ended(site, "results", "c", *how).code == 0
    full = ended(site, "results", "c", *how, output=FULL)
    assert full.code == 1
    assert full.err == "error: the output can't be written: No space left on device\n"
