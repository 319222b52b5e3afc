"""How one live connection is followed: sockets open, close and open again, until it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from scheduler import logs
from scheduler.calls.closings import WINDOW_SECONDS, CallClosings
from scheduler.calls.news import Act, line_of, meaning
from scheduler.calls.news_desk import NewsDesk
from scheduler.calls.outcomes import Standing
from scheduler.clock import since_boot
from scheduler.errors import SchedulerError
from scheduler.ledger.calls import Claim
from scheduler.ledger.listeners import ListenedCall
from scheduler.models import Connection
from scheduler.providers import Subscription
from scheduler.providers.bounded_socket import Gauged, is_garbled
from scheduler.worker.wires import Wires

logger = logging.getLogger(__name__)

#: Between two tries to open a socket that can't be opened.
TRY_AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

#: Between two tries to put news on record that must not be lost.
INSIST_SECONDS = 0.5


class _End(Enum):
    """How a subscription ended."""

    COMPLETED = auto()  #: the API said that the conversation is over, and the stop is ordered
    CLOSED = auto()  #: it closed without a word
    CLOSED_AGAIN = auto()  #: and so had the one before, not long ago
    REFUSED = auto()  #: the API itself said that it knows no such connection
    FAILED = auto()  #: it could not be opened: no answer, or trouble on the way
    TOO_MUCH = auto()  #: we have closed it, because it sent too much


class Follower:
    """Follows one connection for as long as this process has the lease of it."""

    def __init__(
        self,
        wires: Wires,
        desk: NewsDesk,
        call: ListenedCall,
        places: Sequence[Subscription] | None,
    ) -> None:
        """`desk` acts on its news. `places` say where to listen first, when that is known."""
        self.desk = desk
        self._wires = wires
        self._listened = call
        self._places = places
        self._since = since_boot()
        self._standing = Standing.under(call.policy, call.contact)
        #: A campaign that wants nothing of what was said has none of it kept, not for a day either.
        self._keeps_words = bool(call.policy.insights) or not desk.has_transcripts
        self.is_open = False
        self._was_opened = call.was_open
        #: A socket that only opens and closes again, as behind some proxies, proves nothing.
        self._stayed_open = call.was_open
        self._closings = CallClosings(call.attempt, wires.closings)
        self._tries = 0  #: failed ones in a row
        self._has_left = False
        self._tasks = [asyncio.create_task(self._safely(self._follow))]

    @property
    def known(self) -> tuple[Claim, Connection, float]:
        """All facts that must be recorded again if the ledger has lost the connection."""
        call = self._listened
        return Claim(call.attempt, call.contact, call.policy, 0.0), call.connection, self._since

    def leave(self) -> None:
        """Follow it no longer, and leave what is not on record yet to others."""
        self._has_left = True
        for task in self._tasks:
            task.cancel()

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        logs.be_about(self.desk.account)  # a task has a context of its own
        try:
            await work()
        except Exception:
            logger.exception("%s: can't be listened to", self._listened.attempt)
        finally:
            self.is_open = False

    async def _follow(self) -> None:
        """Listen until the call is known to be over; then keep the lease, and do nothing more.

        A socket that closes is opened again at once. If the API itself refuses it, this is a hang-
        up. If the socket closes again, this is one too, unless sockets of other calls closed with
        it.
        """
        while (end := await self._listen_once()) not in (_End.COMPLETED, _End.TOO_MUCH):
            if await self._is_over(end):
                await self._hang_up()
                return
        # A new socket would send too much again; the deadline holds without one.

    async def _is_over(self, end: _End) -> bool:
        """Decide whether the call is over; if not, wait until a socket is to be opened again."""
        self._closings.settle(since_boot())
        if end is _End.REFUSED and self._was_opened:
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
        """Listen at the first address that answers, until it ends."""
        refused = True
        places, self._places = self._places, None
        try:
            if places is None:
                ask = partial(self.desk.provider.subscriptions, self._listened.connection)
                places = await self._wires.ask(ask)
        except SchedulerError as error:
            logger.info("%s: no address to listen at: %s", self._listened.attempt, error)
            return _End.FAILED
        for place in places:
            try:
                socket = await self._wires.open(place)
            except InvalidStatus as error:
                refused &= self._is_refusal(error)
            except (OSError, TimeoutError, WebSocketException) as error:
                # Other words than the system's own may quote the address, or what it answered.
                why = error if isinstance(error, OSError) else type(error).__name__
                logger.debug("%s: no socket: %s", self._listened.attempt, why)
                refused = False
            else:
                return await self._hear(socket)
        return _End.REFUSED if refused else _End.FAILED

    async def _hear(self, socket: Gauged) -> _End:
        self.is_open = self._was_opened = True
        opened_at = since_boot()
        try:
            closed = await self._read_all(socket)
            if closed is None:
                # Before the socket has closed: if this process has sent a stop, that may be over by
                # then, and forgotten.
                await self._hang_up()
        finally:
            self.is_open = False
            if since_boot() - opened_at > WINDOW_SECONDS:
                self._stayed_open, self._tries = True, 0
            await socket.close()
        if closed is None:
            return _End.COMPLETED
        if excess := socket.excess(closed):
            logger.warning(
                "%s: its socket sent %s and is closed: the call is ended at its deadline",
                *(self._listened.attempt, excess),
            )
            return _End.TOO_MUCH
        if is_garbled(closed):
            return _End.FAILED
        has_closed_again = self._closings.closed(opened_at, since_boot())
        if await self._is_being_stopped():
            self._closings.withdraw()
        return _End.CLOSED_AGAIN if has_closed_again else _End.CLOSED

    async def _read_all(self, socket: Gauged) -> ConnectionClosed | None:
        """Act on what a socket says; return why it closed, or None if it said: the call is over."""
        try:
            # Not `async for`: an iterator that is left early takes a task to be closed.
            while True:
                frame = await socket.recv()
                self._stayed_open = True
                if await self._read(frame):
                    return None
        except ConnectionClosed as error:
            return error

    async def _read(self, frame: str | bytes) -> bool:
        """Act on the news of a frame; True when one of them says that the call is over."""
        items = self.desk.provider.read(frame)
        if self._keeps_words:
            for line in filter(None, (line_of(self._listened.attempt, item) for item in items)):
                self._wires.keep(line)
        for item in items:
            found = meaning(item, self._standing)
            if found.act is Act.HUNG_UP:
                return True
            if found.answered_by or found.intents:
                what = " ".join(filter(None, (found.answered_by, *found.intents)))
                await self._insist(what, partial(self.desk.keep, self._listened, found))
            if found.act not in (None, Act.DO_NOT_CALL):
                await self._act(found.act)
        return False

    async def _hang_up(self) -> None:
        """Have the call stopped, as `_act` does, by a thread of which this loop hears only trouble.

        Most calls end so, and one thread less wakes for each.
        """
        loop = asyncio.get_running_loop()

        def say(trouble: SchedulerError) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._hang_up_again, trouble)

        is_stopped = self.desk.has_sent_stop(self._listened)
        if not is_stopped and not self.desk.have_stopped(self._listened, Act.HUNG_UP, say):
            await self._act(Act.HUNG_UP)

    def _hang_up_again(self, trouble: SchedulerError) -> None:
        if not self._has_left:
            again = partial(self._act, Act.HUNG_UP, trouble)
            self._tasks.append(asyncio.create_task(self._safely(again)))

    async def _act(self, what: Act, trouble: SchedulerError | None = None) -> None:
        # Most calls are over because this process has stopped them: then no thread need ask.
        if not self.desk.has_sent_stop(self._listened):
            await self._insist(what, partial(self.desk.act, self._listened, what), trouble)

    async def _insist(
        self,
        what: str,
        put_on_record: Callable[[], None],
        trouble: SchedulerError | None = None,
    ) -> None:
        """Have the desk record news; try again and again while the ledger can't be reached.

        `trouble` is what a first try has met.
        """
        while True:
            if trouble is not None:
                attempt = self._listened.attempt
                logger.warning("%s: %s could not be recorded yet: %s", attempt, what, trouble)
                await asyncio.sleep(INSIST_SECONDS)
            try:
                return await self._wires.ask(put_on_record)
            except SchedulerError as error:
                trouble = error

    def _is_refusal(self, error: InvalidStatus) -> bool:
        """Whether the API itself refuses a socket because it knows no such connection."""
        answer = error.response
        return self.desk.provider.knows_no_such(answer.status_code, bytes(answer.body or b""))

    async def _is_being_stopped(self) -> bool:
        """Whether a stop of the call is on record, for any worker, or this process has sent one."""
        if self.desk.has_sent_stop(self._listened):
            return True
        try:
            return await self._wires.ask(partial(self.desk.is_being_stopped, self._listened))
        except SchedulerError as error:
            attempt = self._listened.attempt
            logger.debug("%s: can't tell whether it is being stopped: %s", attempt, error)
            return False
