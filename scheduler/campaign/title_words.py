"""The words about numbers that titles of columns have.

A message shows no other words of a title, because a list may be any file of the machine.
"""

from __future__ import annotations

import re
import unicodedata

#: A column has numbers if its title has one of these words.
NUMBERS = frozenset(
    (
        *("phone", "phones", "telephone", "tel", "telno", "telnr", "mobile", "mob", "cell"),
        *("cellular", "cells", "mobiles", "msisdn", "landline", "fax", "sip", "gsm", "whatsapp"),
        *("handy", "handynummer", "mobil", "mobilnummer", "mobilfunk", "rufnummer", "festnetz"),
        *("telefon", "telefonnummer", "telefono", "telefonos", "movil", "moviles", "celular"),
        *("telephones", "portable", "fixe", "telefone", "telefones", "telemovel", "fisso"),
        *("cellulare", "telefoonnummer", "telefoon", "mobiel", "puhelin", "matkapuhelin"),
        *("телефон", "мобильныи", "電話", "电话", "手机", "携帯", "هاتف"),
    )
)
#: … or if it has one of these, and otherwise only words of WHOSE: "home number", "contact no."
COUNTED = frozenset(("number", "numbers", "num", "no", "nos", "nr"))
#: A column with only these words in its title may have numbers, or something else.
WHOSE = frozenset(
    (
        *("home", "work", "business", "office", "other", "primary", "secondary", "main", "second"),
        *("alternate", "alternative", "alt", "additional", "company", "direct", "private", "day"),
        *("personal", "evening", "night", "emergency", "contact", "caller", "called", "callee"),
        *("dialed", "dialled", "destination", "recipient", "value"),
    )
)
#: All words that a message may show.
_SHOWN = NUMBERS | COUNTED | WHOSE
_BETWEEN_CASES = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_MOST_DIGITS, _LONGEST = 2, 60


def words(name: str) -> list[str]:
    """Return the words of a title, without accents, in small letters."""
    decomposed = unicodedata.normalize("NFKD", _BETWEEN_CASES.sub(" ", name)).casefold()
    return _WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c)))


def is_shown(name: str) -> bool:
    """Whether a message may show a title: it has only those words, and at most two digits."""
    found = words(name)
    few = sum(map(str.isdigit, name)) <= _MOST_DIGITS and len(name) <= _LONGEST
    return few and bool(found) and _SHOWN.issuperset(found)
