"""An archive in files of anybody: of the release before, and with values of other types."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.errors import ConfigError
from scheduler.report.archived import source_in
from scheduler.report.figures import read

HEAD = {
    "campaign_id": "c",
    "name": "c",
    "state": "finished",
    "created_at": 1.0,
    "finished_at": 2,
    "stopped_itself": None,
    "controls": [{"at": 1.5, "what": "pause", "who": "ana@desk", "note": None}],
    "total": 3,
}
RECORD = {
    "state": "ended",
    "disposition": "stopped",
    "reason": None,
    "attempts": 1,
    "started_at": 1.0,
    "ended_at": 2,
    "duration_seconds": 1.0,
    "transcript": [{"speaker": "Ana", "text": "Good morning.", "started_at": 1.5}],
    "insights": {"topics": [{"text": "toys"}], "summary": "Toys."},
    "other": {"of": ["a", "later", "release"]},
}


def archive(folder: Path, head: object, *records: object) -> Path:
    (folder / "c.json").write_text(json.dumps(head))
    path = folder / "c.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    return path


def test_a_lost_answer_has_its_name_of_today(tmp_path: Path) -> None:
    lost = {"disposition": "unknown", "reason": "no_answer"}
    skipped = {"disposition": "skipped", "reason": "duplicate"}

    read = source_in(archive(tmp_path, HEAD, lost, skipped, RECORD)).records

    assert [record["reason"] for record in read] == ["answer_lost", "duplicate", None]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("answers", ["2"]),
        ("answers", {"confirm": 2}),
        ("attempts", "1"),
        ("attempts", -1),
        ("started_at", "yesterday"),
        ("started_at", float("nan")),
        ("ended_at", 1e300),
        ("duration_seconds", [1]),
        ("transcript", {"text": "hello"}),
        ("transcript", [{"text": 1}]),
        ("transcript", ["hello"]),
        ("insights", [1]),
        ("insights", {"topics": [["toys"]]}),
        ("disposition", {"of": 1}),
        ("phone_number", 12025550143),
    ],
)
def test_a_record_of_other_types_is_refused_with_its_line(
    tmp_path: Path, key: str, value: object
) -> None:
    path = archive(tmp_path, HEAD, RECORD, RECORD | {key: value})

    with pytest.raises(ConfigError, match=f"line 2 is no result: {key}"):
        list(source_in(path).records)


@pytest.mark.parametrize("record", [1, "hello", [RECORD], None])
def test_a_line_that_is_no_object_is_refused(tmp_path: Path, record: object) -> None:
    with pytest.raises(ConfigError, match="line 1 is no result"):
        list(source_in(archive(tmp_path, HEAD, record)).records)


@pytest.mark.parametrize(
    "change",
    [
        {"total": "3"},
        {"created_at": None},
        {"controls": [{"at": "then"}]},
        {"controls": "pause"},
        {"name": 1},
        {"max_concurrency": "many"},
    ],
)
def test_a_head_of_other_types_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    (key,) = change

    with pytest.raises(ConfigError, match=f"the file beside it is no archive: {key}"):
        source_in(archive(tmp_path, HEAD | change))


@pytest.mark.parametrize("head", [1, [], "c", {}])
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, head: object) -> None:
    with pytest.raises(ConfigError, match="the file beside it is no archive"):
        source_in(archive(tmp_path, head))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, None])
def test_a_head_that_can_not_be_read_is_named_in_one_line(
    tmp_path: Path, text: bytes | None
) -> None:
    path = archive(tmp_path, HEAD)
    head = path.with_name(path.name.removesuffix("l.gz"))
    head.unlink() if text is None else head.write_bytes(text)

    with pytest.raises(ConfigError, match=r"c\.json can't be read, which belongs") as caught:
        source_in(path)

    assert "\n" not in str(caught.value)


def test_what_was_pressed_is_read_and_may_be_missing(tmp_path: Path) -> None:
    records = (RECORD, RECORD | {"answers": {"confirm": "2", "pin": ""}})

    with_answers = read(source_in(archive(tmp_path, HEAD, *records)))

    assert with_answers.as_record()["answers"] == [
        {"question": "confirm", "answers": [{"keys": "2", "calls": 1}], "others": 0},
        {"question": "pin", "answers": [{"keys": "", "calls": 1}], "others": 0},
    ]
