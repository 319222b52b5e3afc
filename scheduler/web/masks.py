"""Records as the visitor may see them: numbers masked, unless they may see full ones.

What nobody has thought of is masked: every text is looked through for numbers, but for those that
are known to have none, such as ids of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.masking import gives_away, mask, mask_text
from scheduler.rights import Visitor

_ADDRESSES = frozenset({"phone_number", "number", "sip_uri", "caller_id"})
_SECRETS = frozenset({"dtmf"})  #: a pass code
#: What is chosen by us or by a provider, and may look like a number without being one: a campaign
#: is asked for by its id. A contact's id is shown where the number beside it is another one.
_OURS = frozenset(
    {
        *("campaign_id", "connection_id", "conversation_id", "recording_id", "attempt_id"),
        *("campaign", "campaigns", "attempt", "which", "schedule", "token_id", "id"),
        *("account", "state", "disposition", "reason", "standing", "stage", "what", "rule"),
        *("who", "created_by", "changed_by", "paused_by", "cancelled_by", "worker", "file"),
        *("next_cursor", "cursor", "etag", "hash", "plan", "digest", "version", "code", "type"),
        *(
            "timezone",
            "price",
            "deadline",
            "max_duration",
            "stop_late",
            "end_late",
            "hold",
            "currency",
        ),
    }
)
#: A mapping under one of these has names that a campaign's author has chosen.
_THEIRS = frozenset({"variables", "answers"})


def as_seen_by(visitor: Visitor, value: Any) -> Any:
    """Return a record, or a list of them, as a visitor may see it."""
    return value if visitor.sees_numbers else concealed(value)


def concealed(value: Any, key: str = "") -> Any:
    """Return a record with its numbers masked, however deep they are."""
    match value:
        case Mapping():
            # Names that somebody else has chosen say nothing of what stands under them.
            is_theirs = key in _THEIRS
            shown = {
                mask_text(str(name)): concealed(each, key if is_theirs else str(name))
                for name, each in value.items()
            }
            return shown if is_theirs else shown | id_of(value)
        case list() | tuple():
            return [concealed(each, key) for each in value]
        case str():
            return _text(value, key)
        case _:
            return value


def id_of(record: Mapping[Any, Any]) -> dict[str, str]:
    """Return a contact's id, unless it gives away the number beside it; then nothing."""
    contact_id, keys = record.get("contact_id"), record.get("dtmf")
    address = record.get("phone_number") or record.get("sip_uri")
    if not isinstance(contact_id, str) or not isinstance(address, str):
        return {}
    has_number = contact_id == f"{address},{keys}" or gives_away(contact_id, address)
    return {} if has_number else {"contact_id": contact_id}


def _text(value: str, key: str) -> str:
    if key in _ADDRESSES:
        return address(value)
    if key in _SECRETS:
        return "…" if value else value
    return value if key in _OURS or key.endswith(("_at", "_seconds")) else mask_text(value)


def address(value: str) -> str:
    """Return a number, or what else somebody is reached by, as far as it may be shown."""
    # Of an address without a number, nothing but its user gives somebody away.
    if not value.lower().startswith(("sip:", "sips:")):
        return mask(value)
    user, at, host = value.partition("@")
    return f"{mask_text(user)}{at}{mask_text(host)}"
