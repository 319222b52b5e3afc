"""Files that come over HTTP: written to a private file piece by piece, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from fastapi import Request

from scheduler.web.problems import Failure

#: The longest silence between two pieces of an upload.
_SILENCE_SECONDS = 14.0


def expect_length(request: Request, most_bytes: int) -> None:
    """Raise Failure (413) for a body whose Content-Length is too long."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes:
        raise too_long(most_bytes)


def too_long(most_bytes: int) -> Failure:
    """Return the failure for a body that is too long."""
    most = most_bytes // 1024**2
    return Failure(413, "too_long", f"at most {most} MiB come in one request: send it in parts")


@asynccontextmanager
async def received(request: Request, most_bytes: int) -> AsyncIterator[Path]:
    """Write a request's body to a private temporary file, which lives for the `with` block.

    Raises Failure when it is too long, or when the client falls silent.
    """
    expect_length(request, most_bytes)
    request.state.connection.be_patient()
    with NamedTemporaryFile(prefix="callsched-") as file:
        pieces = request.stream()
        length = 0
        while True:
            try:
                piece = await asyncio.wait_for(anext(pieces, None), _SILENCE_SECONDS)
            except TimeoutError:
                raise Failure(408, "silent", "no more of the file came in time") from None
            if piece is None:
                break
            length += len(piece)
            if length > most_bytes:
                raise too_long(most_bytes)
            file.write(piece)
        file.flush()
        yield Path(file.name)
