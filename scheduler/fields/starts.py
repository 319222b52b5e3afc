"""How a value of a start may be written: with placeholders, as a list, or in one cell."""

from __future__ import annotations

import re
from typing import Any

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema

from scheduler.fields.templates import is_template

_MOST_ITEMS = 100
_BETWEEN_ITEMS = re.compile(r"[;,\s]+")


def _filled_later(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Compile a template instead of checking it; its rendered text is checked row by row."""
    templates = (info.context or {}).get("templates")
    if templates is None or not is_template(value):
        return check(value)
    templates.add(value)
    return value


def _items(value: object, info: ValidationInfo) -> object:
    """Make a list of a single text or mapping."""
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, str):
        return value
    if is_template(value) and "templates" in (info.context or {}):
        return [value]  # a placeholder is one item, whatever the cell has
    if value.lstrip().startswith(("[", "{")):
        return _items(flow(value, info), info)
    return _BETWEEN_ITEMS.split(value.strip("; ,\t\r\n"))


def flow(value: object, info: ValidationInfo) -> object:
    """Read the lists and mappings of a cell, written as in YAML or JSON.

    The file's reader provides the parser, as `flow` of the validation context.
    """
    return (info.context or {})["flow"](value) if isinstance(value, str) else value


class Filled(WrapValidator):
    """Lets a text be filled with the columns of a contact."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"\{\{|\{%"}]}


TEMPLATE = Filled(_filled_later)
#: For a field that is a list, which may also be written as its only item.
LIST = (Field(max_length=_MOST_ITEMS), BeforeValidator(_items))
