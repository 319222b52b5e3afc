"""A campaign of thousands of calls that are all over, and what is made of it in one process."""

from __future__ import annotations

from pathlib import Path

from scheduler.campaign.reading import Reading
from scheduler.cli.plan_steps import PlanRequest, planned
from scheduler.cli.report_view import figures_of, write_page
from scheduler.cli.results_view import export
from scheduler.ledger import campaigns, keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import Contact, Policy, Row

# A process that writes a page has these anyhow: what it grows by is of calls.
from scheduler.report import page as page
from scheduler.report.entries import Entries
from scheduler.report.header import source_of
from scheduler.settings import settings

ACCOUNT, CAMPAIGN = "acme", "large"
CHUNK = 2_000
BEGAN_AT = 1_790_000_000.0


def fill(ledger: Ledger, count: int) -> None:
    """Make a campaign of so many calls, each of which was answered and stopped."""
    policy = Policy(max_duration_seconds=60.0)
    campaigns.create(ledger, CAMPAIGN, account=ACCOUNT, name="large", policy=policy, digest="d")
    for chunk, first in enumerate(range(0, count, CHUNK), start=1):
        numbers = range(first, min(first + CHUNK, count))
        rows = [Row(Contact(f"c-{n}", f"+1202{n:07d}"), n + 2, has_id=True) for n in numbers]
        campaigns.load(ledger, CAMPAIGN, "1", chunk, rows)
        with ledger.redis.pipeline(transaction=False) as pipe:
            for row in (n + 1 for n in numbers):
                over = {"state": "ended", "attempt": 1, "attempts": 1, "disposition": "stopped"}
                pipe.hset(keys.call(CAMPAIGN, row), mapping=over)
                at = BEGAN_AT + row / 20
                attempt = {"begun_at": at, "started_at": at, "over_at": at + 60, "stop_late": 0.01}
                pipe.hset(keys.attempt(f"{CAMPAIGN}:{row}:1"), mapping=attempt)
            pipe.execute()
    meta = {"state": "finished", "finished_at": ledger.time()}
    ledger.redis.hset(keys.campaign(CAMPAIGN, "meta"), mapping=meta)


def results(url: str, path: str) -> str:
    """Write the results to a file; say how many bytes it has."""
    ledger = Ledger(url)
    export(views.results(ledger, CAMPAIGN), Path(path))
    ledger.close()
    return str(Path(path).stat().st_size)


def report(url: str, path: str) -> str:
    """Write the page to a file; say how many calls it knows."""
    ledger = Ledger(url)
    with Entries(100) as entries:
        figures = figures_of(source_of(ledger, CAMPAIGN), entries, numbers=False, transcripts=True)
        write_page(figures, entries, Path(path))
    ledger.close()
    return str(figures.contacts)


def write_contacts(path: Path, count: int) -> None:
    """Write a file of so many contacts, no two of whom have one number."""
    lines = (f"c-{at},+1202{2_000_000 + at},Person {at}\n" for at in range(count))
    with path.open("w") as file:
        file.write("id,phone_number,name\n")
        file.writelines(lines)


def plan(path: str) -> str:
    """Plan a file; say how many would be called."""
    request = PlanRequest(
        path=Path(path),
        reading=Reading(in_sandbox=True),
        id=None,
        max_duration="60s",
        max_concurrency=20,
        expect_duration=None,
        at=None,
    )
    return str(planned(request, settings())["worst_case_minutes"])
