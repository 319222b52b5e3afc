"""Holds the ledger against the sandbox's journal: the two promises, and that the books agree."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scheduler.ledger import keys, limits, views
from scheduler.ledger.ledger import Ledger
from scheduler.models import REDIALS, OnUnknown

Record = dict[str, Any]

#: What is empty when all is over. Who holds a slot is looked at one by one.
_EMPTY = ("live", "stops", "ears", "collect")


@dataclass(frozen=True, slots=True)
class Problem:
    """A promise that was broken, and to whom."""

    what: str
    phone_number: str = ""


class Judge:
    """Judges one campaign when its run is over."""

    def __init__(
        self,
        ledger: Ledger,
        account: str,
        campaign_id: str,
        journal: list[Record],
        learned: Set[str] = frozenset(),
    ) -> None:
        """`learned` are connections whose answer reached a worker that nobody has killed."""
        self._ledger = ledger
        self._account = account
        self.journal = journal
        self._learned = learned
        self.view = views.campaign(ledger, campaign_id)
        self._allowed = 1 + REDIALS if self.view.policy.on_unknown is OnUnknown.REDIAL else 1
        self._hold_seconds = self.view.policy.max_duration_seconds
        self.results = {
            record["phone_number"]: record for record in views.results(ledger, campaign_id)
        }
        self.attempts = _attempts(ledger, campaign_id)
        self._stored = {
            record["connection_id"]: attempt
            for attempt, record in self.attempts.items()
            if "connection_id" in record
        }
        self._accepted = [event for event in journal if event["event"] == "accepted"]
        self._ended = {event["connection_id"] for event in journal if event["event"] == "ended"}

    def problems(self) -> list[Problem]:
        """Return every broken promise."""
        return [
            *self._strangers(),
            *self._rung_twice(),
            *self._too_soon(),
            *self._lost(),
            *self._unknown_though_stored(),
            *self._left_live(),
            *self._taken_slots(),
            *self._not_ended(),
            *(Problem(what) for what in (*self._miscounted(), *self._left_over())),
        ]

    def figures(self) -> dict[str, int]:
        """Return what the table tells of a run."""
        times = Counter(event["phone_number"] for event in self._accepted)
        ended = Counter(record["disposition"] for record in self.results.values())
        unheard = [event for event in self._accepted if event["connection_id"] not in self._stored]
        return {
            "calls": len(self.results),
            "accepted starts": len(self._accepted),
            "started twice": sum(count > self._allowed for count in times.values()),
            "dialled again as wished": sum(1 < count <= self._allowed for count in times.values()),
            "stored": len(self._accepted) - len(unheard),
            "stored and left live": sum(1 for _ in self._left_live()),
            "late answers": sum(r["reason"] == "late_answer" for r in self.results.values()),
            "ended unknown": ended["unknown"],
            "rung, and the answer lost": len({event["phone_number"] for event in unheard}),
            "denied while live": len(self._denied()),
        }

    # The promises -------------------------------------------------------------------------------

    def _rung_twice(self) -> Iterator[Problem]:
        times = Counter(event["phone_number"] for event in self._accepted)
        for number, count in times.items():
            if count > self._allowed:
                yield Problem(f"{count} starts were accepted", number)

    def _strangers(self) -> Iterator[Problem]:
        """Nobody is called on an account but who is in its campaign."""
        for number in {event["phone_number"] for event in self._accepted} - set(self.results):
            yield Problem("it is not in the campaign of this account, and was called", number)

    def _too_soon(self) -> Iterator[Problem]:
        """Who is dialled again, as the campaign wishes, is so when the lost call must be over."""
        begun_at: dict[str, list[float]] = defaultdict(list)
        for attempt, record in self.attempts.items():
            if "begun_at" in record:
                begun_at[self._number_of(attempt)].append(float(record["begun_at"]))
        for number, instants in begun_at.items():
            if any(b - a < self._hold_seconds for a, b in pairwise(sorted(instants))):
                yield Problem("it was dialled again while the lost call may have been live", number)

    def _lost(self) -> Iterator[Problem]:
        """Each accepted start is stored under its own attempt, or its call is unknown."""
        for event in self._accepted:
            number, attempt = event["phone_number"], event["session_name"].rpartition(" ")[2]
            stored = self._stored.get(event["connection_id"])
            if number not in self.results:
                continue
            if stored is None and not self._is_unknown(number, attempt):
                yield Problem("a start was accepted, is not stored, and is not unknown", number)
            if stored is not None and stored != attempt:
                yield Problem(f"the connection of {attempt} is stored under {stored}", number)

    def _is_unknown(self, number: str, attempt: str) -> bool:
        """Whether an attempt is the unknown one of its call, or was given up for another."""
        if self.results[number]["disposition"] == "unknown":
            return True
        of_call, _, place = attempt.rpartition(":")
        later = any(self.attempts.get(f"{of_call}:{n}") for n in range(int(place) + 1, 20))
        return self._allowed > 1 and later

    def _unknown_though_stored(self) -> Iterator[Problem]:
        for number, record in self.results.items():
            if record["disposition"] == "unknown" and record["connection_id"]:
                yield Problem("the answer is stored, and yet it is unknown", number)

    def _left_live(self) -> Iterator[Problem]:
        """Nothing is live whose answer we have, unless the API itself denied it for good."""
        over = self._ended | self._denied()
        for event in self._accepted:
            connection, number = event["connection_id"], event["phone_number"]
            if connection in self._stored and connection not in over:
                yield Problem(f"connection {connection} is stored and live", number)
            elif connection in self._learned and connection not in over:
                yield Problem(f"connection {connection} was learned of and is live", number)

    def _denied(self) -> set[str]:
        """Return live connections that the API has denied so that it had to be believed.

        That is twice, some time apart, or once after somebody seemed to have hung up.
        """
        denied: dict[str, list[float]] = defaultdict(list)
        for event in self.journal:
            if event["event"] == "stop" and event["status"] == 404:
                denied[event["connection_id"]].append(event["at"])
        return {
            connection
            for connection, instants in denied.items()
            if connection not in self._ended
            and (instants[-1] - instants[0] > 0.4 or self._was_hinted_at(connection))
        }

    def _was_hinted_at(self, connection: str) -> bool:
        return "hinted_at" in self.attempts.get(self._stored.get(connection, ""), {})

    # The books ----------------------------------------------------------------------------------

    def _taken_slots(self) -> Iterator[Problem]:
        now = limits.read(self._ledger, self._account).now
        slots = self._zset("slots")
        held = self._zset("held")
        for attempt, until in slots.items():
            if attempt not in held or until < now:
                number = self._number_of(attempt)
                yield Problem(f"{attempt} has a slot until {until - now:+.1f} s from now", number)

    def _not_ended(self) -> Iterator[Problem]:
        for number, record in self.results.items():
            if record["state"] != "ended" or not record["disposition"]:
                yield Problem(f"it is {record['state']}, {record['disposition']}", number)
            if record["attempts"] > self._allowed:
                yield Problem(f"{record['attempts']} attempts may have rung", number)

    def _campaign_miscounted(self, rang: int, what: str) -> Iterator[str]:
        view, total = self.view, len(self.results)
        states = {state: count for state, count in view.calls.items() if count}
        if view.state != "finished" or view.total != total or states != {"ended": total}:
            yield f"the campaign is {view.state}: {view.total} calls, {states}"
        if view.dispositions != self._dispositions():
            yield f"dispositions are {view.dispositions}, those of results {self._dispositions()}"
        dials = sum(record["attempts"] for record in self.results.values())
        if view.dials != dials or view.dials < rang:
            yield f"{view.dials} dials, {dials} in results, {rang} {what}"

    def _miscounted(self) -> Iterator[str]:
        view = self.view
        yield from self._campaign_miscounted(len(self._accepted), "accepted")
        over = sum("over_at" in record for record in self.attempts.values())
        if view.stops != over:
            yield f"{view.stops} stops, and {over} attempts with a connection are over"
        if view.collecting:
            yield f"{view.collecting} conversations are still to be read"

    def _left_over(self) -> Iterator[str]:
        for part in _EMPTY:
            if left := self._zset(part):
                yield f"in `{part}` are left {', '.join(left)}"
        if blocks := views.account(self._ledger, self._account).blocks:
            yield f"the account is blocked: {blocks}"

    def _dispositions(self) -> dict[str, int]:
        labels: Counter[str] = Counter()
        for record in self.results.values():
            reason = f":{record['reason']}" if record["reason"] else ""
            labels[f"{record['disposition']}{reason}"] += 1
        return dict(labels)

    def _zset(self, part: str) -> dict[str, float]:
        key = keys.account(self._account, part)
        return dict(self._ledger.redis.zrange(key, 0, -1, withscores=True))

    def _number_of(self, attempt: str) -> str:
        row = int(attempt.split(":")[1])
        return str(list(self.results)[row - 1])

    # Evidence -----------------------------------------------------------------------------------

    def evidence(self, phone_number: str) -> str:
        """Return all that journal and ledger have of a contact."""
        mine = {e["connection_id"] for e in self._accepted if e["phone_number"] == phone_number}
        lines = [
            _brief(event)
            for event in self.journal
            if event.get("phone_number") == phone_number or event.get("connection_id") in mine
        ]
        record = self.results.get(phone_number, {})
        row = list(self.results).index(phone_number) + 1 if record else 0
        lines.append(json.dumps({k: v for k, v in record.items() if k != "transcript"}))
        lines += [
            f"{attempt} {json.dumps(known)}"
            for attempt, known in self.attempts.items()
            if attempt.split(":")[1] == str(row)
        ]
        return "\n".join(lines)


def _brief(event: Record) -> str:
    left_out = ("request", "dtmf", "uri", "limit")
    return json.dumps({k: v for k, v in event.items() if k not in left_out and v is not None})


def _attempts(ledger: Ledger, campaign_id: str) -> dict[str, dict[str, str]]:
    """Return the record of every attempt that has one."""
    prefix = keys.attempt(campaign_id) + ":"
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for key in ledger.redis.scan_iter(match=f"{prefix}*", count=1000):
        if not key.endswith(":insights"):
            found[key.removeprefix(keys.attempt(""))] = ledger.redis.hgetall(key)
    return dict(sorted(found.items()))
