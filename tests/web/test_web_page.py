"""What docs/how-to/web.md says of pages, roles and bounds is what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scheduler.ledger import sessions
from scheduler.operations import users
from scheduler.rights import Scope
from scheduler.web import bounds, rates
from scheduler.web.console.pages import NAVIGATION
from tests.web.running import TOKEN, RunningSite

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "web.md").read_text("utf-8")


def table(head: str) -> dict[str, str]:
    """Return the rows of the table whose first cell at the top says so."""
    text = PAGE.partition(f"\n| {head} | ")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ", 1) for line in text.splitlines()[2:]]
    return {first: second for first, second in rows}


def test_every_page_of_the_navigation_has_its_row() -> None:
    assert list(table("page")) == [word for _, word, _ in NAVIGATION]


def test_every_role_has_its_row() -> None:
    assert list(table("role")) == [str(scope) for scope in Scope]


def test_every_bound_is_the_one_that_holds() -> None:
    bounds_of_page = table("limit on")
    numbers = {row: re.findall(r"\d[\d,]*", text) for row, text in bounds_of_page.items()}
    hours, days = sessions.IDLE_SECONDS // 3600, sessions.LONGEST_SECONDS // 86_400
    kilobytes = [f"{size // 1000}" for size in (bounds.MINUTE_BYTES, bounds.UNREAD_BYTES)]

    assert {row: found for row, found in numbers.items() if found} == {
        "requests of one visitor": [f"{rates.PER_SECOND:.0f}", f"{rates.BURST:.0f}", "429"],
        "a request, with its answer": [f"{bounds.REQUEST_SECONDS:.0f}"],
        "connections": [str(bounds.MOST_CONNECTIONS)],
        "uploads and downloads": [f"{bounds.MOST_PATIENT:,}"],
        "event streams": [f"{bounds.MOST_ENDLESS:,}"],
        "a body": [str(bounds.BODY_BYTES // 1024)],
        "an upload": [f"{bounds.SILENT_SECONDS:.0f}", kilobytes[0]],
        "a reader": [kilobytes[1]],
        "wrong passwords": [
            *(str(users.TRIES_OF_USER), str(users.TRIES_FROM_ADDRESS)),
            str(sessions.TRIES_SECONDS // 60),
        ],
        "sessions": [str(hours), str(days)],
    }
    assert f"({users.SHORTEST_PASSWORD} characters at least)" in PAGE


def test_the_clients_of_the_page_start_a_campaign_once(site: RunningSite, tmp_path: Path) -> None:
    (tmp_path / "nightly.json").write_text(example("json"))
    shell = example("sh").replace("https://calls.example.com", site.url).splitlines()
    head, asked = shell[:2], [line for line in shell[2:] if line and "/events" not in line]
    env = {"PATH": "/usr/bin:/bin", "TOKEN": TOKEN, "CALLSCHED": site.url}

    first, planned, again, stands = (
        subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        for words in (
            (sys.executable, "-c", example("python")),
            *(("bash", "-euc", "\n".join([*head, line])) for line in asked),
        )
    )

    assert first.stdout.startswith("201 {'pending': 1"), first.stderr
    assert '"worst_case_minutes":5.0' in planned.stdout
    assert '"campaign_id":"nightly"' in again.stdout
    assert '"state":"active"' in stands.stdout


def example(language: str) -> str:
    """Return the only example in a language."""
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)
