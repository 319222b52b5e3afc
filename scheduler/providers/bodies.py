"""Reads the body of an answer up to a bound, so that no server can fill the memory.

A megabyte of gzip may be a gigabyte of text. So the bound counts decoded bytes, and at most one
chunk is decoded beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping

from urllib3.exceptions import HTTPError

from scheduler.providers.answer import Answer

#: A start, a stop, a token, an event: the API's own are below 4 KiB, an error page of a proxy below
#: 100. Some 50 threads may read one at once.
SHORT_BYTES = 256 << 10

#: One insight other than the transcript, or a page of the list of conversations.
READING_BYTES = 1 << 20

#: The transcript of a call: some 0.5 MiB for each hour of the call. Memory may hold it twice, each
#: time four times as long, as a Python text.
TRANSCRIPT_BYTES = 4 << 20

#: A page of the list of calls: a thousand of some 2 KiB each.
LIST_BYTES = 4 << 20

#: The Accept-Encoding of a request, and the only encodings that are decoded. Others (br, zstd)
#: depend on what happens to be installed, and some versions decode without a bound.
ENCODINGS = ("gzip", "deflate")
_UNDERSTOOD = {"", "identity", "x-gzip", *ENCODINGS}

_CHUNK_BYTES = 64 << 10


class TooMuch(HTTPError):
    """An answer that is longer than its bound, or encoded in a way that allows no bound."""


def read_whole(answer: Answer, most_bytes: int) -> None:
    """Read the body of a streamed answer. Raises TooMuch, or what urllib3 raises.

    A connection whose answer was not read to the end can't be used again: it is closed.
    """
    is_whole = False
    try:
        answer.content = _body(answer, most_bytes)
        is_whole = True
    finally:
        if not is_whole:
            answer.raw.close()
        answer.raw.release_conn()


def leave_unread(answer: Answer) -> None:
    """Release an answer of which only the status counts, without reading its body."""
    if answer.raw.length_remaining == 0:
        answer.raw.read(1)  # an empty body, after which the connection can be used again
        answer.raw.release_conn()
    else:
        close(answer)


def close(answer: Answer) -> None:
    """Close the connection of an answer, unless it was read to the end and released."""
    answer.raw.close()
    answer.raw.release_conn()


def _body(answer: Answer, most_bytes: int) -> bytes:
    _expect_one_encoding(answer.headers)
    # Not a list of chunks, which would take many times the memory if chunks have a few bytes.
    body = bytearray()
    for chunk in answer.raw.stream(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > most_bytes:
            raise TooMuch(f"more than {written(most_bytes)}")
    return bytes(body)


def _expect_one_encoding(headers: Mapping[str, str]) -> None:
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _UNDERSTOOD:
        raise TooMuch(f"encoded as {encoding[:40]!r}, which was not asked for")


def written(size: int) -> str:
    """Return a number of bytes as people write it."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
