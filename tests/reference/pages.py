"""Which tables there are, and the pages that they stand in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.reference.campaign import call_keys, campaign_keys, contact_columns, step_keys
from tests.reference.commands import commands, overview
from tests.reference.results import dispositions, reasons, result_fields
from tests.reference.settings import settings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("reference/*.md"))

#: By the name that a page says.
TABLES: dict[str, Callable[[], str]] = {
    "overview of commands": overview,
    "commands": commands,
    "settings": settings,
    "keys of a campaign": campaign_keys,
    "columns of a contact": contact_columns,
    "keys of call: symbl": lambda: call_keys("symbl"),
    "keys of call: twilio": lambda: call_keys("twilio"),
    "keys of steps": step_keys,
    "dispositions": dispositions,
    "reasons": reasons,
    "fields of a result": result_fields,
}

_PLACE = re.compile(
    r"(?P<head><!-- made by make reference: (?P<name>[^\n]+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def made(page: str) -> str:
    """Return a page with its tables as the code has them now."""
    return _PLACE.sub(lambda found: found["head"] + TABLES[found["name"]]() + found["end"], page)


def tables_of(page: str) -> list[str]:
    """Return the names of the tables that a page has."""
    return [found["name"] for found in _PLACE.finditer(page)]
