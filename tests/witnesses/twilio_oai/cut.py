"""Cut the paths of calls and recordings out of Twilio's OpenAPI description, and close its schemas.

`python -m tests.witnesses.twilio_oai.cut FOLDER > tests/witnesses/twilio_oai/calls.json`, where the
folder is `spec/json` of https://github.com/twilio/twilio-oai.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls"
PATHS = (
    _CALLS + ".json",
    _CALLS + "/{Sid}.json",
    _CALLS + "/{CallSid}/Notifications.json",
    _CALLS + "/{CallSid}/Notifications/{Sid}.json",
    _CALLS + "/{CallSid}/Recordings.json",
    "/2010-04-01/Accounts/{AccountSid}/Recordings/{Sid}.json",
)
#: Prose, examples and what only generators of clients read.
_LEFT_OUT = ("description", "x-twilio", "examples", "tags", "externalDocs")
#: The description of calls says nothing of errors; this one has the body that they all share.
_ERRORS = ("/Organizations/{OrganizationSid}/Accounts", "get", "403")
_REFERENCE = "#/components/schemas/"


def cut(whole: dict[str, Any], with_errors: dict[str, Any]) -> dict[str, Any]:
    """Return the excerpt of a whole description, with the errors of another one."""
    path, method, status = _ERRORS
    error = _bare(with_errors["paths"][path][method]["responses"][status]["content"])
    paths = {path: _bare(whole["paths"][path]) for path in PATHS}
    schemas: dict[str, Any] = {}
    _collect(paths, whole["components"]["schemas"], schemas)
    for operation in (
        each for path in paths.values() for each in path.values() if isinstance(each, dict)
    ):
        if "responses" in operation:
            operation["responses"]["default"] = {"content": error}
            _close_forms(operation)
            _close_answers(operation)
    for schema in schemas.values():
        _close(schema)
    return {
        "openapi": whole["openapi"],
        "info": _bare(whole["info"]),
        "servers": whole["servers"],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": whole["components"]["securitySchemes"],
        },
    }


def _bare(node: Any) -> Any:
    """Return a node without prose. What is called like prose among properties is kept."""
    if isinstance(node, list):
        return [_bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {name: value for name, value in node.items() if name not in _LEFT_OUT}
    return {
        name: {field: _bare(each) for field, each in value.items()}
        if name in ("properties", "responses")
        else _bare(value)
        for name, value in kept.items()
    }


def _collect(node: Any, every: dict[str, Any], found: dict[str, Any]) -> None:
    """Put into `found` each schema that a node leads to."""
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).removeprefix(_REFERENCE)
        if name and name not in found:
            found[name] = _bare(every[name])
            _collect(found[name], every, found)
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _collect(each, every, found)


def _close_forms(operation: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"]["additionalProperties"] = False


def _close_answers(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        answer["description"] = ""  # which a description must have
        for content in answer.get("content", {}).values():
            _close(content["schema"])


def _close(schema: dict[str, Any]) -> None:
    """Have an answer hold all that it may, and nothing else."""
    for each in schema.get("properties", {}).values():
        if each.get("nullable") and "enum" in each:
            each["enum"] = [*each["enum"], None]
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
        schema["required"] = sorted(schema["properties"])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    names = ("twilio_api_v2010.json", "twilio_iam_organizations.json")
    excerpt = cut(*(json.loads((folder / name).read_text("utf-8")) for name in names))
    print(json.dumps(excerpt, indent=1, ensure_ascii=False))
