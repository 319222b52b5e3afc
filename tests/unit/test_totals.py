"""What the ledger counts on an account: each under one name, and told as a metric."""

from __future__ import annotations

import re
from pathlib import Path

import scheduler.ledger
from scheduler.worker import metrics

SCRIPTS = Path(scheduler.ledger.__file__).parent / "lua"
#: Of the names whose second part is only known as the script runs.
_FAMILIES = {"ended:", "webhooks:"}
#: Of the histogram of how late calls ended: its bounds, and the sum of all.
_OF_LATE_ENDS = {"end_late:", "end_late_ms"}


def counted() -> set[str]:
    """Return every name under which a script counts something."""
    scripts = "".join(path.read_text() for path in SCRIPTS.glob("*.lua"))
    return set(re.findall(r'\bcount\([^"\n]+, "([^"]+)"', scripts))


def test_whatever_a_script_counts_is_told_as_a_metric() -> None:
    told = {name for name, _ in metrics._TOTALS} | metrics._FATES.keys() | _FAMILIES | _OF_LATE_ENDS

    assert {"starts", "found", "ended:"} <= counted()
    assert counted() <= told
