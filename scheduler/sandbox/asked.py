"""Whom a start asks to call, and what is wrong with the way it asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

_PHONE_NUMBER = re.compile(r"\+?[0-9]+")
_KEY_PRESSES = re.compile(r"[0-9*#,]*")


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
        endpoint = _inside(body, "endpoint")
        return cls(
            phone_number=endpoint.get("phoneNumber"),
            dtmf=endpoint.get("dtmf"),
            uri=endpoint.get("uri"),
            session_name=_inside(_inside(body, "data"), "session").get("name"),
        )

    def fields(self) -> dict[str, object]:
        """The fields of the party in a journal's event."""
        return asdict(self)


def problem(body: Mapping[str, object]) -> str | None:
    """What the API would not accept about a start, or None.

    Whatever the API is known to tolerate passes: empty `actions` and `data` of either kind, both
    forms of `languages`, fields that nobody knows.
    """
    endpoint = _inside(body, "endpoint")
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


def _inside(body: Mapping[str, object], name: str) -> dict[str, object]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
