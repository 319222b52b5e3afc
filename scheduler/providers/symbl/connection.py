"""The connection in the answer to a start: its ids, and two addresses that are kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from scheduler.errors import AccountFault
from scheduler.models import Connection
from scheduler.providers.answer import Answer
from scheduler.providers.answers import json_of, read_json, text_in
from scheduler.providers.symbl.answers import (
    MOST_LETTERS,
    address_in,
    conversation_id_in,
    message_of,
)


@dataclass(frozen=True, slots=True)
class Details:
    """Two addresses, each "" if the answer had none. Each is checked again before it is used."""

    event_url: str = ""
    result_websocket_url: str = ""

    def written(self) -> str:
        """Return the JSON that `of` reads; "" if nothing is known."""
        given = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(given, separators=(",", ":")) if given else ""

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Read the details of a connection; anything but `written`'s JSON counts as empty."""
        body = read_json(connection.details)
        if not isinstance(body, dict):
            return cls()
        return cls(address_in(body, "event_url"), address_in(body, "result_websocket_url"))


def connection_in(answer: Answer) -> Connection:
    """Return the connection in the answer to a start. Raises AccountFault if it has none."""
    body = json_of(answer) or {}
    connection_id = text_in(body, "connectionId")
    if not 0 < len(connection_id) <= MOST_LETTERS:
        raise AccountFault(
            "a start was answered without a connection, check CALLSCHED_SYMBL_BASE_URL:"
            f" {message_of(answer)}",
            maybe_done=True,
        )
    details = Details(address_in(body, "eventUrl"), address_in(body, "resultWebSocketUrl"))
    return Connection(connection_id, conversation_id_in(body), details.written())
