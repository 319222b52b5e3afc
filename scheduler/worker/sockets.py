"""This process's sockets to live connections, on one thread of asyncio.

The API has no status call and no callback: only a socket brings early news that a call is over.
News make the stop due now and prove nothing; without any socket the deadline holds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

import uvloop

from scheduler.calls.news_desk import NewsDesk
from scheduler.errors import SchedulerError
from scheduler.ledger import listeners
from scheduler.ledger.calls import NO_LISTENER, Claim, ListenerLease
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import ListenedCall
from scheduler.models import Attempt, Connection
from scheduler.providers import Subscription
from scheduler.worker.follower import Follower
from scheduler.worker.wires import Wires

logger = logging.getLogger(__name__)

#: The length of a lease, which the listener renews.
LEASE_SECONDS = 3.5

#: How long all sockets may take to close when this process leaves.
LEAVE_SECONDS = 2.0


class Sockets:
    """Follows the connections that it is given. Every public method may be called from any thread.

    It knows no accounts: each connection comes with the desk that acts on its news.
    """

    def __init__(self, ledger: Ledger, *, capacity: int) -> None:
        """`capacity` is how many sockets it keeps at most; with 0 it never listens."""
        self._ledger = ledger
        self.capacity = capacity
        #: with the name under which this process has its leases
        self.lease = ListenerLease(uuid4().hex, LEASE_SECONDS)
        self._wires = Wires(ledger)
        self._over = asyncio.Event()
        self._is_closing = False
        self._following: dict[Attempt, Follower] = {}
        self._loop: asyncio.AbstractEventLoop | None = None  #: from when it runs
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen; when this returns, connections can be taken."""
        self._thread.start()
        self._began.wait()

    def close(self) -> None:
        """Release every lease, so that other listeners can take the connections, and leave."""
        self._is_closing = True
        self._call(self._over.set)
        if self._thread.is_alive():
            self._thread.join()
        self._wires.close()

    @property
    def is_listening(self) -> bool:
        """Whether connections that are taken are followed; not once it leaves or has died."""
        return self._thread.is_alive() and not self._is_closing

    @property
    def open_sockets(self) -> int:
        """How many sockets are open now."""
        # A copy, because other threads ask as well.
        return sum(follower.is_open for follower in list(self._following.values()))

    @property
    def room(self) -> int:
        """How many more connections can be followed."""
        return max(0, self.capacity - len(self._following))

    # What a dialling thread asks ----------------------------------------------------------------

    @property
    def free_lease(self) -> ListenerLease:
        """The lease for a new connection; NO_LISTENER if there is no room."""
        return self.lease if self.is_listening and self.room > 0 else NO_LISTENER

    def follow(self, desk: NewsDesk, claim: Claim, connection: Connection) -> None:
        """Listen to a connection of which this process has the lease.

        If this fails, the lease runs out and another listener takes it. Raises nothing, because
        the caller would conclude that the connection can't be put on record.
        """
        call = ListenedCall(claim.attempt, connection, claim.contact, claim.policy, was_open=False)
        places = None
        try:
            # The caller may wait for a token, the loop may not.
            places = desk.provider.subscriptions(connection)
        except SchedulerError:
            pass  # more tries follow, and their errors are logged
        except Exception:
            logger.exception("%s: no address to listen at", claim.attempt)
        self._call(partial(self._take_if_room, desk, call, places))

    # What the listener asks ---------------------------------------------------------------------

    def held(self, desk: NewsDesk) -> dict[Attempt, bool]:
        """Return the followed connections of a desk, and whether a socket of each is open."""
        followed = list(self._following.items())
        return {attempt: one.is_open for attempt, one in followed if one.desk is desk}

    def known(self, attempt: Attempt) -> tuple[Claim, Connection, float] | None:
        """Return the facts that must be recorded again if the ledger has lost a connection.

        These are its claim, itself, and since when it is followed, in seconds since boot.
        """
        follower = self._following.get(attempt)
        return None if follower is None else follower.known

    def take(self, desk: NewsDesk, call: ListenedCall) -> None:
        """Follow a connection of which this process has the lease."""
        self._call(partial(self._take, desk, call, None))

    def drop(self, attempts: Sequence[Attempt]) -> None:
        """Follow these no longer: another listener has them, or nobody."""
        if attempts:
            self._call(partial(self._drop, attempts))

    # On the loop --------------------------------------------------------------------------------

    def _call(self, action: Callable[[], object]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(action)

    def _run(self) -> None:
        try:
            # Opening a socket and closing it wakes the loop a dozen times: this one is cheaper.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._main())
        except Exception:
            # Without it calls end later, but every deadline is kept.
            logger.exception("the listener has died")
        finally:
            self._began.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began.set()
        lines = asyncio.create_task(self._wires.note_lines())
        if not self._is_closing:
            await self._over.wait()
        lines.cancel()
        for follower in self._following.values():
            follower.leave()
        # On a thread that does not wait for news.
        await asyncio.to_thread(self._release_all)
        # The end of the loop would cancel them once more, and leave half-closed sockets.
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=LEAVE_SECONDS)

    def _release_all(self) -> None:
        of_account: dict[str, list[Attempt]] = {}
        for attempt, follower in list(self._following.items()):
            of_account.setdefault(follower.desk.account, []).append(attempt)
        for account, attempts in of_account.items():
            self._release(account, attempts)

    def _release(self, account: str, attempts: Sequence[Attempt]) -> None:
        try:
            listeners.release(self._ledger, account, self.lease.listener, attempts)
        except SchedulerError as error:
            logger.warning("leases could not be released, and will run out: %s", error)

    def _take_if_room(
        self, desk: NewsDesk, call: ListenedCall, places: Sequence[Subscription] | None
    ) -> None:
        # Calls that were connected at the same instant have all found room.
        if self.room > 0 and not self._over.is_set():
            self._take(desk, call, places)
        else:
            self._wires.have_done(partial(self._release, desk.account, [call.attempt]))

    def _take(
        self, desk: NewsDesk, call: ListenedCall, places: Sequence[Subscription] | None
    ) -> None:
        replaced = self._following.get(call.attempt)
        self._following[call.attempt] = Follower(self._wires, desk, call, places)
        if replaced is not None:
            replaced.leave()

    def _drop(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            follower = self._following.pop(attempt, None)
            if follower is not None:
                follower.leave()
