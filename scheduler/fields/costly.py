"""Numbers that cost more than an ordinary call, or are nobody's line, beyond those of phonenumbers.

As of 2026-11. phonenumbers knows the premium and shared-cost ranges of each country; what follows
are the kinds that it counts as something else. Each has its source.
"""

from __future__ import annotations

import re

from phonenumbers import PhoneNumberType

_ITU = "https://www.itu.int/pub/T-SP-E.164D"  # list of assigned country codes, E.164
_NON_GEOGRAPHIC = "https://lincmad.com/nongeographic.html"

#: Types of numbers in phonenumbers that callsched does not call, and why. The 070 of the UK and
#: the 5XX codes of North America are personal numbers.
KINDS = {
    PhoneNumberType.PREMIUM_RATE: "premium number",
    PhoneNumberType.SHARED_COST: "shared-cost number",
    PhoneNumberType.PERSONAL_NUMBER: "personal number",
    PhoneNumberType.PAGER: "pager",
}

#: Beginnings of numbers with their plus signs: what kind of number they are, and the source.
RANGES: tuple[tuple[str, str, str], ...] = (
    (r"\+1\d{3}976\d{4}", "premium number", "https://en.wikipedia.org/wiki/976_(North_America)"),
    (
        r"\+1\d{3}5551212",
        "number of directory assistance",
        "https://en.wikipedia.org/wiki/555_(telephone_number)",
    ),
    (r"\+1(5(00|2[1-9]|33|44|66|77|88))\d{7}", "personal number", _NON_GEOGRAPHIC),
    (r"\+1(600|622|633|644|655|677|688)\d{7}", "non-geographic number of Canada", _NON_GEOGRAPHIC),
    (r"\+1[79]00\d{7}", "premium number", _NON_GEOGRAPHIC),
    (r"\+1710\d{7}", "number of the US government", _NON_GEOGRAPHIC),
    (r"\+4470\d*", "personal number", "https://www.ofcom.org.uk/phones-and-broadband/070"),
    (
        r"\+81570\d*",
        "shared-cost number",
        "https://www.soumu.go.jp/main_sosiki/joho_tsusin/top/tel_number/",
    ),
    (r"\+808\d*", "international shared-cost number", _ITU),
    (r"\+870\d*", "satellite number", _ITU),
    (r"\+878\d*", "universal personal number", _ITU),
    (r"\+881\d*", "satellite number", _ITU),
    (r"\+88[238]\d*", "number of an international network", _ITU),
    (r"\+979\d*", "international premium number", _ITU),
)
_RANGES = tuple((re.compile(pattern), what) for pattern, what, _ in RANGES)
_ANY = re.compile("|".join(pattern for pattern, _, _ in RANGES))  # most numbers are in none


def why_costly(number: str, kind: int) -> str:
    """Return which kind of costly number an E.164 number is; "" if it is not one.

    `kind` is its type as phonenumbers has it.
    """
    if found := KINDS.get(kind):
        return found
    if not _ANY.fullmatch(number):
        return ""
    return next((what for pattern, what in _RANGES if pattern.fullmatch(number)), "")
