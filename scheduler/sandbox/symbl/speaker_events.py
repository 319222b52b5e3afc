"""What a client tells about who speaks, and what is wrong with the way it tells."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.sandbox.symbl.start_request import inside

_TYPES = ("started_speaking", "stopped_speaking", "joined", "left")


def problem(event: Mapping[str, object]) -> str | None:
    """What the API would not accept about a speaker event, or None."""
    if event.get("topic", "speaker") != "speaker":
        return "topic: speaker is needed"
    if event.get("type") not in _TYPES:
        return f"type: one of {', '.join(_TYPES)} is needed"
    user_id = inside(event, "user").get("userId")
    if not (isinstance(user_id, str) and user_id):
        return "user.userId: a text is needed"
    return None
