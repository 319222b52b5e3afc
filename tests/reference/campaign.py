"""What may stand in a campaign file, as its JSON Schema has it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from scheduler.campaign.jsonschema import campaign_schema
from scheduler.providers import PROVIDERS
from tests.reference.tables import code, table

#: Definitions whose own keys are shown below the key that has them.
_INNER = ("anyOf", "items", "allOf")


_PROVIDER = (code("provider"), f"{' or '.join(kind.name for kind in PROVIDERS)}", "the account's")


@cache
def _schema(provider: str) -> dict[str, Any]:
    kind = next(kind for kind in PROVIDERS if kind.name == provider)
    return dict(campaign_schema(kind))


def campaign_keys() -> str:
    """Return the keys of the file, and below each the keys that stand under it."""
    schema = _schema("twilio")
    rows: list[tuple[str, str, str]] = []
    for key, value in schema["properties"].items():
        rows.append(_row(key, value) if key != "provider" else _PROVIDER)
        if key not in ("contacts", "call"):
            rows += _under(key, value, schema["$defs"])
    return table(("key", "what may be written", "default"), rows)


def _under(key: str, value: Any, definitions: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = (definitions[name] for name in _names(value))
    return [
        _row(f"{key}.{inner}", each)
        for definition in found
        for inner, each in _keys(definition).items()
    ]


def _keys(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a definition, also of one that may be a word instead."""
    for form in (definition, *definition.get("anyOf", ())):
        if "properties" in form:
            return dict(form["properties"])
    return {}


def _names(value: Any) -> list[str]:
    """Return the definitions that a value may be."""
    if isinstance(value, list):
        return [name for each in value for name in _names(each)]
    if not isinstance(value, dict):
        return []
    if "$ref" in value:
        return [str(value["$ref"]).rsplit("/", 1)[1]]
    return [name for key in _INNER for name in _names(value.get(key))]


def _row(key: str, value: Any) -> tuple[str, str, str]:
    default = value.get("default")
    shown = "" if default is None else code(default if isinstance(default, str) else _json(default))
    return code(key), value.get("description", ""), shown


def _json(value: Any) -> str:
    return json.dumps(value).replace('"', "")


def call_keys(provider: str) -> str:
    """Return the keys of `call` at one provider."""
    definitions = _schema(provider)["$defs"]
    (name,) = _names(_schema(provider)["properties"]["call"])[:1]
    return table(
        ("key", "what may be written", "default"),
        (_row(key, value) for key, value in _keys(definitions[name]).items()),
    )


def contact_columns() -> str:
    """Return the columns that are understood."""
    properties = _keys(_schema("twilio")["$defs"]["Contact"])
    return table(
        ("column", "what may be written", "default"),
        (_row(key, value) for key, value in properties.items() if not key.startswith("call")),
    )


def step_keys() -> str:
    """Return the steps of a script, and what stands under each."""
    definitions = _schema("twilio")["$defs"]
    rows: list[tuple[str, str, str]] = []
    for key, value in _keys(definitions["StepKeys"]).items():
        rows += [_row(key, value), *_under(key, value, definitions)]
    return table(("step", "what may be written", "default"), rows)
