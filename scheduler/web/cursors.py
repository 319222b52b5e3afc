"""Cursors: opaque strings that say where the next page of a list begins."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import Query

from scheduler.web.problems import Failure

Cursor = Annotated[
    str | None,
    Query(max_length=400, description="The `next_cursor` of the page before; absent: the first."),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="So many at most.")]


def written(place: str) -> str:
    """Return the cursor of a place."""
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read(cursor: str | None) -> str | None:
    """Return the place of a cursor; None for the beginning. Raises Failure for a bad cursor."""
    if cursor is None:
        return None
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise Failure(422, "cursor", "this is no cursor: take `next_cursor` as it came") from None
