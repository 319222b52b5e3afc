"""Receives a body of any length into a private file, without blocking the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from scheduler.operations import drafts
from scheduler.operations.drafts import Draft, Sink, TooLong
from scheduler.settings import Settings
from scheduler.web.problems import Failure

#: The Content-Types that are accepted, with the ending of the file for each.
ENDINGS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
}
#: Bodies received or read at the same time: each takes one core.
MOST_AT_ONCE = 4
_PIECE_BYTES = 1 << 18
_GZIP = b"\x1f\x8b"

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was received, in a file of a draft."""

    draft: Draft
    path: Path
    ending: str
    encoding: str


async def taken(request: Request, settings: Settings, work: Callable[[Body], Response]) -> Response:
    """Receive a body and do the work on a thread; the file is gone after it. Raises Failure."""
    ending, encoding = _type_of(request)
    packed = _is_packed(request)
    _expect_length(request, settings.web_max_body)
    request.state.connection.be_patient()
    if not _places.acquire(blocking=False):
        raise Failure(429, "busy", "others send campaigns", headers={"Retry-After": "5"})
    try:
        with ExitStack() as stack:
            draft = stack.enter_context(drafts.passing(settings.state_dir))
            path = draft.path(f"contacts.{ending}")
            sink = Sink(path, settings.web_max_body, packed=packed)
            stack.callback(sink.close)
            await _received(request, sink)
            _expect_text(path)
            return await run_in_threadpool(work, Body(draft, path, ending, encoding))
    except TooLong as error:
        raise _too_long(str(error)) from None
    except ClientDisconnect:
        return Response(status_code=400)  # the client has gone: nobody reads this
    finally:
        _places.release()


async def _received(request: Request, sink: Sink) -> None:
    waiting = bytearray()
    async for part in request.stream():
        waiting += part
        if len(waiting) >= _PIECE_BYTES:
            await run_in_threadpool(sink.write, bytes(waiting))
            waiting.clear()
    await run_in_threadpool(sink.write, bytes(waiting))
    sink.done()


def _type_of(request: Request) -> tuple[str, str]:
    media, *parameters = request.headers.get("content-type", "").split(";")
    ending = ENDINGS.get(media.strip().lower())
    if ending is None:
        known = ", ".join(ENDINGS)
        raise Failure(415, "media_type", f"expected a Content-Type of {known}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return ending, value.strip().strip('"')
    return ending, "utf-8"


def _is_packed(request: Request) -> bool:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise Failure(415, "content_encoding", "expected a Content-Encoding of identity or gzip")
    return coding == "gzip"


def _expect_length(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise _too_long(str(TooLong(most)))


def _too_long(detail: str) -> Failure:
    return Failure(413, "too_long", detail, headers={"Connection": "close"})


def _expect_text(path: Path) -> None:
    """Refuse a gzipped body without Content-Encoding: the reader would unpack it without limit."""
    if drafts.begins(path).startswith(_GZIP):
        raise Failure(415, "content_encoding", "say Content-Encoding: gzip of what is packed")
