"""Which country a cell means: by a calling code, an ISO name, or a name in words."""

from __future__ import annotations

from functools import cache, lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, country_code_for_region

from scheduler.fields.cleaning import cleaned
from scheduler.masking import shown

#: Names that people write and that are neither ISO names nor in phonenumbers' table.
_IN_WORDS = {
    **dict.fromkeys(("usa", "u.s.", "u.s.a.", "america", "united states of america"), "US"),
    **dict.fromkeys(("uk", "u.k.", "england", "scotland", "wales", "great britain"), "GB"),
    **dict.fromkeys(("holland", "the netherlands"), "NL"),
    "czech republic": "CZ",
}


@lru_cache(maxsize=1024)
def region_of(written: str) -> str | None:
    """Return the ISO name of a country; None if it is not certain which one the text means.

    A calling code of several countries stands for the one that gave it its plan, such as 1 for US.
    """
    text = cleaned(written)
    if text.upper() in SUPPORTED_REGIONS:
        return text.upper()
    code = text.removeprefix("+").removesuffix(".0").lstrip("0").replace("-", "").replace(" ", "")
    if code.isdigit():
        return _of_code(code)
    return _IN_WORDS.get(text.casefold()) or _names().get(text.casefold())


def iso_region(written: str) -> str:
    """Return an ISO name in capitals; ValueError says which one was perhaps meant."""
    if written.upper() in SUPPORTED_REGIONS:
        return written.upper()
    meant = region_of(written) if written.strip() else None
    hint = f": did you mean {meant}?" if meant else ""
    raise ValueError(f"expected an ISO country such as US or GB, got {shown(written)}{hint}")


def calling_code(region: str) -> int:
    """Return the calling code of an ISO name; 0 when it has none."""
    return int(country_code_for_region(region))


def _of_code(code: str) -> str | None:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code[:4]), ())
    if not regions and code[0] == "1" and len(code) == 4:
        return "US"  # 1-242 and the like belong to the numbering plan of 1
    return regions[0] if regions and regions[0] in SUPPORTED_REGIONS else None


@cache
def _names() -> dict[str, str]:
    """Return the regions by their names in every language that phonenumbers knows."""
    # Only now: the table takes a quarter of a second to import.
    from phonenumbers.geodata.locale import LOCALE_DATA

    return {
        name.casefold(): region
        for region, names in LOCALE_DATA.items()
        if region in SUPPORTED_REGIONS
        for name in names.values()
        if not name.startswith("*")
    }
