"""Which column is meant by a name that somebody gave it."""

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

#: What people call the columns that are understood, in small letters and with single blanks.
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
#: Columns that say of a national number whose it is. None is used unless the file says so.
CODES = (
    *("country code", "dial code", "dialing code", "dialling code", "calling code", "phone code"),
    *("country calling code", "phone country code", "mobile country code", "intl code"),
)
COUNTRIES = ("country", "country name", "country iso", "iso country", "country iso code")
#: What a file of rejects has besides; it is read over when the mended file comes back.
IGNORED = ("reject_reason", "reject_message")
_ADDRESSES = ("phone_number", "sip_uri")
_FEW = 200  #: columns, of a header that takes little memory
_ALIKE = 0.55  #: from which likeness on another name may have been meant
_BETWEEN_WORDS = re.compile(r"[\s_.-]+")
_MEANT = {alias: ours for ours, aliases in ALIASES.items() for alias in aliases}
_MEANT |= {ours.replace("_", " "): ours for ours in UNDERSTOOD if ours != "country_code"}
#: What stands in the name of a column that says something about a number, and is none.
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

    #: Ours and theirs, as the key `columns` says. Of several for one of ours the first is tried
    #: first.
    columns: tuple[tuple[str, str], ...] = ()
    #: Of a file that somebody else may have named, and that may be any file of the machine: until
    #: a column says whom to call, nobody is shown what is in it.
    discreet: bool = False
    #: Keys under `call` that a contact may have of its own.
    own: tuple[str, ...] = tuple(PROVIDERS[0].keys_of_contacts())

    @classmethod
    def of(cls, columns: Mapping[str, str | list[str]], own: Iterable[str] = ()) -> Names:
        """Return how the key `columns` says that columns are recognised."""
        pairs = (
            (ours, [named] if isinstance(named, str) else named) for ours, named in columns.items()
        )
        given = tuple((ours, theirs) for ours, listed in pairs for theirs in listed)
        return cls(given, own=tuple(own))

    def header(self, written: Collection[str]) -> Header:
        """Return which columns are meant, and what is wrong with them; none of too many."""
        if message := too_many(len(written)):
            return Header(faults=(message,))
        read = _header if len(written) <= _FEW else _wide_header
        found = read(tuple(written), self.columns, self.own)
        if found.faults and self.discreet and not self._has_address(written):
            return replace(found, faults=(_discreet(written),))
        return found

    def _has_address(self, written: Iterable[str]) -> bool:
        """Whether a column of those says, by a name that is known, whom to call."""
        named = {_folded(theirs) for ours, theirs in self.columns if ours in _ADDRESSES}
        return any(is_address(name) or _folded(name) in named for name in written)

    def missing(self, columns: Set[str]) -> Iterator[tuple[str, str]]:
        """Yield what the key `columns` takes from a column that no contact has, and say so."""
        known = {_folded(name): name for name in columns}
        for ours, theirs in self.columns:
            if _folded(theirs) not in known:
                near = difflib.get_close_matches(_folded(theirs), known, n=1)
                hint = f"did you mean {shown(known[near[0]])}?" if near else _listed(columns)
                yield ours, f"there is no column {shown(theirs)}: {hint}"


def is_address(written: str) -> bool:
    """Whether a column of this name would say whom to call."""
    return column_name(written) in _ADDRESSES


def likely_numbers(written: Iterable[str]) -> list[str]:
    """Return the columns that likely have numbers to call, where none has a name that is known."""
    names = [name.strip() for name in written]
    return [name for name in names if _OF_NUMBERS.search(name) and not _NO_NUMBER.search(name)]


def column_name(written: str) -> str:
    """Return a column's one name, as far as it can be told without the others."""
    name = written.strip()
    lower = name.lower()
    if lower in UNDERSTOOD or lower.startswith(OPTION):
        return lower
    return _MEANT.get(_plain(name), name)


def _read_header(
    written: tuple[str, ...], columns: tuple[tuple[str, str], ...], own: tuple[str, ...]
) -> Header:
    theirs = [name.strip() for name in written]
    choices = _choices(theirs, columns)
    found, faults = _named(theirs, {ours: name for ours, name in columns if name not in choices})
    faults += _guess(theirs, found, {"phone_number"} if choices else set())
    names = [found.get(at, name) for at, name in enumerate(theirs)]
    repeated = frozenset(name for name in _repeated(names) if not _is_ours(name))
    names = _numbered(names, repeated)
    faults += [*_named_twice(theirs, columns), *_faults(names, own)]
    if not faults and not choices and not set(names) & set(_ADDRESSES):
        faults.append(_no_address(theirs))
    pairs = [(ours, name) for ours, name in zip(names, theirs, strict=True) if ours != name]
    return Header(
        tuple(names),
        called=dict(pairs),
        meant={name: ours for ours, name in pairs if ours},
        faults=tuple(faults),
        choices=choices,
        code=_first_of(CODES, names),
        country=_first_of(COUNTRIES, names),
        repeated=repeated,
    )


# Most contacts of JSON Lines have the same keys. Of thousands of keys few headers are kept.
_header = lru_cache(maxsize=256)(_read_header)
_wide_header = lru_cache(maxsize=2)(_read_header)


def _choices(theirs: list[str], columns: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return the columns of which the first valid number is called, where there are several."""
    listed = [name for ours, name in columns if ours == "phone_number"]
    if len(listed) < 2:
        return ()
    known = {_folded(name): name for name in theirs}
    return tuple(known[_folded(name)] for name in listed if _folded(name) in known)


def _named_twice(theirs: list[str], columns: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Yield what to say of a column that the campaign names, and that is there twice."""
    for ours, name in columns:
        alike = [each for each in theirs if _folded(each) == _folded(name)]
        if len(alike) > 1 and alike.count(name) != 1:
            yield f"columns.{ours}: the column {shown(name)} is there twice: rename one of the two"


def _first_of(plain: tuple[str, ...], names: list[str]) -> str:
    return next((name for name in names if _plain(name) in plain and name != "country_code"), "")


def _is_ours(name: str) -> bool:
    return name.lower() in UNDERSTOOD or name.lower().startswith(OPTION)


def _numbered(names: list[str], repeated: frozenset[str]) -> list[str]:
    """Number the columns of one name from the second on, so that each keeps its cells."""
    folded, met, unique = {name.lower() for name in repeated}, Counter[str](), []
    for name in names:
        met[name.lower()] += 1
        nth = met[name.lower()]
        unique.append(f"{name} ({nth})" if name.lower() in folded and nth > 1 else name)
    return unique


def _named(theirs: list[str], columns: Mapping[str, str]) -> tuple[dict[int, str], list[str]]:
    """Return the columns that the campaign names, or that have our own names."""
    places = {_folded(name): at for at, name in enumerate(theirs)}
    places |= {name: at for at, name in enumerate(theirs)}
    found, faults = {}, []
    for ours, name in columns.items():
        at = places.get(name, places.get(_folded(name)))
        if at is not None:
            found[at] = ours
    for at, name in enumerate(theirs):
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


def _guess(theirs: list[str], found: dict[int, str], named: set[str]) -> list[str]:
    """Add the columns whose names are common and can mean only one thing; return faults.

    What is `named` already, and what was found by our own names, is not guessed.
    """
    named = named | set(found.values())
    could: defaultdict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(theirs):
        ours = _MEANT.get(_plain(name))
        if at not in found and ours and ours not in named:
            could[ours].append(at)
    faults = []
    for ours, places in could.items():
        # Who names one of the two addresses in our words has said whom to call.
        if ours in _ADDRESSES and named & set(_ADDRESSES):
            continue
        if len(places) == 1:
            found[places[0]] = ours
            continue
        which = " and ".join(shown(theirs[at]) for at in places)
        faults.append(
            f"{which} could each be {ours}: rename one to {ours}, or say in a YAML file"
            f" which one it is, such as columns: {{{ours}: {shown(theirs[places[0]])}}}"
            + _or_several(ours, [theirs[at] for at in places])
        )
    return faults


def _or_several(ours: str, theirs: list[str]) -> str:
    if ours != "phone_number":
        return ""
    listed = ", ".join(map(shown, theirs))
    return f", or columns: {{phone_number: [{listed}]}} to call the first valid one"


def _faults(names: list[str], own: tuple[str, ...]) -> list[str]:
    faults = [f"the column {shown(name)} is there twice" for name in _repeated(names)]
    faults += [f"expected a printable name, got {shown(n)}" for n in names if not n.isprintable()]
    options = [name for name in names if name.startswith(OPTION)]
    faults += [no_option(n, own) for n in options if n.removeprefix(OPTION) not in own]
    return faults


def _discreet(written: Iterable[str]) -> str:
    """Say that no column says whom to call, and show only names that speak of numbers."""
    names = [name.strip() for name in written]
    fault = _no_address([name for name in names if is_shown(name) or _is_slip(name)])
    return f"{_NO_COLUMN}{_WAY_OUT}" if fault.startswith(_NO_COLUMN) else fault


def _is_slip(name: str) -> bool:
    """Whether a name is nearly one of ours."""
    alike = max(_likeness(column, name) for column in _ADDRESSES)
    return _LETTERS.fullmatch(name) is not None and alike >= _ALIKE


def _no_address(theirs: list[str]) -> str:
    """Say that a column is missing, and which one was perhaps meant."""
    if any(mask_text(name) != name for name in theirs):
        return f"{_NO_COLUMN}; {_NO_HEADER}; got {_shown(theirs)}"
    titles = [name for name in filter(None, theirs) if not _NO_NUMBER.search(name)]
    likely = likely_numbers(theirs)
    if len(likely) > 1:
        return (
            f"expected a column phone_number; say in a YAML file which one it is, such as"
            f" columns: {{phone_number: {shown(likely[0])}}}{_or_several('phone_number', likely)}"
        )
    for column in _ADDRESSES:
        alike = {name: _likeness(column, name) for name in titles}
        nearest = max(alike, key=alike.__getitem__, default="")
        if nearest and alike[nearest] >= _ALIKE:
            return f"expected a column {column}; rename {shown(nearest)} to {column}"
    if likely:
        return f"expected a column phone_number; rename {shown(likely[0])} to phone_number"
    named = [*filter(None, theirs)]
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
