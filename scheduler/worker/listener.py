"""What live connections tell: the only early news that a call is over.

The API has no status call and no callback. So in every worker a thread of asyncio keeps a WebSocket
to each connection that this worker has taken charge of through the ledger. A hint from it brings
the stop forward and proves nothing by itself; without any socket the deadline holds all the same.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from scheduler.calls.closings import WINDOW_SECONDS, CallClosings, Closings
from scheduler.calls.duty import Duty
from scheduler.calls.memory import Memory
from scheduler.calls.wake import Wake
from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger.calls import NOBODYS, Charge, Claim
from scheduler.ledger.do_not_call import bar
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listening import Ear, Heard, hint, is_being_stopped, let_go, listen, note
from scheduler.models import Attempt, Connection, OnMachine
from scheduler.providers import News, Provider, Subscription
from scheduler.providers.gauged import FRAME_BYTES, Gauged, is_garbled

logger = logging.getLogger(__name__)

#: A charge holds for so long; it is renewed, and others' are looked for, this often. Together they
#: are the time within which another worker takes over from one that died.
LEASE_SECONDS = 3.5
LOOK_SECONDS = 1.0

#: Until lines that were heard are put on record.
NOTE_SECONDS = 0.2

#: Between two tries to open a socket that can't be had.
TRY_AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

#: Between two tries to put news on record that must not be lost.
INSIST_SECONDS = 0.5

OPEN_SECONDS = 5.0
#: For all sockets to be closed in when the listener leaves.
LEAVE_SECONDS = 2.0
#: Sockets that are being opened at once.
OPENING = 50
#: Lines that wait to be put on record while Redis is away; the oldest give way. Python keeps a
#: thousand bytes in up to four thousand.
MOST_LINES = 5000


T = TypeVar("T")


class _End(Enum):
    """How a subscription ended."""

    COMPLETED = auto()  #: the API said that the conversation is over
    CLOSED = auto()  #: it closed without a word
    CLOSED_AGAIN = auto()  #: and so had the one before, not long ago
    REFUSED = auto()  #: the API itself said that it knows no such connection
    FAILED = auto()  #: it could not be had: no answer, or trouble on the way
    TOO_MUCH = auto()  #: we have closed it, since it sent more than it may


class Listener:
    """Listens to live connections on a thread of its own."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        duty: Duty,
        *,
        capacity: int,
        wake: Wake,
        forgotten: Callable[[Claim, Connection, float], None],
        memory: Memory,
    ) -> None:
        """`capacity` is how many sockets it keeps at most; `wake` hears of each hint.

        `forgotten` is told of a connection that the ledger has lost, and of the instant since boot
        from which its length is counted: nobody else knows of it. `memory` keeps what it takes.
        """
        self._ledger = ledger
        self._provider = provider
        self._duty = duty
        self._capacity = capacity
        self._wake = wake
        self._forgotten = forgotten
        self._memory = memory
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._following: dict[Attempt, _Follower] = {}
        self._lines: deque[Heard] = deque(maxlen=MOST_LINES)
        self._charge = Charge(uuid4().hex, LEASE_SECONDS)
        # The ledger's client blocks, so it is spoken to from threads: charges never wait for hints.
        self._charges = ThreadPoolExecutor(1, thread_name_prefix="listener-charges")
        self._words = ThreadPoolExecutor(4, thread_name_prefix="listener-words")

    def start(self) -> None:
        """Listen, unless its capacity is nothing."""
        if self._capacity > 0:
            self._thread.start()

    @property
    def charge(self) -> Charge:
        """What its own worker puts a new connection into; nobody's when there is no room."""
        has_room = self._thread.is_alive() and len(self._following) < self._capacity
        return self._charge if has_room and not self._closing else NOBODYS

    def follow(self, claim: Claim, connection: Connection) -> None:
        """Listen to a connection that has been put into this charge. From any thread.

        Should it come to nothing, the charge runs out and another listener has it. Raises nothing:
        the caller would take it for a connection that can't be put on record.
        """
        ear = Ear(claim.attempt, connection, claim.contact, claim.policy, was_open=False)
        places = None
        try:
            # The caller may wait for a token, the loop may not.
            places = self._provider.subscriptions(connection)
        except SchedulerError:
            pass  # there are tries enough to come, and their errors are told
        except Exception:
            logger.exception("%s: nowhere to listen", claim.attempt)
        self._call(lambda: self._take_own(ear, places))

    def close(self) -> None:
        """Let other listeners have every connection, and leave."""
        self._closing = True
        self._call(lambda: self._over.set())
        if self._thread.is_alive():
            self._thread.join()
        self._charges.shutdown(wait=True)
        self._words.shutdown(wait=True)

    def _call(self, action: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(action)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            # Lateness is all that it costs: every deadline is kept without it.
            logger.exception("the listener has died")

    async def _main(self) -> None:
        self._over, self._heard = asyncio.Event(), asyncio.Event()
        self.closings = Closings()
        self._opening = asyncio.Semaphore(OPENING)
        self._loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(self._take_charges()), asyncio.create_task(self._note_lines())]
        if not self._closing:
            await self._over.wait()
        for task in tasks:
            task.cancel()
        for follower in self._following.values():
            follower.task.cancel()
        await self._ask(self._charges, partial(self._let_go, list(self._following)))
        # The end of the loop would cancel them once more, and leave half-closed sockets behind.
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=LEAVE_SECONDS)

    def _let_go(self, attempts: Sequence[Attempt]) -> None:
        try:
            let_go(self._ledger, self._duty.account, self._charge.listener, attempts)
        except SchedulerError as error:
            logger.warning("charges were not given back, and run out: %s", error)

    async def _ask(self, threads: ThreadPoolExecutor, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, question)

    # Charges ------------------------------------------------------------------------------------

    async def _take_charges(self) -> None:
        while True:
            try:
                held = {attempt: one.is_open for attempt, one in self._following.items()}
                lost, taken, orphans = await self._ask(self._charges, partial(self._listen, held))
            except SchedulerError as error:
                # Whoever took over meanwhile is told so by the next answer.
                logger.warning("the listener can't reach the ledger: %s", error)
            except Exception:
                logger.exception("the listener can't look for connections")
            else:
                for attempt in orphans:
                    self._forgotten(*self._following[attempt].known)
                for attempt in lost:
                    self._drop(attempt)
                for ear in taken:
                    self._memory.learn(ear.attempt, ear.connection.connection_id, inf)
                    self._take(ear)
            await asyncio.sleep(LOOK_SECONDS)

    def _listen(self, held: dict[Attempt, bool]) -> tuple[list[Attempt], list[Ear], list[Attempt]]:
        return listen(
            self._ledger,
            self._duty.account,
            self._charge,
            room=max(0, min(200, self._capacity - len(held))),
            held=held,
        )

    def _take_own(self, ear: Ear, places: Sequence[Subscription] | None) -> None:
        # Calls that were connected together have all been told that there is room.
        if len(self._following) < self._capacity and not self._over.is_set():
            self._take(ear, places)
        else:
            self._charges.submit(self._let_go, [ear.attempt])

    def _take(self, ear: Ear, places: Sequence[Subscription] | None = None) -> None:
        self._drop(ear.attempt)
        self._following[ear.attempt] = _Follower(self, ear, places)

    def _drop(self, attempt: Attempt) -> None:
        follower = self._following.pop(attempt, None)
        if follower is not None:
            follower.task.cancel()

    # What followers ask -------------------------------------------------------------------------

    @property
    def open_sockets(self) -> int:
        """How many sockets are open now."""
        # A copy, because other threads ask as well.
        return sum(follower.is_open for follower in list(self._following.values()))

    async def subscriptions(self, ear: Ear) -> Sequence[Subscription]:
        """Return where to listen; fetching a token may take a while."""
        return await self._ask(self._words, lambda: self._provider.subscriptions(ear.connection))

    async def open(self, place: Subscription) -> Gauged:
        """Open a socket. Raises what websockets raises, or an OSError."""
        async with self._opening:
            socket = await _Straight(
                place.url,
                create_connection=Gauged,
                additional_headers=place.headers,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                compression=None,
                max_size=FRAME_BYTES,
                logger=_silent,
            )
        assert isinstance(socket, Gauged)
        return socket

    def read(self, ear: Ear, frame: str | bytes) -> list[News]:
        """Return the news in a frame, with its lines noted."""
        news = self._provider.read(frame)
        for item in news:
            if item.text:
                self._lines.append(
                    Heard(ear.attempt, item.kind, item.text, item.speaker, item.said_at)
                )
                self._heard.set()
        return news

    def refuses(self, error: InvalidStatus) -> bool:
        """Whether the API itself refuses a socket since it knows no such connection."""
        answer = error.response
        return self._provider.knows_no_such(answer.status_code, bytes(answer.body or b""))

    async def is_being_stopped(self, ear: Ear) -> bool:
        """Whether a stop of the call is on record, whichever worker sends it, or ours is sent."""
        if self._memory.has_sent(ear.connection.connection_id):
            return True
        try:
            return await self._ask(self._words, lambda: is_being_stopped(self._ledger, ear.attempt))
        except SchedulerError as error:
            logger.debug("%s: can't tell whether it is being stopped: %s", ear.attempt, error)
            return False

    async def hint(self, ear: Ear, why: str) -> None:
        """Have a call stopped now."""
        account, connection_id = self._duty.account, ear.connection.connection_id

        def record() -> bool:
            # While Redis refuses writes, nothing there says that this worker has stopped the call.
            is_ours = self._memory.has_sent(connection_id)
            return not is_ours and hint(self._ledger, account, ear.attempt, why)

        if await self._insist(ear, why, record):
            # Else it was being stopped already, and the news are of that.
            logger.info("%s: %s", ear.attempt, why)
            self._wake.due_in(0.0)

    async def bar(self, ear: Ear) -> None:
        """Put a contact on the do-not-call list: it said so."""
        address, why = ear.contact.address, f"asked for it in {ear.attempt}"
        await self._insist(ear, "do not call", lambda: bar(self._ledger, address, why))

    async def _insist(self, ear: Ear, what: str, record: Callable[[], bool]) -> bool:
        """Put something on record; while the ledger can't be reached, again and again."""
        while True:
            try:
                return await self._ask(self._words, record)
            except SchedulerError as error:
                logger.warning("%s: %s, which is not on record yet: %s", ear.attempt, what, error)
            await asyncio.sleep(INSIST_SECONDS)

    async def _note_lines(self) -> None:
        while True:
            await self._heard.wait()
            await asyncio.sleep(NOTE_SECONDS)
            self._heard.clear()
            lines = list(self._lines)
            self._lines.clear()
            try:
                await self._ask(self._words, partial(note, self._ledger, lines))
            except SchedulerError as error:
                logger.warning("%d live lines are lost: %s", len(lines), error)
            except Exception:
                logger.exception("%d live lines are lost", len(lines))


class _Follower:
    """Follows one connection for as long as it is in this listener's charge."""

    def __init__(self, listener: Listener, ear: Ear, places: Sequence[Subscription] | None) -> None:
        self._listener = listener
        self._ear = ear
        self._places = places  #: where to listen first, when that is known
        self._since = since_boot()
        self.is_open = False
        self._was_opened = ear.was_open
        #: One that only opens and closes again, as behind some proxies, tells nothing by closing.
        self._stayed_open = ear.was_open
        self._closings = CallClosings(ear.attempt, listener.closings)
        self._tries = 0  #: that came to nothing, one after the other
        self.task = asyncio.create_task(self._follow_safely())

    @property
    def known(self) -> tuple[Claim, Connection, float]:
        """All that a ledger which has lost it has to be told again."""
        ear = self._ear
        return Claim(ear.attempt, ear.contact, ear.policy, 0.0), ear.connection, self._since

    async def _follow_safely(self) -> None:
        try:
            await self._follow()
        except Exception:
            logger.exception("%s: can't be listened to", self._ear.attempt)
        finally:
            self.is_open = False

    async def _follow(self) -> None:
        """Listen until the call is known to be over; then the charge is kept, and nothing is said.

        A socket that closes is opened again at once. That the API itself refuses this is a hang-up;
        that it closes again is one too, unless those of other calls closed together with it.
        """
        while (end := await self._listen_once()) is not _End.TOO_MUCH:
            if await self._is_over(end):
                await self._listener.hint(self._ear, "hung_up")
                return
        # It would send too much again; the deadline holds without it.

    async def _is_over(self, end: _End) -> bool:
        """Decide whether the call is over; if not, wait until a socket is to be opened again."""
        self._closings.settle(since_boot())
        if end is _End.COMPLETED or (end is _End.REFUSED and self._was_opened):
            return True
        if end is _End.CLOSED:
            self._tries = 0
            return False
        if end is _End.CLOSED_AGAIN and self._stayed_open and not self._closings.is_in_doubt:
            await asyncio.sleep(max(0.0, self._closings.known_at - since_boot()))
            if self._closings.is_hang_up():
                return True
        await asyncio.sleep(TRY_AGAIN_SECONDS[min(self._tries, len(TRY_AGAIN_SECONDS) - 1)])
        self._tries += 1
        return False

    async def _listen_once(self) -> _End:
        """Listen on the first place that can be had, until it ends."""
        refused = True
        places, self._places = self._places, None
        try:
            if places is None:
                places = await self._listener.subscriptions(self._ear)
        except SchedulerError as error:
            logger.info("%s: nowhere to listen: %s", self._ear.attempt, error)
            return _End.FAILED
        for place in places:
            try:
                socket = await self._listener.open(place)
            except InvalidStatus as error:
                refused &= self._listener.refuses(error)
            except (OSError, TimeoutError, WebSocketException) as error:
                # Others than the system's own words may quote the address, or what it answered.
                why = error if isinstance(error, OSError) else type(error).__name__
                logger.debug("%s: no socket: %s", self._ear.attempt, why)
                refused = False
            else:
                return await self._hear(socket)
        return _End.REFUSED if refused else _End.FAILED

    async def _hear(self, socket: Gauged) -> _End:
        self.is_open = self._was_opened = True
        opened_at = since_boot()
        stays = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._stays_open)
        closed: ConnectionClosed | None = None
        try:
            async for frame in socket:
                self._stayed_open = True
                for news in self._listener.read(self._ear, frame):
                    if news.kind == "completed":
                        return _End.COMPLETED
                    await self._act(news)
        except ConnectionClosed as error:
            closed = error
        finally:
            stays.cancel()
            self.is_open = False
            await socket.close()
        if excess := socket.excess(closed):
            logger.warning(
                "%s: its socket sent %s and is closed: the call is ended at its deadline",
                *(self._ear.attempt, excess),
            )
            return _End.TOO_MUCH
        if is_garbled(closed):
            return _End.FAILED
        has_closed_again = self._closings.closed(opened_at, since_boot())
        if await self._listener.is_being_stopped(self._ear):
            self._closings.withdraw()
        return _End.CLOSED_AGAIN if has_closed_again else _End.CLOSED

    def _stays_open(self) -> None:
        self._stayed_open = True
        self._tries = 0

    async def _act(self, news: News) -> None:
        on_machine = self._ear.policy.on_machine
        if news.answered_by_machine and on_machine is not OnMachine.GO_ON:
            why = "machine" if on_machine is OnMachine.STOP else "not_reached"
            await self._listener.hint(self._ear, why)
        elif news.intent == "do_not_call":
            await self._listener.bar(self._ear)


class _Straight(connect):
    """Follows no redirect, as nothing here does: our token would go wherever it leads."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Leave it at the redirect."""
        return exc


_silent: Any = logging.getLogger("callsched.websockets")
# Whatever the level of its parents: what is logged of a handshake has the token in it.
_silent.setLevel(logging.CRITICAL + 1)
