"""Writes the current command anew, so that it can be repeated in any folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

#: Options about how a run begins or what it prints: they don't identify the campaign.
_LEFT_OUT = {"again", "id_", "timezone", "if_running", "json", "plan", "quiet", "rejects", "yes"}


def words_of(context: typer.Context, campaign_id: str | None) -> tuple[str, ...]:
    """Return the words of a command that continues the current one.

    `campaign_id` is the wanted id with its date filled in. Paths are absolute, since the command
    may be typed in any folder.
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
