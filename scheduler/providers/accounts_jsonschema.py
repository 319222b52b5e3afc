"""The JSON Schema of the accounts' file, by which editors complete and check it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from scheduler.accounts import NAME_PATTERN
from scheduler.providers.accounts_file import AccountKeys
from scheduler.providers.kind import Kind

_Schema: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KEPT = ("description", "type", "enum", "minimum", "maximum", "items", "minLength", "const")


def schema(kinds: Sequence[Kind]) -> _Schema:
    """Return the JSON Schema (2020-12) of a file of accounts at these APIs."""
    names = [kind.name for kind in kinds]
    account = {
        "type": "object",
        "required": ["provider"],
        "properties": {"provider": {"description": "the telephony API", "enum": names}},
        "allOf": [{"if": _is(kind), "then": _account(kind)} for kind in kinds],
    }
    return {
        "$schema": _DIALECT,
        "title": "The accounts of callsched",
        "type": "object",
        "required": ["accounts"],
        "additionalProperties": False,
        "properties": {
            "accounts": {
                "description": "each account under its name",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": account,
            }
        },
    }


def _is(kind: Kind) -> _Schema:
    return {"properties": {"provider": {"const": kind.name}}, "required": ["provider"]}


def _account(kind: Kind) -> _Schema:
    keys = _properties(AccountKeys.model_json_schema())
    keys["provider"] = {"description": "the telephony API"}
    keys["caller_ids"]["items"] = {"type": "string"}
    return {
        "additionalProperties": False,
        "properties": {**keys, **_properties(kind.credentials.model_json_schema())},
    }


def _properties(schema: _Schema) -> dict[str, _Schema]:
    """Return the schema of each key, without null, which no file needs to write."""
    return {key: _plain(part) for key, part in schema["properties"].items()}


def _plain(part: _Schema) -> _Schema:
    branches = [one for one in part.get("anyOf", []) if one.get("type") != "null"]
    merged = {**(branches[0] if branches else {}), **part}
    return {key: value for key, value in merged.items() if key in _KEPT}
