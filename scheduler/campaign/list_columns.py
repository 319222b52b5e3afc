"""Decides by their titles which columns of a do-not-call list have entries.

In a file of contacts one column says whom to call, and it must be certain which. In a list every
column counts that may have numbers: a column too many leads to a message about its cells, one too
few loses somebody, who is then called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonenumbers import country_code_for_region

from scheduler.campaign.entries import has_address
from scheduler.campaign.names import is_address
from scheduler.campaign.title_words import COUNTED, NUMBERS, WHOSE, is_shown, words
from scheduler.fields.countries import calling_code, region_of

_BEGIN = ("phone", "mobile", "telephone", "telefon", "cellphone", "cellnumber")
_END = ("phone", "phones", "telefon", "mobile", "mobil")
#: A title that ends with one of these says something about a number, and has none.
_ABOUT = frozenset(
    (
        *("type", "types", "typ", "label", "kind", "ext", "extn", "extension", "carrier", "date"),
        *("operator", "provider", "network", "status", "state", "note", "notes", "comment", "time"),
        *("comments", "verified", "valid", "validity", "consent", "optin", "optout", "country"),
        *("region", "code", "prefix", "model", "os", "id", "owner", "source", "reason", "format"),
        *("zone", "timezone", "count", "calls", "score"),
    )
)
#: … unless it has one of these: "Phone number with country code" has numbers.
_INCLUDED = frozenset(("with", "w", "incl", "including", "inkl", "mit", "avec", "con"))
_COUNTRIES = (
    *(" country", " country code", " dial code", " dialing code", " dialling code", " isd code"),
    *(" calling code", " international code", " land", " landesvorwahl", " pais", " indicatif"),
)
_AREAS = (" area code", " areacode", " city code", " std code", " vorwahl", " prefix", " npa")

_NO_NAME = re.compile(r"[{}\[\]<>=@\\]|\d{3}")
_MOST_CHARACTERS, _MOST_DIGITS = 80, 2
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_NOT_DIGITS = re.compile(r"\D")


def is_address_column(name: str) -> bool:
    """Whether a column of this name has numbers or SIP addresses."""
    if is_address(name):
        return True
    if (
        _NO_NAME.search(name)
        or len(name) > _MOST_CHARACTERS
        or sum(map(str.isdigit, name)) > _MOST_DIGITS
    ):
        return False
    if is_address(re.sub(r"\d", " ", name)):  # number_2
        return True
    every = words(name)
    if not any(map(_is_of_numbers, every)):
        return _is_whose(every) and not COUNTED.isdisjoint(every)
    outside = words(_IN_PARENTHESES.sub(" ", name)) or every
    return outside[-1] not in _ABOUT or not _INCLUDED.isdisjoint(every)


def _is_of_numbers(word: str) -> bool:
    return word in NUMBERS or word.startswith(_BEGIN) or word.endswith(_END)


def _is_whose(words: list[str]) -> bool:
    """Whether these words only say whose number something is, or which one of somebody's."""
    return not WHOSE.isdisjoint(words) and (WHOSE | COUNTED).issuperset(words)


@dataclass(frozen=True, slots=True)
class ListColumns:
    """What the columns of a list are for, by their positions."""

    titles: tuple[str, ...]
    addresses: tuple[int, ...]  #: each cell must be an entry, or refuses the list
    others: tuple[int, ...]
    unsure: frozenset[int]  #: other columns that may have national numbers
    countries: tuple[int, ...]  #: other columns with the number's country
    areas: tuple[int, ...]  #: other columns with the number's area code

    @classmethod
    def of(cls, titles: Sequence[str]) -> ListColumns:
        """Sort the columns of a header by their titles."""
        names = [" ".join(title.split()) for title in titles]
        places = range(len(names))
        addresses = [at for at in places if is_address_column(names[at])]
        spelled = {at: " ".join(["", *words(names[at])]) for at in places if at not in addresses}
        return cls(
            titles=tuple(names),
            addresses=tuple(addresses),
            others=tuple(spelled),
            unsure=frozenset(at for at in spelled if not names[at] or _is_whose(words(names[at]))),
            countries=tuple(at for at, words in spelled.items() if words.endswith(_COUNTRIES)),
            areas=tuple(at for at, words in spelled.items() if words.endswith(_AREAS)),
        )

    def name(self, at: int) -> str:
        """Return how messages name a column: an unknown one only by its position."""
        title = self.titles[at]
        known = is_address(title) or is_shown(title)
        return title if known else f"column {at + 1}"

    def contradicts(self, number: str, cells: Sequence[str], region: str | None) -> bool:
        """Whether a national number was read for another country or area than its row names."""
        code = country_code_for_region(region or "")
        countries = [cell for cell in _at(cells, self.countries) if cell]
        if any(_of_another_country(number, cell) for cell in countries):
            return True
        national = number.removeprefix(f"+{code}")
        areas = (_NOT_DIGITS.sub("", cell).lstrip("0") for cell in _at(cells, self.areas))
        return any(area and not national.startswith(area) for area in areas)


def _at(cells: Sequence[str], places: Sequence[int]) -> Iterator[str]:
    return (cells[at].strip() for at in places if at < len(cells))


def _of_another_country(number: str, cell: str) -> bool:
    """Whether a cell names a country that is not the number's."""
    region = region_of(cell)
    return region is not None and not number[1:].startswith(str(calling_code(region)))


def is_header(cells: Sequence[str], region: str | None) -> bool:
    """Whether a line is a header with at least one column of numbers or SIP addresses."""
    names = [" ".join(cell.split()) for cell in cells]
    return any(map(is_address_column, names)) and not any(
        has_address(name, region) for name in names if name
    )
