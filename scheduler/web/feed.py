"""One thread that reads what happens, for every stream of this process.

A stream costs a queue with a bound: no thread, no connection to Redis. Who reads too slowly is told
that there is a gap, and goes on with what comes then.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.clock import since_boot
from scheduler.errors import LedgerTrouble
from scheduler.ledger.happenings import Place, PlacedEvent, Reader, Reading
from scheduler.ledger.ledger import Ledger
from scheduler.rights import Visitor
from scheduler.web.bounds import MOST_ENDLESS
from scheduler.web.masks import concealed

logger = logging.getLogger(__name__)

#: Streams that are open at once.
MOST_STREAMS = MOST_ENDLESS

#: How often it looks, and how often at most something is said to have changed.
LOOK_SECONDS, PULSE_SECONDS = 0.5, 1.0

#: Events that a stream has not sent yet.
MOST_WAITING = 2000

PULSE = b"event: pulse\ndata:\n\n"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody listens for."""

    visitor: Visitor
    account: str = ""  #: "" for all that are theirs to see
    campaign_id: str = ""  #: "" for all
    pulses: bool = False  #: only that something has changed, and not what

    def wants(self, account: str, campaign_id: str) -> bool:
        """Tell whether something of an account, and of a campaign, is for them."""
        return (
            self.visitor.may_see(account)
            and self.account in ("", account)
            and self.campaign_id in ("", campaign_id)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened, as it is sent: written once, however many streams there are."""

    placed: PlacedEvent
    whole: bytes
    masked: bytes

    @classmethod
    def of(cls, placed: PlacedEvent) -> Message:
        """Write it."""
        record = placed.as_record()
        return cls(
            placed, _written(placed.place, record), _written(placed.place, concealed(record))
        )

    def for_whom(self, wish: Wish) -> bytes:
        """Return it as somebody may see it."""
        return self.whole if wish.visitor.sees_numbers else self.masked


def _written(place: Place, record: object) -> bytes:
    # JSON has no line break that is not escaped.
    return f"id: {place}\ndata: {json.dumps(record)}\n\n".encode()


def gap(place: Place) -> bytes:
    """Return the event that says that some of what happened before a place is not told."""
    return f'id: {place}\nevent: gap\ndata: {{"until": "{place}"}}\n\n'.encode()


class Batch:
    """What one reading has for everybody who wishes the same: joined once for all of them."""

    def __init__(self, wish: Wish, messages: Sequence[Message], reading: Reading) -> None:
        wanted = [each for each in messages if _is_for(wish, each.placed)]
        self._parts = [(each.placed.place, each.for_whom(wish)) for each in wanted]
        self._joined = b"".join(part for _, part in self._parts)
        self.has_gap = any(wish.wants(name, wish.campaign_id) for name in reading.gaps)
        self.until = reading.until

    def __len__(self) -> int:
        return len(self._parts)

    def after(self, place: Place) -> bytes:
        """Return what lies behind a place."""
        if not self._parts or self._parts[0][0] > place:
            return self._joined
        return b"".join(part for at, part in self._parts if at > place)


class Stream:
    """What waits for one listener. It is the event loop's alone."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.has_ended = False
        self._waiting: list[Batch] = []
        self._missed: Place | None = None
        self._has_pulse = False
        self._news = asyncio.Event()

    def take(self, batch: Batch) -> None:
        """Have what is for this listener wait."""
        if batch.has_gap or sum(map(len, self._waiting)) + len(batch) > MOST_WAITING:
            self._waiting.clear()
            self._missed = batch.until
        elif batch:
            self._waiting.append(batch)
        if self._waiting or self._missed:
            self._news.set()

    def pulse(self) -> None:
        """Say that something has changed."""
        self._has_pulse = True
        self._news.set()

    def end(self) -> None:
        """Have it end, as when the server leaves."""
        self.has_ended = True
        self._news.set()

    async def next(self, within_seconds: float, after: Place) -> bytes:
        """Return what waits and lies after a place, once there is any; b"" when time is over."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._news.wait()
        except TimeoutError:
            return b""
        self._news.clear()
        parts = [gap(self._missed)] if self._missed else []
        parts += [batch.after(after) for batch in self._waiting]
        if self._has_pulse:
            parts.append(PULSE)
        self._waiting.clear()
        self._missed, self._has_pulse = None, False
        return b"".join(parts)


class Feed:
    """The streams, and the thread that reads for them while there is any."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._backlogs = Reader(ledger)

    def __len__(self) -> int:
        return len(self._streams)

    def open(self, wish: Wish, since: Place) -> Stream:
        """Listen from now on; call it in the loop. What lies behind `since` is told by `before`."""
        stream = Stream(wish)
        with self._lock:
            self._streams.add(stream)
            if self._thread is None:
                loop = asyncio.get_running_loop()
                self._thread = threading.Thread(
                    target=self._read_on, args=(loop, since), name="feed", daemon=True
                )
                self._thread.start()
        return stream

    def close(self, stream: Stream) -> None:
        """Listen no more."""
        with self._lock:
            self._streams.discard(stream)

    def before(self, wish: Wish, after: Place) -> tuple[bytes, Place]:
        """Return what has happened since a place, and up to which one. Raises LedgerTrouble."""
        reading = self._backlogs.read(after)
        missed = any(wish.wants(name, wish.campaign_id) for name in reading.gaps)
        found = [Message.of(each) for each in reading.found if _is_for(wish, each)]
        first = [gap(found[0].placed.place if found else reading.until)] if missed else []
        # What lies in the millisecond of the reading is still to come.
        return b"".join([*first, *(each.for_whom(wish) for each in found)]), _end(reading)

    def _read_on(self, loop: asyncio.AbstractEventLoop, since: Place) -> None:
        reader, after, page_version, pulsed_at = Reader(self._ledger), since, None, -PULSE_SECONDS
        while True:
            began_at = since_boot()
            with self._lock:
                if not self._streams or loop.is_closed():
                    self._thread = None
                    return
            reading = _read(reader, after)
            if reading is not None:
                after = _end(reading)
                has_changed = reading.page_version != page_version
                is_pulse = has_changed and began_at - pulsed_at >= PULSE_SECONDS
                if is_pulse:
                    page_version, pulsed_at = reading.page_version, began_at
                if reading.found or reading.gaps or is_pulse:
                    self._hand_on(loop, reading, is_pulse=is_pulse)
            time.sleep(max(0.05, LOOK_SECONDS - (since_boot() - began_at)))

    def _hand_on(
        self, loop: asyncio.AbstractEventLoop, reading: Reading, *, is_pulse: bool
    ) -> None:
        messages = [Message.of(each) for each in reading.found]
        try:
            loop.call_soon_threadsafe(self._deliver, messages, reading, is_pulse)
        except RuntimeError:
            return  # the loop has just ended

    def _deliver(self, messages: Sequence[Message], reading: Reading, is_pulse: bool) -> None:
        with self._lock:
            streams = list(self._streams)
        batches: dict[Wish, Batch] = {}
        for stream in streams:
            wish = stream.wish
            if wish.pulses:
                if is_pulse:
                    stream.pulse()
                continue
            if wish not in batches:
                batches[wish] = Batch(wish, messages, reading)
            stream.take(batches[wish])


def _read(reader: Reader, after: Place) -> Reading | None:
    """Read on; None while that can't be: it goes on from there when it can."""
    try:
        return reader.read(after)
    except LedgerTrouble:
        return None
    except Exception:
        # A thread that dies of it would leave streams that stand still and look alive.
        logger.exception("a look of the feed failed, and it goes on")
        return None


def _is_for(wish: Wish, each: PlacedEvent) -> bool:
    return wish.wants(each.place.account, each.campaign_id)


def _end(reading: Reading) -> Place:
    """Return the place before all that is not in a reading."""
    return Place(reading.until.at_ms - 1, 10**15, "~")
