"""Puts pydantic's errors about keys into the words of the file format."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scheduler.masking import mask_text, shown


def dotted(place: Iterable[str | int]) -> str:
    """Return a key's path with dots, without list indexes: the line shows which item it is."""
    return ".".join(str(key) for key in place if isinstance(key, str))


def expected(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what was expected of a value, and what was given."""
    if detail["type"] == "value_error":
        return mask_text(str(detail["ctx"]["error"]))
    field = _field(model, detail["loc"])
    wanted = f"expected {field.description}" if field else detail["msg"]
    given = detail["input"]
    if detail["type"] == "missing" or given == "":
        return wanted
    return f"{wanted}, got {shown(given) if isinstance(given, str) else 'something else'}"


def unknown(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Say that there is no such key, and which one was perhaps meant."""
    *way, key = detail["loc"]
    return f"unknown key {shown(str(key))}: {nearest(str(key), _fields(model, way))}"


def nearest(name: str, known: Iterable[str], before: str = "") -> str:
    """Suggest the similar name, or list the known ones; each with the prefix `before`."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(before + each for each in near or known)
    return f"did you mean {listed}?" if near else f"expected one of {listed}"


def _field(model: type[BaseModel], way: Sequence[str | int]) -> FieldInfo | None:
    names = [key for key in way if isinstance(key, str)]
    return _fields(model, names[:-1]).get(names[-1]) if names else None


def _fields(model: type[BaseModel], way: Iterable[str | int]) -> Mapping[str, FieldInfo]:
    for key in way:
        if key in model.model_fields:  # otherwise it is a mapping whose keys can be any names
            model = _model(model.model_fields[str(key)].annotation) or model
    return model.model_fields


def _model(annotation: object) -> type[BaseModel] | None:
    """Return the model of the keys in a value: a model, an optional one, or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model, get_args(annotation))), None)
