"""Which column is likely an id, a name or a time zone, where its name is no certain one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Words that the name of such a column begins or ends with.
_WORDS = {
    "id": frozenset(("no", "number", "nr", "id", "ref", "reference", "key", "code")),
    "name": frozenset(("name", "first", "firstname", "patient", "client", "customer", "guest")),
    "timezone": frozenset(("timezone", "zone", "tz")),
}
#: … unless it has one of these: it is another number to call.
_OF_NUMBERS = frozenset(("phone", "mobile", "cell", "tel", "telephone", "fax"))


def likely(columns: Iterable[str], found: Mapping[str, str]) -> dict[str, str]:
    """Return what was found, ours -> theirs, and besides what is likely meant by the others."""
    titles, meant = [each.strip() for each in columns], dict(found)
    for ours, words in _WORDS.items():
        free = (each for each in titles if each not in meant.values())
        alike = (each for each in free if _is_alike(each, words))
        if ours not in meant and (theirs := next(alike, None)):
            meant[ours] = theirs
    return meant


def _is_alike(title: str, words: frozenset[str]) -> bool:
    own = re.findall(r"[a-z]+", title.replace("#", " no ").lower())
    return bool(words & {*own[:1], *own[-1:]}) and not _OF_NUMBERS & set(own)
