"""Where a command writes what was asked for: to a file that it replaces, or to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from scheduler.cli import streams
from scheduler.errors import ConfigError


@contextmanager
def writing(path: Path | None) -> Iterator[TextIO]:
    """Open a file that is replaced when it is complete; standard output without a path."""
    if path is None:
        with streams.exactly():
            yield sys.stdout
        return
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Name a file that takes the place of another one in the end; nothing is left of half a one.

    Raises ConfigError when it can't be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
