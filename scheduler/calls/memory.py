"""What a worker remembers of live calls, so that they end on time even without Redis.

The ledger decides. But if Redis refuses writes, does not answer, or is gone, it can't record a
stop, and a stop needs no ledger. So a worker keeps the connection and the deadline of each call
that it dialled or took charge of, reads the deadlines again with each tick, and sends a stop by
itself if a deadline has passed and no tick has followed. It records the result once Redis takes
writes again. Any stop may be repeated, so it does no harm if the ledger, or another worker, has the
same one sent.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from math import inf

from scheduler import logs
from scheduler.calls.ends import DENIED, End, Failure
from scheduler.calls.exchanges import NOBODY, Exchange, Watchers
from scheduler.calls.reports import Read, Reports
from scheduler.clock import since_boot
from scheduler.errors import NoSuchConnection, ProviderError
from scheduler.ledger import deadlines
from scheduler.ledger.deadlines import Deadline
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask_text
from scheduler.models import Attempt, Disposition
from scheduler.providers import CallReport, Looks, Provider, Stage, StopAnswer

logger = logging.getLogger(__name__)

#: If a tick succeeded no longer ago than this, the ledger has what was due. Timekeepers tick twice
#: a second, and a stop must leave within a second of its deadline.
SILENCE_SECONDS = 0.8

#: Ticks read the deadlines again in rounds, of which one begins no sooner than so long after the
#: one before; the parts of a round follow each other after REFRESH_SECONDS.
ROUND_SECONDS = 1.0
REFRESH_SECONDS = 0.4

#: One that has passed is read sooner, because another worker may be sending that stop.
URGENT_SECONDS = 0.2

#: How many are read at once, so that more calls make no tick longer. The others follow in turn.
MOST = 300

#: If a deadline has not changed and yet lies this much further in the future, the clock of Redis
#: has been set back. Then the worker's own clock counts, which nobody sets.
SET_BACK_SECONDS = 5.0

#: Two readings of one deadline differ by less than this.
SAME_SECONDS = 0.01

#: A stop that has just fallen due by this clock may fall due a moment later by that of Redis, which
#: decides: so for as long as this it counts as one that falls due next.
SKEW_SECONDS = 0.05

#: The longest sleep, so that new calls and deadlines are seen soon.
LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Call:
    """A live connection. Instants are since boot."""

    attempt: Attempt
    connection_id: str
    due_at: float  #: when its next stop is due, by the last reading of the ledger
    deadline_at: float | None = None  #: the same by the clock of Redis, as the ledger has it
    on_record: bool = True
    not_before: float = 0.0  #: this worker sends the next stop no sooner
    sendings: int = 0  #: stops that this worker sent without a record
    first_late: float | None = None  #: how late the first of these was sent
    is_uncertain: bool = False  #: nobody knows the effect of one of these
    is_noted: bool = False  #: and that is on record
    denied: bool = False  #: the API answered last that it knows no such connection
    on_its_own: bool = False  #: the ledger has lost it, or the clock of Redis is wrong
    answered_due_at: float | None = None  #: the due time if somebody has answered; None: known
    why: str = "deadline"  #: the reason for which this worker stops it
    is_sending: bool = False  #: a thread of this process is sending a stop
    failure: Failure | None = None  #: what came of the last stop that was not confirmed
    end: End | None = None  #: confirmed by the API, not on record yet
    agenda_at: float = inf  #: the due time that stands in the agenda

    @property
    def is_unwritten(self) -> bool:
        """Whether something was done that is not on record yet."""
        return self.on_record and (self.end is not None or self.is_uncertain > self.is_noted)


class Agenda:
    """When stops fall due, in order. It costs the logarithm of their number."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, str]] = []

    def enter(self, call: Call) -> None:
        """Note when its stop falls due, unless that is noted."""
        if call.due_at < inf and abs(call.due_at - call.agenda_at) > SAME_SECONDS:
            call.agenda_at = call.due_at
            heapq.heappush(self._entries, (call.due_at, call.connection_id))

    def first_after(self, instant: float, calls: Mapping[str, Call]) -> float:
        """Return when the first stop of these calls falls due after then; inf if none does."""
        while self._entries:
            at, connection_id = self._entries[0]
            call = calls.get(connection_id)
            if at > instant and call is not None and call.agenda_at == at:
                return at
            heapq.heappop(self._entries)
        return inf


class Memory:
    """The live calls of one process. Safe to use from many threads."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        account: str,
        *,
        delays: Sequence[float],
        threads: int,
        watchers: Watchers = NOBODY,
        reports: Reports | None = None,
    ) -> None:
        """`delays` are the seconds until a stop is sent again; the last one repeats.

        With `reports` only a final status that was read confirms an end.
        """
        self._ledger = ledger
        self._provider = provider
        self._account = account
        self.delays = tuple(delays)
        self._watchers = watchers
        self._reports = reports
        self._calls: dict[str, Call] = {}
        self._agenda = Agenda()
        self._unwritten: dict[str, Call] = {}  #: those of which a tick has something to record
        self._lock = threading.Lock()
        self._ticked_at = self._looked_at = self._refreshed_at = self._round_at = 0.0
        self._round: list[str] = []  #: connections whose deadlines to read, the last one next
        self._over = threading.Event()
        self._executor = ThreadPoolExecutor(threads, "memory-stop", logs.be_about, (account,))
        self._thread = threading.Thread(target=self._keep, name="memory", daemon=True)

    def start(self) -> None:
        """Keep the deadlines, from now on."""
        self._thread.start()

    def close(self) -> None:
        """Leave, once the stops that are being sent are done."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._executor.shutdown(wait=True)

    # What is remembered -------------------------------------------------------------------------

    def learn(
        self,
        attempt: Attempt,
        connection_id: str,
        seconds: float,
        *,
        on_record: bool = True,
        answered_seconds: float | None = None,
    ) -> None:
        """Remember a live connection that must be over in so many seconds; inf: the ledger knows.

        If it is not `on_record`, nothing of it is recorded. If nobody has answered yet, it must be
        over in `answered_seconds` should it turn out that somebody has.
        """
        now = since_boot()
        after = None if answered_seconds is None else now + answered_seconds
        with self._lock:
            known = Call(attempt, connection_id, now + seconds, answered_due_at=after)
            call = self._calls.setdefault(connection_id, known)
            call.on_record = call.on_record and on_record
            self._agenda.enter(call)
            self._mark(call)

    def recorded(self, connection_id: str) -> None:
        """Note that a connection is on record now."""
        with self._lock:
            if (call := self._calls.get(connection_id)) is not None:
                call.on_record = True
                self._mark(call)

    def forget(self, connection_id: str) -> None:
        """Forget a connection: it is over, and that is on record, or never will be."""
        with self._lock:
            self._drop(connection_id)

    def _drop(self, connection_id: str) -> None:
        self._calls.pop(connection_id, None)
        self._unwritten.pop(connection_id, None)

    def _mark(self, call: Call) -> None:
        """Note whether there is something to record of a call."""
        if self._calls.get(call.connection_id) is not call:
            return
        if call.is_unwritten:
            self._unwritten[call.connection_id] = call
        else:
            self._unwritten.pop(call.connection_id, None)

    def known(self) -> list[Call]:
        """Return the remembered calls, the one with the earliest stop first."""
        with self._lock:
            return sorted(self._calls.values(), key=lambda call: call.due_at)

    def next_due_in(self) -> float:
        """Return in how many seconds the next of these stops falls due; inf if none does.

        It is less than 0 for one that fell due up to SKEW_SECONDS ago.
        """
        now = since_boot()
        with self._lock:
            return self._agenda.first_after(now - SKEW_SECONDS, self._calls) - now

    def has_sent(self, connection_id: str) -> bool:
        """Return whether this process has sent a stop, so that what follows is no hang-up."""
        with self._lock:
            call = self._calls.get(connection_id)
            return call is not None and call.sendings > 0

    def has_ended(self, connection_id: str) -> bool:
        """Return whether the API has confirmed its end, which is not on record yet."""
        with self._lock:
            call = self._calls.get(connection_id)
            return call is not None and call.end is not None

    # Stops --------------------------------------------------------------------------------------

    def take(self, attempt: Attempt, connection_id: str) -> bool:
        """Begin to send a stop; False if this process is sending one, or has its end already."""
        with self._lock:
            call = self._calls.setdefault(connection_id, Call(attempt, connection_id, since_boot()))
            if call.is_sending or call.end is not None:
                return False
            call.is_sending = True
            call.sendings += 1
            delay = self.delays[min(call.sendings, len(self.delays)) - 1]
            call.not_before = since_boot() + delay
            return True

    def sent(self, connection_id: str, end: End | None = None) -> None:
        """Note that a stop has been sent; with an `end` the API has confirmed it."""
        with self._lock:
            if (call := self._calls.get(connection_id)) is not None:
                call.is_sending = False
                call.end = call.end or end
                self._mark(call)

    def failed(self, connection_id: str, failure: Failure) -> None:
        """Note why a stop was not confirmed: that is recorded with what this worker does next."""
        with self._lock:
            if (call := self._calls.get(connection_id)) is not None:
                call.failure = failure

    def _keep(self) -> None:
        logs.be_about(self._account)
        while not self._over.is_set():
            try:
                sleep = self._send_what_is_due()
            except Exception:
                # The thread that keeps deadlines outlives every fault.
                logger.exception("the remembered deadlines can't be looked at")
                sleep = LOOK_SECONDS
            self._over.wait(sleep)

    def _send_what_is_due(self) -> float:
        """Return the seconds to sleep."""
        now, sleep = since_boot(), LOOK_SECONDS
        with self._lock:
            due = []
            for call in self._calls.values():
                if call.is_sending or call.end is not None:
                    continue
                wait = self._due_at(call) - now
                if wait <= 0:
                    due.append(call)
                else:
                    sleep = min(sleep, wait)
        for call in due:
            if self.take(call.attempt, call.connection_id):
                self._executor.submit(self._send, call)
        return sleep

    def _due_at(self, call: Call) -> float:
        """Return when this worker has to send the stop, if no tick comes before."""
        if call.on_its_own or not call.on_record:
            return max(call.due_at, call.not_before)
        return max(call.due_at, self._ticked_at + SILENCE_SECONDS, call.not_before)

    def _send(self, call: Call) -> None:
        if self._was_answered(call):
            return
        end, denied = None, False
        late = since_boot() - call.due_at if call.sendings == 1 else None
        call.first_late = call.first_late if late is None else late
        stop = Exchange("stop", call.attempt, late, Disposition.STOPPED)
        logger.error("%s: the ledger did not take its stop, which is sent now", call.attempt)
        try:
            with self._watchers.see(stop):
                answer = self._provider.stop(call.connection_id)
            if self._reports is None or _is_over(answer.report):
                end = End.by(call.why, answer)
        except NoSuchConnection as error:
            denied = self._reports is None
            self.failed(call.connection_id, DENIED)
            logger.warning("%s: stop: %s", call.attempt, mask_text(str(error)))
        except ProviderError as error:
            self.failed(call.connection_id, Failure.of(error))
            logger.error("%s: stop: %s", call.attempt, mask_text(str(error)))
        except Exception:
            logger.exception("%s: stop failed", call.attempt)
        finally:
            with self._lock:
                call.denied = denied
                call.is_uncertain |= end is None and not denied
            self.sent(call.connection_id, end)

    def _was_answered(self, call: Call) -> bool:
        """Read a call before stopping it because nobody answered; True if it may last longer.

        Nobody knows when it was answered, so its time counts from its start.
        """
        later, call.answered_due_at = call.answered_due_at, None
        if later is None or later <= since_boot() or not isinstance(self._provider, Looks):
            return False
        report = None
        try:
            report = self._provider.look(call.connection_id)
        except Exception as error:
            logger.error("%s: the call can't be read: %s", call.attempt, mask_text(str(error)))
        if report is not None and report.stage in (Stage.QUEUED, Stage.RINGING):
            call.why = "no_answer"
            return False
        with self._lock:
            # This was no stop, so the first one need not wait as a second one would.
            call.due_at, call.not_before, call.is_sending = later, 0.0, False
            call.sendings -= 1
        if _is_over(report):
            self.sent(call.connection_id, End.by("deadline", StopAnswer(report=report)))
        return True

    # The ledger ---------------------------------------------------------------------------------

    def ticked(self, began_at: float) -> None:
        """Note that a tick which began then has succeeded: what was due is on record."""
        self._ticked_at = began_at

    def refresh(self, latest: float = inf) -> None:
        """Read deadlines again, unless that was just done: those that have passed, and others.

        If the clock of Redis shows more than `latest`, it is not believed, and what was read before
        counts. Raises LedgerTrouble.
        """
        now = since_boot()
        if now - self._looked_at < URGENT_SECONDS:
            return
        self._looked_at = now
        calls = self._to_be_read(now)
        if not calls:
            return
        found = deadlines.live(self._ledger, self._account, [call.attempt for call in calls])
        with self._lock:
            for call in calls:
                self._see(call, found, now, latest)

    def _to_be_read(self, now: float) -> list[Call]:
        """Return calls whose stop another worker may be sending, and some others in turn."""
        with self._lock:
            passed = (
                call
                for call in self._calls.values()
                if call.due_at <= now and call.on_record and not call.is_sending
            )
            calls = list(islice(passed, MOST))
            if now - self._refreshed_at < REFRESH_SECONDS:
                return calls
            if not self._round:
                if now - self._round_at < ROUND_SECONDS:
                    return calls
                self._round_at = now
                self._round = [call.connection_id for call in self._calls.values()]
            self._refreshed_at = now
            others = (self._calls.get(one) for one in self._round[-MOST:])
            calls += [call for call in others if call is not None and call.on_record]
            del self._round[-MOST:]
            return calls

    def _see(
        self, call: Call, found: dict[Attempt, Deadline | None], now: float, latest: float
    ) -> None:
        if call.attempt not in found:
            # The ledger has lost it, but the call goes on: the deadline that was read last counts.
            call.on_its_own = True
            if call.denied or call.end is not None:
                self._drop(call.connection_id)
            return
        deadline = found[call.attempt]
        if deadline is None:
            self._drop(call.connection_id)
            return
        if deadline.read_at > latest:
            return
        due_at = now + deadline.seconds
        if call.deadline_at == deadline.at and due_at - call.due_at > SET_BACK_SECONDS:
            if not call.on_its_own:
                logger.error("%s: the clock of Redis has been set back", call.attempt)
            call.on_its_own = True
            return
        call.deadline_at, call.due_at, call.on_its_own = deadline.at, due_at, False
        self._agenda.enter(call)

    def write_down(self) -> int:
        """Record what was done without the ledger; return how many calls have ended by that.

        Raises LedgerTrouble; then the rest is recorded later.
        """
        with self._lock:
            calls = list(self._unwritten.values())
        return sum(self._write_down(call) for call in calls)

    def _write_down(self, call: Call) -> bool:
        if call.end is None:
            self._note_stop(call)
            with self._lock:
                call.is_noted = True
                self._mark(call)
            return False
        end = call.end
        if end.disposition is Disposition.STOPPED:
            # Somebody may have ordered its end. If it looked like a hang-up, this stop caused it.
            why = deadlines.stop_reason(self._ledger, call.attempt)
            ordered = End.by("deadline" if why == "hung_up" else why, end.answer)
            end = replace(ordered, confirmed_at=end.confirmed_at)
        if call.first_late is not None or call.failure is not None:
            self._note_stop(call)
        is_news = self._record(call, end)
        self.forget(call.connection_id)
        return is_news

    def _note_stop(self, call: Call) -> None:
        cause, said = (call.failure.cause, call.failure.said) if call.failure else (None, "")
        deadlines.note_stop(
            self._ledger, self._account, call.attempt, call.first_late, cause=cause, said=said
        )

    def _record(self, call: Call, end: End) -> bool:
        report = end.answer.report
        if self._reports is None or report is None:
            return end.record(self._ledger, self._account, call.attempt)
        confirmed_at = self._ledger.time() - end.ago_seconds
        read = Read(report, confirmed_at, over_at=confirmed_at)
        return self._reports.hear(call.attempt, read, call.why if call.sendings else "")


def _is_over(report: CallReport | None) -> bool:
    return report is not None and report.stage is Stage.OVER
