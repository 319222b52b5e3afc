"""An API that keeps recordings and records of calls, and can be made to delete both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scheduler.errors import ProviderError, Refused
from scheduler.providers import Erased, Recording

SOUND = b"so it sounds"


class Shelf:
    """What it keeps of each connection. What it is asked, and raises, a test says."""

    def __init__(self) -> None:
        self.recorded: dict[str, list[Recording]] = {}
        self.sound: dict[str, bytes] = {}  #: SOUND where none is said
        self.breaks_off_after: int | None = None  #: bytes of a stream
        self.raises: dict[str, list[ProviderError]] = {}  #: by id, one after the other
        self.listed: list[str] = []
        self.downloads: list[tuple[str, int]] = []
        self.erased: list[str] = []

    def recordings(self, connection_id: str) -> Sequence[Recording]:
        self.listed.append(connection_id)
        self._raise(connection_id)
        return list(self.recorded.get(connection_id, ()))

    @contextmanager
    def download(self, recording_id: str, offset: int) -> Iterator[Iterator[bytes]]:
        self.downloads.append((recording_id, offset))
        self._raise(recording_id)
        whole = self.sound.get(recording_id, SOUND)
        if offset and offset >= len(whole):
            raise Refused("it has no such byte")
        yield self._pieces(whole[offset:])

    def erase_call(self, connection_id: str) -> Erased:
        self._raise(connection_id)
        self.erased.append(connection_id)
        gone = len(self.recorded.pop(connection_id, ()))
        return Erased(gone, "their names for a year" if gone else "")

    def _pieces(self, sound: bytes) -> Iterator[bytes]:
        for at in range(0, len(sound), 3):
            if self.breaks_off_after is not None and at >= self.breaks_off_after:
                raise ProviderError("it broke off")
            yield sound[at : at + 3]

    def _raise(self, name: str) -> None:
        if errors := self.raises.get(name):
            raise errors.pop(0)
