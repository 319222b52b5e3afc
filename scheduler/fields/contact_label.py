"""What a contact is called when a person reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.fields.visible import visible
from scheduler.masking import mask, mask_text


def label_of(record: Mapping[str, Any], row: int) -> str:
    """Name a contact for a person: its id, else its row and what may be shown of its number."""
    return _id_of(record) or f"#{row} {_address(record)}"


def who_of(record: Mapping[str, Any], row: int) -> str:
    """Name a contact in full: its id, else its row, its name, what may be shown of its number."""
    first, name = _id_of(record) or f"#{row}", visible(record["name"] or "")
    return " ".join(filter(None, (first, name if name != first else "", _address(record))))


def _id_of(record: Mapping[str, Any]) -> str:
    """Return the id that a file gave; "" where its party stands for one."""
    address = record["phone_number"] or record["sip_uri"] or ""
    party = f"{address},{record['dtmf']}" if record["dtmf"] else address
    return "" if record["contact_id"] in (party, "") else visible(record["contact_id"])


def _address(record: Mapping[str, Any]) -> str:
    if record["phone_number"]:
        return mask(record["phone_number"])
    return visible(mask_text(record["sip_uri"] or ""))
