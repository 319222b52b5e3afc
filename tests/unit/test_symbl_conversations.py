from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import Insight
from scheduler.providers.base import FoundConversation
from scheduler.providers.http_dates import seconds_to_wait
from scheduler.providers.symbl.conversations import (
    PATHS,
    conversation_url,
    read_insight,
    read_list,
)
from scheduler.providers.symbl.instants import instant, written

STARTED = "2026-11-22T14:00:05.100Z"
ANA = {"id": "9a", "name": "Ana", "email": "ana@example.com"}

#: What the API answers, and what is kept of it.
ANSWERS: dict[Insight, tuple[Any, Any]] = {
    Insight.TRANSCRIPT: (
        {
            "messages": [
                {
                    "id": "6001",
                    "text": "Good morning.",
                    "from": ANA,
                    "startTime": STARTED,
                    "endTime": "2026-11-22T14:00:06.000Z",
                    "sentiment": {"suggested": "neutral"},
                },
                {"text": "Hello?"},
            ]
        },
        [
            {
                "speaker": "Ana",
                "text": "Good morning.",
                "started_at": 1795356005.1,
                "ended_at": 1795356006.0,
            },
            {"speaker": "", "text": "Hello?", "started_at": None},
        ],
    ),
    Insight.TOPICS: (
        {"topics": [{"id": "1", "text": "insurance", "type": "topic", "score": 0.9}]},
        [{"text": "insurance", "score": 0.9}],
    ),
    Insight.ACTION_ITEMS: (
        {
            "actionItems": [
                {
                    "text": "Ana will send the offer.",
                    "score": 0.94,
                    "from": ANA,
                    "assignee": {"name": "Ana"},
                    "dueBy": "2026-11-23T07:00:00.000Z",
                },
                {"text": "Call back.", "from": {}, "assignee": {}},
            ]
        },
        [
            {
                "text": "Ana will send the offer.",
                "score": 0.94,
                "speaker": "Ana",
                "assignee": "Ana",
                "due_by": "2026-11-23T07:00:00.000Z",
            },
            {"text": "Call back."},
        ],
    ),
    Insight.FOLLOW_UPS: (
        {"followUps": [{"text": "Meet again.", "assignee": {"email": "bob@example.com"}}]},
        [{"text": "Meet again.", "assignee": "bob@example.com"}],
    ),
    Insight.QUESTIONS: (
        {"questions": [{"text": "Who is it?", "from": {"userId": "bob"}, "score": 1}]},
        [{"text": "Who is it?", "score": 1, "speaker": "bob"}],
    ),
    Insight.SUMMARY: (
        {"summary": [{"text": "Ana promised an offer."}, {"text": ""}, {"text": "They parted."}]},
        "Ana promised an offer. They parted.",
    ),
    Insight.ANALYTICS: (
        {"metrics": [{"type": "total_silence", "percent": 20.0}], "members": [ANA]},
        {"metrics": [{"type": "total_silence", "percent": 20.0}], "members": [ANA]},
    ),
    Insight.MEMBERS: (
        {"members": [ANA, {"name": "Bob"}]},
        [{"name": "Ana", "email": "ana@example.com"}, {"name": "Bob"}],
    ),
    Insight.ENTITIES: (
        {"entities": [{"type": "date", "text": "tomorrow", "value": "2026-11-23", "start": 3}]},
        [{"type": "date", "text": "tomorrow", "value": "2026-11-23"}],
    ),
    Insight.TRACKERS: (
        [{"id": "7", "name": "prices", "matches": [{"type": "vocabulary", "value": "costs"}]}],
        [{"name": "prices", "matches": [{"type": "vocabulary", "value": "costs"}]}],
    ),
}


@pytest.mark.parametrize("insight", Insight)
def test_each_answer_is_kept_compactly_in_our_own_words(insight: Insight) -> None:
    said, kept = ANSWERS[insight]

    assert read_insight(insight, said) == kept


def test_trackers_in_a_wrapper_are_read_as_well() -> None:
    said, kept = ANSWERS[Insight.TRACKERS]

    assert read_insight(Insight.TRACKERS, {"trackers": said}) == kept


def test_every_insight_has_its_own_path() -> None:
    assert set(PATHS) == set(Insight)
    assert len(set(PATHS.values())) == len(PATHS)


@pytest.mark.parametrize("said", [None, 5, "page", [], {}, {"messages": None}, {"messages": {}}])
@pytest.mark.parametrize("insight", sorted(set(Insight) - {Insight.TRACKERS}))
def test_what_is_not_the_apis_shape_is_told_from_nothing(insight: Insight, said: Any) -> None:
    with pytest.raises(ValueError, match="an answer without"):
        read_insight(insight, said)


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "from", "name", "score", "startTime", "assignee", "matches", "value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
WRAPPERS = ("messages", "topics", "actionItems", "followUps", "questions", "summary")
MORE_WRAPPERS = ("metrics", "members", "entities", "trackers")


@given(insight=st.sampled_from(Insight), items=st.lists(NONSENSE, max_size=3))
def test_no_nonsense_in_the_right_wrapper_does_any_harm(insight: Insight, items: Any) -> None:
    said = dict.fromkeys([*WRAPPERS, *MORE_WRAPPERS], items)

    kept = read_insight(insight, said)

    json.dumps(kept)


@given(insight=st.sampled_from(Insight), said=NONSENSE)
def test_no_nonsense_without_a_wrapper_is_taken_for_an_answer(insight: Insight, said: Any) -> None:
    try:
        json.dumps(read_insight(insight, said))
    except ValueError:
        return
    assert insight is Insight.TRACKERS


def test_an_odd_conversation_id_leads_nowhere_else() -> None:
    assert conversation_url("https://h", "../5?a#b") == (
        "https://h/v1/conversations/..%2F5%3Fa%23b"
    )


def test_numbers_in_an_answer_are_read_like_their_text() -> None:
    message = {"id": 1, "text": 42, "from": {"userId": 7}, "startTime": 1795356005100}
    tasks = {"actionItems": [{"text": "Ring.", "from": "Ana", "assignee": {"name": 7}}]}

    assert read_insight(Insight.TRANSCRIPT, {"messages": [message]}) == [
        {"speaker": "7", "text": "42", "started_at": 1795356005.1}
    ]
    assert read_insight(Insight.ACTION_ITEMS, tasks) == [
        {"text": "Ring.", "speaker": "Ana", "assignee": "7"}
    ]
    assert read_list({"conversations": [{"id": 51, "name": 7}]}) == [FoundConversation("51", "7")]


# Instants

NO_INSTANTS: list[Any] = ["", "soon", "14:00", None, 5, [], {}, "9999-99-99T00:00:00Z"]
NO_INSTANTS += [True, 0, -1795356005, 10**12 - 1, 10**400, float("nan"), "4.1", "9" * 40]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (STARTED, 1795356005.1),
        ("2026-11-22T14:00:05.100", 1795356005.1),
        ("2026-11-22T15:00:05.100+01:00", 1795356005.1),
        (1795356005.1, 1795356005.1),
        (1795356005100, 1795356005.1),
        ("1795356005.1", 1795356005.1),
        ("1795356005100", 1795356005.1),
        *[(odd, None) for odd in NO_INSTANTS],
    ],
)
def test_an_instant_is_read_or_left_out(said: Any, at: float | None) -> None:
    found = instant(said)

    assert found is None if at is None else found == pytest.approx(at)


@given(said=st.text(max_size=30) | st.datetimes().map(str))
def test_no_instant_does_any_harm(said: str) -> None:
    assert isinstance(instant(said), float | None)


@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_an_instant_that_was_written_is_read_again(at: datetime) -> None:
    seconds = at.replace(tzinfo=UTC).timestamp()

    assert instant(written(seconds)) == pytest.approx(seconds, abs=0.001)
    assert written(seconds).endswith("Z")


# Retry-After

SENT = "Fri, 27 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("8", SENT, 8.0),
        ("8.5", SENT, 8.5),
        (" 8 ", SENT, 8.0),
        ("0", SENT, 0.0),
        ("8, 8", SENT, 8.0),
        ("8, 12", SENT, 12.0),
        ("99999999999999", SENT, 99999999999999.0),
        ("Fri, 27 Nov 2026 08:00:08 GMT", SENT, 8.0),
        ("Friday, 27-Nov-26 08:00:08 GMT", SENT, 8.0),
        ("Fri Nov 27 08:00:08 2026", SENT, 8.0),
        ("Fri, 27 Nov 2026 09:00:08 +0100", SENT, 8.0),
        ("Fri, 27 Nov 2026 07:59:00 GMT", SENT, -60.0),
        # By its own clock, however wrong that is.
        ("Wed, 01 Jan 2003 00:00:08 GMT", "Wed, 01 Jan 2003 00:00:00 GMT", 8.0),
        *((odd, SENT, None) for odd in ("", "soon", "-5", "8,", "8 s", "1e3", "٨", "8, soon")),
        ("Fri, 99 Nov 2026 08:00:08 GMT", SENT, None),
        ("Fri, 27 Nov 99999 08:00:08 GMT", SENT, None),
    ],
)
def test_a_wait_is_read_in_each_of_its_forms(
    retry_after: str, date: str, seconds: float | None
) -> None:
    assert seconds_to_wait(retry_after, date) == seconds


@pytest.mark.parametrize("date", ["", "soon"])
def test_without_a_date_of_the_answer_our_clock_counts(date: str) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    assert seconds_to_wait(until, date) == pytest.approx(60, abs=3)


@given(retry_after=st.text(max_size=40), date=st.text(max_size=40))
def test_no_wait_does_any_harm(retry_after: str, date: str) -> None:
    assert isinstance(seconds_to_wait(retry_after, date), float | None)
