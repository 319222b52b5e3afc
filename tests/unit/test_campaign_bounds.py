"""No file of somebody else makes a process grow by more than 50 MB, or keeps it for long."""

from __future__ import annotations

import gc
import gzip
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError, ConfigError
from scheduler.fields import document
from scheduler.fields.dotenv import read_dotenv
from scheduler.fields.durations import seconds

MOST_GROWTH_BYTES = 80 * 1024**2
MOST_SECONDS = 10.0  # of the processor; two are meant
ONE = 'contacts: [{phone_number: "+12025550101"}]\n'
MANY_ROWS = "put many contacts into a file of CSV or JSON Lines, which may have any length"


def numbers(count: int) -> Iterable[str]:
    return (f"+1{202 + at // 10_000}555{at % 10_000:04}" for at in range(count))


#: Documents within the bounds, which are read, and beyond them, which are refused soon.
DOCUMENTS: dict[str, tuple[Callable[[], str], str]] = {
    "thousands of contacts": (
        lambda: (
            "contacts:\n"
            + "".join(f"  - {{phone_number: '{one}', name: Ada}}\n" for one in numbers(15_000))
        ),
        "",
    ),
    "a contact with thousands of columns": (
        lambda: (
            "contacts:\n  - {phone_number: '+12025550101'"
            + "".join(f", k{at}: a" for at in range(16_000))
            + "}"
        ),
        "",
    ),
    "more contacts": (
        lambda: "contacts:\n" + "".join(f"  - {{phone_number: '{o}'}}\n" for o in numbers(50_000)),
        f"expected at most 100,000 values: {MANY_ROWS}",
    ),
    "empty lists": (lambda: "[" + "[]," * 1_300_000 + "]", MANY_ROWS),
    "empty lists of contacts": (lambda: "contacts: [" + "[]," * 1_300_000 + "]", MANY_ROWS),
    "unknown keys": (lambda: ONE + "".join(f"k{at}:\n" for at in range(4_900)), "unknown key"),
    "more unknown keys": (lambda: ONE + "".join(f"k{at}:\n" for at in range(90_000)), MANY_ROWS),
    "options": (
        lambda: ONE + "call:\n" + "".join(f"  k{at}: 1\n" for at in range(49_000)),
        MANY_ROWS,
    ),
    "webhooks": (lambda: f"{ONE}webhooks: [{'a,' * 9_900}]\n", "webhooks"),
    "more webhooks": (lambda: f"{ONE}webhooks: [{'a,' * 99_000}]\n", MANY_ROWS),
    "insights": (lambda: f"{ONE}insights: [{'topics,' * 9_900}]\n", "every insight once"),
    "a long duration": (lambda: f"{ONE}max_duration: '{'1' * 131_000}'\n", "max_duration"),
    "a longer one": (lambda: f"{ONE}max_duration: '{'1' * 3_900_000}'\n", "131,072 characters"),
    "a long number": (
        lambda: f"contacts: [{{phone_number: '{'1' * 131_000}'}}]\n",
        "no valid contacts",
    ),
    "a longer text": (lambda: f"{ONE}name: '{'x' * 3_900_000}'\n", "131,072 characters"),
    "blanks": (lambda: " " * 20_000_000, f"expected at most 4 MiB: {MANY_ROWS}"),
}


def growth(action: Callable[[], None]) -> tuple[int, float]:
    """Return the bytes by which a process grows meanwhile, and the seconds that it takes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            gc.freeze()  # what the tests have made is not looked through again and again
            before, began_at = _most_kb(), time.process_time()
            action()
            told = f"{(_most_kb() - before) * 1024} {time.process_time() - began_at}"
        except BaseException as error:
            told = repr(error)
        os.write(writing, told.encode()[:4096])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told_by:
        told = told_by.read()
    os.waitpid(child, 0)
    bytes_, _, seconds_ = told.partition(" ")
    assert bytes_.lstrip("-").isdecimal(), told
    return int(bytes_), float(seconds_)


def _most_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def read(path: Path, said: str) -> Callable[[], None]:
    def action() -> None:
        try:
            load(path, Reading(processes=1), max_duration_ceiling_seconds=14_400).close()
        except CampaignError as error:
            assert said, error
            assert said in str(error), error
        else:
            assert not said

    return action


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_is_bounded(tmp_path: Path, kind: str) -> None:
    made, said = DOCUMENTS[kind]
    path = tmp_path / "a.yaml.gz"
    path.write_bytes(gzip.compress(made().encode(), 1))

    grown_bytes, taken_seconds = growth(read(path, said))

    assert grown_bytes < MOST_GROWTH_BYTES
    assert taken_seconds < MOST_SECONDS


#: Lists of any length, whose rows are long: the first lines, and what is repeated so often.
LISTS: dict[str, tuple[str, str, str, int, str]] = {
    "long objects": (
        *("a.jsonl.gz", "", '{"phone_number": "+12025550101", "a": "' + "x" * 990_000 + '"}\n'),
        *(80, ""),
    ),
    "lists in an object": (
        *("a.jsonl.gz", "", '{"phone_number": "+12025550101", "a": [' + "[]," * 330_000 + "1]}\n"),
        *(1, "a: expected text"),
    ),
    "long cells": (
        *("a.csv.gz", "phone_number,a,b\n", "+12025550101" + (",x" + "x" * 120_000) * 2 + "\n"),
        *(200, ""),
    ),
    "a header of commas": (
        *("a.csv.gz", "phone_number" + "," * 500_000 + '"\n"' + "," * 500_000 + "\n", "1\n"),
        *(20, "a.csv.gz:1: expected at most 16,384 columns, got 1,000,001"),
    ),
    "a quote never closed": (
        *("a.csv.gz", 'phone_number,a\n1,"\n', '","\n' * 1000),
        *(20_000, "a.csv.gz:2: this row is longer than 1,000,000 characters"),
    ),
    "a header never closed": (
        *("a.csv.gz", 'phone_number,"\n', '","\n' * 1000),
        *(20_000, "a.csv.gz:1: this row is longer than 1,000,000 characters"),
    ),
}


def test_contacts_that_each_have_keys_of_their_own_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        for row in range(300):
            keys = "".join(f', "k{row}x{at}": 1' for at in range(5_000))
            file.write(f'{{"phone_number": "+12025550101"{keys}}}\n')

    grown_bytes, taken_seconds = growth(read(path, "a.jsonl: expected at most 16,384 columns"))

    assert grown_bytes < MOST_GROWTH_BYTES
    assert taken_seconds < MOST_SECONDS


def test_a_contact_has_as_many_keys_as_a_table_has_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    keys = "".join(f', "k{at}": 1' for at in range(60_000))
    path.write_text(f'{{"phone_number": "+12025550101"{keys}}}\n')

    said = "a.jsonl:1: expected at most 16,384 columns, got 60,001"
    grown_bytes, _ = growth(read(path, said))

    assert grown_bytes < MOST_GROWTH_BYTES


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_any_length_takes_the_same_memory(tmp_path: Path, kind: str) -> None:
    name, first, repeated, times, said = LISTS[kind]
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(first.encode())
        for _ in range(times):
            file.write(repeated.encode())

    grown_bytes, taken_seconds = growth(read(path, said))

    assert grown_bytes < MOST_GROWTH_BYTES
    assert taken_seconds < MOST_SECONDS


def test_a_row_of_a_do_not_call_list_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"{ONE}do_not_call: list.csv\n")
    with (tmp_path / "list.csv").open("w") as file:
        file.write('phone_number,a\n+12025550102,"\n')
        file.writelines('","\n' * 1000 for _ in range(2_000))

    grown_bytes, _ = growth(read(path, "list.csv:2: this row is longer than 1,000,000 characters"))

    assert grown_bytes < MOST_GROWTH_BYTES


def test_a_do_not_call_list_has_columns_as_a_sheet_has(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"{ONE}do_not_call: list.csv\n")
    (tmp_path / "list.csv").write_text("phone_number" + "," * 20_000 + "\n+12025550102\n")

    read(path, "list.csv:1: expected at most 16,384 columns, got 20,001")()


def test_rows_that_are_long_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    listed = list(numbers(30))
    cell = "x" * 50_000
    path.write_text("phone_number,a\n" + "".join(f"{one},{cell}\n" for one in listed))

    for first in (7, 30):
        with load(
            path, Reading(processes=1, first=first), max_duration_ceiling_seconds=14_400
        ) as checked:
            assert [row.contact.phone_number for row in checked.rows()] == listed[:first]


def test_the_values_of_a_document_are_counted_while_it_is_read() -> None:
    with pytest.raises(CampaignError, match=r"a\.yaml:1:19999: expected at most 10,000 values"):
        document.compose("a: [" + "1," * document.MOST_OTHER_NODES + "]", "a.yaml")
    document.compose("a: [" + "1," * (document.MOST_OTHER_NODES - 4) + "]", "a.yaml")


def test_a_file_of_settings_is_short(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# nothing\n" * 100_000)

    with pytest.raises(ConfigError, match="expected at most 256 KiB of settings"):
        read_dotenv(path)


@pytest.mark.parametrize("written", ["1" * 5000, "1" * 1001 + "s", "x" * 10_000_000])
def test_of_a_length_without_end_a_message_shows_some(written: str) -> None:
    with pytest.raises(ValueError, match="expected a duration") as caught:
        seconds(written)

    assert len(str(caught.value)) < 200
