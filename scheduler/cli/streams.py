"""Standard streams that are closed, full, or can't encode a character."""

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
    """Open /dev/null for standard streams that were closed before the start (`>&-`).

    Otherwise the next file or socket would get the descriptor of a standard stream, and what is
    printed would go there.
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
    """Remove malformed widths from the environment, on which typer and rich fail."""
    for name in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
        if (width := os.environ.get(name)) is not None and not _is_width(width):
            del os.environ[name]


def _is_width(written: str) -> bool:
    return written.isascii() and written.isdigit() and 0 < len(written.lstrip("0")) < 6


def take_any_text() -> None:
    """Write characters that standard output can't encode as escapes, which is enough for people."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def takes_unicode() -> bool:
    """Whether standard output can write every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def has_no_sign(error: UnicodeEncodeError) -> bool:
    """Whether the error is that standard output can't encode a character."""
    written = getattr(sys.stdout, "encoding", None) or "utf-8"
    return codecs.lookup(error.encoding).name == codecs.lookup(written).name


@contextmanager
def exactly() -> Iterator[None]:
    """Fail with UnicodeEncodeError instead of escaping: data must not be altered."""
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
    """Write something short to standard output, and ignore that nobody reads it."""
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
    """Discard output that is still to be written: nobody reads it, or there is no room for it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
