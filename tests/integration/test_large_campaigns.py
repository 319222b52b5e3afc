"""What is made of a large campaign takes hardly more memory than of a small one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.ledger.ledger import Ledger
from tests.growth import grown
from tests.integration.finished import fill, write_contacts

#: So many that a call's share can be told from what one and the same export takes differently each
#: time, some 0.1 MB: that is 10 bytes a call.
FEW, MANY = 2_000, 12_000
#: 1,000,000 calls may take what a process may have, 200 MB, less its own 60.
MOST_BYTES_A_CALL = 130


def test_a_call_more_takes_next_to_no_memory(
    ledger: Ledger, redis_url: str, tmp_path: Path
) -> None:
    made = ["results:csv", "report:html"]
    took = {}
    for count in (FEW, MANY):
        ledger.redis.flushall()
        fill(ledger, count)
        for what in made:
            function, _, ending = what.partition(":")
            path = str(tmp_path / f"{count}.{ending}")
            took[what, count] = grown(f"tests.integration.finished:{function}", redis_url, path)

    for what in made:
        few, many = took[what, FEW], took[what, MANY]
        assert many.said != few.said
        assert (many.bytes - few.bytes) / (MANY - FEW) < MOST_BYTES_A_CALL, what


def test_a_row_more_of_a_plan_takes_next_to_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSCHED_CALLING_HOURS", "always")
    monkeypatch.setenv("CALLSCHED_STATE_DIR", str(tmp_path))
    few, many = 20_000, 60_000  # from that many rows on a second process checks some of them
    took = {}
    for count in (few, many):
        path = tmp_path / f"{count}.csv"
        write_contacts(path, count)
        took[count] = grown("tests.integration.finished:plan", str(path))

    assert took[many].said != took[few].said
    assert (took[many].bytes - took[few].bytes) / (many - few) < MOST_BYTES_A_CALL
