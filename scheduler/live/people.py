"""Whom calls reach, as a person reads it; each contact is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.fields.contact_label import label_of, who_of
from scheduler.ledger import live_calls
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask
from scheduler.models import Contact

#: So many are remembered at least: more than a screen shows, and than most accounts have live.
_MOST_KNOWN = 10_000

#: A row of a campaign.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a call reaches."""

    label: str  #: the id, else the row and what may be shown of the number
    name: str
    number: str  #: its last digits
    who: str  #: all of it in one line
    sought: str  #: in what a search looks: also what is not shown


def person_of(contact: Contact, row: int) -> Person:
    """Return how a contact is shown."""
    record = {name: getattr(contact, name) for name in _NAMED}
    who = who_of(record, row)
    number = mask(contact.phone_number) if contact.phone_number else ""
    sought = f"{who} #{row} {contact.phone_number} {contact.sip_uri}".casefold()
    return Person(label_of(record, row), contact.name, number, who, sought)


_NAMED = ("contact_id", "name", "phone_number", "sip_uri", "dtmf")


class People:
    """Those that were seen lately."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[Place, Person] = {}

    def of(self, places: Iterable[Place]) -> Mapping[Place, Person]:
        """Return who they are; one that is gone is left out. Raises LedgerUnreachable."""
        wanted = dict.fromkeys(places)
        unknown = [place for place in wanted if place not in self._known]
        for place, contact in live_calls.contacts(self._ledger, unknown).items():
            self._known[place] = person_of(contact, place[1])
        found = {place: self._known[place] for place in wanted if place in self._known}
        if len(self._known) > _MOST_KNOWN:
            self._known = dict(found)
        return found
