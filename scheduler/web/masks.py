"""Records as who asks may see them: numbers masked, unless they may see whole ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.masking import mask, mask_text
from scheduler.rights import Visitor

_ADDRESSES = frozenset({"phone_number", "number", "sip_uri"})
_SECRETS = frozenset({"dtmf"})  #: a pass code
_TEXTS = frozenset({"text", "found", "detail", "note", "error", "why", "message", "said"})


def as_seen_by(visitor: Visitor, value: Any) -> Any:
    """Return a record, or a list of them, as a visitor may see it."""
    return value if visitor.sees_numbers else concealed(value)


def concealed(value: Any, key: str = "") -> Any:
    """Return a record with its numbers masked, however deep they are."""
    match value:
        case Mapping():
            return {name: concealed(each, name) for name, each in value.items()}
        case list() | tuple():
            return [concealed(each, key) for each in value]
        case str() if key in _ADDRESSES:
            return mask(value)
        case str() if key in _SECRETS:
            return "…" if value else value
        case str() if key in _TEXTS:
            return mask_text(value)
        case _:
            return value
