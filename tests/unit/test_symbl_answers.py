from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from scheduler.errors import AccountFault, ProviderError
from scheduler.models import Connection
from scheduler.providers import StopAnswer, SummaryPage
from scheduler.providers.answer import Answer
from scheduler.providers.answers import MOST_VALUES, json_of, read_json, text_in
from scheduler.providers.symbl.answers import address_in, message_of, raise_for_start, stop_answer
from scheduler.providers.symbl.connection import Details, connection_in


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, "As Told", HTTPHeaderDict(headers), content=content)


# What a stop tells

PAGE = {"user": {"id": "7d", "userId": "ana@example.com", "name": "Ana"}, "url": "https://s/1"}


def test_the_pages_and_the_conversation_of_a_stop_are_kept() -> None:
    said = {
        "conversationId": "51",
        "connectionId": "c",
        "summaryInfo": [PAGE, {"url": "https://s"}],
    }

    assert stop_answer(said) == StopAnswer(
        "51", (SummaryPage("https://s/1", "ana@example.com", "Ana"), SummaryPage("https://s"))
    )


@pytest.mark.parametrize(
    "listed",
    [
        *(None, "", 5, {}, [], "https://s/1", [None], [5], [[]], ["https://s/1"], [{}]),
        *([{"user": PAGE["user"]}], [{"url": None}], [{"url": 5}], [{"url": ""}]),
    ],
    ids=repr,
)
def test_summary_pages_in_an_odd_shape_are_left_out(listed: Any) -> None:
    assert stop_answer({"summaryInfo": listed}) == StopAnswer()


@pytest.mark.parametrize("user", [None, "ana", 5, [], {"userId": True, "name": None}])
def test_a_page_of_nobody_known_is_kept(user: Any) -> None:
    assert stop_answer({"summaryInfo": [{"url": "https://s/1", "user": user}]}) == StopAnswer(
        "", (SummaryPage("https://s/1"),)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["summaryInfo", "url", "user", "userId", "name", "conversationId"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(said=st.dictionaries(st.sampled_from(["summaryInfo", "conversationId"]), JSON))
def test_no_answer_to_a_stop_does_any_harm(said: dict[str, Any]) -> None:
    told = stop_answer(said)

    assert isinstance(told.conversation_id, str)
    assert all(page.url for page in told.summary_pages)


# What an error says

NO_WORDS: list[Any] = [None, "", True, [], {"text": "odd"}]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "odd"}, "400 odd"),
        ({"statusCode": 429, "message": "too many"}, "400 too many"),
        ({"code": "X", "message": "odd", "url": "https://u"}, "400 odd"),
        (b"<!doctype html><p>Oops", "400 a page, not the API's JSON"),
        *((body, "400 As Told") for body in (b"", b"{", b"[]", b"null", b"5", b"plain words")),
        *[({"message": odd}, "400 As Told") for odd in NO_WORDS],
        ({"error": {"message": "odd"}}, "400 As Told"),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_an_error_is_told_in_whatever_words_there_are(body: object, words: str) -> None:
    assert message_of(answer(400, body)) == words


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=40) | JSON.map(json.dumps).map(str.encode),
    retry_after=st.text(max_size=5),
)
def test_whatever_answers_a_start_is_a_connection_or_an_error_of_ours(
    status: int, body: bytes, retry_after: str
) -> None:
    made = answer(status, body, **{"Retry-After": retry_after})
    assert len(message_of(made)) <= 300

    with pytest.raises(ProviderError):
        connection_in(made) if 200 <= status < 300 else raise_for_start(made)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff", b"NaN", b'"text"', b"[{}]"])
def test_what_is_no_object_is_no_answer_of_the_api(body: bytes) -> None:
    assert json_of(answer(200, body)) is None


# Fields


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"c-1"', "c-1"),
        ("1", "1"),
        ("0", "0"),
        ("-7", "-7"),
        ("5123456789000001", "5123456789000001"),
        ("9" * 40, "9" * 40),
        ("9" * 5000, "9" * 5000),
        *((odd, "") for odd in ("null", "true", "false", "1.0", "1e3", "[1]", "{}", "NaN")),
    ],
    ids=lambda each: each[:20],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a mark"])
def test_a_whole_number_is_text_as_it_stands(written: str, text: str, mark: bytes) -> None:
    said = json_of(answer(200, mark + b'{"id": %s}' % written.encode()))

    assert said is not None
    assert text_in(said, "id") == text


def test_a_number_is_no_address() -> None:
    assert address_in({"url": 5}, "url") == ""
    assert address_in({"url": "https://s/1"}, "url") == "https://s/1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_is_read_in_each_of_its_encodings(encoding: str) -> None:
    assert read_json('{"name": "José"}'.encode(encoding)) == {"name": "José"}


@pytest.mark.parametrize(
    "header", ["text/plain", "application/json", "application/json; charset=x"]
)
def test_json_is_utf_8_whatever_its_header_says(header: str) -> None:
    made = answer(200, '{"name": "José"}'.encode(), **{"Content-Type": header})

    assert json_of(made) == {"name": "José"}


def test_what_is_not_utf_8_is_in_the_encoding_of_its_header() -> None:
    header = {"Content-Type": "application/json; charset=latin-1"}
    made = answer(200, '{"name": "José"}'.encode("latin-1"), **header)

    assert json_of(made) == {"name": "José"}


@pytest.mark.parametrize("encoding", ["idna", "punycode", "undefined", "zlib", "rot13", "\0", ""])
def test_an_encoding_that_is_no_text_s_is_not_tried(encoding: str) -> None:
    header = {"Content-Type": f"application/json; charset={encoding}"}
    made = answer(200, '{"name": "José"}'.encode("latin-1"), **header)

    assert json_of(made) is None


@pytest.mark.parametrize("item", ["{}", "[]", "0", '""', '{"a":0}'])
@pytest.mark.parametrize("write", [str, str.encode])
def test_what_has_too_many_values_is_no_answer(
    item: str, write: Callable[[str], str | bytes]
) -> None:
    def of(count: int) -> str | bytes:
        return write(f"[{','.join([item] * count)}]")

    assert len(read_json(of(MOST_VALUES // 2 - 1))) == MOST_VALUES // 2 - 1
    assert read_json(of(MOST_VALUES + 1)) is None


def test_of_a_start_s_answer_no_more_is_kept_than_an_id_and_an_address_take() -> None:
    long = "x" * 2001
    said = {"connectionId": "c", "conversationId": long, "eventUrl": long}

    assert connection_in(answer(200, said)) == Connection("c")
    with pytest.raises(AccountFault) as raised:
        connection_in(answer(200, said | {"connectionId": long}))
    assert raised.value.maybe_done


ADDRESSES = st.text(st.characters(exclude_categories=()), max_size=2000)


@given(event_url=ADDRESSES, result_websocket_url=ADDRESSES)
def test_what_is_kept_of_a_start_s_answer_is_read_as_it_came(
    event_url: str, result_websocket_url: str
) -> None:
    details = Details(event_url, result_websocket_url)

    assert Details.of(Connection("c", details=details.written())) == details
    assert details.written().isascii()


@given(kept=st.text(max_size=60) | st.sampled_from(["null", "[1]", '{"event_url": 5}', "[" * 9999]))
def test_what_is_kept_and_none_of_ours_names_no_address(kept: str) -> None:
    assert Details.of(Connection("c", details=kept)) == Details()


def test_of_a_stop_s_answer_no_more_pages_are_kept_than_a_call_has() -> None:
    page = {"url": "https://s/1", "user": {"userId": "u" * 5000, "name": 5}}
    told = stop_answer({"summaryInfo": [{"url": "x" * 2001}, *[page] * 500]})

    assert told.summary_pages == (SummaryPage("https://s/1", "u" * 200, "5"),) * 20
