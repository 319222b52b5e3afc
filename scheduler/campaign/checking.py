"""Checks the records of a file and packs them as rows for the ledger, in one process or two.

A million rows are worth a second process, ten thousand are not. Both processes treat a chunk in
the same way, and the results come in the order of the file.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeAlias

from scheduler import records
from scheduler.campaign.checked import MOST_TAKEN
from scheduler.campaign.cleanings import Cleanings
from scheduler.campaign.columns import UNDERSTOOD, Header, RawRow
from scheduler.campaign.doubtful_ids import DoubtfulIds
from scheduler.campaign.file.problems import Problems
from scheduler.campaign.file.shapes import Contacts, Shape
from scheduler.campaign.rows import Rules, check, problems_of
from scheduler.errors import CampaignError
from scheduler.fields.numbers import is_changed
from scheduler.models import Reason

#: How many rows a chunk has at most; one script adds a chunk to the ledger.
CHUNK = 1000
#: Chunks of long rows have fewer, so that memory is bounded for any file.
_CHUNK_CHARACTERS = 2**18
#: From so many rows on a second process is worth its start.
WORTH_A_PROCESS = 20_000
# How many chunks to queue for the second process, so that it never waits for the first one.
_AHEAD = 3
# How many chunks may be done out of order, while the second process starts.
_MOST_UNREPORTED = 64

#: The records of a chunk, each with the line it starts in.
Records: TypeAlias = Sequence[tuple[int, Any]]


@dataclass(slots=True)
class Checked:
    """The result of checking one chunk."""

    read: int = 0  #: records
    rows: int = 0
    packed: bytes = b""  #: the rows, packed for the ledger
    callable_rows: int = 0
    rejects: list[tuple[int, str, str]] = field(default_factory=list)  #: place, reason, message
    problems: Problems = field(default_factory=Problems)
    cleanings: Cleanings = field(default_factory=Cleanings)
    ids: DoubtfulIds = field(default_factory=DoubtfulIds)
    taken: dict[str, str] = field(default_factory=dict)  #: columns, and what they are taken for
    columns: frozenset[str] = frozenset()  #: every name by which a template may name a column
    others: dict[str, None] = field(default_factory=dict)  #: columns that are variables, in order


def check_chunk(chunk: Records, shape: Shape[Any], rules: Rules, keep: int) -> Checked:
    """Check the records of a chunk. Of those after the first `keep` it checks only the shape."""
    done, packed = Checked(len(chunk)), []
    header: Header | None = None
    for place, (line, record) in enumerate(chunk):
        raw = shape.row(line, record)
        if not isinstance(raw, RawRow):
            done.problems.refuse(raw)
            continue
        if raw.header is not header:
            header = raw.header
            done.columns |= header.all_names
            if len(done.taken) < MOST_TAKEN:
                done.taken |= header.taken
            done.others |= dict.fromkeys(
                name for name in header.names if name and name not in UNDERSTOOD
            )
        if place < keep:
            packed.append(_checked(done, place, raw, rules, shape.path))
    done.rows = len(packed)
    done.packed = b"".join(packed)
    return done


def _checked(done: Checked, place: int, raw: RawRow, rules: Rules, path: str) -> bytes:
    row, faults = check(raw, rules)
    for fault, problem in zip(faults, problems_of(raw, faults, path), strict=True):
        if fault.refuses_file:
            done.problems.refuse([problem])
        else:
            done.problems.add(problem)
    if row.reason is None:
        done.callable_rows += 1
        done.ids.note(row, raw, path)
        number = row.contact.phone_number
        written = raw.cells.get(row.contact.phone_column or "phone_number", "")
        if written != number and is_changed(written, number):
            done.cleanings.add(raw.line, written.strip(), number)
    elif row.reason is not Reason.DO_NOT_CALL:  # such a row has no fault to mend
        done.rejects.append((place, row.reason, row.error))
    return records.pack_row(row)


def check_all(
    contacts: Contacts[Any], rules: Rules, first: int | None, *, processes: int
) -> Generator[tuple[Records, Checked]]:
    """Yield the chunks of a file in its order, each with its result.

    Faults in the shape of the file are among the problems of their chunk; a fault after which
    nothing can be read ends the iteration.
    """
    with ExitStack() as stack:
        helper = _Helper(stack, contacts.shape, rules) if processes > 1 else None
        unreported: deque[tuple[Records, Checked | _Submitted]] = deque()
        before = 0
        for chunk, problems in _chunks(contacts.records):
            keep = len(chunk) if first is None else max(0, first - before)
            submitted = None
            if helper and before >= WORTH_A_PROCESS and not problems.total:
                submitted = helper.submit(chunk, keep)
            if submitted is None:
                done = check_chunk(chunk, contacts.shape, rules, keep)
                done.problems.merge(problems)
                unreported.append((chunk, done))
            else:
                unreported.append((chunk, submitted))
            before += len(chunk)
            yield from _checked_in_order(unreported, contacts.shape, rules, most=_MOST_UNREPORTED)
        yield from _checked_in_order(unreported, contacts.shape, rules, most=0)


def _chunks(remaining: Iterator[tuple[int, Any]]) -> Iterator[tuple[Records, Problems]]:
    """Yield chunks of records; the last one has the problem that ended the reading, if any."""
    problems = Problems()
    while not problems.total:
        chunk: list[tuple[int, Any]] = []
        left = _CHUNK_CHARACTERS
        try:
            for line, record in islice(remaining, CHUNK):
                chunk.append((line, record))
                left -= _characters(record)
                if left < 0:
                    break
        except CampaignError as error:
            problems.refuse(error.problems)
        if not chunk and not problems.total:
            return
        yield chunk, problems


def _characters(record: Any) -> int:
    """Return about how long a record is; items of a document count as 0, because it is bounded."""
    if isinstance(record, str):
        return len(record)
    cells = getattr(record, "cells", record)
    return sum(map(len, cells)) if isinstance(cells, list) else 0


def _checked_in_order(
    unreported: deque[tuple[Records, Checked | _Submitted]],
    shape: Shape[Any],
    rules: Rules,
    *,
    most: int,
) -> Iterator[tuple[Records, Checked]]:
    """Yield finished chunks in order; if more than `most` are unreported, wait for the next."""
    while unreported:
        chunk, done = unreported[0]
        if isinstance(done, _Submitted):
            if len(unreported) <= most and not done.answer.done():
                return
            done = done.result(chunk, shape, rules)
        unreported.popleft()
        yield chunk, done


class _Helper:
    """A second process that checks chunks; it starts with its first chunk."""

    def __init__(self, stack: ExitStack, shape: Shape[Any], rules: Rules) -> None:
        self._stack = stack
        self._work = shape, rules
        self._pool: ProcessPoolExecutor | None = None
        self._submitted: deque[Future[Checked]] = deque()

    def submit(self, chunk: Records, keep: int) -> _Submitted | None:
        """Hand over a chunk; None if the helper has enough to do, or has died."""
        while self._submitted and self._submitted[0].done():
            self._submitted.popleft()
        if len(self._submitted) >= _AHEAD:
            return None
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, self._work)
            self._stack.callback(self._pool.shutdown, cancel_futures=True)
        try:
            answer = self._pool.submit(_do, chunk, keep)
        except BrokenProcessPool:
            return None
        self._submitted.append(answer)
        return _Submitted(answer, keep)


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A chunk that the helper works on."""

    answer: Future[Checked]
    keep: int

    def result(self, chunk: Records, shape: Shape[Any], rules: Rules) -> Checked:
        """Wait for the result; if the helper has died, check the chunk in this process."""
        try:
            return self.answer.result()
        except BrokenProcessPool:
            return check_chunk(chunk, shape, rules, self.keep)


_work: tuple[Shape[Any], Rules]  # set in the second process


def _begin(shape: Shape[Any], rules: Rules) -> None:
    """Prepare the second process: it ends with the first one, and ignores Ctrl-C."""
    global _work
    _work = shape, rules
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _do(chunk: Records, keep: int) -> Checked:
    return check_chunk(chunk, *_work, keep)
