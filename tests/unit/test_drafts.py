"""Folders in which campaigns come in: whose they are, and when they go."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scheduler.operations import drafts
from scheduler.operations.drafts import NoSuchDraft, Sink, TooLong


def names(state: Path) -> set[str]:
    return {each.name for each in (state / "incoming").iterdir()}


def test_what_a_dead_process_left_is_cleared_and_what_another_works_on_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = drafts._made(tmp_path, "passing-left")
    kept = drafts.keep(tmp_path, "ada")
    with drafts.passing(tmp_path) as draft:
        drafts.clear(tmp_path)
        assert left.exists()  # it may have been made this very moment
        soon = time.time() + 60
        monkeypatch.setattr("scheduler.operations.drafts.time.time", lambda: soon)
        drafts.clear(tmp_path)
        assert names(tmp_path) == {draft.id, kept.id}
    assert names(tmp_path) == {kept.id}
    assert drafts.find(tmp_path, kept.id, "ada") == kept


def test_a_draft_is_its_owners_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = drafts.keep(tmp_path, "ada")
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    for who, which in (("bo", kept.id), ("ada", "0" * 32), ("ada", "../../etc")):
        with pytest.raises(NoSuchDraft):
            drafts.find(tmp_path, which, who)
    later = time.time() + drafts.KEPT_SECONDS + 60
    monkeypatch.setattr("scheduler.operations.drafts.time.time", lambda: later)
    with pytest.raises(NoSuchDraft):
        drafts.find(tmp_path, kept.id, "ada")
    drafts.clear(tmp_path)
    assert not names(tmp_path)


def test_a_sink_takes_so_much_and_no_more(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "file", 10)
    sink.write(b"0123456789")
    with pytest.raises(TooLong):
        sink.write(b"x")
    sink.close()
    assert (tmp_path / "file").read_bytes() == b"0123456789"
