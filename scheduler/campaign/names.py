"""Recognises the columns of a file by their titles: which key does each stand for?"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from scheduler.campaign.columns import OPTION, UNDERSTOOD, Header, no_option, too_many
from scheduler.campaign.title_words import is_shown
from scheduler.masking import mask_text, shown
from scheduler.providers import PROVIDERS

#: Key -> other titles that people give this column, in small letters and with single blanks.
ALIASES: dict[str, tuple[str, ...]] = {
    "phone_number": (
        *("phone", "phone no", "phone nr", "number", "to", "tel", "telephone", "telephone number"),
        *("mobile", "mobile number", "mobile phone", "cell", "cell number", "cell phone", "msisdn"),
        *("phonenumber", "cellphone", "contact number"),
    ),
    "sip_uri": ("sip", "sip address", "sip url"),
    "id": ("contact id",),
    "name": ("full name", "fullname", "contact name", "display name"),
    "timezone": ("tz", "time zone", "tzid"),
    "extension": ("ext", "extn", "phone ext", "phone extension"),
}
#: Titles of columns with the country of a national number. They are used only if the file says so.
CODES = (
    *("country code", "dial code", "dialing code", "dialling code", "calling code", "phone code"),
    *("country calling code", "phone country code", "mobile country code", "intl code"),
)
COUNTRIES = ("country", "country name", "country iso", "iso country", "country iso code")
#: Columns that a file of rejects adds; they are ignored when the mended file comes back.
IGNORED = ("reject_reason", "reject_message")
_ADDRESSES = ("phone_number", "sip_uri")
_FEW = 200  #: a header with at most so many columns takes little memory
_ALIKE = 0.55  #: from this likeness on another title may have been meant
_BETWEEN_WORDS = re.compile(r"[\s_.-]+")
_MEANT = {alias: key for key, aliases in ALIASES.items() for alias in aliases}
_MEANT |= {key.replace("_", " "): key for key in UNDERSTOOD if key != "country_code"}
#: Words in the title of a column that says something about a number, and has none.
_NO_NUMBER = re.compile(r"type|label|code|country|\bext|status|valid|date|time|note|fax", re.I)
_OF_NUMBERS = re.compile(r"phone|mobile|cell|\btel|handy|msisdn|whatsapp", re.I)
_LETTERS = re.compile(r"[A-Za-z _-]{1,20}")
_NO_HEADER = (
    "this line has a phone number in it: write the names of the columns above it, such as"
    " phone_number,name"
)
_NO_COLUMN = "expected a column phone_number or sip_uri"
_ABOVE_HEADER = "; if it is a title, delete it: the names of the columns come first"
_WAY_OUT = "; `plan` with this file alone shows how its columns are called"


@dataclass(frozen=True, slots=True)
class Names:
    """How the columns of one campaign are recognised."""

    #: Pairs of key and column from the campaign's `columns`. If a key has several columns, they
    #: are tried in this order.
    columns: tuple[tuple[str, str], ...] = ()
    #: Whether messages hide the file's content. Somebody else may have named the file, and it may
    #: be any file of the machine; so nothing is shown unless a column says whom to call.
    discreet: bool = False
    #: Keys under `call` that a contact may override.
    contact_keys: tuple[str, ...] = tuple(PROVIDERS[0].keys_of_contacts())

    @classmethod
    def of(cls, columns: Mapping[str, str | list[str]], contact_keys: Iterable[str] = ()) -> Names:
        """Return the names by a campaign's `columns`."""
        pairs = (
            (key, [named] if isinstance(named, str) else named) for key, named in columns.items()
        )
        given = tuple((key, column) for key, listed in pairs for column in listed)
        return cls(given, contact_keys=tuple(contact_keys))

    def header(self, written: Collection[str]) -> Header:
        """Recognise the columns of a header, and return it with its faults."""
        if message := too_many(len(written)):
            return Header(faults=(message,))
        read = _header if len(written) <= _FEW else _wide_header
        found = read(tuple(written), self.columns, self.contact_keys)
        if found.faults and self.discreet and not self._has_address(written):
            return replace(found, faults=(_discreet(written),))
        return found

    def _has_address(self, written: Iterable[str]) -> bool:
        """Whether one of these titles is known to say whom to call."""
        named = {_folded(column) for key, column in self.columns if key in _ADDRESSES}
        return any(is_address(name) or _folded(name) in named for name in written)

    def missing(self, columns: Set[str]) -> Iterator[tuple[str, str]]:
        """Yield each key of `columns` whose column no contact has, with a message."""
        known = {_folded(name): name for name in columns}
        for key, column in self.columns:
            if _folded(column) not in known:
                near = difflib.get_close_matches(_folded(column), known, n=1)
                hint = f"did you mean {shown(known[near[0]])}?" if near else _listed(columns)
                yield key, f"there is no column {shown(column)}: {hint}"


def is_address(written: str) -> bool:
    """Whether a column with this title says whom to call."""
    return column_name(written) in _ADDRESSES


def likely_numbers(written: Iterable[str]) -> list[str]:
    """Return the columns that likely have numbers to call, where none has a name that is known."""
    names = [name.strip() for name in written]
    return [name for name in names if _OF_NUMBERS.search(name) and not _NO_NUMBER.search(name)]


def column_name(written: str) -> str:
    """Return the key of a column by its title alone; its own title if it has none."""
    name = written.strip()
    lower = name.lower()
    if lower in UNDERSTOOD or lower.startswith(OPTION):
        return lower
    return _MEANT.get(_plain(name), name)


def _read_header(
    written: tuple[str, ...], columns: tuple[tuple[str, str], ...], contact_keys: tuple[str, ...]
) -> Header:
    titles = [name.strip() for name in written]
    choices = _choices(titles, columns)
    found, faults = _named(titles, {key: name for key, name in columns if name not in choices})
    faults += _guess(titles, found, {"phone_number"} if choices else set())
    names = [found.get(at, name) for at, name in enumerate(titles)]
    repeated = frozenset(name for name in _repeated(names) if not _is_ours(name))
    names = _numbered(names, repeated)
    faults += [*_named_twice(titles, columns), *_faults(names, contact_keys)]
    if not faults and not choices and not set(names) & set(_ADDRESSES):
        faults.append(_no_address(titles))
    pairs = [(key, name) for key, name in zip(names, titles, strict=True) if key != name]
    return Header(
        tuple(names),
        columns=dict(pairs),
        keys={name: key for key, name in pairs if key},
        faults=tuple(faults),
        choices=choices,
        code=_first_of(CODES, names),
        country=_first_of(COUNTRIES, names),
        repeated=repeated,
    )


# Most contacts of JSON Lines have the same keys. Only a few headers with thousands of keys are
# kept.
_header = lru_cache(maxsize=256)(_read_header)
_wide_header = lru_cache(maxsize=2)(_read_header)


def _choices(titles: list[str], columns: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the columns of which the first valid number is called; () unless several."""
    listed = [name for key, name in columns if key == "phone_number"]
    if len(listed) < 2:
        return ()
    known = {_folded(name): name for name in titles}
    return tuple(known[_folded(name)] for name in listed if _folded(name) in known)


def _named_twice(titles: list[str], columns: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Yield a message for each column that the campaign names and the file has twice."""
    for key, name in columns:
        alike = [each for each in titles if _folded(each) == _folded(name)]
        if len(alike) > 1 and alike.count(name) != 1:
            yield f"columns.{key}: the column {shown(name)} is there twice: rename one of the two"


def _first_of(plain: tuple[str, ...], names: list[str]) -> str:
    return next((name for name in names if _plain(name) in plain and name != "country_code"), "")


def _is_ours(name: str) -> bool:
    return name.lower() in UNDERSTOOD or name.lower().startswith(OPTION)


def _numbered(names: list[str], repeated: frozenset[str]) -> list[str]:
    """Number columns of the same name from the second on, so that none hides another's cells."""
    folded, met, unique = {name.lower() for name in repeated}, Counter[str](), []
    for name in names:
        met[name.lower()] += 1
        nth = met[name.lower()]
        unique.append(f"{name} ({nth})" if name.lower() in folded and nth > 1 else name)
    return unique


def _named(titles: list[str], columns: Mapping[str, str]) -> tuple[dict[int, str], list[str]]:
    """Return the keys of columns that the campaign names, or titled with a key; and faults."""
    places = {_folded(name): at for at, name in enumerate(titles)}
    places |= {name: at for at, name in enumerate(titles)}
    found, faults = {}, []
    for key, name in columns.items():
        at = places.get(name, places.get(_folded(name)))
        if at is not None:
            found[at] = key
    for at, name in enumerate(titles):
        lower = name.lower()
        if at in found:
            continue
        if lower in IGNORED:
            found[at] = ""
        elif lower in found.values() and lower in columns:
            text = f"{lower} is a column, and columns takes it from {shown(columns[lower])}"
            faults.append(f"{text}: rename one of the two")
            found[at] = ""
        elif lower in UNDERSTOOD or lower.startswith(OPTION):
            found[at] = lower
    return found, faults


def _guess(titles: list[str], found: dict[int, str], named: set[str]) -> list[str]:
    """Add the columns whose common titles can mean only one key; return faults.

    A key that is `named`, or was found already, is not guessed.
    """
    named = named | set(found.values())
    could: defaultdict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(titles):
        key = _MEANT.get(_plain(name))
        if at not in found and key and key not in named:
            could[key].append(at)
    faults = []
    for key, places in could.items():
        # If one column is clearly an address, it is clear whom to call.
        if key in _ADDRESSES and named & set(_ADDRESSES):
            continue
        if len(places) == 1:
            found[places[0]] = key
            continue
        which = " and ".join(shown(titles[at]) for at in places)
        faults.append(
            f"{which} could each be {key}: rename one to {key}, or say in a YAML file"
            f" which one it is, such as columns: {{{key}: {shown(titles[places[0]])}}}"
            + _or_several(key, [titles[at] for at in places])
        )
    return faults


def _or_several(key: str, titles: list[str]) -> str:
    if key != "phone_number":
        return ""
    listed = ", ".join(map(shown, titles))
    return f", or columns: {{phone_number: [{listed}]}} to call the first valid one"


def _faults(names: list[str], contact_keys: tuple[str, ...]) -> list[str]:
    faults = [f"the column {shown(name)} is there twice" for name in _repeated(names)]
    faults += [f"expected a printable name, got {shown(n)}" for n in names if not n.isprintable()]
    options = [name.removeprefix(OPTION) for name in names if name.startswith(OPTION)]
    faults += [no_option(OPTION + key, contact_keys) for key in options if key not in contact_keys]
    return faults


def _discreet(written: Iterable[str]) -> str:
    """Return the message that no column says whom to call; it shows only titles about numbers."""
    names = [name.strip() for name in written]
    fault = _no_address([name for name in names if is_shown(name) or _is_slip(name)])
    return f"{_NO_COLUMN}{_WAY_OUT}" if fault.startswith(_NO_COLUMN) else fault


def _is_slip(name: str) -> bool:
    """Whether a title is nearly one of our keys."""
    alike = max(_likeness(column, name) for column in _ADDRESSES)
    return _LETTERS.fullmatch(name) is not None and alike >= _ALIKE


def _no_address(titles: list[str]) -> str:
    """Return the message that a column is missing, with the one that was perhaps meant."""
    if any(mask_text(name) != name for name in titles):
        return f"{_NO_COLUMN}; {_NO_HEADER}; got {_shown(titles)}"
    candidates = [name for name in filter(None, titles) if not _NO_NUMBER.search(name)]
    likely = likely_numbers(titles)
    if len(likely) > 1:
        return (
            f"expected a column phone_number; say in a YAML file which one it is, such as"
            f" columns: {{phone_number: {shown(likely[0])}}}{_or_several('phone_number', likely)}"
        )
    for column in _ADDRESSES:
        alike = {name: _likeness(column, name) for name in candidates}
        nearest = max(alike, key=alike.__getitem__, default="")
        if nearest and alike[nearest] >= _ALIKE:
            return f"expected a column {column}; rename {shown(nearest)} to {column}"
    if likely:
        return f"expected a column phone_number; rename {shown(likely[0])} to phone_number"
    named = [*filter(None, titles)]
    got = f"{_NO_COLUMN}; got {_shown(named)}"
    is_title = len(named) == 1 and " " in named[0]
    return got + _ABOVE_HEADER * is_title


def _likeness(column: str, name: str) -> float:
    return difflib.SequenceMatcher(None, "_".join(name.lower().split()), column).ratio()


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub(" ", name.lower().strip(" \t#:*.")).strip()


def _folded(name: str) -> str:
    return name.strip().casefold()


def _shown(names: Iterable[str]) -> str:
    return ", ".join(shown(name) for name in list(names)[:5]) or "none"


def _listed(names: Set[str]) -> str:
    return f"expected one of {', '.join(shown(name) for name in sorted(names)[:10])}"


def _repeated(names: list[str]) -> list[str]:
    seen: set[str] = set()
    repeated = []
    for name in filter(None, names):
        if name.lower() in seen:
            repeated.append(name)
        seen.add(name.lower())
    return repeated
