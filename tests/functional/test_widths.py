"""What is shown on a narrow screen: ids whole, and less of what matters least."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from scheduler.cli import console
from scheduler.ledger import campaigns, schedules
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Row, Schedule
from scheduler.settings import settings_of_worker
from tests.functional.test_rubbish import environment
from tests.reference.commands import CLI

LONG = "nightly-reminders-cardiology-2026-11-22"
SCHEDULE = "every-weekday-at-nine-in-new-york"


@pytest.fixture(scope="module")
def folder(private: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose campaigns, schedules and contacts have long names, and a file."""
    folder = tmp_path_factory.mktemp("narrow")
    people = [Contact(f"c-{n}", phone_number=f"+1202555014{n}") for n in (1, 2)]
    kept: dict[str, Any] = {"account": "default", "name": "n", "policy": Policy()}
    rule = Schedule(cron="0 9 * * *", timezone="America/New_York")
    with closing(Ledger(private.url)) as ledger:
        ledger.open()
        for each in (LONG, "b"):
            campaigns.create(ledger, each, digest=each, **kept)
        rows = [Row(each, line, has_id=True) for line, each in enumerate(people, 2)]
        campaigns.load(ledger, LONG, "load", 1, rows)
        launch = schedules.Launch("/srv/a.yaml", "utf-8", rule)
        schedules.add(ledger, SCHEDULE, "default", launch, next_at=1e10, who="ana@desk")
    (folder / "contacts.csv").write_text("phone_number\n+12025550143\n")
    return folder


@pytest.fixture(autouse=True)
def environment_of(
    folder: Path, private: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    for name, value in environment(private.url, folder, TERM="xterm").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    settings_of_worker.cache_clear()
    yield
    settings_of_worker.cache_clear()


#: What stands whole in the output of each command.
SHOWN: dict[str, tuple[str, ...]] = {
    "status": (LONG, "loading"),
    f"status {LONG}": (LONG,),
    f"explain {LONG} #1": ("America/New_York", "allowed"),
    "history +12025550141": (LONG,),
    "plan contacts.csv": ("America/New_York",),
    "schedule list": (SCHEDULE,),
    f"schedule show {SCHEDULE}": (SCHEDULE,),
    "limit show": ("learned limit",),
    "watch --once": (LONG[:12],),
}


@pytest.mark.parametrize("width", [40, 60, 80, 140])
@pytest.mark.parametrize("words", SHOWN)
def test_names_stay_whole_on_narrow_screens(
    words: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = StringIO()
    out = console._PlainConsole(width=width, file=written, force_terminal=True, no_color=True)
    monkeypatch.setattr(console, "out", out)

    CLI.main(words.split(), prog_name="callsched", standalone_mode=False)

    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue())
    assert shown.strip()
    # A name that is wider than the screen has to be broken somewhere.
    assert all(name in shown for name in SHOWN[words] if width >= 60), shown
    tables = [line.rstrip() for line in shown.splitlines() if re.search(r"\S {2,}\S", line)]
    assert not [line for line in tables if words == "status" and cell_len(line) > width], shown


TABLES: dict[str, Any] = {
    "of campaigns": (
        ("campaign", "account", "state", "total", "pending", "open", "ended"),
        [(LONG, "default", "waits until 9:00", 500, 400, 0, 100), ("b", "d", "active", *[3] * 4)],
        ("total", "account", "open", "pending", "ended"),
    ),
    "of rules": (
        ("rule", "verdict", "why"),
        [("calling_hours", "waits until 2026-11-28 13:00:00 UTC", "it is Sat in New York " * 4)],
        (),
    ),
    "of one column": (("contact",), [("c-1",)], ()),
    "of nothing": (("contact", ""), [], ("contact",)),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_a_table_fits_and_breaks_no_word_where_there_is_room(kind: str, width: int) -> None:
    columns, rows, sheds = TABLES[kind]
    narrow = console._PlainConsole(width=width, force_terminal=False)

    with narrow.capture() as shown:
        narrow.print(console.table("", columns, rows, sheds=sheds))

    lines = shown.get().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    if width >= 60:
        words = {word for line in lines for word in line.split()}
        cells = [str(cell) for row in (columns, *rows) for cell in row]
        assert words <= {word for cell in cells for word in cell.split()}
        assert not rows or str(rows[0][0]) in shown.get()
    if width == 140 and kind == "of campaigns":
        assert all(str(cell) in shown.get() for row in rows for cell in row if len(str(cell)) < 60)
