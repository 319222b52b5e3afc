"""What a contact is called when a person reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.fields.visible import visible
from scheduler.masking import mask, mask_text


def label_of(record: Mapping[str, Any], row: int) -> str:
    """Name a contact for a person: its id, else its row and what may be shown of its number."""
    address = record["phone_number"] or record["sip_uri"] or ""
    party = f"{address},{record['dtmf']}" if record["dtmf"] else address
    if record["contact_id"] not in (party, ""):
        return visible(record["contact_id"])
    return f"#{row} {mask(address) if record['phone_number'] else visible(mask_text(address))}"
