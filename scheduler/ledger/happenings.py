"""The events of all accounts in one order, so that a client can continue after a pause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.errors import LedgerError
from scheduler.ledger import accounts, keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, label_of

#: How many events the ledger keeps of an account.
MOST = 1000

_WRITTEN = re.compile(r"(\d{1,15})-(\d{1,15})(?:@([A-Za-z0-9._-]{1,64}))?")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The position of an event in the order of all events: a cursor. Earlier ones are smaller."""

    at_ms: int
    number: int = 0
    account: str = ""

    def __str__(self) -> str:
        of = f"@{self.account}" if self.account else ""
        return f"{self.at_ms}-{self.number}{of}"

    @classmethod
    def parse(cls, written: str) -> Place:
        """Read a place as `str` writes it. Raises LedgerError for any other text."""
        match = _WRITTEN.fullmatch(written)
        if match is None:
            raise LedgerError("this is no place of an event: take the `id` of one as it came")
        return cls(int(match[1]), int(match[2]), match[3] or "")


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An event on an account, with its place."""

    place: Place
    at: float
    what: str
    which: str  #: an attempt, a campaign, or nothing
    detail: str

    @property
    def campaign_id(self) -> str:
        """The campaign of the event; "" if it is about the account itself."""
        if Attempt.is_written(self.which):
            return Attempt.parse(self.which).campaign_id
        return self.which

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "at": self.at,
            "what": self.what,
            "account": self.place.account,
            "campaign_id": self.campaign_id or None,
            "attempt": self.which if Attempt.is_written(self.which) else None,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """The events after a place, up to another one before all events that are still to come."""

    found: list[PlacedEvent]  #: in order
    until: Place
    gaps: frozenset[str]  #: accounts of which some of these events are no longer kept
    page_version: tuple[Any, ...]  #: changes with anything that a page may show


def here(ledger: Ledger) -> Place:
    """Return the place of now. Raises LedgerTrouble."""
    with reaching():
        seconds, microseconds = ledger.redis.time()
    return Place(seconds * 1000 + microseconds // 1000)


class Reader:
    """Reads all accounts at once, and notices new ones. Threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._newest: tuple[Any, ...] | None = None
        self._names: tuple[str, ...] = ()

    def read(self, after: Place) -> Reading:
        """Read the events since a place. Raises LedgerTrouble.

        It leaves out events in the millisecond of the reading itself: so every later event has a
        later place, whatever its account.
        """
        while True:
            names, known = self._names, self._newest
            answers = self._answers(after, names)
            *per_account, (seconds, microseconds), count, newest = answers
            if (count, newest) == known:
                break
            self._names = tuple(accounts.names(self._ledger))
            self._newest = count, newest  # there is a new campaign, perhaps on a new account
        until = Place(seconds * 1000 + microseconds // 1000)
        found: list[PlacedEvent] = []
        gaps = set()
        page_version: list[Any] = [count]
        for name, (happened, *signs) in zip(names, _fives(per_account), strict=True):
            placed = [_placed(name, *entry) for entry in happened]
            found += [each for each in placed if each and after < each.place < until]
            if len(happened) >= MOST and _place(name, happened[-1][0]) > after:
                gaps.add(name)
            page_version += map(repr, signs)
        return Reading(sorted(found, key=_by_place), until, frozenset(gaps), tuple(page_version))

    def _answers(self, after: Place, names: Sequence[str]) -> list[Any]:
        with reaching(), self._ledger.redis.pipeline(transaction=True) as pipe:
            for name in names:
                events = keys.account(name, "events")
                pipe.xrevrange(events, "+", f"{after.at_ms}-0", count=MOST)
                pipe.xrevrange(events, "+", "-", count=1)
                pipe.xrevrange(keys.account(name, "load"), "+", "-", count=1)
                pipe.zcard(keys.account(name, "slots"))
                pipe.zcard(keys.account(name, "live"))
            pipe.time()
            pipe.zcard(f"{keys.ROOT}campaigns")
            pipe.zrevrange(f"{keys.ROOT}campaigns", 0, 0)
            answers: list[Any] = pipe.execute()
        return answers


def _fives(answers: Sequence[Any]) -> list[Sequence[Any]]:
    return [answers[at : at + 5] for at in range(0, len(answers), 5)]


def _by_place(each: PlacedEvent) -> Place:
    return each.place


def _place(account: str, entry: str) -> Place:
    at_ms, _, number = entry.partition("-")
    return Place(int(at_ms), int(number), account)


def _placed(account: str, entry: str, fields: dict[str, str]) -> PlacedEvent | None:
    if not fields.keys() >= {"at", "what", "which", "detail"}:
        return None  # nothing of ours
    place, detail = _place(account, entry), label_of(fields["detail"])
    what = accounts.event_name(fields["what"])
    return PlacedEvent(place, float(fields["at"]), what, fields["which"], detail)
