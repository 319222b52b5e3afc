"""Drafts: campaigns that were sent to the web and are not launched yet, as files.

Each has its own folder in the state folder, which is locked while a process works on it. A draft of
a single request ends with the request; one that a person prepares stays for a day. A process that
dies leaves a folder without a lock, which the next process removes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from scheduler import private
from scheduler.errors import LedgerError, SchedulerError, refusal
from scheduler.private import unusable

#: How long a draft that a person prepares is kept.
KEPT_SECONDS = 24 * 3600.0
#: How many drafts may be prepared at once.
MOST_KEPT = 50
_FOLDER = "incoming"
_DOCUMENT = "campaign.yaml"
_ID = re.compile(r"[0-9a-f]{32}")
_PASSING = "passing-"
#: How many unpacked bytes to write at once.
_PIECE_BYTES = 1 << 18
#: Characters that JSON allows, and that YAML takes for the end of a line or for no text.
_YAML_ESCAPES = {"\x7f": "\\u007f", "\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class TooLong(SchedulerError):
    """More was sent than CALLSCHED_WEB_MAX_BODY allows."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} bytes, which CALLSCHED_WEB_MAX_BODY allows")


class NoSuchDraft(LedgerError):
    """There is no such draft, or it belongs to somebody else, or it is older than a day."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The folder of a draft."""

    folder: Path

    @property
    def id(self) -> str:
        """Its id in URLs."""
        return self.folder.name

    def path(self, name: str) -> Path:
        """Return the path of a file in it."""
        return self.folder / name

    def document(self, policy: dict[str, object], contacts: str) -> Path:
        """Write the campaign's document: its policy, and the name of the file of its contacts."""
        try:
            text = json.dumps({**policy, "contacts": contacts}, ensure_ascii=False)
        except RecursionError:
            raise refusal("campaign", "nested too deeply", code="json") from None
        for sign, escape in _YAML_ESCAPES.items():
            text = text.replace(sign, escape)
        try:
            self.path(_DOCUMENT).write_bytes(text.encode())
        except UnicodeEncodeError:
            raise refusal("campaign", "expected text, got half a character", code="json") from None
        return self.path(_DOCUMENT)

    def note(self, values: dict[str, object]) -> None:
        """Write facts about the draft beside it."""
        with private.opened(self.path("draft.json"), anew=True) as file:
            file.write(json.dumps(values).encode())

    def noted(self) -> dict[str, object]:
        """Return the facts about the draft."""
        found: dict[str, object] = json.loads(self.path("draft.json").read_bytes())
        return found


class Sink:
    """Writes incoming bytes to a file, up to a bound, and unpacks gzip."""

    def __init__(self, path: Path, most: int, *, packed: bool = False) -> None:
        self._most = most
        self._came = self._written = 0
        self._unpacker = zlib.decompressobj(wbits=31) if packed else None
        self._file = private.opened(path, anew=True)

    def write(self, data: bytes) -> None:
        """Write some bytes. Raises TooLong, and CampaignError for damaged gzip."""
        self._came += len(data)
        if self._came > self._most:
            raise TooLong(self._most)
        if self._unpacker is None:
            self._put(data)
            return
        try:
            self._unpack(data)
        except zlib.error as error:
            raise _damaged(str(error)) from None

    def _unpack(self, data: bytes) -> None:
        while data and self._unpacker is not None:
            if self._unpacker.eof:  # another member follows
                self._unpacker = zlib.decompressobj(wbits=31)
            self._put(self._unpacker.decompress(data, _PIECE_BYTES))
            data = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def _put(self, data: bytes) -> None:
        self._written += len(data)
        if self._written > self._most:
            raise TooLong(self._most)
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise unusable(Path(str(self._file.name)), error) from None

    def done(self) -> None:
        """Close it. Raises CampaignError if packed data is cut off."""
        self._file.close()
        if self._unpacker is not None and not self._unpacker.eof:
            raise _damaged("it is cut off")

    def close(self) -> None:
        """Close it, complete or not."""
        self._file.close()


def _damaged(why: str) -> SchedulerError:
    return refusal("campaign", f"this gzip file is cut off or damaged: {why}")


@contextmanager
def passing(state_dir: Path) -> Iterator[Draft]:
    """Yield a draft that is removed at the end of the block. Raises ConfigError."""
    folder = _made(state_dir, _PASSING + token_hex(16))
    try:
        with _locked(folder):
            yield Draft(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(state_dir: Path, owner: str) -> Draft:
    """Make a draft that its owner can find for a day. Raises LedgerError if there are too many."""
    root = private.state_folder(state_dir, _FOLDER)
    clear(state_dir)
    if sum(not each.name.startswith(_PASSING) for each in root.iterdir()) >= MOST_KEPT:
        raise LedgerError(f"there are {MOST_KEPT} drafts already: launch one, or discard one")
    draft = Draft(_made(state_dir, token_hex(16)))
    draft.note({"owner": owner})
    return draft


def find(state_dir: Path, draft_id: str, owner: str) -> Draft:
    """Return a draft that belongs to this owner. Raises NoSuchDraft."""
    gone = NoSuchDraft(
        "there is no such draft: it belongs to somebody else, or is older than a day"
    )
    if _ID.fullmatch(draft_id) is None:
        raise gone
    draft = Draft(private.state_folder(state_dir, _FOLDER) / draft_id)
    try:
        is_theirs = draft.noted().get("owner") == owner
    except (OSError, ValueError):
        raise gone from None
    if not is_theirs or _age(draft.folder) > KEPT_SECONDS:
        raise gone
    return draft


def discard(draft: Draft) -> None:
    """Remove a draft."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def clear(state_dir: Path) -> None:
    """Remove drafts that are a day old, and those of requests whose process has died."""
    for folder in private.state_folder(state_dir, _FOLDER).iterdir():
        is_old = _age(folder) > KEPT_SECONDS
        if is_old or (folder.name.startswith(_PASSING) and _is_left(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _made(state_dir: Path, name: str) -> Path:
    return private.state_folder(state_dir, _FOLDER, name)


def _age(folder: Path) -> float:
    with suppress(OSError):
        return time.time() - folder.stat().st_ctime
    return 0.0


def _is_left(folder: Path) -> bool:
    """Whether no process works on a draft. False for a new folder, which may not be locked yet."""
    if _age(folder) < 5:
        return False
    with suppress(OSError), _locked(folder):
        return True
    return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder. Raises BlockingIOError if somebody else holds it."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(fd, LOCK_EX | LOCK_NB)
        yield
    finally:
        os.close(fd)


def begins(path: Path, count: int = 8) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(count)


def opened(path: Path) -> BinaryIO:
    """Open a file of a draft to read it."""
    return path.open("rb")
