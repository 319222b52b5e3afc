"""The output of a command: a file that is replaced atomically, or standard output."""

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
    """Yield a temporary path; at the end its file replaces the target, and is removed on an error.

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
