"""The live calls of several accounts, in the order of their deadlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.errors import StaleAttempt
from scheduler.fields.contact_label import label_of
from scheduler.ledger import live_calls, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.live_calls import LiveCall
from scheduler.models import Attempt


@dataclass(frozen=True, slots=True, order=True)
class LivePlace:
    """The position of a live call in the list, for the next page."""

    deadline: float
    attempt: str

    def __str__(self) -> str:
        return f"{self.deadline!r} {self.attempt}"

    @classmethod
    def parse(cls, written: str) -> LivePlace:
        """Read what `str` has written. Raises ValueError for anything else."""
        deadline, _, attempt = written.partition(" ")
        return cls(float(deadline), attempt)


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One live call, with its account."""

    account: str
    place: LivePlace
    call: LiveCall | None  #: None: it could not be read

    @property
    def attempt(self) -> Attempt:
        """The attempt that it is."""
        return Attempt.parse(self.place.attempt)

    @property
    def label(self) -> str:
        """Name its contact for a person."""
        if self.call is None:
            return f"#{self.attempt.row}"
        contact = self.call.contact
        named = {name: getattr(contact, name) for name in _NAMED}
        return label_of(named, self.attempt.row)

    def as_record(self, now: float) -> dict[str, Any]:
        """Return it as JSON has it, with the whole number."""
        contact = self.call.contact if self.call else None
        return {
            "attempt": self.place.attempt,
            "campaign_id": self.attempt.campaign_id,
            "account": self.account,
            "row": self.attempt.row,
            "label": self.label,
            "phone_number": (contact.phone_number or None) if contact else None,
            "sip_uri": (contact.sip_uri or None) if contact else None,
            "state": self.call.state if self.call else None,
            "standing": self.call.standing if self.call else None,
            "deadline": self.place.deadline,
            "seconds_left": round(self.place.deadline - now, 3),
        }


_NAMED = ("contact_id", "phone_number", "sip_uri", "dtmf")


def listed(
    ledger: Ledger,
    accounts: Iterable[str],
    *,
    campaign_id: str = "",
    after: LivePlace | None = None,
    most: int,
) -> tuple[list[LiveRow], bool]:
    """Return live calls, the nearest deadline first, and whether there are more."""
    every = [
        (LivePlace(deadline, attempt), name)
        for name in accounts
        for attempt, deadline in views.live_calls(ledger, name, campaign_id)
    ]
    wanted = sorted(one for one in every if after is None or one[0] > after)
    return _read(ledger, wanted[:most]), len(wanted) > most


def one(ledger: Ledger, account: str, attempt: Attempt) -> LiveRow:
    """Return the live call of an attempt. Raises StaleAttempt when it is not live."""
    for written, deadline in views.live_calls(ledger, account, attempt.campaign_id):
        if written == str(attempt):
            return _read(ledger, [(LivePlace(deadline, written), account)])[0]
    raise StaleAttempt(f"the call of attempt {attempt} is not live")


def _read(ledger: Ledger, places: Sequence[tuple[LivePlace, str]]) -> list[LiveRow]:
    attempts = [Attempt.parse(place.attempt) for place, _ in places]
    details = live_calls.details(ledger, attempts) if attempts else {}
    return [
        LiveRow(account, place, details.get(attempt))
        for attempt, (place, account) in zip(attempts, places, strict=True)
    ]
