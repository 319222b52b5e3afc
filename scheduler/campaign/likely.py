"""Guesses which column is an id, a name or a time zone, by words in its title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Words with which the title of such a column begins or ends.
_WORDS = {
    "id": frozenset(("no", "number", "nr", "id", "ref", "reference", "key", "code")),
    "name": frozenset(("name", "first", "firstname", "patient", "client", "customer", "guest")),
    "timezone": frozenset(("timezone", "zone", "tz")),
}
#: A title with one of these words is a number to call instead.
_OF_NUMBERS = frozenset(("phone", "mobile", "cell", "tel", "telephone", "fax"))


def likely(columns: Iterable[str], found: Mapping[str, str]) -> dict[str, str]:
    """Return `found` (key -> column), with a likely column for each key that it lacks."""
    titles, meant = [each.strip() for each in columns], dict(found)
    for key, words in _WORDS.items():
        free = (each for each in titles if each not in meant.values())
        alike = (each for each in free if _is_alike(each, words))
        if key not in meant and (column := next(alike, None)):
            meant[key] = column
    return meant


def _is_alike(title: str, words: frozenset[str]) -> bool:
    own = re.findall(r"[a-z]+", title.replace("#", " no ").lower())
    return bool(words & {*own[:1], *own[-1:]}) and not _OF_NUMBERS & set(own)
