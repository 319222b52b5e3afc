"""What a request's form has: which fields the API knows, and how they are read.

The names are those of Twilio's OpenAPI description, `CreateCallRequest` and `UpdateCallRequest`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

_WEBHOOKS = ("Url", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback")
OF_UPDATE = frozenset((*_WEBHOOKS, "StatusCallbackMethod", "Status", "Twiml", "TimeLimit"))
OF_START = frozenset(
    (
        *(OF_UPDATE - {"Status"}),
        *("To", "From", "ApplicationSid", "StatusCallbackEvent", "SendDigits", "Timeout"),
        *("Record", "RecordingChannels", "RecordingTrack", "Trim", "RecordingStatusCallback"),
        *("RecordingStatusCallbackMethod", "RecordingStatusCallbackEvent"),
        *("SipAuthUsername", "SipAuthPassword", "CallerId", "CallReason", "CallToken", "Byoc"),
        *("MachineDetection", "MachineDetectionTimeout", "MachineDetectionSpeechThreshold"),
        *("MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout", "AsyncAmd"),
        *("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", "ClientNotificationUrl"),
    )
)


class Form:
    """The fields of a form. The API ignores those that it does not know."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    async def of(cls, request: Request) -> Form:
        """Read a request's body."""
        try:
            body = (await request.body()).decode("utf-8", "replace")
        except ClientDisconnect:
            body = ""
        return cls(parse_qsl(body, keep_blank_values=True))

    def get(self, name: str) -> str:
        """The last value of a field; an empty one if there is none."""
        return self._values.get(name, [""])[-1]

    def every(self, name: str) -> list[str]:
        """Every value of a field that is repeated."""
        return self._values.get(name, [])

    def integer(self, name: str) -> int | None:
        """A field that is a whole number, or None for one that is missing. Raises ValueError."""
        value = self.get(name)
        if value == "":
            return None
        if not value.isdecimal():
            raise ValueError(name)
        return int(value)

    def has(self, *names: str) -> bool:
        """Whether one of these fields has a value."""
        return any(self.get(name) for name in names)

    def unknown(self, known: frozenset[str]) -> list[str]:
        """The fields that are not among the known ones."""
        return sorted(set(self._values) - known)

    def fields(self) -> Mapping[str, str | list[str]]:
        """Every field as a journal's event has it: a list for one that is repeated."""
        return {n: v if len(v) > 1 else v[0] for n, v in self._values.items()}
