"""How fully the limit is used, and how late calls end: 300 contacts, 20 slots, calls of 2 s.

    python benchmarks/campaign.py [CONTACTS] [LIMIT] [SECONDS]

Runs `callsched run --sandbox` and reads the sandbox's journal. The ideal is the number of contacts,
divided by the limit, times the length of a call.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import lateness

AREA_CODES = (202, 212, 213, 303, 305, 312, 415, 503, 617, 702, 713, 206)


def numbers(count: int) -> list[str]:
    """Return numbers from the range kept for fiction; there are 100 for each area code."""
    return [f"+1{AREA_CODES[at // 100]}55501{at % 100:02d}" for at in range(count)]


def run(contacts: int, limit: int, seconds: float, folder: Path) -> list[dict[str, Any]]:
    """Run a campaign to its end and return what the sandbox saw."""
    file = folder / "contacts.csv"
    file.write_text("\n".join(["phone_number", *numbers(contacts)]) + "\n")
    command = [sys.executable, "-m", "scheduler.cli", "run", str(file), "--sandbox"]
    command += ["--max-duration", f"{seconds:g}s", "--max-concurrency", str(limit), "--json"]
    environment = os.environ | {
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_CALLING_HOURS": "always",
    }
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    journal = folder / "state" / "sandbox" / "journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()]


def report(journal: list[dict[str, Any]], contacts: int, limit: int, seconds: float) -> None:
    """Print the figures that matter to a user."""
    accepted = [event for event in journal if event["event"] == "accepted"]
    ended = [event["at"] for event in journal if event["event"] == "ended"]
    took = max(ended) - min(event["at"] for event in accepted)
    dials = Counter(event["phone_number"] for event in accepted)
    print(
        f"accepted starts      {len(accepted)} for {contacts} contacts,"
        f" {max(dials.values())} for one at most"
    )
    print(f"live at most         {max(event['live'] for event in accepted)} of {limit}")
    refused = sum(event["event"] == "refused" for event in journal)
    print(f"refused              {refused}")
    lateness.of(journal, seconds).show()
    ideal = contacts / limit * seconds
    print(f"calling took         {took:.2f} s, {took / ideal:.3f} times the ideal of {ideal:.0f} s")


def main() -> None:
    """Run once and report."""
    given = [float(argument) for argument in sys.argv[1:]]
    contacts, limit, seconds = (*given, *(300.0, 20.0, 2.0)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        journal = run(int(contacts), int(limit), seconds, Path(folder))
    report(journal, int(contacts), int(limit), seconds)


if __name__ == "__main__":
    main()
