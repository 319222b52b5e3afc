"""How many calls a second one machine dials and stops: the account's limit does not bind.

    python benchmarks/rate.py [CALLS] [SECONDS] [--insights]

Sandbox, Redis, both workers and this program share the machine. Every call is stopped after
SECONDS; the rate is that of the middle 80 % of the accepted starts. `--insights` adds sockets and
the default insights. Processor time is that of our processes, by the kernel's account.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import lateness
from spent import adopt_orphans, children_seconds


def contacts(count: int) -> str:
    """Return a table of meetings behind a hundred numbers kept for fiction: a party each."""
    rows = (f"+12025550{100 + at % 100},{at}#" for at in range(count))
    return "\n".join(["phone_number,dtmf", *rows]) + "\n"


def run(
    calls: int,
    seconds: float,
    insights: bool,
    folder: Path,
    starts_per_second: float = 0.0,
    *,
    workers: int = 2,
    settings: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Run a campaign to its end and return what the sandbox saw."""
    adopt_orphans()
    (folder / "contacts.csv").write_text(contacts(calls))
    campaign = folder / "campaign.yaml"
    policy = "" if insights else "insights: []\n"
    policy += f"max_starts_per_second: {starts_per_second:g}\n" if starts_per_second else ""
    campaign.write_text(f"contacts: contacts.csv\n{policy}")
    journal = folder / "journal.jsonl"
    words = [sys.executable, "-m", "scheduler.sandbox", "--limit", "10000"]
    with subprocess.Popen(
        [*words, "--journal", str(journal)], stdout=subprocess.PIPE, text=True
    ) as sandbox:
        try:
            assert sandbox.stdout is not None
            url = sandbox.stdout.readline().strip()
            more = {"CALLSCHED_LISTENER_SOCKETS": "5000" if insights else "0"} | (settings or {})
            _call(campaign, url, seconds, folder, workers, more)
        finally:
            sandbox.terminate()
    return [json.loads(line) for line in journal.read_text().splitlines()]


def _call(
    campaign: Path, url: str, seconds: float, folder: Path, workers: int, more: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "scheduler.cli", "run", str(campaign), "--yes", "--json"]
    command += ["--max-duration", f"{seconds:g}s", "--max-concurrency", "10000"]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": url,
        "CALLSCHED_SYMBL_APP_ID": "benchmark",
        "CALLSCHED_SYMBL_APP_SECRET": "benchmark",
    }
    environment |= more
    command += ["--workers", str(workers)]
    with (folder / "run.err").open("w") as said:
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=said)


def report(journal: list[dict[str, Any]], seconds: float) -> None:
    """Print the figures that matter to a user."""
    accepted = sorted(event["at"] for event in journal if event["event"] == "accepted")
    middle = accepted[len(accepted) // 10 : len(accepted) * 9 // 10]
    print(f"accepted starts      {len(middle) / (middle[-1] - middle[0]):.0f} a second")
    print(f"live at most         {max(e.get('live') or 0 for e in journal)}")
    lateness.of(journal, seconds).show()
    spent = children_seconds() / len(accepted)
    print(f"processor time       {spent * 1000:.1f} ms a call, sandbox and Redis included")


def main() -> None:
    """Run once and report."""
    given = [word for word in sys.argv[1:] if not word.startswith("--")]
    calls = int(given[0]) if given else 3000
    seconds = float(given[1]) if len(given) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        report(run(calls, seconds, "--insights" in sys.argv, Path(folder)), seconds)


if __name__ == "__main__":
    main()
