"""What a command reads from and writes to: closed, full, or without a sign for an umlaut."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_missing() -> None:
    """Have streams that were closed before we started (`>&-`) lead nowhere.

    Python has none then, and the next file or socket that is opened would be taken for it.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is not None:
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)
        if _is_closed(number):
            os.dup2(nowhere, number)
        setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8", errors="replace"))


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def forget_odd_widths() -> None:
    """Forget a width of the terminal that is none: of some, typer and rich make an error."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        if (width := os.environ.get(name)) is not None and not _is_width(width):
            del os.environ[name]


def _is_width(written: str) -> bool:
    return written.isascii() and written.isdigit() and 0 < len(written.lstrip("0")) < 6


def take_any_text() -> None:
    """Write what standard output has no sign for as an escape: a table is read by people."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def takes_unicode() -> bool:
    """Whether standard output can write every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def has_no_sign(error: UnicodeEncodeError) -> bool:
    """Whether it is standard output that has no sign for a character."""
    written = getattr(sys.stdout, "encoding", None) or "utf-8"
    return codecs.lookup(error.encoding).name == codecs.lookup(written).name


@contextmanager
def exactly() -> Iterator[None]:
    """Rather fail with UnicodeEncodeError than write data otherwise than they are."""
    if not isinstance(sys.stdout, io.TextIOWrapper):
        yield
        return
    before = sys.stdout.errors
    sys.stdout.reconfigure(errors="strict")
    try:
        yield
        sys.stdout.flush()
    finally:
        sys.stdout.reconfigure(errors=before)


@contextmanager
def whoever_reads() -> Iterator[None]:
    """Write something short to standard output, and go on should nobody read it."""
    try:
        yield
    except BrokenPipeError:
        give_up_output()


def has_no_reader() -> bool:
    """Whether standard output is a pipe whose reader has left."""
    looked = select.poll()
    try:
        looked.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in looked.poll(0))
    except (OSError, ValueError):
        return False


def give_up_output() -> None:
    """Have what is still to be written lead nowhere: nobody reads it, or it finds no room."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
