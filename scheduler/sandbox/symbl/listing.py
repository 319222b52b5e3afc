"""Which conversations a list has, and in which order."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.sandbox.symbl.conversations import Conversation
from scheduler.sandbox.symbl.times import moment

_WEEK_SECONDS = 7 * 86400
_MOST = 65536
_NAME_IS = re.compile(r"""(?:conversation\.)?name==["']?(.*?)["']?""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for. Of a filter only `name==…` is understood; the rest is ignored."""

    limit: int
    offset: int
    is_descending: bool
    from_at: float
    to_at: float
    name: str | None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read a query. Raises ValueError."""
        now, order = time.time(), query.get("order", "asc")
        if order not in ("asc", "desc"):
            raise ValueError("order: asc or desc is needed")
        name = _NAME_IS.fullmatch(query.get("filter", ""))
        return cls(
            limit=_number(query, "limit", 20),
            offset=_number(query, "offset", 0),
            is_descending=order == "desc",
            from_at=_moment(query, "startTime", now - _WEEK_SECONDS),
            to_at=_moment(query, "endTime", now),
            name=name[1] if name else None,
        )

    def among(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """Those that are wanted of these, in order."""
        fitting = [each for each in conversations if self._fits(each)]
        fitting.sort(key=lambda each: each.connection.accepted_at, reverse=self.is_descending)
        return fitting[self.offset : self.offset + self.limit]

    def _fits(self, conversation: Conversation) -> bool:
        is_named = self.name in (None, conversation.name)
        return is_named and self.from_at <= conversation.connection.accepted_at <= self.to_at


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    written = query.get(name, str(default))
    if not written.isdecimal() or int(written) > _MOST:
        raise ValueError(f"{name}: a whole number from 0 to {_MOST} is needed")
    return int(written)


def _moment(query: Mapping[str, str], name: str, default: float) -> float:
    try:
        return moment(query[name]) if name in query else default
    except ValueError:
        raise ValueError(f"{name}: a time in ISO 8601 is needed") from None
