"""The verbs that change a call's life: each one script, atomic, and harmless when it runs again."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from redis.commands.core import Script

from scheduler.errors import LedgerError, LedgerFault, StaleAttempt
from scheduler.ledger import keys
from scheduler.ledger.keys import count_of
from scheduler.ledger.names import index_names
from scheduler.ledger.redis.client import connect, connect_once, expect_redis, reaching
from scheduler.ledger.redis.durability import expect_durable, run_durably
from scheduler.ledger.scripts import Scripts
from scheduler.limit import FIRST, Limit
from scheduler.models import (
    Attempt,
    CampaignState,
    Connection,
    Contact,
    Disposition,
    Durability,
    Policy,
    Reason,
    Row,
)
from scheduler.records import decode, decode_policy, encode_policy, pack_row

logger = logging.getLogger(__name__)

#: For how long it is known that a party was called: the longest period that a cap may have.
REMEMBERED_SECONDS = 31 * 86_400


#: What is known of an account's limit and of an outage: fields of its `meta`.
FORGOTTEN = (
    *("learned", "refusals", "raise_at", "step", "proven", "accepted"),
    *("refused_in_row", "closed_until", "failures", "probe", "probe_at"),
)


@dataclass(frozen=True, slots=True)
class Leases:
    """How long things may take before somebody else deals with them; all in seconds."""

    claim: float = 10.0  #: from claim to begin
    dial: float = 25.0  #: from begin to the answer on record; more than the 15 s of a start
    stop_patience: float = 600.0  #: how long a stop that is not confirmed keeps its slot
    stop_give_up: float = 24 * 3600.0  #: how long a stop that is not confirmed is repeated
    stop_late: float = 30.0  #: from here on a stop counts as late; too many fence `begin`
    denied_apart: float = 5.0  #: between the two "no such connection" that confirm an end


@dataclass(frozen=True, slots=True)
class Charge:
    """Who listens to a connection, and for how many seconds that holds unless it is renewed."""

    listener: str = ""  #: "" for nobody
    seconds: float = 0.0


NOBODYS = Charge()


@dataclass(frozen=True, slots=True)
class Claim:
    """A due call that holds a slot, and whom to dial for it."""

    attempt: Attempt
    contact: Contact
    policy: Policy
    now: float  #: when it was claimed, by the clock of Redis

    @property
    def max_duration_seconds(self) -> float:
        """The contact's own, else the campaign's."""
        return self.contact.max_duration_seconds or self.policy.max_duration_seconds


@dataclass(frozen=True, slots=True)
class StopOrder:
    """A stop that is due now."""

    attempt: Attempt
    connection_id: str
    why: str  #: deadline, aborted, or late
    deadline: float  #: epoch seconds, by the clock of Redis
    sendings: int  #: how often it has been taken, this time included
    late_seconds: float  #: since it was due, when it was taken


@dataclass(frozen=True, slots=True)
class Due:
    """What a timekeeper finds when it looks."""

    expired: int  #: attempts that were dealt with, as `expire` does
    stops: list[StopOrder]  #: taken, as `take_stops` does
    dials: int  #: worth a message now
    collects: int
    seconds: float | None  #: until it has to look again; None when nothing is in sight


@dataclass(frozen=True, slots=True)
class Control:
    """An operator who gives an order. It goes on record in the step that carries it out."""

    who: str  #: user@host
    note: str = ""
    #: Of this execution: what is sent again because its answer was lost is done and recorded once.
    token: str = field(default_factory=lambda: uuid4().hex)

    @property
    def written(self) -> tuple[str, str, str]:
        """What a script takes."""
        return self.who, self.note, self.token


_NOBODY = Control("", "", "")


@dataclass(frozen=True, slots=True)
class LimitView:
    """What a decision about the limit is made from."""

    limit: Limit
    version: int  #: fences the change: it is dropped when another worker was faster
    live: int  #: connections that are open, or may be since their answer was lost
    slots: int  #: in use, by connections and by attempts that may become one
    refused_in_row: int  #: 429s since the last accepted start
    accepted: int  #: starts since the last 429
    now: float


def _known(campaign_id: str, state: str | None) -> CampaignState:
    if state is None:
        raise LedgerError(f"campaign {campaign_id} is gone from the ledger")
    return CampaignState(state)


def _limit_view(seen: Sequence[Any]) -> LimitView:
    version, learned, refusals, raise_at, step, live, slots, in_row, accepted, instant = seen
    try:
        known = Limit(int(learned), int(refusals), float(raise_at), int(step))
    except ValueError:
        known = Limit()  # nothing is known, or nothing that can be read
    counts = (count_of(version), int(live), int(slots), count_of(in_row), count_of(accepted))
    return LimitView(known, *counts, float(instant))


def _written(known: Limit) -> tuple[int, int, float, int]:
    return known.learned, known.refusals, known.raise_at, known.step


def _orders(flat: Sequence[str]) -> list[StopOrder]:
    return [
        StopOrder(
            Attempt.parse(attempt), connection, why, float(deadline), int(sendings), float(late)
        )
        for attempt, connection, why, deadline, sendings, late in zip(
            *(iter(flat),) * 6, strict=True
        )
    ]


class Store:
    """The ledger.

    `now` is for tests, and `time` for those that run a campaign of days in seconds; without them
    the clock is the server's.
    """

    def __init__(
        self,
        url: str,
        leases: Leases | None = None,
        durability: Durability = Durability.SERVER,
        time: Callable[[], float] | None = None,
    ) -> None:
        self.leases = leases or Leases()
        self.durability = durability
        self._time = time
        # Any: the annotations of redis-py cover bytes too, and we have every answer decoded.
        self.redis: Any = connect(url)
        self._once = connect_once(url)
        self.do = Scripts(self.redis)
        self._do_once = Scripts(self._once)

    def close(self) -> None:
        """Close the connections."""
        self.redis.close()
        self._once.close()

    def clock(self, now: float | None) -> str:
        """Return what a script takes for the time: "" for the server's own."""
        if now is None and self._time is not None:
            now = self._time()
        return "" if now is None else repr(now)

    def open(self, *, upgrades: bool = True) -> None:
        """Check the ledger's schema. Raises LedgerError when it is newer than this release.

        Who `upgrades` raises an older one, from when on older workers dial no more; who only looks,
        or gives orders, leaves it. Raises ConfigError when the server can't be as durable as the
        setting asks for.
        """
        expect_redis(self.redis)
        expect_durable(self._once, self.durability)
        with reaching():
            self.redis.set(f"{keys.ROOT}schema", keys.SCHEMA, nx=True)
            written = str(self.redis.get(f"{keys.ROOT}schema") or 0)
            if not written.isdecimal():
                raise LedgerFault(f"{keys.ROOT}schema is no number: another program has set it")
            found = int(written)
            if found < keys.SCHEMA and upgrades:
                # What is new has defaults; workers of before refuse the ledger from now on. Whoever
                # dies before that leaves it to the next one.
                index_names(self.redis)
                self.redis.set(f"{keys.ROOT}schema", keys.SCHEMA)
        if found > keys.SCHEMA:
            raise LedgerError(
                f"the ledger has schema {found}, this release knows {keys.SCHEMA}:"
                " upgrade callsched on this machine"
            )

    def run(self, script: Script, *args: Any) -> Any:
        """Run one verb. Raises LedgerUnreachable."""
        with reaching():
            return script(keys=[keys.ROOT], args=args)

    # Loading ------------------------------------------------------------------------------------

    def create(
        self,
        campaign_id: str,
        *,
        account: str,
        name: str,
        policy: Policy,
        digest: str,
        repeat_window: float | None = None,
        now: float | None = None,
    ) -> CampaignState:
        """Open a campaign for loading, or find it as it stands. Raises LedgerError if another
        account's campaign has this id.

        With a `repeat_window`, in seconds, rows are skipped whose party another campaign of this
        name and account has called so lately, or has yet to call. What a campaign was created with
        stays.
        """
        cap = "" if policy.max_concurrency is None else policy.max_concurrency
        collects = 1 if policy.insights else 0
        state, owner = self.run(
            self.do.create,
            campaign_id,
            account,
            name,
            encode_policy(policy),
            digest,
            cap,
            collects,
            policy.priority,
            policy.weight,
            policy.max_starts_per_second,
            policy.canary.first if policy.canary else "",
            repeat_window or "",
            self.clock(now),
        )
        if owner != account:
            raise LedgerError(
                f"campaign {campaign_id} belongs to account {owner}, not to {account}"
            )
        return CampaignState(state)

    def load(
        self,
        campaign_id: str,
        load_id: str,
        chunk: int,
        rows: Iterable[Row],
        now: float | None = None,
    ) -> None:
        """Add a chunk of rows; those that the campaign knows already change nothing.

        `load_id` is one token for all chunks of a load, `chunk` counts from 1: a chunk that is sent
        again is not added again.
        """
        self.load_packed(campaign_id, load_id, chunk, b"".join(map(pack_row, rows)), now)

    def load_packed(
        self, campaign_id: str, load_id: str, chunk: int, packed: bytes, now: float | None = None
    ) -> None:
        """Add a chunk of rows that `records.pack_row` has written, as `load` does."""
        args = (campaign_id, load_id, chunk, self.clock(now), packed)
        said = self.run(self.do.load, *args)
        if said == "missing":
            raise LedgerError(f"campaign {campaign_id} is gone from the ledger")
        if said == "retired":
            raise LedgerError(
                f"the contacts of campaign {campaign_id} are no longer kept, so nobody can tell"
                " whom it has called; give the campaign another --id"
            )

    def seal(self, campaign_id: str, load_id: str, now: float | None = None) -> CampaignState:
        """Say that the last row is in: from now on the campaign dials, and can end."""
        return _known(campaign_id, self.run(self.do.seal, campaign_id, load_id, self.clock(now)))

    # Dialling -----------------------------------------------------------------------------------

    def claim(
        self,
        account: str,
        token: str,
        *,
        ceiling: int,
        fingerprint: str = "",
        only: str = "",
        starts_per_second: float = 0.0,
        now: float | None = None,
    ) -> Claim | float | None:
        """Give the next due call a slot and a fresh attempt; None when nothing may be dialled.

        The seconds to wait, when all that holds a call back is the pace of starts.
        """
        lease = self.leases
        found = self.run(
            self.do.claim,
            account,
            token,
            ceiling,
            fingerprint,
            only,
            lease.claim,
            lease.dial,
            FIRST,
            lease.stop_late,
            starts_per_second,
            self.clock(now),
        )
        if not found:
            return None
        if isinstance(found, str):
            return float(found)
        attempt, record, policy, instant = found
        try:
            known = decode(record)[0], decode_policy(policy)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # Whoever it was is not called. The next claim is for another call.
            logger.error("%s: what the ledger has of it can't be read: %r", attempt, error)
            message = "what the ledger has of it can't be read"
            self.finish(
                account, Attempt.parse(attempt), Disposition.REJECTED, message=message, now=now
            )
            return 0.0
        return Claim(Attempt.parse(attempt), *known, float(instant))

    def begin(
        self,
        account: str,
        attempt: Attempt,
        token: str,
        *,
        max_duration_seconds: float,
        closes_at: float = math.inf,
        now: float | None = None,
    ) -> bool:
        """Ask for leave to send the start; the command is never sent twice. Raises StaleAttempt.

        `closes_at` is the instant from which on no start may be let out. False: a rule forbids it,
        and the attempt was given back, or the call has ended as skipped. Raises LedgerUnreachable
        also when the leave is not as safe in time as the setting asks for.
        """
        lease = self.leases
        lengths = (lease.dial, max_duration_seconds, lease.stop_late)
        until = "" if closes_at == math.inf else repr(closes_at)
        args = (account, str(attempt), token, *lengths, until, REMEMBERED_SECONDS, self.clock(now))
        with reaching():
            said = run_durably(self._once, self._do_once.begin, [keys.ROOT], args, self.durability)
        if said == "stale":
            raise StaleAttempt(f"attempt {attempt} is no longer claimed")
        return bool(said == "go")

    def give_back(
        self,
        account: str,
        attempt: Attempt,
        token: str = "",
        *,
        delay_seconds: float = 0.0,
        signal: str = "",
        message: str = "",
        now: float | None = None,
    ) -> None:
        """Give slot and attempt back: no phone rang. Raises StaleAttempt."""
        nothing = ("",) * 6
        self._give_back(
            account, attempt, token, delay_seconds, signal, message, *nothing, self.clock(now)
        )

    def give_back_at_limit(
        self,
        account: str,
        attempt: Attempt,
        token: str,
        *,
        delay_seconds: float,
        message: str,
        seen: LimitView,
        lowered: Limit,
        now: float | None = None,
    ) -> None:
        """Give slot and attempt back after a 429 and lower the learned limit, in one step."""
        change = (seen.version, *_written(lowered))
        self._give_back(
            account,
            attempt,
            token,
            delay_seconds,
            "answered",
            message,
            delay_seconds,
            *change,
            self.clock(now),
        )

    def _give_back(self, account: str, attempt: Attempt, *rest: Any) -> None:
        if not self.run(self.do.give_back, account, str(attempt), *rest):
            raise StaleAttempt(f"attempt {attempt} is no longer open")

    def connect(
        self,
        account: str,
        attempt: Attempt,
        connection: Connection,
        *,
        answered_ago_seconds: float,
        max_duration_seconds: float,
        charge: Charge = NOBODYS,
        now: float | None = None,
    ) -> tuple[str, float, LimitView]:
        """Put a connection and its deadline on record. An answer is never refused.

        One that is in time is in the `charge` of a listener from then on.

        Returns what it was taken for ("connected", "late": its stop is due now, "known": it was on
        record, "second": the attempt has another one and nothing was written), the deadline, and
        the account's limit as it stands now. Raises LedgerUnreachable also when that is not as safe
        in time as the setting asks for: it is to be said again.
        """
        args = (
            account,
            str(attempt),
            connection.connection_id,
            connection.conversation_id,
            connection.event_url,
            connection.result_websocket_url,
            answered_ago_seconds,
            max_duration_seconds,
            self.leases.stop_patience,
            charge.listener,
            charge.seconds,
            self.clock(now),
        )
        with reaching():
            said, deadline, seen = run_durably(
                self._once, self._do_once.connect, [keys.ROOT], args, self.durability
            )
        return said, float(deadline), _limit_view(seen)

    def finish(
        self,
        account: str,
        attempt: Attempt,
        disposition: Disposition,
        *,
        reason: Reason | None = None,
        message: str = "",
        hold_seconds: float = 0.0,
        signal: str = "",
        now: float | None = None,
    ) -> None:
        """End a call that has no connection; its slot may stay taken. Raises StaleAttempt."""
        args = (disposition, reason or "", message, hold_seconds, signal, self.clock(now))
        if not self.run(self.do.finish, account, str(attempt), *args):
            raise StaleAttempt(f"attempt {attempt} is no longer open")

    # Deadlines ----------------------------------------------------------------------------------

    def expire(self, account: str, *, most: int = 100, now: float | None = None) -> int:
        """Deal with attempts whose time is over; returns how many there were, at most `most`."""
        patience = self.leases.stop_patience
        return int(self.run(self.do.expire, account, most, patience, self.clock(now)))

    def take_stops(
        self, account: str, *, most: int, delays: Sequence[float], now: float | None = None
    ) -> list[StopOrder]:
        """Take the stops that are due. Each is due again after the delay for its next sending."""
        give_up = self.leases.stop_give_up
        return _orders(
            self.run(self.do.take_stops, account, most, give_up, self.clock(now), *delays)
        )

    def hurry_stops(self, account: str, now: float | None = None) -> None:
        """Have every stop that waits for its next sending sent now."""
        self.run(self.do.hurry_stops, account, self.clock(now))

    def deny(self, account: str, attempt: Attempt, now: float | None = None) -> Disposition | None:
        """Record that a stop was answered "no such connection"; None while that is not certain.

        The far end ended it if the very first stop was answered so; else a stop of ours may have.
        """
        apart = self.leases.denied_apart
        said = int(self.run(self.do.deny, account, str(attempt), apart, self.clock(now)))
        return (None, Disposition.STOPPED, Disposition.HUNG_UP)[said]

    def note_stop_error(self, attempt: Attempt, message: str) -> None:
        """Keep what the API said to a stop that it did not confirm; the last word counts."""
        with reaching():
            self.redis.hset(keys.attempt(str(attempt)), "stop_error", message)

    def confirm(
        self,
        account: str,
        attempt: Attempt,
        disposition: Disposition,
        *,
        reason: Reason | None = None,
        conversation_id: str = "",
        summaries: str = "",
        now: float | None = None,
    ) -> bool:
        """Record that a connection is over: its slot is free. False when that was known.

        `summaries` is what the stop's answer said of summary pages, as JSON.
        """
        args = (account, str(attempt), disposition, reason or "", conversation_id, summaries)
        return bool(self.run(self.do.confirm, *args, self.clock(now)))

    def ready(
        self,
        account: str,
        *,
        ceiling: int,
        fingerprint: str = "",
        only: str = "",
        apart_seconds: float = 0.5,
        now: float | None = None,
    ) -> tuple[int, int, float | None]:
        """Return how many dials and collects are worth a message now, and when to look again.

        The last is in seconds from now; None when nothing is in sight.
        """
        late = self.leases.stop_late
        args = (account, ceiling, fingerprint, only, FIRST, apart_seconds, late, self.clock(now))
        dials, collects, soonest = self.run(self.do.ready, *args)
        return int(dials), int(collects), float(soonest) if soonest else None

    def tick(
        self,
        account: str,
        *,
        most: int,
        free: int,
        delays: Sequence[float],
        ceiling: int,
        fingerprint: str = "",
        only: str = "",
        apart_seconds: float = 0.5,
        now: float | None = None,
    ) -> Due:
        """Do `expire`, `take_stops` (at most `free`) and `ready` in one step."""
        lease = self.leases
        bounds = (most, lease.stop_patience, free, lease.stop_give_up)
        asked = (ceiling, fingerprint, only, FIRST, apart_seconds, lease.stop_late, self.clock(now))
        expired, taken, (dials, collects, soonest) = self.run(
            self.do.tick, account, *bounds, *asked, *delays
        )
        seconds = float(soonest) if soonest else None
        return Due(int(expired), _orders(taken), int(dials), int(collects), seconds)

    # The limit ----------------------------------------------------------------------------------

    def limit(self, account: str, now: float | None = None) -> LimitView:
        """Read what is known of the account's limit."""
        return _limit_view(self.run(self.do.limit, account, self.clock(now)))

    def learn(
        self,
        account: str,
        seen: LimitView,
        learned: Limit,
        control: Control = _NOBODY,
        now: float | None = None,
    ) -> bool:
        """Replace the limit; False when another worker has changed it since it was seen."""
        args = (seen.version, *_written(learned), *control.written, self.clock(now))
        return bool(self.run(self.do.learn, account, *args))

    def forget_limit(self, account: str) -> None:
        """Forget what was learned of an account, as when its provider is a new one."""
        with reaching():
            self.redis.hdel(keys.account(account, "meta"), *FORGOTTEN)

    def block(self, account: str, fingerprint: str, why: str) -> None:
        """Stop dialling with these credentials; others go on, and stops are still sent."""
        with reaching():
            self.redis.hset(keys.account(account, "blocks"), fingerprint, why)

    def unblock(self, account: str) -> None:
        """Let everybody's credentials try again; those that still can't dial are blocked again."""
        with reaching():
            self.redis.delete(keys.account(account, "blocks"))

    # Controls -----------------------------------------------------------------------------------

    def halt(
        self,
        campaign_id: str,
        *,
        abort: bool = False,
        control: Control = _NOBODY,
        now: float | None = None,
    ) -> int:
        """Let no more starts out; with `abort` stop what is live, also what is answered later."""
        what = ("1", "interrupt") if abort else ("", "pause")
        args = (what[0], self.leases.stop_patience, what[1], *control.written, self.clock(now))
        return int(self.run(self.do.halt, campaign_id, *args))

    def resume(
        self, campaign_id: str, control: Control = _NOBODY, now: float | None = None
    ) -> CampaignState:
        """Let a paused campaign go on. Raises LedgerError when it was cancelled."""
        args = (campaign_id, *control.written, self.clock(now))
        state = self.run(self.do.resume, *args)
        if state == "cancelled":
            raise LedgerError(
                f"campaign {campaign_id} was cancelled, and never goes on; `callsched worker` sees"
                f" its live calls to their ends, `callsched retry {campaign_id} --only"
                " skipped:cancelled` calls the others as a new campaign"
            )
        return _known(campaign_id, state)
