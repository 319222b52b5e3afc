"""What a start at Twilio may say, as the ledger keeps it: in JSON's own types."""

from __future__ import annotations

from typing import TypedDict


class Options(TypedDict, total=False):
    """What a start says besides whom to dial; callsched does not send what is absent."""

    twiml: str  #: instead of a script
    url: str  #: where Twilio fetches TwiML at the answer, instead of a script
    machine_detection: str  #: Enable or DetectMessageEnd: tell who answers
    sip_username: str  #: for the SIP side's challenge
    sip_password: str
