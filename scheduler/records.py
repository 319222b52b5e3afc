"""Serialises contacts, rows and policies for the ledger, with short keys where there are many."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from pydantic import TypeAdapter

from scheduler.models import Contact, Policy, Reason, Row
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Step,
    Transfer,
)

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_read = json.JSONDecoder().decode

#: The kinds of a row's identity in its campaign: by its id, or by its party. Refused rows have
#: kinds of their own, so that the mended row counts as new; REFUSED_WITH_ID is one that has an id.
BY_ID, BY_PARTY, REFUSED, REFUSED_WITH_ID = IDENTITIES = (b"i", b"p", b"x", b"y")

# The lengths before each part of a packed row. load.lua has the same format, `Bc0Bc0Bc0Hc0I4c0d`.
_BYTE, _SHORT, _LONG, _DUE = map(struct.Struct, (">B", ">H", ">I", ">d"))
_LONGEST_ERROR = 10_000  #: characters


def pack(contact: Contact, line: int) -> dict[str, Any]:
    """Return a contact and its line under short keys."""
    packed: dict[str, Any] = {
        "p": contact.phone_number,
        "c": contact.phone_column,
        "s": contact.sip_uri,
        "i": contact.contact_id if contact.contact_id != contact.party else "",
        "n": contact.name,
        "d": contact.dtmf,
        "z": contact.timezone,
        "m": contact.max_duration_seconds,
        "b": contact.not_before,
        "a": contact.not_after,
        "v": contact.variables,
        "x": contact.script_cells,
        "o": contact.options,
        "t": contact.states,
        "l": line,
    }
    return {key: value for key, value in packed.items() if value or key == "l"}


def unpack(packed: dict[str, Any]) -> tuple[Contact, int]:
    """Return the contact and the line that `pack` was given."""
    contact = Contact(
        contact_id=packed.get("i", ""),
        phone_number=packed.get("p", ""),
        phone_column=packed.get("c", ""),
        sip_uri=packed.get("s", ""),
        name=packed.get("n", ""),
        dtmf=packed.get("d", ""),
        timezone=packed.get("z", ""),
        max_duration_seconds=packed.get("m"),
        not_before=packed.get("b"),
        not_after=packed.get("a"),
        variables=packed.get("v", {}),
        script_cells=packed.get("x", {}),
        options=packed.get("o", {}),
        states=tuple(packed.get("t", ())),
    )
    if contact.contact_id:
        return contact, packed["l"]
    return replace(contact, contact_id=contact.party), packed["l"]


def dump(packed: dict[str, Any]) -> str:
    """Write packed values as compact JSON, on one line."""
    return _write(packed)


def parse(text: str) -> dict[str, Any]:
    """Read what `dump` wrote."""
    packed: dict[str, Any] = _read(text)
    return packed


def encode(contact: Contact, line: int) -> str:
    """Write a contact and its line as compact JSON."""
    return dump(pack(contact, line))


def decode(text: str) -> tuple[Contact, int]:
    """Return the contact and the line that `encode` was given. Raises ValueError for other text."""
    try:
        return unpack(parse(text))
    except (TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"no record of a contact: {error!r}") from error


def encode_policy(policy: Policy) -> str:
    """Write a policy as compact JSON."""
    scripts = {"script": policy.script, "machine_script": policy.machine_script}
    packed = {name: pack_script(script) for name, script in scripts.items()}
    return dump({**asdict(policy), **packed})


@cache  # made on demand: most commands never need it, and it takes a tenth of their time
def _policies() -> TypeAdapter[Policy]:
    # It ignores unknown keys and fills in missing ones: a policy of an earlier release lacks new
    # keys, and has keys that are gone.
    return TypeAdapter(Policy)


@lru_cache(maxsize=64)  # every claim comes with its campaign's policy
def decode_policy(text: str) -> Policy:
    """Return the policy that `encode_policy` was given. Raises ValueError for other text."""
    packed = parse(text)
    try:
        script = unpack_script(packed.pop("script", ()))
        machine_script = unpack_script(packed.pop("machine_script", ()))
    except (TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"no record of a policy: {error!r}") from error
    policy = _policies().validate_python(packed)
    return replace(policy, script=script, machine_script=machine_script)


# A step is written under its name, because some steps have no fields.
_STEPS: dict[str, type[Step]] = {
    "say": Say,
    "play": Play,
    "pause": Pause,
    "gather": Gather,
    "record": Record,
    "transfer": Transfer,
    "hangup": Hangup,
    "do_not_call": DoNotCall,
}
_NAMES = {kind: name for name, kind in _STEPS.items()}


def pack_script(script: Script) -> list[dict[str, Any]]:
    """Return a script in JSON's own types: each step under its name."""
    return [{_NAMES[type(step)]: _pack_step(step)} for step in script]


def _pack_step(step: Step) -> dict[str, Any]:
    packed = asdict(step)
    if isinstance(step, Gather):
        packed["branches"] = {keys: pack_script(one) for keys, one in step.branches.items()}
        packed["otherwise"] = pack_script(step.otherwise)
    return packed


def unpack_script(packed: Iterable[dict[str, Any]]) -> Script:
    """Return the script that `pack_script` was given. Raises ValueError for an unknown step."""
    return tuple(_unpack_step(*named) for each in packed for named in each.items())


def _unpack_step(name: str, packed: dict[str, Any]) -> Step:
    if name not in _STEPS:
        raise ValueError(f"no step of a script: {name!r}")
    if name == "gather":
        branches = {keys: unpack_script(one) for keys, one in packed["branches"].items()}
        packed = packed | {
            "say": tuple(Say(**each) for each in packed["say"]),
            "branches": branches,
            "otherwise": unpack_script(packed["otherwise"]),
        }
    return _STEPS[name](**packed)


def digest(text: str) -> bytes:
    """Return eight bytes that stand for an identity or a party."""
    return blake2b(text.encode(), digest_size=8).digest()


def pack_row(row: Row) -> bytes:
    """Pack a row for the ledger: identity, party, reason, error, record, due_at.

    The party is empty if the row is not called; due_at is 0 for now.
    """
    reason = (row.reason or "").encode()
    error = row.error[:_LONGEST_ERROR].encode()
    record = encode(row.contact, row.line).encode()
    identity = _identity(row)
    party = b"" if row.reason else BY_PARTY + digest(row.contact.party)
    return b"".join(
        (
            _BYTE.pack(len(identity)),
            identity,
            _BYTE.pack(len(party)),
            party,
            _BYTE.pack(len(reason)),
            reason,
            _SHORT.pack(len(error)),
            error,
            _LONG.pack(len(record)),
            record,
            _DUE.pack(row.due_at or 0.0),
        )
    )


def _identity(row: Row) -> bytes:
    # A contact on a do-not-call list has the identity of one that is called: else a call to it that
    # waits from an earlier load would not be found.
    if row.reason not in (None, Reason.DO_NOT_CALL):
        return (REFUSED_WITH_ID if row.has_id else REFUSED) + digest(row.contact.contact_id)
    if row.has_id:
        return BY_ID + digest(row.contact.contact_id)
    return BY_PARTY + digest(row.contact.party)


def unpack_rows(packed: bytes) -> Iterator[Row]:
    """Yield the rows that were packed one after the other."""
    for _, _, row in unpack_keyed_rows(packed):
        yield row


def unpack_keyed_rows(packed: bytes) -> Iterator[tuple[bytes, bytes, Row]]:
    """Yield each packed row, with its identity and party for the ledger."""
    for identity, party, reason, error, record, due_at in _parts(packed):
        contact, line = decode(record.decode())
        row = Row(
            contact,
            line,
            identity[:1] in (BY_ID, REFUSED_WITH_ID),
            Reason(reason.decode()) if reason else None,
            error.decode(),
            due_at or None,
        )
        yield identity, party, row


def unpack_keys(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield identity and party of each packed row; one that is not called has no party."""
    for identity, party, *_ in _parts(packed):
        yield identity, party


def _parts(packed: bytes) -> Iterator[tuple[bytes, bytes, bytes, bytes, bytes, float]]:
    at = 0
    while at < len(packed):
        parts = []
        for size in (_BYTE, _BYTE, _BYTE, _SHORT, _LONG):
            begin = at + size.size
            at = begin + size.unpack_from(packed, at)[0]
            parts.append(packed[begin:at])
        identity, party, reason, error, record = parts
        yield identity, party, reason, error, record, _DUE.unpack_from(packed, at)[0]
        at += _DUE.size
