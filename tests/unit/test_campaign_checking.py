"""Two processes check a file as one does."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from scheduler.campaign import checking
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError
from scheduler.hours.weeks import read_week

#: Fewer rows than outside the tests, and smaller chunks: it is chunks that change hands.
CHUNK = 250
WORTH_A_PROCESS = 2 * CHUNK
ROWS = WORTH_A_PROCESS + 10 * CHUNK + 86
DOCUMENT = """
contacts: a.csv
default_region: US
call: {session_name: "{{ name }} in {{ city }}"}
"""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CHUNK", CHUNK)
    monkeypatch.setattr(checking, "WORTH_A_PROCESS", WORTH_A_PROCESS)


def cell(chance: random.Random) -> str:
    return chance.choice(["(202) 555-0100", "911", "12", "+442079460958", "+1 900 555 0100"])


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    chance = random.Random(7)
    with (folder / "a.csv").open("w") as file:
        file.write("phone_number,id,name,city,timezone\n")
        for at in range(ROWS):
            number = cell(chance) if at % 12 == 3 else f"+1202555{at % 200:04d}"
            zone = "Mars" if at % 997 == 0 else ""
            file.write(f'{number},c-{at},"Ann\n{at}",Rome,{zone}\n')
    path = folder / "a.yaml"
    path.write_text(DOCUMENT)
    return path


@pytest.fixture(scope="module")
def alone(document: Path) -> tuple[object, ...]:
    """What comes of one process, whatever its chunks."""
    return outcome(document, 1)


def outcome(
    path: Path, processes: int, first: int | None = None, **options: Any
) -> tuple[object, ...]:
    rejects = path.parent / f"rejects-{processes}.csv"
    hours = read_week("always")
    try:
        with load(
            path,
            Reading(processes=processes, rejects=rejects, first=first),
            default_hours=hours,
            max_duration_ceiling_seconds=600,
            **options,
        ) as checked:
            return (
                b"".join(packed for _, packed in checked.chunks()),
                (checked.row_count, checked.callable_count, checked.refused_count),
                (
                    checked.problems,
                    checked.problems_alike,
                    checked.problem_counts,
                    checked.cleanings,
                ),
                rejects.read_text(),
                checked.digest,
            )
    except CampaignError as error:
        return error.problems, error.total, error.alike


def test_what_comes_of_two_processes_is_what_comes_of_one_and_the_second_is_gone(
    document: Path, alone: tuple[object, ...]
) -> None:
    one, two = alone, outcome(document, 2)

    assert one == two
    assert second_processes() == set()
    counts = one[1]
    assert isinstance(counts, tuple)
    assert counts[0] == counts[1] + counts[2] == ROWS
    assert counts[2] > 100


def test_the_first_rows_are_the_same(document: Path) -> None:
    first = WORTH_A_PROCESS + 2 * CHUNK + 7

    one, two = outcome(document, 1, first=first), outcome(document, 2, first=first)

    assert one == two
    assert one[1][0] == first  # type: ignore[index]


@pytest.mark.parametrize("end", ["1,2,3,4,5,6,7\n", '"never closed'])
def test_a_file_that_is_refused_has_the_same_problems(document: Path, end: str) -> None:
    table = document.parent / "b.csv"
    table.write_text((document.parent / "a.csv").read_text() + end)
    other = document.with_name("b.yaml")
    other.write_text(DOCUMENT.replace("a.csv", "b.csv"))

    one, two = outcome(other, 1), outcome(other, 2)

    assert one == two
    assert isinstance(one[1], int)


def test_a_second_process_that_is_killed_costs_no_row(
    document: Path, alone: tuple[object, ...]
) -> None:
    killed: list[int] = []

    def kill(read: int) -> None:
        for pid in second_processes() - {*killed}:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    assert outcome(document, 2, on_progress=kill) == alone
    assert killed


def second_processes() -> set[int]:
    """The ids of the processes that check rows beside this one; what other tests left is none."""
    ids: set[int] = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it is gone, or it only waits to be buried
            if "spawn_main" in " ".join(child.cmdline()):
                ids.add(child.pid)
    return ids
