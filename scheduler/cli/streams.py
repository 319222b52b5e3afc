"""What a command reads from and writes to: closed, full, or without a sign for an umlaut."""

from __future__ import annotations

import io
import os
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


def take_any_text() -> None:
    """Write what standard output has no sign for as an escape: a table is read by people."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not takes_unicode():
        sys.stdout.reconfigure(errors="backslashreplace")


def takes_unicode() -> bool:
    """Whether standard output can write every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


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


def give_up_output() -> None:
    """Have what is still to be written lead nowhere: nobody reads it, or it finds no room."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
