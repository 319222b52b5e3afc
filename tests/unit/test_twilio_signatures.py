"""Which requests are believed to be Twilio's: their own library is the witness."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from scheduler.errors import Forged
from scheduler.models import Attempt
from scheduler.providers import Callback, Topic
from scheduler.providers.twilio.signatures import MOST_BYTES, MOST_FIELDS, signature, verified

TOKEN = "a-token-of-theirs"
URL = "https://calls.example.com/callbacks/main/c:1:1/status"
FORM = "application/x-www-form-urlencoded"
FIELDS = {"CallSid": ["CA1"], "AccountSid": ["AC1"], "To": ["+12025550143"]}


class Many(defaultdict[str, list[str]]):
    """Fields as the official library reads them of a framework."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def theirs(url: str, fields: dict[str, list[str]], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, Many(list, fields)))


def request(url: str = URL, body: bytes = b"", signed: str = "", kind: str = FORM) -> Callback:
    headers = {"x-twilio-signature": signed, "content-type": kind}
    return Callback(url, headers, body, "main", Attempt("c", 1, 1), Topic.STATUS)


def form(fields: dict[str, list[str]]) -> bytes:
    return urlencode(fields, doseq=True).encode()


def is_believed(callback: Callback, token: str = TOKEN) -> bool:
    try:
        verified(callback, token)
    except Forged:
        return False
    return True


text = st.text(st.characters(codec="utf-8"), max_size=12)
many_fields = st.dictionaries(text, st.lists(text, min_size=1, max_size=4), max_size=6)


@given(
    fields=many_fields, path=st.text("abc/:%-_~.", max_size=20), port=st.sampled_from(["", ":8443"])
)
@example(fields={"a": ["2", "1", "2"], "A": [""], "b": ["\u00e9&=+ "]}, path="x", port="")
def test_what_their_library_signs_is_believed_and_nothing_near_it(
    fields: dict[str, list[str]], path: str, port: str
) -> None:
    url = f"https://calls.example.com{port}/{path}?a=1"
    signed = theirs(url, fields)
    body = form(fields)

    assert signature(url, fields, TOKEN) == signed
    assert is_believed(request(url, body, signed))
    assert verified(request(url, body, signed), TOKEN) == fields
    assert not is_believed(request(url, body, signed), "another")
    assert not is_believed(request(url + "2", body, signed))
    assert not is_believed(request(url, body + b"&more=1", signed))
    assert not is_believed(request(url, body, signed.swapcase()))


@given(fields=many_fields, signed=text, port=st.sampled_from(["", ":443", ":80", ":8443"]))
def test_their_library_and_we_believe_the_same(
    fields: dict[str, list[str]], signed: str, port: str
) -> None:
    url = f"https://calls.example.com{port}/p"
    official = RequestValidator(TOKEN)
    for given_signature in (signed, theirs("https://calls.example.com/p", fields)):
        ours = is_believed(request(url, form(fields), given_signature))
        assert ours == official.validate(url, Many(list, fields), given_signature)


@pytest.mark.parametrize(
    ("called", "signed_for"),
    [
        ("https://e.example/p", "https://e.example:443/p"),
        ("https://e.example:443/p", "https://e.example/p"),
        ("https://e.example:8443/p?q=1", "https://e.example/p?q=1"),
        ("http://127.0.0.1:8080/p", "http://127.0.0.1/p"),
        ("http://127.0.0.1/p", "http://127.0.0.1:80/p"),
        ("http://[::1]:8080/p", "http://[::1]/p"),
        ("https://e.example/p#rc=5&rp=all", "https://e.example/p"),
    ],
)
def test_the_port_may_be_signed_or_not_and_the_fragment_is_not(
    called: str, signed_for: str
) -> None:
    assert is_believed(request(called, form(FIELDS), theirs(signed_for, FIELDS)))


@pytest.mark.parametrize("wrong", ["https://e.example:444/p", "http://e.example/p"])
def test_another_port_or_scheme_is_another_address(wrong: str) -> None:
    assert not is_believed(request("https://e.example/p", form(FIELDS), theirs(wrong, FIELDS)))


def with_hash(body: bytes) -> str:
    return f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"


def test_of_json_the_hash_in_the_url_is_what_is_signed() -> None:
    body = b'{"CallSid": "CA1", "AccountSid": "AC1", "more": {"a": 1}}'
    url = with_hash(body)
    signed = theirs(url, {})
    json = "application/json; charset=utf-8"

    assert RequestValidator(TOKEN).validate(url, body.decode(), signed)
    believed = verified(request(url, body, signed, json), TOKEN)
    assert believed == {"CallSid": ["CA1"], "AccountSid": ["AC1"]}
    for body_of_others in (body + b" ", b"{}"):
        assert not is_believed(request(url, body_of_others, signed, json))
    assert not is_believed(request(URL, body, theirs(URL, {}), json))


def test_a_body_that_is_not_signed_is_no_body_of_theirs() -> None:
    """Its kind alone decides what is signed: no header may take the fields out of it."""
    body = form(FIELDS)
    signed = theirs(URL, {})

    for kind in (FORM, "", "text/plain", "application/json"):
        assert not is_believed(request(URL, body, signed, kind))
    assert verified(request(URL, b"", signed), TOKEN) == {}


RUBBISH: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("no signature", lambda: {"signed": ""}),
    ("long signature", lambda: {"signed": "x" * 100_000}),
    ("no letters", lambda: {"signed": "\u00e9\ud800" * 14}),
    ("long body", lambda: {"body": b"a=" + b"x" * MOST_BYTES}),
    ("many fields", lambda: {"body": b"&".join([b"a=1"] * (MOST_FIELDS + 1))}),
    ("no encoding", lambda: {"body": bytes(range(256)) * 4}),
    ("half escapes", lambda: {"body": b"%=%F&%C3=%28&=&&==;" * 9}),
    ("deep JSON", lambda: {"body": b"[" * 50_000, "kind": "application/json"}),
    ("no address", lambda: {"url": "https://[::1/\ud800?\x00"}),
    ("no port", lambda: {"url": "https://e.example:port/p"}),
]


@pytest.mark.parametrize(("name", "made"), RUBBISH, ids=lambda value: str(value)[:16])
def test_rubbish_is_forged_and_nothing_else(name: str, made: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(Forged):
        verified(request(**{"signed": "A" * 28, "body": form(FIELDS)} | made()), TOKEN)


@given(st.binary(max_size=200), st.sampled_from([FORM, "application/json", "\u00ff"]), text)
def test_no_request_raises_anything_but_forged(body: bytes, kind: str, tail: str) -> None:
    is_believed(request(URL + tail, body, "A" * 28, kind))
    is_believed(request(f"{with_hash(body)}{tail}", body, "A" * 28, kind))


def test_signed_rubbish_of_any_encoding_can_be_read() -> None:
    body = b"a=%ff%fe&b=\xc3\x28&c"
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)

    assert verified(request(URL, body, theirs(URL, fields)), TOKEN) == fields
