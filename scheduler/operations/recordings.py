"""Lists the recordings of a campaign's calls, and downloads them."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

from scheduler.errors import AccountFault, ConfigError, ProviderError, Refused, SchedulerError
from scheduler.fields.contact_label import label_of
from scheduler.ledger import erasure, insights, views
from scheduler.ledger.connections import PlacedConnection, connections_of
from scheduler.ledger.insights import Collected
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.operations.patience import patiently
from scheduler.operations.progress import Count, Counting, uncounted
from scheduler.providers import Recording, Records

#: Characters that a file name must not take from a name that somebody else has chosen.
_UNSAFE = re.compile(r"[^\w.-]+")
_MOST_NAME_BYTES = 80


@dataclass(frozen=True, slots=True)
class CallRecording:
    """A recording of a call; or the error if those of a call can't be listed."""

    contact_id: str
    label: str  #: the contact's name for a person
    file_label: str  #: its name in a file name, without a number
    row: int
    attempt: int
    recording: Recording | None
    error: str = ""  #: why it could not be listed or downloaded
    file: str = ""  #: its path, once it is downloaded

    @property
    def name(self) -> str:
        """The name of its file, which can't lead out of a folder or hide the file."""
        which = safe(self.recording.recording_id) if self.recording else ""
        return f"{self.file_label}-{self.attempt}-{which}.wav"

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = self.recording or Recording("")
        return {
            "contact_id": self.contact_id,
            "row": self.row,
            "attempt": self.attempt,
            "recording_id": found.recording_id or None,
            "duration_seconds": found.duration_seconds,
            "channels": found.channels if self.recording else None,
            "is_complete": found.is_complete,
            "file": self.file or None,
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """The recordings of some calls."""

    recordings: tuple[CallRecording, ...]
    erased: int  #: attempts whose recordings were erased

    @property
    def is_whole(self) -> bool:
        """Whether every recording could be listed, and is complete."""
        return all(
            not one.error and one.recording is not None and one.recording.is_complete
            for one in self.recordings
        )


class ListsRecordings(Protocol):
    """Lists recordings: a provider, or `Unreached`."""

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        """Return the recordings of a connection. Raises ProviderError."""


class Unreached:
    """Replaces a provider that can't be asked; recordings that the ledger knows stay listed."""

    def __init__(self, why: SchedulerError) -> None:
        self._why = why

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        """Raise the error."""
        raise self._why


def safe(name: str) -> str:
    """Return a name as a safe beginning of a file name."""
    plain = _UNSAFE.sub("_", name).lstrip(".-")
    return plain.encode()[:_MOST_NAME_BYTES].decode(errors="ignore")


# Which there are ----------------------------------------------------------------------------------


def listed(
    ledger: Ledger,
    provider: ListsRecordings,
    campaign: CampaignView,
    contact: str | None,
    counting: Counting = uncounted,
) -> Listed:
    """List the recordings of every attempt that has a connection, of one contact or of all.

    It asks the provider unless the ledger has all of a call's. An item has the error if a call's
    can't be listed. Raises LedgerError, AccountFault or ConfigError if none can be had.
    """
    campaign.expect_kept()
    rows: Iterator[int] | list[int] = erasure.called_rows(ledger, campaign.campaign_id)
    if contact is not None:
        rows = [views.find_row(ledger, campaign.campaign_id, contact)]
    found: list[CallRecording] = []
    erased = 0
    with counting("looking", "calls") as counted:
        for done, row in enumerate(rows, start=1):
            connections = connections_of(ledger, campaign.campaign_id, row)
            kept = [each for each in connections if not each.is_erased]
            erased += len(connections) - len(kept)
            found += _of_call(ledger, provider, campaign, row, kept)
            counted(done, 1 if contact else campaign.dials)
    return Listed(tuple(found), erased)


def _of_call(
    ledger: Ledger,
    provider: ListsRecordings,
    campaign: CampaignView,
    row: int,
    kept: Sequence[PlacedConnection],
) -> Iterator[CallRecording]:
    if not kept:
        return
    record = views.result(ledger, campaign.campaign_id, row)
    who = (record["contact_id"], label_of(record, row), _file_label(record, row), row)
    collected = insights.collected(ledger, [str(each.attempt) for each in kept])
    for each, spoken in zip(kept, collected, strict=True):
        number = each.attempt.number
        try:
            recordings = _recordings(provider, each, spoken)
        except AccountFault:
            raise
        except ProviderError as error:
            yield CallRecording(*who, number, None, mask_text(str(error)))
        else:
            yield from (CallRecording(*who, number, one) for one in recordings)


def _file_label(record: Mapping[str, Any], row: int) -> str:
    """Return the contact's id for a file name; its row if the id would show its number."""
    address = record["phone_number"] or record["sip_uri"]
    is_address = address and record["contact_id"].startswith(address)
    return ("" if is_address else safe(record["contact_id"])) or f"row{row}"


def _recordings(
    provider: ListsRecordings, each: PlacedConnection, spoken: Collected | None
) -> Sequence[Recording]:
    """Return the recordings of an attempt from its result, else from its provider."""
    known = (spoken or {}).get("recordings", ()) if each.is_first else ()
    # One without a length was incomplete when the worker gave up reading.
    if known and all(one["duration_seconds"] is not None for one in known):
        return [
            Recording(one["recording_id"], one["duration_seconds"], one["channels"], True)
            for one in known
        ]
    return patiently(provider.recordings, each.connection_id)


# Their sound --------------------------------------------------------------------------------------


def save(provider: Records, found: Listed, folder: Path, counting: Counting = uncounted) -> Listed:
    """Download each complete recording into a folder; return the list with paths and errors.

    Files that exist stay as they are, so repeat this after an interruption. Raises ConfigError if
    the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with counting("downloading", "recordings") as counted:
            return replace(found, recordings=tuple(_saved(provider, found, folder, counted)))
    except OSError as error:
        raise ConfigError(f"{folder} can't be written to: {error.strerror}") from error


def _saved(
    provider: Records, found: Listed, folder: Path, counted: Count
) -> Iterator[CallRecording]:
    fault = ""  #: an AccountFault, after which no other recording can be had
    for done, each in enumerate(found.recordings, start=1):
        if each.error or each.recording is None or not each.recording.is_complete:
            yield each
        elif fault:
            yield replace(each, error=fault)
        else:
            path = folder / each.name
            try:
                patiently(_download, provider, each.recording.recording_id, path)
                yield replace(each, file=str(path))
            except ProviderError as error:
                why = mask_text(str(error))
                fault = why if isinstance(error, AccountFault) else ""
                yield replace(each, error=why)
        counted(done, len(found.recordings))


def _download(provider: Records, recording_id: str, path: Path) -> None:
    """Download a recording; the file appears once all of it is on the disk.

    After an interruption the `.part` file keeps what has come, and the download goes on from there.
    """
    part = path.with_name(path.name + ".part")
    if path.exists():
        return
    with part.open("ab") as file:
        _claim(file)
        if path.exists():  # somebody else has just finished it, perhaps by renaming this file
            part.unlink(missing_ok=True)
            return
        try:
            _append(provider, recording_id, file)
        except Refused:
            if not file.tell():
                raise
            # The part is of another recording, or complete: the provider does not say which.
            file.truncate(0)
            _append(provider, recording_id, file)
        os.fsync(file.fileno())
        part.replace(path)
    _keep_name(path)


def _claim(file: IO[bytes]) -> None:
    """Lock a file against other downloads. Raises ProviderError if one has the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ProviderError("somebody else is downloading it to the same folder") from None


def copy(provider: Records, recording_id: str, file: IO[bytes], most_bytes: int) -> None:
    """Write a recording to a file. Raises ProviderError; Refused if it has over `most_bytes`."""
    patiently(_copy, provider, recording_id, file, most_bytes)


def _copy(provider: Records, recording_id: str, file: IO[bytes], most_bytes: int) -> None:
    file.seek(0)
    file.truncate(0)
    with provider.download(recording_id, 0) as pieces:
        for piece in pieces:
            if file.tell() + len(piece) > most_bytes:
                raise Refused(f"the recording has more than {most_bytes:,} bytes")
            file.write(piece)


def _append(provider: Records, recording_id: str, file: IO[bytes]) -> None:
    offset = file.seek(0, os.SEEK_END)
    with provider.download(recording_id, offset) as pieces:
        for piece in pieces:
            file.write(piece)
    file.flush()


def _keep_name(path: Path) -> None:
    """Write a file's name to the disk: fsync of the folder."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
