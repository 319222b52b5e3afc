"""What is wrong with a start, by the code that the API answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from scheduler.sandbox.twilio import parties, twiml
from scheduler.sandbox.twilio.form import Form
from scheduler.sandbox.twilio.knobs import Knobs
from scheduler.sandbox.twilio.magic import REFUSED_CALLEES, REFUSED_CALLER, VALID_CALLER

_KEYS = re.compile(r"[0-9A-D*#wW]{1,32}")
_MOST_RING_SECONDS = 600
_MOST_TIME_LIMIT_SECONDS = 86400
_METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", "AsyncAmdStatusCallbackMethod")
#: By field: least and most, and the code for what is outside.
_NUMBERS = {
    "Timeout": (1, _MOST_RING_SECONDS, 21208),
    "TimeLimit": (1, _MOST_TIME_LIMIT_SECONDS, 20001),
    "MachineDetectionTimeout": (3, 59, 21234),
    "MachineDetectionSpeechThreshold": (1000, 6000, 21234),
    "MachineDetectionSpeechEndThreshold": (500, 5000, 21234),
    "MachineDetectionSilenceTimeout": (2000, 10000, 21234),
}


def problem(form: Form, knobs: Knobs) -> int | None:
    """The code for what the API would not accept about a start, or None."""
    checks = (_callee, _caller, _document, _numbers, _machines, _keys, _methods)
    return next(filter(None, (check(form, knobs) for check in checks)), None)


def document_problem(form: Form) -> int | None:
    """The code for an address or a TwiML that is none, in a start or a change."""
    if form.has("Url") and not is_url(form.get("Url")):
        return 21205
    return 32018 if len(form.get("Twiml")) > twiml.MOST_LETTERS else None


def number_problem(form: Form, names: tuple[str, ...]) -> int | None:
    """The code for the first of these fields that is no number or out of bounds."""
    for name in names:
        least, most, code = _NUMBERS[name]
        try:
            value = form.integer(name)
        except ValueError:
            return code
        if value is not None and not least <= value <= most:
            return code
    return None


def is_url(written: str) -> bool:
    """Whether it is an address that the API would ask."""
    parts = urlsplit(written)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _callee(form: Form, _: Knobs) -> int | None:
    if not form.has("To"):
        return 21201
    to = parties.callee(form.get("To"))
    return 21211 if to is None else REFUSED_CALLEES.get(to)


def _caller(form: Form, knobs: Knobs) -> int | None:
    if not form.has("From"):
        return 21213
    to = parties.callee(form.get("To")) or ""
    caller = parties.caller(form.get("From"), to_sip="@" in to)
    if caller is None or caller == REFUSED_CALLER:
        return 21212
    if knobs.test_credentials:
        return None if caller == VALID_CALLER else 21210
    owned = knobs.callers
    return 21210 if owned is not None and caller not in owned.split(",") else None


def _document(form: Form, _: Knobs) -> int | None:
    if not form.has("Url", "Twiml", "ApplicationSid"):
        return 21205
    return document_problem(form)


def _numbers(form: Form, _: Knobs) -> int | None:
    return number_problem(form, tuple(_NUMBERS))


def _machines(form: Form, _: Knobs) -> int | None:
    wanted = form.get("MachineDetection")
    return None if wanted in ("", "Enable", "DetectMessageEnd") else 21234


def _keys(form: Form, _: Knobs) -> int | None:
    return _unless(form, "SendDigits", lambda keys: bool(_KEYS.fullmatch(keys)), 21206)


def _methods(form: Form, _: Knobs) -> int | None:
    wrong = (_unless(form, name, lambda m: m in ("GET", "POST"), 21209) for name in _METHODS)
    return next(filter(None, wrong), None)


def _unless(form: Form, name: str, is_right: Callable[[str], bool], code: int) -> int | None:
    value = form.get(name)
    return None if value == "" or is_right(value) else code
