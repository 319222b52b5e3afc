"""Holds the ledger against the journal of Twilio's sandbox, where calls ring, are read, and end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from scheduler.ledger import do_not_call
from tests.chaos.callback_judge import CallbackJudge
from tests.chaos.judge import Judge, Problem, Record
from tests.chaos.plan import Plan
from tests.chaos.twilio_world import CALL_SECONDS, RING_SECONDS
from tests.chaos.worker import UNRECORDED_SECONDS
from tests.functional.campaign import magic

#: After its deadline, when all is in order: a list that shows the answer, a second in which a stop
#: leaves at the latest, and a machine with other work.
LATE_SECONDS = 2.0

#: By how much a timer of the sandbox, or a clock that is rounded, may be off.
ABOUT_SECONDS = 1.0

#: Whose stops are refused, or who can't be read.
_STUBBORN = {magic(ending) for ending in (62, 63, 96)}


class TwilioJudge(Judge):
    """Judges one campaign when its run is over."""

    def __init__(
        self,
        *args: Any,
        plan: Plan,
        troubles: Sequence[tuple[float, float]],
        is_left: bool,
        samples: Sequence[tuple[float, frozenset[str]]],
        slots: int,
    ) -> None:
        """In `troubles` not all was in order. `is_left`: no worker has lived to the end.

        `samples` say which attempts held one of our `slots`, and when.
        """
        super().__init__(*args)
        assert plan.twilio is not None
        self._world = plan.twilio
        self._troubles = _joined(troubles)
        self._is_left = is_left
        self._samples = samples
        self._slots = slots
        self._allowed = self.view.policy.retry_total or 1
        self._retried = set(self.view.policy.retry)
        self._dialed = self._ours("dialed")
        self._answered = {
            event["connection_id"]: event["at"]
            for event in self._ours("status")
            if event["call_status"] == "in-progress"
        }
        self._ends = {event["connection_id"]: event for event in self._ours("ended")}
        listed = {entry for entry, _ in do_not_call.entries(self._ledger)}
        self._of_callbacks = (
            CallbackJudge(self.journal, self.attempts, listed)
            if self._world.has_callbacks
            else None
        )

    def _ours(self, name: str) -> list[Record]:
        return [e for e in self.journal if e["event"] == name and not e["foreign"]]

    def problems(self) -> list[Problem]:
        """Return every broken promise; where no worker was left, those that Twilio has to keep."""
        always = [
            *self._dialed_twice(),
            *self._somebody_else(),
            *self._strangers_touched(),
            *self._without_net(),
            *self._beyond_their_limit(),
            *self._left_live(),
            *self._slot_freed_early(),
            *self._too_many_at_once(),
            *(self._of_callbacks.problems() if self._of_callbacks else ()),
        ]
        if self._is_left:
            return always
        return [
            *always,
            *self._late(),
            *self._stopped_early(),
            *self._too_soon(),
            *self._lost(),
            *self._unknown_though_stored(),
            *self._taken_slots(),
            *self._not_ended(),
            *(Problem(what) for what in (*self._miscounted(), *self._left_over())),
        ]

    def figures(self) -> dict[str, int]:
        """Return what the table tells of a run."""
        ended = Counter(record["disposition"] for record in self.results.values())
        lost = [e for e in self._accepted if e["connection_id"] not in self._stored]
        return {
            "calls": len(self.results),
            "accepted starts": len(self._accepted),
            "phones that rang": len({event["phone_number"] for event in self._dialed}),
            "dialed again for a reason": len(self._dialed) - self._rung - self._doubled,
            "dialed twice without a reason": self._doubled,
            "left live": len(list(self._left_live())),
            "ended by Twilio's own time limit": self._ended_by("time_limit"),
            "beyond that limit": len(list(self._beyond_their_limit())),
            "stops later than allowed": 0 if self._is_left else len(list(self._late())),
            "lost and found": sum("found" in record for record in self.attempts.values()),
            "late answers": sum(r["reason"] == "late_answer" for r in self.results.values()),
            "ended unknown": ended["unknown"],
            "placed, and the answer lost for good": len({e["phone_number"] for e in lost}),
            "runs that no worker outlived": int(self._is_left),
            **(self._of_callbacks.figures() if self._of_callbacks else {}),
        }

    @property
    def _rung(self) -> int:
        return len({event["phone_number"] for event in self._dialed})

    @property
    def _doubled(self) -> int:
        return len(list(self._dialed_twice()))

    def _ended_by(self, whom: str) -> int:
        return sum(event["by"] == whom for event in self._ends.values())

    # Nobody is called twice ---------------------------------------------------------------------

    def _dialed_twice(self) -> Iterator[Problem]:
        of: dict[str, list[Record]] = defaultdict(list)
        for event in self._dialed:
            of[event["phone_number"]].append(event)
        for number, events in of.items():
            if len(events) > self._allowed:
                yield Problem(f"it was dialed {len(events)} times", number)
            for first, second in pairwise(events):
                if why := self._why_not_again(first, second):
                    yield Problem(f"it was dialed again: {why}", number)

    def _why_not_again(self, first: Record, second: Record) -> str:
        """Return why a party must not have been dialed for the second time; "" if it may."""
        before, after = self._attempt_of(first), self._attempt_of(second)
        if before == after:
            return f"both for {before}"
        known = self.attempts.get(before, {})
        end = self._ends.get(first["connection_id"])
        if end is None or end["at"] > second["at"]:
            return f"{before} was live"
        if known.get("disposition") == "unknown" and self.view.policy.on_unknown == "redial":
            return ""
        if known.get("disposition") == "not_reached" and known.get("reason") in self._retried:
            return ""
        return f"{before} had ended as {known.get('disposition')}, {known.get('reason')}"

    def _attempt_of(self, event: Record) -> str:
        """Return the attempt whose connection it is, or was: that begun last before its start."""
        connection, number = event["connection_id"], event["phone_number"]
        if stored := self._stored.get(connection):
            return stored
        start = next(e["at"] for e in self._accepted if e["connection_id"] == connection)
        begun = [
            (float(record["begun_at"]), attempt)
            for attempt, record in self.attempts.items()
            if "begun_at" in record and self._number_of(attempt) == number
        ]
        return max((one for one in begun if one[0] <= start + 0.05), default=(0.0, ""))[1]

    def _too_soon(self) -> Iterator[Problem]:
        """Who is dialled again for a lost answer is so when the lost call must be over."""
        of: dict[str, list[tuple[float, Record]]] = defaultdict(list)
        for attempt, record in self.attempts.items():
            if "begun_at" in record:
                of[self._number_of(attempt)].append((float(record["begun_at"]), record))
        for number, begun in of.items():
            for (before, lost), (after, _) in pairwise(sorted(begun, key=lambda one: one[0])):
                is_lost = lost.get("disposition") == "unknown"
                if is_lost and after - before < float(lost["hold"]):
                    yield Problem("it was dialled again while a lost call may have lived", number)

    # Nobody else's phone rings ------------------------------------------------------------------

    def _somebody_else(self) -> Iterator[Problem]:
        for event in self._dialed:
            if event["phone_number"] not in self.results:
                yield Problem("somebody was dialed who is in no campaign", event["phone_number"])

    def _strangers_touched(self) -> Iterator[Problem]:
        """On a shared account nothing is done to calls that may be those of others."""
        if not self._world.is_exclusive:
            for attempt, record in self.attempts.items():
                if "found" in record:
                    yield Problem(f"{attempt} was found and taken", self._number_of(attempt))
        foreign = {e["connection_id"] for e in self.journal if e["event"] == "foreign"}
        for event in self.journal:
            if event["event"] in ("stop", "change") and event["connection_id"] in foreign:
                yield Problem("a call of somebody else's was stopped", event["phone_number"])
        for connection in foreign & set(self._stored):
            number = self._number_of(self._stored[connection])
            yield Problem("a call of somebody else's was taken for ours", number)

    # No call is left running --------------------------------------------------------------------

    def _without_net(self) -> Iterator[Problem]:
        wanted = (str(self._world.time_limit_seconds), str(round(RING_SECONDS)))
        for event in self._accepted:
            sent = event["request"]
            if (sent.get("TimeLimit"), sent.get("Timeout")) != wanted:
                yield Problem(f"its start says {sent}, not {wanted}", event["phone_number"])

    def _beyond_their_limit(self) -> Iterator[Problem]:
        most = self._world.time_limit_seconds + ABOUT_SECONDS
        for connection, lasted in self._lasted():
            if lasted > most:
                number = self._ends[connection]["phone_number"]
                yield Problem(f"it lasted {lasted:.1f} s, beyond its time limit", number)

    def _lasted(self) -> Iterator[tuple[str, float]]:
        for connection, answered_at in self._answered.items():
            if end := self._ends.get(connection):
                yield connection, end["at"] - answered_at

    def _left_live(self) -> Iterator[Problem]:
        for event in self._accepted:
            if event["connection_id"] not in self._ends:
                yield Problem(f"{event['connection_id']} is live", event["phone_number"])

    def _late(self) -> Iterator[Problem]:
        """A call that we know of ends at its deadline, or as much later as not all was in order.

        Nobody can end a call on time that became known after its deadline, by a callback.
        """
        known_at = self._known_at()
        for connection, lasted in self._lasted():
            attempt, end = self._stored.get(connection), self._ends[connection]
            number = end["phone_number"]
            if attempt is None or "found" in self.attempts[attempt] or number in _STUBBORN:
                continue
            allowed = LATE_SECONDS + self._world.lag_seconds
            allowed += self._trouble_between(end["at"] - lasted, end["at"])
            due_at = end["at"] - lasted + CALL_SECONDS
            late = end["at"] - max(due_at, known_at.get(connection, 0.0))
            if late > allowed:
                yield Problem(f"it ended {late:.1f} s late; {allowed:.1f} s were allowed", number)

    def _known_at(self) -> dict[str, float]:
        """Return when a callback told first of each call whose start got no good answer."""
        lost: set[str] = set()
        told: dict[str, float] = {}
        for event in self.journal:
            if event["event"] == "answered" and event["status"] != 201:
                lost.add(event["connection_id"])
            elif event["event"] == "callback" and event["outcome"].startswith("2"):
                told.setdefault(event["connection_id"], event["at"])
        return {connection: told[connection] for connection in lost & told.keys()}

    def _trouble_between(self, since: float, until: float) -> float:
        return sum(max(0.0, min(b, until) - max(a, since)) for a, b in self._troubles)

    def _stopped_early(self) -> Iterator[Problem]:
        """A call lasts until its deadline, unless its worker can't record it while Redis is away.

        Redis orders the stop for its deadline when it is back, and so after the call has ended.
        """
        for connection, end in self._ends.items():
            record = self.attempts.get(self._stored.get(connection, ""), {})
            if end["by"] != "stop" or record.get("stop_why") != "deadline":
                continue
            begun_at = float(record["begun_at"])
            lasted = end["at"] - begun_at
            was_away = self._trouble_between(begun_at, end["at"]) > 0
            is_unrecorded = was_away and float(record["stop_owed_at"]) > end["at"]
            if lasted < (UNRECORDED_SECONDS if is_unrecorded else CALL_SECONDS) - 0.05:
                number = end["phone_number"]
                yield Problem(f"it was stopped {lasted:.2f} s after its begin", number)

    # What is lost -------------------------------------------------------------------------------

    def _lost(self) -> Iterator[Problem]:
        """Each accepted start is stored, or its attempt is unknown."""
        for event in self._accepted:
            if event["connection_id"] in self._stored:
                continue
            attempt, number = self._attempt_of(event), event["phone_number"]
            of_attempt = self.attempts.get(attempt, {}).get("disposition")
            if "unknown" not in (of_attempt, self.results[number]["disposition"]):
                yield Problem(f"a start of {attempt} was accepted, and is not unknown", number)

    def _slot_freed_early(self) -> Iterator[Problem]:
        """Whatever lives has a slot, also a call whose answer was lost."""
        for event in self._accepted:
            number, end = event["phone_number"], self._ends.get(event["connection_id"])
            is_given_up = self.results[number]["reason"] == "unconfirmed"
            if end is None or is_given_up:
                continue
            attempt = self._attempt_of(event)
            for at, held in self._samples:
                if event["at"] + 0.05 < at < end["at"] - 0.05 and attempt not in held:
                    late = end["at"] - at
                    yield Problem(f"{attempt} had no slot {late:.1f} s before its end", number)
                    break

    def _too_many_at_once(self) -> Iterator[Problem]:
        """More calls live than there are slots: one was freed too soon."""
        unconfirmed = sum(r["reason"] == "unconfirmed" for r in self.results.values())
        ours = {event["connection_id"] for event in self._accepted}
        live = 0
        for event in self.journal:
            live += event["event"] == "accepted"
            live -= event["event"] == "ended" and event["connection_id"] in ours
            if event["event"] == "accepted" and live > self._slots + unconfirmed:
                yield Problem(f"{live} calls lived, {self._slots} slots", event["phone_number"])

    # The books ----------------------------------------------------------------------------------

    def _miscounted(self) -> Iterator[str]:
        yield from self._campaign_miscounted(len(self._dialed), "phones rang")


def _joined(windows: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return windows of time without those that overlap."""
    joined: list[tuple[float, float]] = []
    for since, until in sorted(windows):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined
