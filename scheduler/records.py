"""How contacts and policies are written down: short keys for what there is a million of."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from scheduler.models import Contact, Policy

# What it does not know is left alone: a policy of an earlier release lacks what is new, and has
# what is gone.
_POLICY = TypeAdapter(Policy)
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_read = json.JSONDecoder().decode


def pack(contact: Contact, line: int) -> dict[str, Any]:
    """Return a contact and the line it stands in under short keys."""
    packed: dict[str, Any] = {
        "p": contact.phone_number,
        "s": contact.sip_uri,
        "i": contact.contact_id if contact.contact_id != contact.party else "",
        "n": contact.name,
        "d": contact.dtmf,
        "z": contact.timezone,
        "m": contact.max_duration_seconds,
        "b": contact.not_before,
        "a": contact.not_after,
        "v": contact.variables,
        "o": contact.options,
        "l": line,
    }
    return {key: value for key, value in packed.items() if value or key == "l"}


def unpack(packed: dict[str, Any]) -> tuple[Contact, int]:
    """Return the contact and the line that `pack` was given."""
    contact = Contact(
        contact_id=packed.get("i", ""),
        phone_number=packed.get("p", ""),
        sip_uri=packed.get("s", ""),
        name=packed.get("n", ""),
        dtmf=packed.get("d", ""),
        timezone=packed.get("z", ""),
        max_duration_seconds=packed.get("m"),
        not_before=packed.get("b"),
        not_after=packed.get("a"),
        variables=packed.get("v", {}),
        options=packed.get("o", {}),
    )
    if contact.contact_id:
        return contact, packed["l"]
    return replace(contact, contact_id=contact.party), packed["l"]


def dump(packed: dict[str, Any]) -> str:
    """Write what was packed as compact JSON, on one line."""
    return _write(packed)


def parse(text: str) -> dict[str, Any]:
    """Read what `dump` wrote."""
    packed: dict[str, Any] = _read(text)
    return packed


def encode(contact: Contact, line: int) -> str:
    """Write a contact and the line it stands in as compact JSON."""
    return dump(pack(contact, line))


def decode(text: str) -> tuple[Contact, int]:
    """Return the contact and the line that `encode` was given."""
    return unpack(parse(text))


def encode_policy(policy: Policy) -> str:
    """Write a policy as compact JSON."""
    return dump(asdict(policy))


@lru_cache(maxsize=64)  # every claim comes with its campaign's
def decode_policy(text: str) -> Policy:
    """Return the policy that `encode_policy` was given."""
    return _POLICY.validate_json(text)
