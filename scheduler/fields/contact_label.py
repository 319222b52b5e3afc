"""How callsched names a contact to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.fields.visible import visible
from scheduler.masking import gives_away, mask, mask_text


def label_of(record: Mapping[str, Any], row: int) -> str:
    """Name a contact for a person: its id, else its row and what may be shown of its number."""
    return _id_of(record) or f"#{row} {_address(record)}"


def who_of(record: Mapping[str, Any], row: int) -> str:
    """Name a contact in full: its id, else its row, its name, what may be shown of its number."""
    first, name = _id_of(record) or f"#{row}", visible(record["name"] or "")
    return " ".join(filter(None, (first, name if name != first else "", _address(record))))


def _id_of(record: Mapping[str, Any]) -> str:
    """Return the id that a file gave; "" where its party stands for one, or it has its number."""
    address = record["phone_number"] or record["sip_uri"] or ""
    party = f"{address},{record['dtmf']}" if record["dtmf"] else address
    contact_id, number = record["contact_id"], record["phone_number"]
    is_number = contact_id in (party, "") or (number and gives_away(contact_id, number))
    return "" if is_number else visible(contact_id)


def _address(record: Mapping[str, Any]) -> str:
    if record["phone_number"]:
        return mask(record["phone_number"])
    return visible(mask_text(record["sip_uri"] or ""))
