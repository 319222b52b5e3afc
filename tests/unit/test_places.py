"""Which addresses of an answer our token may go to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url
from websockets.uri import parse_uri

from scheduler.providers.places import host_in, is_ours

DOMAINS = ("symbl.ai",)
BASE = "https://api.example.com"

OURS = [
    (BASE, "https://api.example.com/v1/event/c-1"),
    (BASE, "https://api.example.com"),
    (BASE, "https://api.example.com?c=1"),
    (BASE, "HTTPS://API.Example.COM/x"),
    (BASE, "https://api.example.com./x"),
    (BASE, "https://api.example.com:8443/x"),
    (BASE, "https://eu.api.example.com/x"),
    (BASE, "wss://a.b.api.example.com/x"),
    (BASE, "wss://api.example.com/x/@y"),
    (BASE, "https://api.symbl.ai/v1/event/c-1"),
    (BASE, "wss://symbl.ai/x"),
    ("https://api.example.com/prefix", "https://api.example.com/x"),
    ("https://api.example.com:8443", "https://api.example.com/x"),
    ("https://API.example.com.", "https://api.example.com/x"),
    ("https://bücher.example", "https://xn--bcher-kva.example/x"),
    ("http://api.example.com", "http://api.example.com/x"),
    ("http://api.example.com", "ws://eu.api.example.com/x"),
    ("http://api.example.com", "https://api.example.com/x"),
    ("http://127.0.0.1:9101", "ws://127.0.0.1:9102/x"),
    ("http://127.0.0.1:9101", "https://api.symbl.ai/x"),
    ("http://[::1]:9101", "http://[::1]:9102/x"),
    ("http://[::1]", "http://[0:0:0:0:0:0:0:1]/x"),
    ("http://localhost:9101", "ws://localhost/x"),
    ("http://sandbox:9101", "http://sandbox/x"),
]

ELSEWHERE = [
    # not as encrypted
    (BASE, "http://api.example.com/x"),
    (BASE, "ws://api.example.com/x"),
    (BASE, "http://api.symbl.ai/x"),
    ("http://127.0.0.1", "http://api.symbl.ai/x"),
    # another host
    (BASE, "https://example.com/x"),
    (BASE, "https://www.example.com/x"),
    (BASE, "https://evil.com/x"),
    (BASE, "https://api.example.com.evil.com/x"),
    (BASE, "https://evilapi.example.com/x"),
    (BASE, "https://api-example.com/x"),
    (BASE, "https://api.symbl.ai.evil.com/x"),
    (BASE, "https://evilsymbl.ai/x"),
    (BASE, "https://evil.com/api.example.com"),
    (BASE, "https://evil.com?api.example.com"),
    (BASE, "https://evil.com#api.example.com"),
    ("http://sandbox", "http://evil.sandbox/x"),
    ("http://localhost", "http://127.0.0.1/x"),
    # read one way by some, another way by others
    (BASE, "https://api.example.com@evil.com/x"),
    (BASE, "https://api.example.com:pass@evil.com/x"),
    (BASE, "https://user:pass@api.example.com/x"),
    (BASE, "https://@api.example.com/x"),
    (BASE, "https://api.example.com\\@evil.com/x"),
    (BASE, "https://evil.com\\@api.example.com/x"),
    (BASE, "https://evil.com\\.api.example.com/x"),
    (BASE, "https:\\\\api.example.com/x"),
    (BASE, "https://evil.com%2F.api.example.com/x"),
    (BASE, "https://evil.com%00.api.example.com/x"),
    (BASE, "https://evil.com .api.example.com/x"),
    (BASE, "https://evil.com\t.api.example.com/x"),
    (BASE, "https://evil.com\n.api.example.com/x"),
    (BASE, " https://api.example.com/x"),
    (BASE, "https://api.example.com/x\r\nX-Evil: 1"),
    (BASE, "https://evil.com\u3002api.example.com/x"),
    (BASE, "https://evil.com\uff0f.api.example.com/x"),
    (BASE, "https://ap\u0131.example.com/x"),
    (BASE, "https://\uff41pi.example.com/x"),
    (BASE, "https://api..example.com/x"),
    (BASE, "https://.api.example.com/x"),
    (BASE, "https://api.example.com../x"),
    (BASE, "https://api.example.com:0/x"),
    (BASE, "https://api.example.com:65536/x"),
    (BASE, "https://api.example.com:443:443/x"),
    (BASE, "https://api.example.com:+443/x"),
    (BASE, "https://api.example.com:٤٤٣/x"),
    # no address of the kind
    (BASE, ""),
    (BASE, "/v1/event/c-1"),
    (BASE, "//api.example.com/x"),
    (BASE, "api.example.com/x"),
    (BASE, "https:api.example.com"),
    (BASE, "https:///api.example.com"),
    (BASE, "https://"),
    (BASE, "ftp://api.example.com/x"),
    (BASE, "file:///etc/passwd"),
    (BASE, "https+unix://api.example.com/x"),
    # an IP address is itself alone
    ("http://127.0.0.1", "http://127.0.0.2/x"),
    ("http://127.0.0.1", "http://evil.127.0.0.1/x"),
    ("http://127.0.0.1", "http://2130706433/x"),
    ("http://127.0.0.1", "http://0x7f000001/x"),
    ("http://127.0.0.1", "http://0177.0.0.1/x"),
    ("http://127.0.0.1", "http://127.1/x"),
    ("http://127.0.0.1", "http://127.0.0.1.evil.com/x"),
    ("http://127.0.0.1", "http://[::1]/x"),
    ("http://127.0.0.1", "http://[::ffff:127.0.0.1]/x"),
    ("http://127.0.0.1", "http://localhost/x"),
    ("http://[::1]", "http://[::2]/x"),
    ("http://[fe80::1]", "http://[fe80::1%25eth0]/x"),
    ("http://[::1]", "http://::1/x"),
    ("http://[::1]", "http://[evil.com]/x"),
    (BASE, "https://[api.example.com]/x"),
    (BASE, "https://93.184.216.34/x"),
]


def test_a_token_goes_to_the_api() -> None:
    assert [(base, url) for base, url in OURS if not is_ours(url, base, DOMAINS)] == []


def test_a_token_goes_nowhere_else() -> None:
    assert [(base, url) for base, url in ELSEWHERE if is_ours(url, base, DOMAINS)] == []


PIECES = ["api", "example", "evil", "com", "symbl", "ai", "http", "https", "ws", "wss", "user"]
MARKS = [
    *"://.@?#\\%[]-_+ \t",
    "api.example.com",
    "https://api.example.com",
    "//",
    "://",
    "443",
    "127.0.0.1",
    "é",
    "\u3002",
    "%2F",
]


@given(url=st.lists(st.sampled_from(PIECES + MARKS), max_size=12).map("".join))
def test_whoever_reads_an_address_that_is_ours_finds_a_host_of_ours(url: str) -> None:
    if not is_ours(url, BASE, DOMAINS):
        return
    is_socket = url.lower().startswith("ws")
    host = parse_uri(url).host if is_socket else parse_url(url).host
    assert host is not None
    name = host.lower().removesuffix(".")
    assert name.endswith(("api.example.com", "symbl.ai"))
    assert f".{name}".endswith((".api.example.com", ".symbl.ai"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://evil.example/path?key=secret", "evil.example"),
        ("https://user:secret@evil.example/", "an address that can't be read for certain"),
        ("https://evil.example\x1b[31m/secret", "an address that can't be read for certain"),
        (f"https://{'e' * 5000}.example/secret", "e" * 100),
    ],
)
def test_of_an_address_the_host_alone_is_shown(url: str, shown: str) -> None:
    assert host_in(url) == shown
