"""What a start and a document say of where the API asks, and what every such request has."""

from __future__ import annotations

from scheduler.sandbox.twilio.calls import Call
from scheduler.sandbox.twilio.sender import Wish
from scheduler.sandbox.twilio.twiml import Verb


def wished(call: Call, name: str) -> Wish | None:
    """Return where the field of a start wants something told, if it has a value."""
    address = call.form.get(name)
    return Wish(address, call.form.get(name + "Method") or "POST") if address else None


def wished_of(verb: Verb, name: str, method: str) -> Wish | None:
    """Return where an attribute wants something asked, and how another one says."""
    address = verb.attributes.get(name)
    return Wish(address, verb.attributes.get(method, "POST").upper()) if address else None


def known(call: Call) -> list[tuple[str, str]]:
    """Return what every request about a call has."""
    return [
        ("AccountSid", call.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call.sid),
        ("Called", call.to),
        ("Caller", call.caller),
        ("Direction", call.direction),
        ("From", call.caller),
        ("To", call.to),
    ]
