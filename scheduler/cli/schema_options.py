"""The option of `callsched schema campaign`."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler.providers import for_newcomers

SchemaProvider = Annotated[
    str | None,
    typer.Option(
        help="The provider whose keys `call` takes. Default: that of the default account; if no"
        f" settings name one, {for_newcomers().name}, as in the files of `init`.",
        show_default=False,
    ),
]
