"""Recordings of calls are listed of every attempt, and had as files that are whole or not there."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from scheduler.errors import (
    AccountFault,
    ConfigError,
    LedgerError,
    ProviderError,
    Refused,
    Throttled,
)
from scheduler.ledger import callbacks, erasure, views
from scheduler.models import Attempt, Contact, Row
from scheduler.operations.patience import patiently
from scheduler.operations.recordings import Listed, listed, safe, save
from scheduler.providers import Recording
from tests.integration.ledger import Books
from tests.toy_provider.shelf import SOUND, Shelf

ONE, TWO, THREE = (Recording(name, 2.0, 2, is_complete=True) for name in ("R1", "R2", "R3"))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def recorded(books: Books, shelf: Shelf, *recordings: Recording) -> Attempt:
    """Bring the next call to its end; so much was recorded of it."""
    attempt = books.confirmed()
    shelf.recorded[f"connection {attempt}"] = list(recordings)
    return attempt


def look(books: Books, shelf: Shelf, contact: str | None = None, campaign_id: str = "c") -> Listed:
    return listed(books.ledger, shelf, views.campaign(books.ledger, campaign_id), contact)


def ids(found: Listed) -> list[tuple[int, int, str]]:
    return [
        (each.row, each.attempt, each.recording.recording_id if each.recording else each.error)
        for each in found.recordings
    ]


# Which there are


def test_they_are_listed_of_every_attempt_with_a_connection(books: Books, shelf: Shelf) -> None:
    books.campaign(3)
    recorded(books, shelf, ONE, TWO)
    recorded(books, shelf)
    for number, attempt in enumerate(books.two_legs()):
        books.confirm(attempt)
        shelf.recorded[f"connection {attempt}"] = [(ONE, TWO)[number]]

    assert ids(look(books, shelf)) == [(1, 1, "R1"), (1, 1, "R2")]
    assert ids(look(books, shelf, "#2")) == []
    assert ids(look(books, shelf, campaign_id="legs")) == [(1, 1, "R1"), (1, 2, "R2")]


def test_what_stands_in_the_result_is_not_asked_for(books: Books, shelf: Shelf) -> None:
    books.campaign(2)
    read, unread = books.confirmed(), books.confirmed()
    known = {"recording_id": "R7", "duration_seconds": 3.0, "channels": 1}
    assert books.keep_collected(read, {"recordings": [known]})
    assert books.keep_collected(unread, {"recordings": []})
    shelf.recorded[f"connection {unread}"] = []

    found = look(books, shelf)

    assert [each.recording for each in found.recordings] == [Recording("R7", 3.0, 1, True)]
    assert shelf.listed == [f"connection {unread}"]
    assert found.is_whole


def test_what_was_not_complete_when_it_was_read_is_asked_for(books: Books, shelf: Shelf) -> None:
    books.campaign(1)
    attempt = recorded(books, shelf, ONE)
    known = {"recording_id": "R1", "duration_seconds": None, "channels": 2}
    assert books.keep_collected(attempt, {"recordings": [known]})

    assert [each.recording for each in look(books, shelf).recordings] == [ONE]


def test_a_second_connection_of_an_attempt_is_looked_at_too(books: Books, shelf: Shelf) -> None:
    books.campaign(1)
    attempt = books.connected()
    callbacks.arrived(books.ledger, books.account, attempt, "another", now=books.now)
    books.confirm(attempt)
    shelf.recorded = {f"connection {attempt}": [ONE], "another": [TWO]}

    assert ids(look(books, shelf)) == [(1, 1, "R1"), (1, 1, "R2")]


def test_what_was_erased_has_none(books: Books, shelf: Shelf) -> None:
    books.campaign(2)
    gone, stays = recorded(books, shelf, ONE), recorded(books, shelf, TWO)
    erasure.erase(books.ledger, "c", gone.row)

    found = look(books, shelf)

    assert ids(found) == [(stays.row, 1, "R2")]
    assert found.erased == 1
    assert shelf.listed == [f"connection {stays}"]


def test_what_can_t_be_listed_says_so_and_the_others_are(books: Books, shelf: Shelf) -> None:
    books.campaign(2)
    attempt = recorded(books, shelf, ONE)
    recorded(books, shelf, TWO)
    shelf.raises[f"connection {attempt}"] = [ProviderError("no answer from +12025550143")]

    found = look(books, shelf)

    assert ids(found) == [(1, 1, "no answer from …0143"), (2, 1, "R2")]
    assert not found.is_whole


def test_an_account_that_is_refused_ends_it(books: Books, shelf: Shelf) -> None:
    books.campaign(1)
    attempt = recorded(books, shelf, ONE)
    shelf.raises[f"connection {attempt}"] = [AccountFault("no such account")]

    with pytest.raises(AccountFault):
        look(books, shelf)
    with pytest.raises(LedgerError, match="no contact nobody"):
        look(books, shelf, "nobody")


# As files


@pytest.fixture
def found(books: Books, shelf: Shelf) -> Listed:
    """Two recordings of one call."""
    books.campaign(1)
    recorded(books, shelf, ONE, TWO)
    return look(books, shelf)


def test_each_is_a_file_of_its_own(found: Listed, shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    saved = save(shelf, found, folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "row1-1-R1.wav": SOUND,
        "row1-1-R2.wav": SOUND,
    }
    assert [each.file for each in saved.recordings] == [
        str(folder / "row1-1-R1.wav"),
        str(folder / "row1-1-R2.wav"),
    ]
    assert saved.is_whole


def test_what_is_there_is_not_asked_for_again(found: Listed, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "row1-1-R1.wav").write_bytes(b"as it was")

    saved = save(shelf, found, tmp_path)

    assert shelf.downloads == [("R2", 0)]
    assert (tmp_path / "row1-1-R1.wav").read_bytes() == b"as it was"
    assert all(each.file for each in saved.recordings)


def test_what_broke_off_goes_on_where_it_stood(found: Listed, shelf: Shelf, tmp_path: Path) -> None:
    shelf.breaks_off_after = 5
    first = save(shelf, found, tmp_path)
    assert [each.error for each in first.recordings] == ["it broke off"] * 2
    assert not first.is_whole
    assert {path.name for path in tmp_path.iterdir()} == {
        "row1-1-R1.wav.part",
        "row1-1-R2.wav.part",
    }
    shelf.breaks_off_after = None

    second = save(shelf, found, tmp_path)

    assert shelf.downloads == [("R1", 0), ("R2", 0), ("R1", 6), ("R2", 6)]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "row1-1-R1.wav": SOUND,
        "row1-1-R2.wav": SOUND,
    }
    assert second.is_whole


@pytest.mark.parametrize("part", [SOUND, b"of something longer"])
def test_a_part_that_can_t_be_gone_on_with_is_begun_anew(
    found: Listed, shelf: Shelf, tmp_path: Path, part: bytes
) -> None:
    (tmp_path / "row1-1-R1.wav.part").write_bytes(part)

    save(shelf, found, tmp_path)

    assert shelf.downloads[:2] == [("R1", len(part)), ("R1", 0)]
    assert (tmp_path / "row1-1-R1.wav").read_bytes() == SOUND


def test_it_is_begun_anew_once_only(found: Listed, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "row1-1-R1.wav.part").write_bytes(b"so")
    shelf.raises["R1"] = [Refused("no"), Refused("never")]

    saved = save(shelf, found, tmp_path)

    assert [each.error for each in saved.recordings] == ["never", ""]
    assert shelf.downloads == [("R1", 2), ("R1", 0), ("R2", 0)]


def test_what_somebody_else_downloads_is_left_to_them(
    found: Listed, shelf: Shelf, tmp_path: Path
) -> None:
    with (tmp_path / "row1-1-R1.wav.part").open("wb") as theirs:
        theirs.write(b"so")
        theirs.flush()
        fcntl.flock(theirs, fcntl.LOCK_EX)

        saved = save(shelf, found, tmp_path)

    assert "somebody else is downloading it" in saved.recordings[0].error
    assert shelf.downloads == [("R2", 0)]
    assert (tmp_path / "row1-1-R1.wav.part").read_bytes() == b"so"


def test_what_is_not_complete_is_not_asked_for(books: Books, shelf: Shelf, tmp_path: Path) -> None:
    books.campaign(1)
    recorded(books, shelf, Recording("R1"))

    saved = save(shelf, look(books, shelf), tmp_path)

    assert not saved.is_whole
    assert shelf.downloads == []
    assert [*tmp_path.iterdir()] == []


def test_once_the_account_is_refused_no_other_is_tried(
    found: Listed, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.raises["R1"] = [AccountFault("closed")]

    saved = save(shelf, found, tmp_path)

    assert [each.error for each in saved.recordings] == ["closed", "closed"]
    assert shelf.downloads == [("R1", 0)]


def test_a_folder_that_is_none_is_said(found: Listed, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="file can't be written to"):
        save(shelf, found, tmp_path / "file")


def test_too_many_requests_are_waited_out(
    found: Listed, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patiently, "sleep", lambda seconds: None)
    shelf.raises["R1"] = [Throttled("slow down"), Throttled("slow down")]

    assert save(shelf, found, tmp_path).is_whole


# Their names


def test_whatever_a_contact_is_called_its_files_stay_in_the_folder(
    books: Books, shelf: Shelf, tmp_path: Path
) -> None:
    called = [
        "../../etc/passwd",
        "-rf",
        "..",
        "+12025550104",
        "+12025550105,1#",
        "Zoë 東京",
        "x" * 300,
    ]
    books.create()
    books.load(Row(Contact(name, f"+1202555010{n}"), n) for n, name in enumerate(called, start=1))
    books.seal()
    books.learn(50)
    for n, _ in enumerate(called):
        recorded(books, shelf, Recording(f"R{n}/../..", is_complete=True))

    save(shelf, look(books, shelf), tmp_path / "in")

    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    names = sorted(path.name for path in (tmp_path / "in").iterdir())
    assert len(names) == len(called)
    assert all("+1202" not in name and name[0] not in ".-" for name in names)
    assert "row4-1-R3_.._...wav" in names
    assert "Zoë_東京-1-R5_.._...wav" in names


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a/b", "a_b"), ("a\0b\nc", "a_b_c"), (".hidden", "hidden"), ("東" * 50, "東" * 26), ("", "")],
)
def test_a_name_is_made_safe(name: str, shown: str) -> None:
    assert safe(name) == shown
