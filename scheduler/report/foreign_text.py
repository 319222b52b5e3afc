"""Text of campaigns, of the API and of calls, as a page may show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scheduler.fields.visible import one_line, visible
from scheduler.masking import gives_away, mask, mask_text

#: An address in a message of the API's names a machine, and may name an account.
_ADDRESS = re.compile(r"\b(https?|wss?|rediss?)://[^\s/?#\"'<>]+")
_LONGEST_NAME = 80


def shown(foreign: object, most: int) -> str:
    """Return what was said as one line in which nothing acts, cut where it is too long."""
    # Cut first: a text may be of any length, and each of its characters is looked at.
    return cut(one_line(str(foreign)[: most * 4]), most) if foreign else ""


def quoted(foreign: object, most: int, *, numbers: bool) -> str:
    """Return what was said in a call, or made of it: no whole number unless asked."""
    text = one_line(str(foreign)[: most * 4]) if foreign else ""
    return cut(text if numbers else mask_text(text), most)


def written(foreign: object, most: int) -> str:
    """Return what is no speech: what would act is shown as an escape, as on a terminal."""
    return cut(visible(str(foreign)[:most]), most) if foreign else ""


def cut(text: str, most: int) -> str:
    """Return a text that is no longer than this."""
    return text if len(text) <= most else text[: most - 1] + "…"


def message(foreign: object, most: int, *, numbers: bool) -> str:
    """Return what somebody wrote about a call: no machine's name, no whole number unless asked."""
    # Masked as it is: an escape within a number would hide that it is one.
    text = _ADDRESS.sub(r"\1://…", str(foreign)[: most * 4]) if foreign else ""
    return written(text if numbers else mask_text(text), most)


def address_of(record: Mapping[str, Any], *, numbers: bool) -> str:
    """Return a record's address, as far as it may be shown; never the keys that are pressed."""
    number, uri = record.get("phone_number") or "", record.get("sip_uri") or ""
    if numbers or not (number or uri):
        return written(number or uri, _LONGEST_NAME)
    return mask(number) if number else written(mask_text(uri), _LONGEST_NAME)


def contact_of(record: Mapping[str, Any], row: int, *, numbers: bool) -> str:
    """Name a contact by the id that its file gives it, else by its row."""
    contact_id = str(record.get("contact_id") or "")
    address = str(record.get("phone_number") or record.get("sip_uri") or "")
    if not contact_id or contact_id in (address, f"{address},{record.get('dtmf') or ''}"):
        return f"#{row}"
    is_hidden = not numbers and gives_away(contact_id, address)
    return written(mask_text(contact_id) if is_hidden else contact_id, _LONGEST_NAME)
