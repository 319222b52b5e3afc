"""Numbers and addresses as the API takes and shows them."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PUNCTUATION = re.compile(r"[\s().\-]")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP = re.compile(r"sips?:([^\s;?]+)([;?].*)?", re.IGNORECASE)
_NORTH_AMERICAN = re.compile(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})")
_ALONE = re.compile(r"[\w.@+\-]+")


def callee(written: str) -> str | None:
    """Whom a `To` means, as the API shows it: a number, name@host, client:name. None for nobody."""
    match = _SIP.fullmatch(written)
    if match:
        return unquote(match[1])
    if written.startswith("client:") and len(written) > len("client:"):
        return written
    return number(written)


def shown(written: str, *, sip_parameters: bool) -> str:
    """How the API shows whom a start calls; what follows a SIP address may stay with it."""
    match = _SIP.fullmatch(written)
    parameters = match[2] or "" if match and sip_parameters else ""
    return (callee(written) or "") + parameters


def number(written: str) -> str | None:
    """A phone number in E.164, or None for what is none."""
    digits = _PUNCTUATION.sub("", written)
    return digits if _NUMBER.fullmatch(digits) else None


def caller(written: str, *, to_sip: bool) -> str | None:
    """Who a `From` says is calling; a SIP address may be called by any name."""
    found = number(written)
    if found is None and (to_sip or written.startswith("client:")):
        return written if _ALONE.fullmatch(written.removeprefix("client:")) else None
    return found


def formatted(party: str) -> str:
    """A party for display: numbers of North America in its own way."""
    match = _NORTH_AMERICAN.fullmatch(party)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else party
