"""The words by which a command that was given is given again, wherever that is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

#: What says how a run is shown or begun, and not which one it is.
_LEFT_OUT = {"again", "id_", "timezone", "if_running", "json", "plan", "quiet", "rejects", "yes"}


def words_of(context: typer.Context, campaign_id: str | None) -> tuple[str, ...]:
    """Return the words that go on with what a command has begun.

    `campaign_id` is the id that was asked for, with its date filled in. Paths are whole, for nobody
    knows in which folder the words will be typed.
    """
    words = [str(context.info_name)]
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name not in _LEFT_OUT and source is not None and source.name == "COMMANDLINE":
            words += _written(parameter, context.params[str(parameter.name)])
    return (*words, *(("--id", campaign_id) if campaign_id else ()))


def _written(parameter: Any, value: object) -> Iterator[str]:
    if parameter.param_type_name == "option":
        yield max(parameter.opts, key=len)
    if value is not True:
        yield (
            str(value.absolute()) if isinstance(value, Path) and value != Path("-") else str(value)
        )
