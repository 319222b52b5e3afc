"""Makes the JSON Schema of campaign files, by which editors complete and check them."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic.json_schema import GenerateJsonSchema

from scheduler.campaign.columns import OPTION, UNDERSTOOD
from scheduler.campaign.schema import campaign_of
from scheduler.fields.durations import DURATION_SCHEMA
from scheduler.fields.texts import DTMF_EXPECTED
from scheduler.hours.named_zones import TIMEZONE_EXPECTED
from scheduler.providers import PROVIDERS, Kind
from scheduler.providers.call_keys import CAMPAIGNS_ONLY

_Schema: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The types of a value that we read as text: an editor takes +12025550123 for a number.
_TYPED = {"type": ["string", "number", "boolean"]}
#: Keys whose list of one item may be written as that item.
_ONE_OR_MORE = ("do_not_call", "preset")
#: Keys with a list of steps, which can't be written as one text.
_STEPS = ("script", "on_machine")
_INSTANT = {"type": "string", "description": "a date and a time: 2026-12-24T09:00-05:00"}
_COLUMNS: dict[str, _Schema] = {
    "phone_number": _TYPED
    | {"description": "international, such as +12025550123, or national with default_region"},
    "sip_uri": {
        "type": "string",
        "pattern": "^\\s*sips?:",
        "description": "a SIP address such as sip:room7@sip.example.com",
    },
    "id": _TYPED | {"description": "your own name for the contact"},
    "name": _TYPED | {"description": "name of the contact"},
    "dtmf": _TYPED | {"description": DTMF_EXPECTED},
    "timezone": {"type": "string", "description": TIMEZONE_EXPECTED},
    "max_duration": DURATION_SCHEMA | {"description": "how long this call may last"},
    "extension": _TYPED | {"description": "digits that are pressed after the answer and a pause"},
    "country_code": _TYPED | {"description": "calling code or country of a national number"},
    "not_before": _INSTANT,
    "not_after": _INSTANT,
}


def campaign_schema(api: Kind = PROVIDERS[0]) -> _Schema:
    """Return the JSON Schema (2020-12) of a campaign file in YAML whose calls go through an API."""
    model, call = campaign_of(api), api.call.__name__
    schema: _Schema = model.model_json_schema(by_alias=False, schema_generator=_Generator)
    definitions, keys = schema["$defs"], schema["properties"]
    definitions[call] = _or_one(definitions[call])
    definitions["Contact"] = _contact(api)
    keys["contacts"] |= {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Contact"}},
        ],
    }
    options = [OPTION + key for key in api.keys_of_contacts()]
    keys["columns"]["propertyNames"] = {"enum": [*UNDERSTOOD, *options]}
    for key in _ONE_OR_MORE:
        described = {"description": keys[key].pop("description")}
        keys[key] = _listed_or_one({"anyOf": [keys[key]]}) | described
    keys["webhooks"] = _one_or_some(keys["webhooks"])
    head = {"$schema": _DIALECT, "title": "A campaign file of callsched"}
    plain = _plain(schema)
    return head | {key: part for key, part in plain.items() if key not in head}


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes up, because an editor shows the key itself."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _contact(api: Kind) -> _Schema:
    """Return the schema of a contact in a list: a key that we don't know is a variable."""
    return {
        "type": "object",
        "description": "One contact. What is not listed here is a variable of the contact.",
        "properties": {
            **_COLUMNS,
            "call": {
                "description": "What this contact has of its own, instead of the campaign's.",
                "allOf": [
                    {"$ref": f"#/$defs/{api.call.__name__}"},
                    {"not": {"anyOf": [{"required": [key]} for key in CAMPAIGNS_ONLY]}},
                ],
            },
        },
        "patternProperties": {f"^{OPTION[:-1]}\\.({'|'.join(api.keys_of_contacts())})$": {}},
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }


def _or_one(call: _Schema) -> _Schema:
    """Allow every list under `call` to be written as one item or as a text, as the reader does."""
    properties = {
        key: part if key in _STEPS else _listed_or_one(part)
        for key, part in call["properties"].items()
    }
    return call | {"properties": properties}


def _listed_or_one(part: _Schema) -> _Schema:
    branches = part.get("anyOf", [])
    arrays = [branch for branch in branches if branch.get("type") == "array"]
    if not arrays:
        return part
    # A text is split at semicolons, commas and blanks, or is a list in YAML's short form.
    return part | {"anyOf": [*branches, arrays[0]["items"], {"type": "string", "minLength": 1}]}


def _one_or_some(listed: _Schema) -> _Schema:
    """Allow a list to be written as its one item, and an item as its address."""
    address: _Schema = {"type": "string", "pattern": "^https?://"}
    each = {"anyOf": [address, listed["items"]]}
    described = {"description": listed["description"]}
    most = {"maxItems": listed["maxItems"]}
    return described | {"anyOf": [*each["anyOf"], {"type": "array", "items": each} | most]}


def _plain(schema: Any) -> Any:
    """Leave out null, which a file can't express, and keywords that don't fit the type."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _plain(part) for key, part in schema.items()}
    if "anyOf" in kept and isinstance(kept["anyOf"], list):
        kept = _without_null(kept)
    if kept.get("type") == "string":
        kept.pop("maximum", None)
        for bound in ("exclusiveMinimum", "ge", "le"):
            kept.pop(bound, None)
    if not _is_default(kept):
        kept.pop("default", None)
    return kept


def _without_null(schema: _Schema) -> _Schema:
    branches = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
    if len(branches) > 1:
        return schema | {"anyOf": branches}
    rest = {key: part for key, part in schema.items() if key != "anyOf"}
    return {**branches[0], **rest}


def _is_default(schema: _Schema) -> bool:
    """Whether a default is a value that a file could have, and not an empty one."""
    default = schema.get("default")
    if isinstance(default, dict) or default in (None, "", []):
        return False
    return schema.get("type") != "string" or isinstance(default, str)
