"""Text of campaigns, of the API and of calls, as a page may show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scheduler.masking import mask, mask_text
from scheduler.transcripts import one_line

#: An address in a message of the API's names a machine, and may name an account.
_ADDRESS = re.compile(r"\b(https?|wss?|rediss?)://[^\s/?#\"'<>]+")
_SAME_NUMBER_DIGITS = 7
_LONGEST_NAME = 80


def shown(foreign: object, most: int) -> str:
    """Return foreign text as one line in which nothing acts, cut where it is too long."""
    # Cut first: a text may be of any length, and each of its characters is looked at.
    return cut(one_line(str(foreign)[: most * 4]), most) if foreign else ""


def cut(text: str, most: int) -> str:
    """Return a text that is no longer than this."""
    return text if len(text) <= most else text[: most - 1] + "…"


def message(foreign: object, most: int, *, numbers: bool) -> str:
    """Return what somebody wrote about a call: no machine's name, no whole number unless asked."""
    text = _ADDRESS.sub(r"\1://…", shown(foreign, most))
    return text if numbers else mask_text(text)


def address_of(record: Mapping[str, Any], *, numbers: bool) -> str:
    """Return whom a record reaches, as far as it may be shown; never the keys that are pressed."""
    number, uri = record.get("phone_number") or "", record.get("sip_uri") or ""
    if numbers or not (number or uri):
        return shown(number or uri, _LONGEST_NAME)
    return mask(number) if number else mask_text(shown(uri, _LONGEST_NAME))


def contact_of(record: Mapping[str, Any], row: int, *, numbers: bool) -> str:
    """Name a contact by the id that its file gives it, else by its row."""
    contact_id = str(record.get("contact_id") or "")
    address = str(record.get("phone_number") or record.get("sip_uri") or "")
    if not contact_id or contact_id in (address, f"{address},{record.get('dtmf') or ''}"):
        return f"#{row}"
    name = shown(contact_id, _LONGEST_NAME)
    return mask_text(name) if not numbers and _is_number(contact_id, address) else name


def _is_number(contact_id: str, address: str) -> bool:
    """Whether an id gives the number away that it stands for."""
    last = re.sub(r"\D", "", address)[-_SAME_NUMBER_DIGITS:]
    return len(last) == _SAME_NUMBER_DIGITS and last in re.sub(r"\D", "", contact_id)
