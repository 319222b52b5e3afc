"""Verifies that a callback is signed with the account's Auth Token, and reads its fields.

See https://www.twilio.com/docs/usage/security#validating-requests: Twilio signs the URL that
it called, and the fields of a form. For any other body it signs only the URL, whose query then has
the hash of the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from scheduler.errors import Forged
from scheduler.providers.answers import read_json
from scheduler.providers.callbacks import Callback

#: Field -> values; a field may be sent more than once.
Fields: TypeAlias = dict[str, list[str]]

#: Twilio's callbacks have some 40 fields in 2 KiB; one field has the words of a sentence.
MOST_BYTES = 64 << 10
MOST_FIELDS = 400

_HEADER = "x-twilio-signature"
#: An HMAC-SHA1 in Base64.
_LETTERS = 28
_FORM = "application/x-www-form-urlencoded"
_HASH = "bodySHA256"
_PORTS = {"https": 443, "http": 80}


def verified(callback: Callback, token: str) -> Fields:
    """Return the fields of a callback that is signed with the Auth Token. Raises Forged."""
    if len(callback.body) > MOST_BYTES:
        raise Forged("a request is longer than any of Twilio's")
    given = callback.headers.get(_HEADER, "")
    if len(given) != _LETTERS:
        raise Forged("a request is not signed")
    fields = _fields(callback)
    signed_fields = fields if _is_form(callback) else {}
    if not _is_signed(callback.url, signed_fields, given, token):
        raise Forged("the signature of a request is not the account's")
    return fields


def signature(url: str, fields: Mapping[str, list[str]], token: str) -> str:
    """Return the signature of a request to a URL with these fields."""
    parts = [url.partition("#")[0]]
    for name in sorted(fields):
        parts += (name + value for value in sorted(set(fields[name])))
    text = "".join(parts).encode("utf-8", "replace")
    return base64.b64encode(hmac.digest(token.encode(), text, "sha1")).decode()


def _is_signed(url: str, fields: Fields, given: str, token: str) -> bool:
    """Compare in constant time, with and without the port: Twilio signs either."""
    claimed = given.encode("utf-8", "replace")
    found = [
        hmac.compare_digest(signature(each, fields, token).encode(), claimed)
        for each in _with_and_without_port(url)
    ]
    return any(found)


def _with_and_without_port(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        port, usual = parts.port, _PORTS.get(parts.scheme)
    except ValueError:
        return (url,)
    if port is not None:
        return url, _at(parts, parts.netloc.rpartition(":")[0])
    return (url, _at(parts, f"{parts.netloc}:{usual}")) if usual else (url,)


def _at(parts: SplitResult, place: str) -> str:
    return parts._replace(netloc=place).geturl()


def _is_form(callback: Callback) -> bool:
    kind = callback.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == _FORM


def _fields(callback: Callback) -> Fields:
    if not callback.body:
        return {}
    if _is_form(callback):
        return _form(callback.body)
    _expect_hash(callback)
    body = read_json(callback.body)
    texts = body.items() if isinstance(body, dict) else ()
    return {name: [value] for name, value in texts if isinstance(value, str)}


def _form(body: bytes) -> Fields:
    fields: Fields = {}
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise Forged("a request has more fields than any of Twilio's") from error
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _expect_hash(callback: Callback) -> None:
    """Raise Forged unless the URL, which is signed, has the hash of the body, which is not."""
    try:
        query = parse_qs(urlsplit(callback.url).query, max_num_fields=MOST_FIELDS)
    except ValueError:
        query = {}
    claimed = query.get(_HASH, [""])[0].lower().encode("utf-8", "replace")
    found = hashlib.sha256(callback.body).hexdigest().encode()
    if not hmac.compare_digest(found, claimed):
        raise Forged("a request's body is not the one that was signed")
