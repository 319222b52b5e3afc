"""A time zone as somebody names it, in a file or a command."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from scheduler.hours import zone_names
from scheduler.masking import shown

TIMEZONE_EXPECTED = "an IANA name such as America/New_York"


@lru_cache(maxsize=1024)
def timezone(written: str) -> str:
    """Return the IANA name of a time zone; ValueError names the place that was perhaps meant."""
    zone = zone_names.read(written)
    if zone is not None:
        return zone
    meant = " or ".join(zone_names.meant(written))
    hint = f"did you mean {meant}?" if meant else f"expected {TIMEZONE_EXPECTED}"
    raise ValueError(f"unknown time zone {shown(written)}: {hint}")


Timezone = Annotated[str, AfterValidator(timezone)]
