"""One thread reads the ledger's events for every event stream of this process.

A stream costs one bounded queue: no thread, no connection to Redis. A client that reads too slowly
loses what its queue can't hold, gets an event `gap`, and goes on with the next events.
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

#: How often the thread reads the ledger; and at least so long between two pulses.
LOOK_SECONDS, PULSE_SECONDS = 0.5, 1.0

#: Events that a stream holds and has not sent yet.
MOST_WAITING = 2000

PULSE = b"event: pulse\ndata:\n\n"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which events a client of a stream gets."""

    visitor: Visitor
    account: str = ""  #: "" for every account that the visitor may see
    campaign_id: str = ""  #: "" for all
    pulses: bool = False  #: only pulses: that something has changed, and not what

    def wants(self, account: str, campaign_id: str) -> bool:
        """Tell whether an event of this account and campaign belongs to the subscription."""
        return (
            self.visitor.may_see(account)
            and self.account in ("", account)
            and self.campaign_id in ("", campaign_id)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is sent: serialized once, however many streams there are."""

    placed: PlacedEvent
    whole: bytes
    masked: bytes

    @classmethod
    def of(cls, placed: PlacedEvent) -> Message:
        """Serialize an event, whole and with its numbers masked."""
        record = placed.as_record()
        return cls(
            placed, _written(placed.place, record), _written(placed.place, concealed(record))
        )

    def for_subscriber(self, subscription: Subscription) -> bytes:
        """Return the message as the subscriber may see it."""
        return self.whole if subscription.visitor.sees_numbers else self.masked


def _written(place: Place, record: object) -> bytes:
    # JSON has no line break that is not escaped.
    return f"id: {place}\ndata: {json.dumps(record)}\n\n".encode()


def gap(place: Place) -> bytes:
    """Return the event `gap`: some events before this place are lost."""
    return f'id: {place}\nevent: gap\ndata: {{"until": "{place}"}}\n\n'.encode()


class Batch:
    """What one reading has for all equal subscriptions: filtered and joined only once."""

    def __init__(
        self, subscription: Subscription, messages: Sequence[Message], reading: Reading
    ) -> None:
        wanted = [each for each in messages if _is_for(subscription, each.placed)]
        self._parts = [(each.placed.place, each.for_subscriber(subscription)) for each in wanted]
        self._joined = b"".join(part for _, part in self._parts)
        self.has_gap = any(
            subscription.wants(name, subscription.campaign_id) for name in reading.gaps
        )
        self.until = reading.until

    def __len__(self) -> int:
        return len(self._parts)

    def after(self, place: Place) -> bytes:
        """Return the events behind a place."""
        if not self._parts or self._parts[0][0] > place:
            return self._joined
        return b"".join(part for at, part in self._parts if at > place)


class Stream:
    """The queue of one client. Only the event loop may use it."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self.has_ended = False
        self._waiting: list[Batch] = []
        self._missed: Place | None = None
        self._has_pulse = False
        self._news = asyncio.Event()

    def take(self, batch: Batch) -> None:
        """Queue a batch; when the queue would be too long, empty it and note a gap instead."""
        if batch.has_gap or sum(map(len, self._waiting)) + len(batch) > MOST_WAITING:
            self._waiting.clear()
            self._missed = batch.until
        elif batch:
            self._waiting.append(batch)
        if self._waiting or self._missed:
            self._news.set()

    def pulse(self) -> None:
        """Have the client told that something has changed."""
        self._has_pulse = True
        self._news.set()

    def end(self) -> None:
        """End the stream, as when the server shuts down."""
        self.has_ended = True
        self._news.set()

    async def next(self, within_seconds: float, after: Place) -> bytes:
        """Wait for queued events behind a place, and return them; b"" after `within_seconds`."""
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
    """The open streams, and the thread that reads for them while there is at least one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._backlogs = Reader(ledger)

    def __len__(self) -> int:
        return len(self._streams)

    def open(self, subscription: Subscription, since: Place) -> Stream:
        """Open a stream of events from now on; call it in the loop. `before` returns older ones.

        One of pulses has its first at once: its page may have changed since it was made.
        """
        stream = Stream(subscription)
        with self._lock:
            self._streams.add(stream)
            if self._thread is None:
                loop = asyncio.get_running_loop()
                self._thread = threading.Thread(
                    target=self._read_on, args=(loop, since), name="feed", daemon=True
                )
                self._thread.start()
            elif subscription.pulses:
                stream.pulse()  # the first reading of a new thread is such a pulse
        return stream

    def close(self, stream: Stream) -> None:
        """Close a stream. The thread ends after the last one."""
        with self._lock:
            self._streams.discard(stream)

    def before(self, subscription: Subscription, after: Place) -> tuple[bytes, Place]:
        """Return the events since a place, and the last place that they cover.

        Raises LedgerTrouble.
        """
        reading = self._backlogs.read(after)
        missed = any(subscription.wants(name, subscription.campaign_id) for name in reading.gaps)
        found = [Message.of(each) for each in reading.found if _is_for(subscription, each)]
        first = [gap(found[0].placed.place if found else reading.until)] if missed else []
        # Events of the reading's own millisecond may still be missing: the next reading has them.
        return b"".join([*first, *(each.for_subscriber(subscription) for each in found)]), _end(
            reading
        )

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
        batches: dict[Subscription, Batch] = {}
        for stream in streams:
            subscription = stream.subscription
            if subscription.pulses:
                if is_pulse:
                    stream.pulse()
                continue
            if subscription not in batches:
                batches[subscription] = Batch(subscription, messages, reading)
            stream.take(batches[subscription])


def _read(reader: Reader, after: Place) -> Reading | None:
    """Return the events after a place; None when reading failed: the next round tries again."""
    try:
        return reader.read(after)
    except LedgerTrouble:
        return None
    except Exception:
        # If the thread died, its streams would stand still and look alive.
        logger.exception("the feed could not read events, and tries again")
        return None


def _is_for(subscription: Subscription, each: PlacedEvent) -> bool:
    return subscription.wants(each.place.account, each.campaign_id)


def _end(reading: Reading) -> Place:
    """Return the last place that a reading is sure to cover."""
    return Place(reading.until.at_ms - 1, 10**15, "~")
