"""A ledger on a clock that tests move, and the verbs with the arguments that most tests give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4
from zlib import crc32

from scheduler.ledger import (
    calls,
    campaigns,
    insights,
    keys,
    limits,
    listeners,
    reports,
    views,
)
from scheduler.ledger.calls import NO_LISTENER, Bid, Claim, ListenerLease, StopOrder, Wait
from scheduler.ledger.insights import Collect, Collected
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import ListenedCall
from scheduler.limit import Limit
from scheduler.models import (
    Attempt,
    CallState,
    CampaignState,
    Connection,
    Contact,
    Disposition,
    Policy,
    Row,
)

ACCOUNT = "acme"

#: How long a call lasts here: more than any lease, less than the patience for a stop.
DURATION = 60.0

#: How long a listener's lease holds here, in seconds: less than a call lasts.
LISTENER_LEASE = 3.5

#: How long a call may ring here.
RING = 30.0

#: Between the sendings of a stop here.
STOP_DELAYS = (2.0, 30.0)

#: What lies in a ledger that holds nothing: which layout it has, and that its indexes are whole.
EMPTY = {
    "callsched:schema": str(keys.SCHEMA),
    "callsched:turns": "2",
    "callsched:counted": "1",
}

#: More than any test opens.
PLENTY = 1000


def contact(n: int) -> Contact:
    """Return the n-th person of a range that is kept for fiction."""
    number = f"+1202{5550000 + n:07d}"
    return Contact(number, number)


def rows(*numbers: int) -> list[Row]:
    """Return rows without an id, one for each of these persons."""
    return [Row(contact(n), line) for line, n in enumerate(numbers, start=2)]


def named(contact_id: str, n: int) -> Row:
    """Return a row whose file gives it an id."""
    return Row(Contact(contact_id, contact(n).phone_number), 2, has_id=True)


def everything(reader: Any) -> dict[str, object]:
    """Read every key, but for what a claim remembers of its token."""
    found = reader.scan_iter(count=1000)
    return {key: _value(reader, key) for key in found if not key.startswith("callsched:claim:")}


def _value(reader: Any, key: str) -> object:
    match reader.type(key):
        case "hash":
            return reader.hgetall(key)
        case "zset":
            return reader.zrange(key, 0, -1, withscores=True)
        case "set":
            return reader.smembers(key)
        case "stream":
            return reader.xrange(key)
        case _:
            return reader.get(key)


#: The time of new books, in epoch seconds.
BEGIN = 1_800_000_000.0


class Books:
    """One account's ledger. Nothing here sleeps: `now` is what the store is told the time is."""

    def __init__(self, ledger: Ledger, reader: Any, account: str = ACCOUNT) -> None:
        """`reader` is a client that reads what is no text, too."""
        self.ledger = ledger
        self.reader = reader
        self.account = account
        self.now = BEGIN
        self.may_be_held_back = False  #: by a pace, or a queue: then nothing is claimed
        self.forgotten: list[Attempt] = []  #: what the last `listen` found unknown to the ledger

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    # Loading ------------------------------------------------------------------------------------

    def create(
        self, campaign_id: str = "c", columns: Iterable[str] | None = None, **policy: Any
    ) -> None:
        """Open a campaign of calls that last DURATION."""
        known = Policy(**{"max_duration_seconds": DURATION} | policy)
        campaigns.create(
            self.ledger,
            campaign_id,
            account=self.account,
            name="trial",
            policy=known,
            digest="d",
            columns=columns,
            now=self.now,
        )

    def load(
        self, rows: Iterable[Row], *, campaign_id: str = "c", load_id: str = "1", chunk: int = 1
    ) -> None:
        """Add rows."""
        campaigns.load(self.ledger, campaign_id, load_id, chunk, rows, now=self.now)
        self.wait(0.01)  # a row's due_at lies a microsecond after that of the row before it

    def seal(self, campaign_id: str = "c", load_id: str = "1") -> CampaignState:
        """Say that the last row is in."""
        return campaigns.seal(self.ledger, campaign_id, load_id, now=self.now)

    def campaign(self, count: int = 1, campaign_id: str = "c", **policy: Any) -> None:
        """Make a campaign of so many calls, and an account that has room for all of them.

        Each campaign calls people of its own, so that none waits for the end of another's call.
        """
        self.create(campaign_id, **policy)
        first = 1 if campaign_id == "c" else 1000 * (1 + crc32(campaign_id.encode()) % 4000)
        self.load(rows(*range(first, first + count)), campaign_id=campaign_id)
        self.seal(campaign_id)
        self.learn(PLENTY)

    def learn(self, limit: int) -> None:
        """Make the account's learned limit this, as if so many had been seen to fit."""
        assert limits.learn(
            self.ledger, self.account, limits.read(self.ledger, self.account), Limit(limit)
        )
        self.reader.hset(keys.account(self.account, "meta"), "proven", limit)

    # A call's life ------------------------------------------------------------------------------

    def claim(self, token: str | None = None, **how: Any) -> Claim | None:
        """Claim what is due, with a fresh token unless one is given."""
        how = {"ceiling": PLENTY} | how
        bid = Bid(token or uuid4().hex, **how)
        claim = calls.claim(self.ledger, self.account, bid, self.now)
        if isinstance(claim, float):
            assert self.may_be_held_back, "held back by a pace"
            return None
        return claim

    def claimed(self, token: str | None = None, **how: Any) -> Attempt:
        """Claim what is due, for there must be something."""
        claim = self.claim(token, **how)
        assert claim is not None
        return claim.attempt

    def begin(self, attempt: Attempt, token: str = "t", **how: Any) -> bool:
        """Ask for leave to dial."""
        asked = {"max_duration_seconds": DURATION, "now": self.now, **how}
        return calls.begin(self.ledger, self.account, attempt, token, **asked)

    def begun(self) -> Attempt:
        """Bring the next due call to where its phone may ring."""
        attempt = self.claimed()
        assert self.begin(attempt)
        return attempt

    def connect(
        self,
        attempt: Attempt,
        connection_id: str = "",
        seconds: float = DURATION,
        ago: float = 0.0,
        listener: str = "",
        wait: Wait | None = None,
    ) -> str:
        """Say that the start was answered; by default the connection has its attempt's name.

        With a `wait` the callee has yet to answer.
        """
        said, *_ = calls.connect(
            self.ledger,
            self.account,
            attempt,
            Connection(connection_id or f"connection {attempt}", f"conversation {attempt}"),
            answered_ago_seconds=ago,
            max_duration_seconds=seconds,
            listener_lease=ListenerLease(listener, LISTENER_LEASE) if listener else NO_LISTENER,
            wait=wait,
            now=self.now,
        )
        return said

    def ringing(self, stage: str = "queued") -> Attempt:
        """Bring the next due call to where its provider has it, and nobody has answered."""
        attempt = self.begun()
        assert self.connect(attempt, wait=Wait(stage, RING)) == "connected"
        return attempt

    def answered(self, attempt: Attempt, answered_at: float | None = None) -> bool:
        """Say that the callee has answered."""
        return reports.answered(
            self.ledger, self.account, attempt, answered_at=answered_at, now=self.now
        )

    def over(
        self, attempt: Attempt, disposition: Disposition = Disposition.COMPLETED, **how: Any
    ) -> bool:
        """Say that a call's final status was read."""
        return reports.over(self.ledger, self.account, attempt, disposition, now=self.now, **how)

    def connected(self, seconds: float = DURATION) -> Attempt:
        """Bring the next due call to its connection."""
        attempt = self.begun()
        assert self.connect(attempt, seconds=seconds) == "connected"
        return attempt

    def stopping(self) -> Attempt:
        """Bring the next due call to where its stop has been sent once."""
        attempt = self.connected(seconds=1.0)
        self.wait(1.0)
        self.expire()
        assert [order.attempt for order in self.take_stops()] == [attempt]
        return attempt

    def give_back(self, attempt: Attempt, token: str = "t", **how: Any) -> None:
        """Give slot and attempt back."""
        calls.give_back(self.ledger, self.account, attempt, token, now=self.now, **how)

    def refuse(self, attempt: Attempt, *, live: int, delay: float = 5.0, **how: Any) -> None:
        """Give slot and attempt back as after a 429 that came while so many were live."""
        seen = how.pop("seen", None) or limits.read(self.ledger, self.account, now=self.now)
        calls.give_back_at_limit(
            self.ledger,
            self.account,
            attempt,
            "t",
            delay_seconds=delay,
            message="429",
            seen=seen,
            lowered=Limit(live, 1, self.now + 5),
            now=self.now,
        )

    def finish(
        self, attempt: Attempt, disposition: Disposition = Disposition.REJECTED, **how: Any
    ) -> None:
        """End a call that has no connection."""
        calls.finish(self.ledger, self.account, attempt, disposition, now=self.now, **how)

    def confirm(
        self, attempt: Attempt, disposition: Disposition = Disposition.STOPPED, **how: Any
    ) -> bool:
        """Say that a connection is over."""
        return calls.confirm(self.ledger, self.account, attempt, disposition, now=self.now, **how)

    def hand_on(
        self, attempt: Attempt, token: str = "", *, ceiling: int = PLENTY, **how: Any
    ) -> tuple[bool, Claim | float | None]:
        """Say that a connection is over, and claim the next call."""
        bid = Bid(token or uuid4().hex, ceiling=ceiling, **how)
        ended = Disposition.STOPPED
        return calls.hand_on(self.ledger, self.account, attempt, ended, bid, now=self.now)

    def deny(self, attempt: Attempt) -> bool:
        """Say that a stop was answered "no such connection"."""
        return calls.deny(self.ledger, self.account, attempt, now=self.now) is not None

    def expire(self) -> None:
        """Deal with all that is over."""
        while calls.expire(self.ledger, self.account, now=self.now):
            pass

    def take_stops(self, *, by: Ledger | None = None, most: int = PLENTY) -> list[StopOrder]:
        """Take the stops that are due, again after 2 and then after every 30 seconds."""
        return calls.take_stops(
            by or self.ledger, self.account, most=most, delays=STOP_DELAYS, now=self.now
        )

    def abort(self, campaign_id: str = "c") -> int:
        """Stop what is live."""
        return campaigns.halt(self.ledger, campaign_id, abort=True, now=self.now)

    # Listening ----------------------------------------------------------------------------------

    def listen(
        self,
        listener: str = "ear",
        held: Mapping[Attempt, bool] | None = None,
        *,
        by: Ledger | None = None,
        room: int = PLENTY,
    ) -> tuple[list[Attempt], list[ListenedCall]]:
        """Keep what is held, with whether its socket is open, and take what nobody listens to."""
        lost, taken, self.forgotten = listeners.listen(
            by or self.ledger,
            self.account,
            ListenerLease(listener, LISTENER_LEASE),
            room=room,
            held=held or {},
            now=self.now,
        )
        return lost, taken

    def heard(self, listener: str = "ear") -> list[Attempt]:
        """Take what nobody listens to."""
        return [call.attempt for call in self.listen(listener)[1]]

    def release(self, listener: str, *attempts: Attempt) -> None:
        """Let others listen to these."""
        listeners.release(self.ledger, self.account, listener, attempts)

    def hint(self, attempt: Attempt, why: str = "hung_up") -> bool:
        """Say that news of a connection ask for its stop."""
        return listeners.hint(self.ledger, self.account, attempt, why, now=self.now)

    def hint_and_take(self, attempt: Attempt, why: str = "hung_up") -> StopOrder | None:
        """Say so, and take the stop."""
        return listeners.hint_and_take(
            self.ledger, self.account, attempt, why, delays=STOP_DELAYS, now=self.now
        )

    # What was said ------------------------------------------------------------------------------

    def take_collect(self, *, only: str = "", by: Ledger | None = None) -> Collect | None:
        """Take a conversation that is due to be read."""
        return insights.take(by or self.ledger, self.account, only=only, now=self.now)

    def postpone_collect(self, attempt: Attempt, delay: float = 2.0, digest: str = "d") -> None:
        """Have a conversation read again."""
        insights.postpone(
            self.ledger, self.account, attempt, digest=digest, delay_seconds=delay, now=self.now
        )

    def keep_collected(self, attempt: Attempt, said: Collected | None, error: str = "") -> bool:
        """Keep what was said."""
        return insights.keep(self.ledger, self.account, attempt, said, error=error, now=self.now)

    def confirmed(self) -> Attempt:
        """Bring the next due call to where its connection is over."""
        attempt = self.connected()
        assert self.confirm(attempt)
        return attempt

    def two_legs(self) -> tuple[Attempt, Attempt]:
        """Make a campaign of one call, `legs`, both of whose attempts are live."""
        self.campaign(1, "legs")
        late = self.claimed(only="legs")
        self.begin(late)
        self.give_back(late)
        later = self.claimed(only="legs")
        self.begin(later)
        self.connect(later)
        self.connect(late)
        return late, later

    # What is on record --------------------------------------------------------------------------

    def state(self, attempt: Attempt) -> CallState:
        """Return where the call of an attempt stands."""
        return CallState(self.result(attempt)["state"])

    def results(self, campaign_id: str = "c") -> list[dict[str, Any]]:
        """Return the result records, in the order of the file."""
        return list(views.results(self.ledger, campaign_id))

    def result(self, attempt: Attempt) -> dict[str, Any]:
        """Return the result record of an attempt's call."""
        return self.results(attempt.campaign_id)[attempt.row - 1]

    def ended_as(self, attempt: Attempt) -> tuple[str | None, str | None]:
        """Return disposition and reason of an attempt's call."""
        result = self.result(attempt)
        return result["disposition"], result["reason"]

    def slots(self) -> dict[Attempt, float]:
        """Return who holds a slot, and in how many seconds it must be over."""
        return self._scores("slots")

    def live(self) -> dict[Attempt, float]:
        """Return whose connection is not over, and in how many seconds it must be."""
        return self._scores("live")

    def owed_stops(self) -> dict[Attempt, float]:
        """Return whose stop is sent in how many seconds."""
        return self._scores("stops")

    def ears(self) -> dict[Attempt, float]:
        """Return which live connections are leased, and for how many more seconds."""
        return self._scores("ears")

    def collects(self) -> dict[Attempt, float]:
        """Return what is to be read in how many seconds."""
        return self._scores("collect")

    def collecting(self, campaign_id: str = "c") -> int:
        """Return how many conversations a campaign says it waits for."""
        return views.campaign(self.ledger, campaign_id).collecting

    def _scores(self, part: str) -> dict[Attempt, float]:
        members = self.ledger.redis.zrange(keys.account(self.account, part), 0, -1, withscores=True)
        return {Attempt.parse(member): round(score - self.now, 3) for member, score in members}

    def everything(self) -> dict[str, object]:
        """Read every key."""
        return everything(self.reader)

    def campaign_state(self, campaign_id: str = "c") -> CampaignState:
        """Return where a campaign stands."""
        return views.campaign(self.ledger, campaign_id).state

    def dispositions(self, campaign_id: str = "c") -> dict[str, int]:
        """Return how many calls ended how."""
        return views.campaign(self.ledger, campaign_id).dispositions
