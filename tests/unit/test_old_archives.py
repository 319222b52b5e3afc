"""An archive that the release before wrote: its reasons are read by their names of today."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from scheduler.report.archived import source_in

HEAD = {
    "campaign_id": "c",
    "name": "c",
    "state": "finished",
    "created_at": 1.0,
    "finished_at": 2.0,
    "stopped_itself": None,
    "controls": [],
    "total": 3,
}


def test_a_lost_answer_has_its_name_of_today(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(HEAD))
    records = [
        {"disposition": "unknown", "reason": "no_answer"},
        {"disposition": "skipped", "reason": "duplicate"},
        {"disposition": "hung_up", "reason": None},
    ]
    path = tmp_path / "c.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))

    read = source_in(path).records

    assert [record["reason"] for record in read] == ["answer_lost", "duplicate", None]
