"""Writes the file of refused rows, which people mend and submit again."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from scheduler.campaign.file.shapes import Shape
from scheduler.errors import ConfigError


class Rejects:
    """Refused rows in the format of their file; `done` puts the new file in its place."""

    def __init__(self, path: Path, encoding: str, inputs: tuple[Path, ...]) -> None:
        """Raise ConfigError if the path is one of the inputs, or can't be written."""
        if any(_is_same(path, each) for each in inputs):
            raise ConfigError(f"--rejects {path}: this is the campaign's own file; name another")
        self._path = path
        try:
            # A temporary file beside its place, so that nobody sees it half written. Only the
            # words of a reason can have characters that a legacy encoding lacks.
            self._file: IO[str] = tempfile.NamedTemporaryFile(  # noqa: SIM115
                "w",
                encoding=encoding,
                errors="replace",
                newline="",
                dir=path.parent,
                prefix=f".{path.name}.",
                delete=False,
            )
        except OSError as error:
            raise self._unwritable(error) from None

    def begin(self, shape: Shape[Any]) -> None:
        """Write the header."""
        self._write(shape.reject_head())

    def add(self, text: str) -> None:
        """Write one refused row."""
        self._write(text)

    def done(self) -> None:
        """Move the file to its path."""
        try:
            self._file.close()
            Path(self._file.name).replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Remove the temporary file, unless `done` has moved it."""
        with suppress(OSError):
            self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(f"--rejects {self._path} can't be written: {error.strerror}")


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (
        one.exists() and other.exists() and one.samefile(other)
    )
