"""The body of a start: every field that is documented or in the generated client, if it is set.

See https://github.com/symblai/symbl-docs, docs/telephony/reference/reference.md, and the models of
the package symbl-rest 1.0.14. Fields that are not set are left out, as the documentation asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from scheduler.providers.base import StartOrder
from scheduler.providers.symbl.options import Audio, Intent, Options, User


def start_body(order: StartOrder, *, digits_only: bool) -> dict[str, Any]:
    """Return the body of a start. `digits_only` sends phone numbers without their plus sign."""
    options = cast("Options", order.options)
    return _set(
        {
            "operation": "start",
            "endpoint": _endpoint(order, options, digits_only),
            "actions": _actions(options),
            "data": {"session": _session(order, options)},
            "languages": options.get("languages"),
            "timezone": options.get("timezone"),
            "intents": [_intent(intent) for intent in options.get("intents", [])],
            "insightTypes": options.get("insight_types"),
            "pushSpeakerEvents": options.get("push_speaker_events"),
            "endpointWebhookUrl": options.get("webhook_url"),
            "callbackUrl": options.get("callback_url"),
        }
    )


def _set(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are set."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _endpoint(order: StartOrder, options: Options, digits_only: bool) -> dict[str, Any]:
    number = order.phone_number.removeprefix("+") if digits_only else order.phone_number
    callee = {"type": "sip", "uri": order.sip_uri} if order.sip_uri else {"type": "pstn"}
    return _set(
        {
            **callee,
            "phoneNumber": number if not order.sip_uri else None,
            "dtmf": order.dtmf,
            "audioConfig": _audio(options.get("audio", {})),
            "providerName": options.get("provider_name"),
            "transportConfig": options.get("transport"),
            "language": options.get("endpoint_language"),
            "timezoneOffset": _whole(options.get("timezone_offset_minutes")),
            "idleTimeout": _whole(options.get("idle_timeout_seconds")),
        }
    )


def _audio(audio: Audio) -> dict[str, Any]:
    return _set(
        {
            "encoding": audio.get("encoding"),
            "sampleRate": audio.get("sample_rate"),
            "sampleSize": audio.get("sample_size"),
            "payloadType": audio.get("payload_type"),
        }
    )


def _actions(options: Options) -> list[dict[str, Any]]:
    if not (emails := options.get("summary_emails")):
        return []
    return [
        {
            "invokeOn": options.get("summary_on", "stop"),
            "name": "sendSummaryEmail",
            "parameters": {"emails": emails},
        }
    ]


def _session(order: StartOrder, options: Options) -> dict[str, Any]:
    users = [{"user": _user(user)} for user in options.get("users", [])]
    return _set({"name": order.session_name, "users": users})


def _user(user: User) -> dict[str, Any]:
    return _set({"userId": user.get("user_id"), "name": user.get("name"), "role": user.get("role")})


def _intent(intent: Intent) -> dict[str, Any]:
    silence = _whole(intent.get("silence_seconds"))
    return _set({"intent": intent.get("intent"), "silenceTimeout": silence})


def _whole(seconds: float | None) -> float | int | None:
    """Return a whole number as the API's samples write it."""
    return int(seconds) if seconds is not None and float(seconds).is_integer() else seconds
