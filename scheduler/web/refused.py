"""A row that was refused, as the API and the console show it."""

from __future__ import annotations

from typing import Any

from scheduler.ledger.rejects import Reject
from scheduler.masking import gives_away, mask, mask_text


def record(reject: Reject, *, is_whole: bool) -> dict[str, Any]:
    """Return the row as JSON has it, with its numbers masked unless `is_whole`."""
    contact = reject.contact
    found = {
        "row": reject.row,
        "line": reject.line,
        "contact_id": contact.contact_id,
        "phone_number": contact.phone_number,
        "sip_uri": contact.sip_uri,
        "name": contact.name,
        "reason": reject.reason,
        "column": reject.column,
        "message": reject.message,
    }
    if is_whole:
        return found
    address = contact.phone_number or contact.sip_uri
    has_number = gives_away(contact.contact_id, address)
    return found | {
        "contact_id": mask_text(contact.contact_id) if has_number else contact.contact_id,
        "phone_number": contact.phone_number and mask(contact.phone_number),
        "sip_uri": contact.sip_uri and mask(contact.sip_uri),
        "message": mask_text(reject.message),
    }
