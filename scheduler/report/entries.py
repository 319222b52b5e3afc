"""Which calls a page lists, in which order, and what of each of them.

They wait in files: neither a hundred thousand rows nor what was said in them lies in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from scheduler.hours.number_zones import number_zones
from scheduler.models import CallState, Disposition, Reason
from scheduler.reached import reached_in, why
from scheduler.report.answers import answers_in
from scheduler.report.foreign_text import address_of, contact_of, message, quoted, shown
from scheduler.report.topics import LISTS
from scheduler.report.transcripts import spoken
from scheduler.report.wording import detail, label

#: Transcripts on a page: at most so many characters of one call, and bytes of all calls.
MOST_CHARACTERS_OF_A_CALL = 100_000
MOST_BYTES = 20_000_000

_LONGEST_NAME = 80
_LONGEST_ERROR = 500
_LONGEST_DETAIL = 120
_LONGEST_LINE = 2_000
_LONGEST_SUMMARY = 5_000
_LONGEST_ITEM = 600
_MOST_ITEMS = 50

Entry = dict[str, Any]

#: The beginning of an entry's line in the temporary file.
_ROW = b'{"row":'

#: Stands for a transcript that is left out.
_TOO_MUCH: Entry = {}

#: The first one that fits is where a call stands on the page.
_UNKNOWN, _REJECTED, _IRREGULAR, _CUT_OFF, _UNDER_WAY, _LEFT_OUT, _USUAL, _WAITING, _AS_ASKED = (
    range(9)
)
RANKS = 9

#: The same in words.
RULE = (
    "unknown calls first, then rejected ones, those with an error or an unusual end, aborted and"
    " not reached ones, calls under way, contacts that could not be dialled, calls that ended as"
    " usual, calls that wait, and at the end duplicates and what was cancelled"
)

_BY_DISPOSITION = {
    Disposition.UNKNOWN: _UNKNOWN,
    Disposition.REJECTED: _REJECTED,
    Disposition.ABORTED: _CUT_OFF,
    Disposition.NOT_REACHED: _CUT_OFF,
    Disposition.SKIPPED: _LEFT_OUT,
}


def rank(record: Mapping[str, Any]) -> int:
    """Return a call's rank on the page: calls that need attention come first."""
    if record.get("state") != CallState.ENDED:
        return _WAITING if record.get("state") == CallState.PENDING else _UNDER_WAY
    if record.get("reason") in (Reason.DUPLICATE, Reason.CANCELLED, Reason.ALREADY_CALLED):
        return _AS_ASKED
    disposition = record.get("disposition") or ""
    if disposition in _BY_DISPOSITION:
        return _BY_DISPOSITION[Disposition(disposition)]
    is_odd = any(record.get(name) for name in ("reason", "error", "insights_error"))
    return _IRREGULAR if is_odd else _USUAL


def entry_of(record: Mapping[str, Any], row: int, *, numbers: bool, transcripts: bool) -> Entry:
    """Return what a page shows of a record: shortened, escaped, and without anything secret."""
    end = tuple(shown(record.get(name), _LONGEST_NAME) for name in ("disposition", "reason"))
    state = shown(record.get("state"), _LONGEST_NAME)
    errors = (record.get(name) for name in ("error", "stop_error", "insights_error"))
    contact = contact_of(record, row, numbers=numbers)
    group = reached_in(record)
    return {
        "row": row,
        "group": group or "",
        "detail": shown(detail(why(record), (end[0], end[1])), _LONGEST_DETAIL) if group else "",
        "zone": _zone(record),
        "contact": "" if contact == f"#{row}" else contact,
        "number": address_of(record, numbers=numbers),
        "ended_as": label((end[0], "")) if end[0] else f"not over: {state}",
        "reason": label(("", end[1])),
        "started_at": record.get("started_at"),
        "length_seconds": record.get("duration_seconds"),
        "attempts": record.get("attempts") or 0,
        "error": "; ".join(
            message(each, _LONGEST_ERROR, numbers=numbers) for each in errors if each
        ),
        "answers": answers_in(record.get("answers") or {}, numbers=numbers),
        "erased": bool(record.get("insights_erased")),
        "said": _conversation(record, numbers=numbers) if transcripts else None,
    }


def _zone(record: Mapping[str, Any]) -> str:
    """Return the contact's time zone if it is certain, else ""."""
    if record.get("started_at") is None:
        return ""
    zones = number_zones(str(record.get("phone_number") or ""))
    return zones[0] if len(zones) == 1 else ""


def _conversation(record: Mapping[str, Any], *, numbers: bool) -> dict[str, Any] | None:
    """Return a call's transcript, cut if it is too long; None without one."""
    insights = record.get("insights") or {}
    lines, left_out = _lines(record, numbers=numbers)
    items = {name: _items(insights.get(name) or (), numbers=numbers) for name in LISTS}
    topics = _items(insights.get("topics") or (), numbers=numbers)
    summary = quoted(insights.get("summary"), _LONGEST_SUMMARY, numbers=numbers)
    if not (lines or summary or topics or any(items.values())):
        return None
    return {
        "lines": lines,
        "lines_left_out": left_out,
        "summary": summary,
        "topics": topics,
        "items": {LISTS[name]: listed for name, listed in items.items() if listed},
    }


def _lines(record: Mapping[str, Any], *, numbers: bool) -> tuple[list[tuple[str, str]], int]:
    """Return (speaker, text) of each line, and how many lines are left out."""
    lines: list[tuple[str, str]] = []
    transcript = record.get("transcript") or []
    left = MOST_CHARACTERS_OF_A_CALL
    every = spoken(transcript, record.get("started_at"))
    for line in every:
        speaker = quoted(line.speaker, _LONGEST_NAME, numbers=numbers)
        text = quoted(line.text, _LONGEST_LINE, numbers=numbers)
        left -= len(speaker) + len(text)
        if left < 0:
            break
        lines.append((speaker, text))
    return lines, len(every) - len(lines)


def _items(items: Any, *, numbers: bool) -> list[str]:
    some = items[:_MOST_ITEMS]
    texts = (quoted(each.get("text"), _LONGEST_ITEM, numbers=numbers) for each in some)
    return [text for text in texts if text]


@dataclass(slots=True)
class _Shelf:
    """The entries of one rank, in the order of the file, as lines of a file."""

    file: IO[bytes]
    entries: int = 0
    said_bytes: int = 0  #: bytes of the entries with a transcript

    def put(self, entry: Entry, most_bytes: int) -> None:
        if entry["said"] and self.said_bytes >= most_bytes:
            entry["said"] = _TOO_MUCH
        written = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
        self.said_bytes += len(written) if entry["said"] else 0
        self.file.write(written + b"\n")
        self.entries += 1


class Entries:
    """The calls that a page lists: at most so many, those that matter most, in their order.

    A context manager: its files go when it is left.
    """

    def __init__(
        self,
        most: int,
        *,
        numbers: bool = False,
        transcripts: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._most, self._numbers, self._transcripts = most, numbers, transcripts
        self.most_bytes = most_bytes  #: of transcripts
        self._files = ExitStack()
        # The exit stack closes these files.
        self._shelves = [
            _Shelf(self._files.enter_context(TemporaryFile()))  # noqa: SIM115
            for _ in range(RANKS)
        ]
        self.total = 0
        self.unsaid = (
            0  #: listed entries without their transcript, for want of room; set by iterating
        )

    def add(self, row: int, record: Mapping[str, Any]) -> None:
        """Take one record with its row."""
        self.total += 1
        shelf = self._shelves[rank(record)]
        if shelf.entries < self._most:
            made = entry_of(record, row, numbers=self._numbers, transcripts=self._transcripts)
            shelf.put(made, self.most_bytes)

    @property
    def listed(self) -> int:
        """How many are listed."""
        return min(self._most, self.total)

    @property
    def left_out(self) -> int:
        """How many are not listed."""
        return self.total - self.listed

    def rows(self) -> frozenset[int]:
        """Return the rows that are listed: a link to any other one leads nowhere."""
        begins = len(_ROW)
        some = islice(self._lines(), self._most)
        return frozenset(int(line[begins : line.index(b",", begins)]) for line in some)

    def __iter__(self) -> Iterator[Entry]:
        left, self.unsaid = self.most_bytes, 0
        for line in islice(self._lines(), self._most):
            entry: Entry = json.loads(line)
            if entry["said"] is not None:
                left -= len(line)
                if left < 0 or entry["said"] == _TOO_MUCH:
                    entry["said"] = _TOO_MUCH
                    self.unsaid += 1
            yield entry

    def _lines(self) -> Iterator[bytes]:
        for shelf in self._shelves:
            shelf.file.seek(0)
            # Not from the file itself: a generator that is left closes what it yields from.
            yield from iter(shelf.file.readline, b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._files.close()
