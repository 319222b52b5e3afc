"""The states of the United States that a contact belongs to, by its columns and its number.

The District of Columbia and the territories stand among the states.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache, lru_cache

from scheduler.masking import shown
from scheduler.models import EVERY_STATE, Contact

EXPECTED = "a state of the United States such as FL or Florida"
#: Names of the column, whatever their case and separators.
_COLUMNS = ("state", "us state")
#: Names that people write and that the holidays library lacks.
_ALSO = {"washington dc": "DC", "washington state": "WA", "virgin islands": "VI"}

# Every area code belongs to one state. As of 2026-11, from
# https://nationalnanpa.com/area_codes/index.html by way of the descriptions in phonenumbers, with
# which a test compares it. A code that is not here tells no state: every state's rules hold.
_AREA_CODES = {
    "AK": "907",
    "AL": "205 251 256 334 659 938",
    "AR": "327 479 501 870",
    "AS": "684",
    "AZ": "480 520 602 623 928",
    "CA": "209 213 279 310 323 341 350 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661"
    " 669 707 714 738 747 760 805 818 820 831 840 858 909 916 925 949 951",
    "CO": "303 719 720 748 970 983",
    "CT": "203 475 860 959",
    "DC": "202 771",
    "DE": "302",
    "FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941"
    " 954",
    "GA": "229 404 470 478 678 706 762 770 912 943",
    "GU": "671",
    "HI": "808",
    "IA": "319 515 563 641 712",
    "ID": "208 986",
    "IL": "217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 872",
    "IN": "219 260 317 463 574 765 812 930",
    "KS": "316 620 785 913",
    "KY": "270 364 502 606 859",
    "LA": "225 318 337 504 985",
    "MA": "339 351 413 508 617 774 781 857 978",
    "MD": "227 240 301 410 443 667",
    "ME": "207",
    "MI": "231 248 269 313 517 586 616 734 810 906 947 989",
    "MN": "218 320 507 612 651 763 952",
    "MO": "235 314 417 557 573 636 660 816 975",
    "MP": "670",
    "MS": "228 601 662 769",
    "MT": "406",
    "NC": "252 336 472 704 743 828 910 919 980 984",
    "ND": "701",
    "NE": "308 402 531",
    "NH": "603",
    "NJ": "201 551 609 640 732 848 856 862 908 973",
    "NM": "505 575",
    "NV": "702 725 775",
    "NY": "212 315 329 332 347 363 516 518 585 607 631 646 680 716 718 838 845 914 917 929 934",
    "OH": "216 220 234 283 326 330 380 419 440 513 567 614 740 937",
    "OK": "405 539 572 580 918",
    "OR": "458 503 541 971",
    "PA": "215 223 267 272 412 445 484 570 582 610 717 724 814 835 878",
    "PR": "787 939",
    "RI": "401",
    "SC": "803 821 839 843 854 864",
    "SD": "605",
    "TN": "423 615 629 731 865 901 931",
    "TX": "210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 903 915"
    " 936 940 945 956 972 979",
    "UT": "385 435 801",
    "VA": "276 434 540 571 686 703 757 804 826 948",
    "VI": "340",
    "VT": "802",
    "WA": "206 253 360 425 509 564",
    "WI": "262 274 353 414 534 608 715 920",
    "WV": "304 681",
    "WY": "307",
}
#: Area code -> state.
AREA_CODES = {code: state for state, codes in _AREA_CODES.items() for code in codes.split()}
STATES = tuple(_AREA_CODES)


@lru_cache(maxsize=256)  # most contacts of JSON Lines have the same keys
def columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that name a state; they also remain variables."""
    return tuple(name for name in names if _plain(name) in _COLUMNS)


@lru_cache(maxsize=1024)
def state(written: str, *, or_province: bool = False) -> str:
    """Return the two letters of a state, "" for a province of Canada if that may stand there.

    ValueError says what is expected.
    """
    names = _names()
    name = _plain(written).removeprefix("us ")
    if name in names:
        return names[name]
    if or_province and name in _provinces():
        return ""
    whole = [each for each in names if len(each) > 2]
    near = difflib.get_close_matches(name, whole, n=1, cutoff=0.8)
    hint = f"did you mean {near[0].title()}?" if near else f"expected {EXPECTED}"
    raise ValueError(
        f"{hint}, got {shown(written)}; where this column means something else, give it another"
        " name, for preset: us reads it"
    )


def held_to(named: Iterable[str], number: str) -> tuple[str, ...]:
    """Return the states whose rules hold for a contact: those that it names, and its number's.

    EVERY_STATE if the state of a US number, or of a SIP address (""), is unknown; () for a number
    of another country with no state named.
    """
    found = {*named}
    its_own = of_number(number)
    if its_own != EVERY_STATE:
        found.update(filter(None, (its_own,)))
    elif not found:
        found.add(EVERY_STATE)
    return tuple(sorted(found))


def of_number(number: str) -> str:
    """Return the state of a number; "": another country; EVERY_STATE: unknown."""
    if not number:
        return EVERY_STATE
    if not number.startswith("+1"):
        return ""
    return AREA_CODES.get(number[2:5]) or _of_no_state(number[:8])


def zones_elsewhere(contact: Contact) -> tuple[str, ...]:
    """Return the time zones of the states that a contact names, if its number tells another."""
    clocks = (EVERY_STATE, of_number(contact.phone_number))
    return tuple(
        dict.fromkeys(zone for one in contact.states if one not in clocks for zone in zones_in(one))
    )


@cache
def zones_in(state: str) -> tuple[str, ...]:
    """Return the time zones of a state: those of all its area codes."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # imported only here, as in `openings`

    zones = {
        zone
        for prefix, found in TIMEZONE_DATA.items()
        if prefix[0] == "1" and AREA_CODES.get(prefix[1:4]) == state
        for zone in found
    }
    return tuple(sorted(zones))


@lru_cache(maxsize=4096)
def _of_no_state(prefix: str) -> str:
    import phonenumbers

    number = phonenumbers.parse(f"{prefix}0000")
    return "" if phonenumbers.region_code_for_number(number) not in (None, "US") else EVERY_STATE


@cache
def _names() -> dict[str, str]:
    """Return the states by their letters and by their names, both as `_plain` writes them."""
    return {name: one for name, one in _subdivisions("US").items() if one in STATES} | _ALSO


@cache
def _provinces() -> frozenset[str]:
    return frozenset(_subdivisions("CA"))


def _subdivisions(country: str) -> dict[str, str]:
    """Return the parts of a country by their letters and by their names."""
    import holidays  # only who has rules by state needs it, and it is slow to import

    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    return {_plain(name): one for one, names in aliases.items() for name in (one, *names)}


def _plain(written: str) -> str:
    """Return the words in small letters: `N.Y.` is ny, `us_state` is us state."""
    small = written.lower().replace(".", "").replace(",", " ")
    return " ".join(small.replace("_", " ").replace("-", " ").split())
