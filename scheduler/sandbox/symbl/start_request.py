"""Whom a start asks to call, and what is wrong with the way it asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_PHONE_NUMBER = re.compile(r"\+?[0-9]+")
_KEY_PRESSES = re.compile(r"[0-9*#,]*")
_INTENTS = {"answering_machine", "interested", "not_interested", "do_not_call"}


@dataclass(frozen=True, slots=True)
class Party:
    """Whom to call, as the request has it: nothing is checked or normalised."""

    phone_number: object
    dtmf: object
    uri: object
    session_name: object

    @classmethod
    def of(cls, body: Mapping[str, object]) -> Party:
        """Read what is there; what is missing is None."""
        endpoint = inside(body, "endpoint")
        return cls(
            phone_number=endpoint.get("phoneNumber"),
            dtmf=endpoint.get("dtmf"),
            uri=endpoint.get("uri"),
            session_name=_session(body).get("name"),
        )

    def fields(self) -> dict[str, object]:
        """The fields of the party in a journal's event."""
        return asdict(self)


def problem(body: Mapping[str, object]) -> str | None:
    """What the API would not accept about a start, or None.

    Whatever the API is known to tolerate passes: empty `actions` and `data` of either kind, both
    forms of `languages`, fields that nobody knows.
    """
    checks = (
        _endpoint_problem,
        _languages_problem,
        _intents_problem,
        _actions_problem,
        _users_problem,
    )
    return next(filter(None, (check(body) for check in checks)), None)


def language_of(body: Mapping[str, object]) -> str:
    """The first language that is asked for, in either of the two forms; the default is English."""
    asked = [*_list(body, "languages"), inside(body, "endpoint").get("language")][0]
    code = asked.get("code") if isinstance(asked, dict) else asked
    return code if isinstance(code, str) else "en-US"


def intents_of(body: Mapping[str, object]) -> set[str]:
    """The intents that are asked for."""
    return {str(item["intent"]) for item in _list(body, "intents")}


def idle_seconds(body: Mapping[str, object]) -> float | None:
    """How long a silence the connection outlives, or None if any."""
    seconds = inside(body, "endpoint").get("idleTimeout")
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None


def users_of(body: Mapping[str, object]) -> list[dict[str, object]]:
    """The users that the session is said to have."""
    return [inside(item, "user") for item in _list(_session(body), "users")]


def emails_of(body: Mapping[str, object]) -> list[str]:
    """Who is to get the summary by mail."""
    parameters = [inside(action, "parameters") for action in _list(body, "actions")]
    return [str(email) for each in parameters for email in _list(each, "emails")]


def inside(body: Mapping[str, object], name: str) -> dict[str, object]:
    """The object that a field holds; an empty one if it holds none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _endpoint_problem(body: Mapping[str, object]) -> str | None:
    endpoint = inside(body, "endpoint")
    idle = endpoint.get("idleTimeout")
    if idle is not None and not _is_number(idle):
        return "endpoint.idleTimeout: a number of seconds is needed, -1 for never"
    kind = str(endpoint.get("type")).lower()
    if kind == "pstn":
        return _pstn_problem(endpoint)
    if kind == "sip":
        return None if _is_text(endpoint.get("uri")) else "endpoint.uri: a SIP address is needed"
    return "endpoint.type: pstn or sip is needed"


def _pstn_problem(endpoint: Mapping[str, object]) -> str | None:
    number, dtmf = endpoint.get("phoneNumber"), endpoint.get("dtmf")
    if not (isinstance(number, str) and _PHONE_NUMBER.fullmatch(number)):
        return "endpoint.phoneNumber: a string of digits is needed"
    if dtmf is not None and not (isinstance(dtmf, str) and _KEY_PRESSES.fullmatch(dtmf)):
        return "endpoint.dtmf: only the characters 0-9 * # , are understood"
    return None


def _languages_problem(body: Mapping[str, object]) -> str | None:
    def is_language(item: object) -> bool:
        return _is_text(item.get("code") if isinstance(item, dict) else item)

    if _holds(body.get("languages"), is_language):
        return None
    return "languages: a list of codes is needed, plain or as objects with a code"


def _intents_problem(body: Mapping[str, object]) -> str | None:
    def is_intent(item: object) -> bool:
        return (
            isinstance(item, dict)
            and item.get("intent") in _INTENTS
            and _is_number(item.get("silenceTimeout", 0))
        )

    if _holds(body.get("intents"), is_intent):
        return None
    return f"intents: a list of objects with an intent is needed: {', '.join(sorted(_INTENTS))}"


def _actions_problem(body: Mapping[str, object]) -> str | None:
    def is_action(item: object) -> bool:
        return (
            isinstance(item, dict)
            and item.get("invokeOn") in ("start", "stop")
            and item.get("name") == "sendSummaryEmail"
            and _holds(inside(item, "parameters").get("emails"), _is_text)
        )

    if _holds(body.get("actions"), is_action):
        return None
    return "actions: invokeOn start or stop, name sendSummaryEmail and parameters are needed"


def _users_problem(body: Mapping[str, object]) -> str | None:
    def is_user(item: object) -> bool:
        return isinstance(item, dict) and _is_text(inside(item, "user").get("userId"))

    if _holds(_session(body).get("users"), is_user):
        return None
    return "data.session.users: a list of objects with a user that has a userId is needed"


def _session(body: Mapping[str, object]) -> dict[str, object]:
    return inside(inside(body, "data"), "session")


def _list(body: Mapping[str, object], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _holds(value: object, is_right: Callable[[object], bool]) -> bool:
    """Whether it is nothing, an empty object, or a list of what is right."""
    return value in (None, {}) or (isinstance(value, list) and all(map(is_right, value)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
