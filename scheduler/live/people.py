"""The contacts of calls as a screen shows them; each is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.fields.contact_label import label_of, who_of
from scheduler.ledger import live_calls
from scheduler.ledger.ledger import Ledger
from scheduler.masking import mask
from scheduler.models import Contact

#: Contacts kept in the cache at least: more than a screen shows, and than most accounts have live.
_MOST_KNOWN = 10_000

#: (campaign id, row) of a call.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Person:
    """The contact of a call."""

    label: str  #: the id, else the row and what may be shown of the number
    name: str
    number: str  #: its last digits
    who: str  #: all of it in one line
    searchable: str  #: what a search looks through, case-folded; more than is shown


def person_of(contact: Contact, row: int) -> Person:
    """Return how a contact is shown."""
    record = {name: getattr(contact, name) for name in _NAMED}
    who = who_of(record, row)
    number = mask(contact.phone_number) if contact.phone_number else ""
    searchable = f"{who} #{row} {contact.phone_number} {contact.sip_uri}".casefold()
    return Person(label_of(record, row), contact.name, number, who, searchable)


_NAMED = ("contact_id", "name", "phone_number", "sip_uri", "dtmf")


class People:
    """A cache of contacts that were shown lately."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[Place, Person] = {}

    def of(self, places: Iterable[Place]) -> Mapping[Place, Person]:
        """Return the contacts of these calls, without erased ones. Raises LedgerUnreachable."""
        wanted = dict.fromkeys(places)
        unknown = [place for place in wanted if place not in self._known]
        for place, contact in live_calls.contacts(self._ledger, unknown).items():
            self._known[place] = person_of(contact, place[1])
        found = {place: self._known[place] for place in wanted if place in self._known}
        if len(self._known) > _MOST_KNOWN:
            self._known = dict(found)
        return found
