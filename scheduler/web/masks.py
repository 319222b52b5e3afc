"""Records as the visitor may see them: numbers masked, unless they may see full ones.

Every text is searched for numbers, also under keys that nobody thought of. Only keys whose values
are known to be no numbers, such as ids, are exempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.masking import gives_away, mask, mask_text
from scheduler.rights import Visitor

_ADDRESSES = frozenset({"phone_number", "number", "sip_uri", "caller_id"})
_SECRETS = frozenset({"dtmf"})  #: a pass code
#: Keys whose values are chosen by callsched or by a provider, and may look like numbers without
#: being any: a campaign is requested by its id. A contact's id is shown unless it contains the
#: number beside it (`id_of`).
_WITHOUT_NUMBERS = frozenset(
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
#: Keys of mappings whose own keys a campaign's author has chosen.
_WITH_CHOSEN_KEYS = frozenset({"variables", "answers"})


def as_seen_by(visitor: Visitor, value: Any) -> Any:
    """Return a record, or a list of them, as a visitor may see it."""
    return value if visitor.sees_numbers else concealed(value)


def concealed(value: Any, key: str = "") -> Any:
    """Return a record with its numbers masked, however deep they are."""
    match value:
        case Mapping():
            # A key that an author has chosen does not tell what kind of value it has.
            has_chosen_keys = key in _WITH_CHOSEN_KEYS
            shown = {
                mask_text(str(name)): concealed(each, key if has_chosen_keys else str(name))
                for name, each in value.items()
            }
            return shown if has_chosen_keys else shown | id_of(value)
        case list() | tuple():
            return [concealed(each, key) for each in value]
        case str():
            return _text(value, key)
        case _:
            return value


def id_of(record: Mapping[Any, Any]) -> dict[str, str]:
    """Return `{"contact_id": …}`; {} when the id gives away the record's number."""
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
    return (
        value if key in _WITHOUT_NUMBERS or key.endswith(("_at", "_seconds")) else mask_text(value)
    )


def address(value: str) -> str:
    """Return a number or a SIP address masked."""
    # Only the user part of a SIP address identifies a person.
    if not value.lower().startswith(("sip:", "sips:")):
        return mask(value)
    user, at, host = value.partition("@")
    return f"{mask_text(user)}{at}{mask_text(host)}"
