"""A `.env` file: settings as lines of NAME=value. python-dotenv skips lines that it can't read.

A skipped line may be the list of the only numbers that may be called, so we name each of them.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from scheduler.errors import ConfigError

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_MOST_BYTES = 256 * 1024
_SAVE = "save the file as UTF-8"
#: A setting written as in YAML, `NAME: value`.
_WITH_COLON = re.compile(r"\s*(?:export\s+)?([A-Za-z][A-Za-z0-9_]*)[^\S\r\n]*:")
#: The beginning of a callsched setting, also in the middle of another one's value.
_SETTING = re.compile(r"\s*(?:export\s+)?CALLSCHED\w*[^\S\r\n]*[=:]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DotEnv:
    """The settings of a file, and which of its lines can't be read."""

    values: Mapping[str, str]
    lines: Mapping[str, int]  #: the line of each name, counted from 1
    problems: tuple[str, ...]  #: messages of one line each: the file, its line, and what to do


def read_dotenv(path: Path) -> DotEnv:
    """Read a file; a missing one has no settings. Raises ConfigError if the file is not text.

    Of a name without `=` python-dotenv says nothing, and so do we, unless it is a setting of ours.
    """
    text = _text(path)
    bindings = list(parse_stream(io.StringIO(text)))
    # Without the lines that it can't read: it would log them, and our own messages say more.
    whole = "".join(one.original.string for one in bindings if not one.error)
    given = dotenv_values(stream=io.StringIO(whole))
    return DotEnv(
        {name: value for name, value in given.items() if value is not None},
        {one.key: _line(one) for one in bindings if one.key},
        tuple(f"{path}:{line}: {what}" for line, what in _problems(bindings)),
    )


def variable(name: str) -> str | None:
    """Return a variable of the environment, or of the .env file in the working directory."""
    return os.environ.get(name) or read_dotenv(Path(".env")).values.get(name)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise ConfigError(f"{path}: the link leads to no file: mend or remove it") from None
        return b""
    except IsADirectoryError:
        if (path / "pyvenv.cfg").exists():
            return b""  # a folder: some people name their virtual environment .env
        raise ConfigError(f"{path}: expected a file of settings, got a folder: remove it") from None
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror}: let this user read it, or remove it"
        ) from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path}: expected at most {_MOST_BYTES // 1024} KiB of settings")
    return data


def _text(path: Path) -> str:
    data = _bytes(path)
    if data.startswith(_MARKS):
        raise ConfigError(f"{path}:1: expected UTF-8, got UTF-16: {_SAVE}")
    if (at := data.find(b"\0")) >= 0:
        raise ConfigError(
            f"{path}:{_count(data, at)}: expected text, got a NUL byte, as UTF-16 has them: {_SAVE}"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start + len(data) - len(data.removeprefix(codecs.BOM_UTF8))
        raise ConfigError(
            f"{path}:{_count(data, at)}: expected UTF-8, got the byte 0x{data[at]:02X},"
            f" as Windows-1252 and Latin-1 have them: {_SAVE}"
        ) from None


def _count(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _line(binding: Binding) -> int:
    """Return the line of a binding: python-dotenv's own number is that of blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _problems(bindings: list[Binding]) -> Iterator[tuple[int, str]]:
    for binding in bindings:
        text, line = binding.original.string.lstrip(), _line(binding)
        colon = _WITH_COLON.match(text)
        if colon and (binding.error or binding.value is None):
            yield line, f"write {colon[1]}=value, with = instead of the colon"
        elif binding.error:
            yield line, "expected NAME=value; a quote may be left open, or a # be missing before it"
        elif binding.value is None and _SETTING.match(f"{binding.key}="):
            yield line, f"expected a value after {binding.key}, as in {binding.key}=value"
        else:
            for number, inside in enumerate(text.splitlines()[1:], start=line + 1):
                if _SETTING.match(inside):
                    words = "a quote that is opened above it swallows this line"
                    yield number, f"{words}: close it on line {line}"
