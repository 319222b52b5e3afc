"""The keys under `call` that only Twilio has: what a start says besides a script."""

from __future__ import annotations

import re
from typing import Annotated
from xml.etree import ElementTree

from pydantic import AfterValidator, Field

from scheduler.errors import ScriptError
from scheduler.fields import texts
from scheduler.fields.starts import TEMPLATE
from scheduler.providers.call_keys import CallKeys
from scheduler.providers.twilio.twiml import expect_short

TWIML_EXPECTED = "TwiML such as <Response><Say>Hello.</Say></Response>"

#: Verbs that call somebody, or continue with a document that callsched has not read.
_RINGING = ("Dial", "Refer", "Enqueue", "Redirect")

#: A document type: its entities could become very long, or read files.
_DECLARATION = re.compile(r"<!\s*[A-Za-z]")


def _twiml(written: str) -> str:
    """Return TwiML that can be sent; ValueError says what is wrong with it."""
    try:
        expect_short(written)
    except ScriptError as error:
        raise ValueError(str(error)) from None
    root = _parsed(written)
    if root is None or root.tag != "Response":
        raise ValueError(f"expected {TWIML_EXPECTED}")
    for element in root.iter():
        if element.tag in _RINGING:
            raise ValueError(
                f"expected no <{element.tag}>, for nobody could check whom it rings: write it as"
                " call.script with transfer, or serve it yourself at call.url"
            )
    return written


def _parsed(written: str) -> ElementTree.Element | None:
    if _DECLARATION.search(written):
        return None
    try:
        return ElementTree.fromstring(written)
    except (ElementTree.ParseError, ValueError):
        return None


class Call(CallKeys):
    """What callsched sends with every call; a contact may have other values."""

    twiml: Annotated[str, AfterValidator(_twiml), TEMPLATE] | None = Field(
        default=None, description=TWIML_EXPECTED
    )
    url: Annotated[texts.Url, TEMPLATE] | None = Field(
        default=None, description=f"where TwiML is served: {texts.URL_EXPECTED}"
    )
    sip_username: Annotated[texts.Short, TEMPLATE] | None = Field(
        default=None, description="who calls, where the SIP side asks: at most 100 characters"
    )
    sip_password: Annotated[texts.Short, TEMPLATE] | None = Field(
        default=None, description="the password with it: at most 100 characters"
    )
