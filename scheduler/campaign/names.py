"""Which column is meant by a name that somebody gave it."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from scheduler.campaign.columns import OPTION, OPTIONS, UNDERSTOOD, Header, no_option
from scheduler.masking import shown

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
}
#: What a file of rejects has besides; it is read over when the mended file comes back.
IGNORED = ("reject_reason", "reject_message")
_ADDRESSES = ("phone_number", "sip_uri")
_BETWEEN_WORDS = re.compile(r"[\s_.-]+")
_MEANT = {alias: ours for ours, aliases in ALIASES.items() for alias in aliases}
_MEANT |= {ours.replace("_", " "): ours for ours in UNDERSTOOD}


@dataclass(frozen=True, slots=True)
class Names:
    """How the columns of one campaign are told."""

    columns: tuple[tuple[str, str], ...] = ()  #: ours and theirs, as the key `columns` says

    def header(self, written: Iterable[str]) -> Header:
        """Return which columns are meant, and what is wrong with them."""
        return _header(tuple(written), self.columns)

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


def column_name(written: str) -> str:
    """Return a column's one name, as far as it can be told without the others."""
    name = written.strip()
    lower = name.lower()
    if lower in UNDERSTOOD or lower.startswith(OPTION):
        return lower
    return _MEANT.get(_plain(name), name)


@lru_cache(maxsize=256)  # most contacts of JSON Lines have the same keys
def _header(written: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> Header:
    theirs = [name.strip() for name in written]
    found, faults = _named(theirs, dict(columns))
    faults += _guess(theirs, found)
    names = [found.get(at, name) for at, name in enumerate(theirs)]
    faults += _faults(theirs, names)
    if not faults and not set(names) & set(_ADDRESSES):
        faults.append(_no_address(theirs))
    pairs = [(ours, name) for ours, name in zip(names, theirs, strict=True) if ours != name]
    return Header(
        tuple(names),
        called=dict(pairs),
        meant={name: ours for ours, name in pairs if ours},
        faults=tuple(faults),
    )


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
            said = f"{lower} is a column, and columns takes it from {shown(columns[lower])}"
            faults.append(f"{said}: rename one of the two")
            found[at] = ""
        elif lower in UNDERSTOOD or lower.startswith(OPTION):
            found[at] = lower
    return found, faults


def _guess(theirs: list[str], found: dict[int, str]) -> list[str]:
    """Add the columns whose names are common and can mean only one thing; return faults."""
    named = set(found.values())
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
        )
    return faults


def _faults(theirs: list[str], names: list[str]) -> list[str]:
    faults = [f"the column {shown(name)} is there twice" for name in _repeated(names)]
    if "" in theirs:
        faults.append(f"column {theirs.index('') + 1} has no name")
    faults += [f"expected a printable name, got {shown(n)}" for n in names if not n.isprintable()]
    faults += [no_option(n) for n in names if n.startswith(OPTION) and n not in OPTIONS]
    return faults


def _no_address(names: Iterable[str]) -> str:
    """Say that a column is missing, and which one was perhaps meant."""
    spelled = {"_".join(name.lower().split()): name for name in names}
    for column in _ADDRESSES:
        near = difflib.get_close_matches(column, spelled, n=1, cutoff=0.55)
        if near:
            return f"expected a column {column}; rename {shown(spelled[near[0]])} to {column}"
    return f"expected a column phone_number or sip_uri; got {_shown(names)}"


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
