"""The connection of an attempt, as its record has it."""

from __future__ import annotations

import json

from scheduler.models import Connection


def of_attempt(
    connection_id: str,
    conversation_id: str | None,
    details: str | None,
    event_url: str | None,
    result_websocket_url: str | None,
) -> Connection:
    """Return a connection from the fields of a record, None for one that is not there.

    The release before wrote two addresses where this one has `details`: its only provider keeps
    them there under the same names.
    """
    if details is None:
        known = {"event_url": event_url, "result_websocket_url": result_websocket_url}
        given = {name: value for name, value in known.items() if value}
        details = json.dumps(given) if given else ""
    return Connection(connection_id, conversation_id or "", details)
