"""Whether a text is a SIP address that can be called."""

from __future__ import annotations

import ipaddress
import re

from scheduler.masking import shown

_EXPECTED = "a SIP address such as sip:room7@sip.example.com"
_LONGEST = 500
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_USER = rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|{_ESCAPED})+"
_HOST = r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]"
_PARAMETER = rf"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|{_ESCAPED})+"
_ADDRESS = re.compile(
    rf"(sips?):({_USER})@({_HOST})((?::[0-9]{{1,5}})?)((?:;{_PARAMETER}(?:={_PARAMETER})?)*)"
)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def sip_uri(written: str) -> str:
    """Return an address with its host in lower case; ValueError says what was expected."""
    match = _ADDRESS.fullmatch(written) if len(written) <= _LONGEST else None
    if match is None:
        meant = f"sip:{written}"
        hint = f": did you mean {shown(meant)}?" if _ADDRESS.fullmatch(meant[:_LONGEST]) else ""
        got = shown(written) if written else "nothing"
        raise ValueError(f"expected {_EXPECTED}, got {got}{hint}")
    scheme, user, host, port, parameters = match.groups()
    host = host.lower()
    if not _is_host(host) or (port and not 0 < int(port[1:]) < 65_536):
        raise ValueError(f"expected {_EXPECTED}, got the host {shown(host + port)}")
    return f"{scheme}:{user}@{host}{port}{parameters}"


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    if host[0] != "[" and not labels[-1].isdigit():
        return len(host) <= 253 and all(map(_LABEL.fullmatch, labels))
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (host[0] == "[") == (":" in host)
