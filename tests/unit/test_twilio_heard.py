"""What requests of Twilio's tell of their calls, in our words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import Forged, Unreadable
from scheduler.providers import CallReport, Heard, News, Outcome, Stage, Topic
from scheduler.providers.twilio.heard import read_heard

ACCOUNT = "AC" + "0" * 32
SID = "CA" + "a" * 32
TO, FROM = "+12025550143", "+15005550006"
AT = 1795773906.0
DATE = "Fri, 27 Nov 2026 10:05:06 +0000"


def heard(topic: Topic, /, **said: str) -> Heard:
    known = {"AccountSid": ACCOUNT, "CallSid": SID}
    return read_heard(topic, {name: [value] for name, value in (known | said).items()}, ACCOUNT)


def status(word: str, /, **said: str) -> Heard:
    known = {
        "CallStatus": word,
        "To": TO,
        "From": FROM,
        "Direction": "outbound-api",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "2",
        "Timestamp": DATE,
    }
    return heard(Topic.STATUS, **known | said)


@pytest.mark.parametrize(
    ("word", "stage", "outcome"),
    [
        ("queued", Stage.QUEUED, None),
        ("initiated", Stage.RINGING, None),
        ("ringing", Stage.RINGING, None),
        ("in-progress", Stage.ANSWERED, None),
        ("completed", Stage.OVER, Outcome.COMPLETED),
        ("busy", Stage.OVER, Outcome.BUSY),
        ("no-answer", Stage.OVER, Outcome.NO_ANSWER),
        ("failed", Stage.OVER, Outcome.FAILED),
        ("canceled", Stage.OVER, Outcome.CANCELED),
        ("a new word", Stage.ALIVE, None),
    ],
)
def test_a_report_says_how_far_the_call_has_come_and_when(
    word: str, stage: Stage, outcome: Outcome | None
) -> None:
    assert status(word) == Heard(
        SID,
        sequence=2,
        report=CallReport(
            SID,
            stage,
            outcome,
            address=TO,
            caller_id=FROM,
            ended_at=AT if outcome else None,
            read_at=AT,
        ),
    )


def test_the_last_report_says_how_long_it_was_and_who_answered() -> None:
    over = status("completed", CallDuration="61", Duration="2", AnsweredBy="machine_end_beep")

    assert over.report is not None
    assert over.report.duration_seconds == 61.0
    assert over.report.answered_by == "machine"
    assert over.answered_by == ""
    assert status("in-progress", AnsweredBy="human").answered_by == "human"
    live = status("in-progress", CallDuration="0").report
    assert live is not None
    assert live.duration_seconds is None


def test_a_sip_address_is_written_as_orders_write_it() -> None:
    report = status("ringing", To="room7@sip.example.com").report

    assert report is not None
    assert report.address == "sip:room7@sip.example.com"


@pytest.mark.parametrize(
    ("direction", "parent", "ours"),
    [("outbound-api", "", True), ("outbound-dial", "CA1", False), ("inbound", "", False)],
)
def test_whose_call_it_is(direction: str, parent: str, ours: bool) -> None:
    report = status("ringing", Direction=direction, ParentCallSid=parent).report

    assert report is not None
    assert report.is_ours is ours


@pytest.mark.parametrize("number", ["", "-1", "1.5", "\u0663", "9" * 10, "x"])
def test_an_odd_place_in_the_order_is_none(number: str) -> None:
    assert status("ringing", SequenceNumber=number).sequence is None


@pytest.mark.parametrize("at", ["", "yesterday", "9" * 400, "Fri, 99 Nov 2026 10:05:06 +0000"])
def test_an_odd_time_is_none(at: str) -> None:
    report = status("completed", Timestamp=at).report

    assert report is not None
    assert (report.read_at, report.ended_at) == (None, None)


@pytest.mark.parametrize(
    ("word", "who", "may_speak"),
    [
        ("human", "human", False),
        ("fax", "fax", False),
        ("unknown", "unknown", False),
        ("machine_start", "machine", False),
        ("machine_end_beep", "machine", True),
        ("machine_end_silence", "machine", True),
        ("machine_end_other", "machine", True),
        ("a parrot", "unknown", False),
    ],
)
def test_who_has_answered_and_whether_a_greeting_is_over(
    word: str, who: str, may_speak: bool
) -> None:
    assert heard(Topic.MACHINE, AnsweredBy=word) == Heard(SID, answered_by=who, may_speak=may_speak)


def words(said: object, /, **more: str) -> Heard:
    known = {
        "TranscriptionEvent": "transcription-content",
        "TranscriptionSid": "GT1",
        "Track": "inbound_track",
        "SequenceId": "4",
        "Timestamp": "2026-11-27T10:05:06.000Z",
        "Final": "true",
        "TranscriptionData": said if isinstance(said, str) else json.dumps(said),
    }
    return heard(Topic.WORDS, **known | more)


@pytest.mark.parametrize(
    ("more", "kind", "speaker"),
    [
        ({}, "message", "callee"),
        ({"Track": "outbound_track"}, "message", "caller"),
        ({"Track": "both_tracks"}, "message", ""),
        ({"Final": "false", "Stability": "0.9"}, "transcript", "callee"),
    ],
)
def test_words_are_lines_of_the_one_or_the_other_side(
    more: dict[str, str], kind: str, speaker: str
) -> None:
    told = words({"transcript": " Yes, please. ", "confidence": 0.9}, **more)

    assert told.news == (News(kind, "Yes, please.", speaker, said_at=AT),)
    assert told.news_id == f"GT1:{more.get('Track', 'inbound_track')}:4"


def test_words_without_a_number_are_known_by_what_they_say() -> None:
    ids = {words({"transcript": said}, SequenceId="").news_id for said in ("a", "b", "a")}

    assert len(ids) == 2


def test_words_of_any_length_have_an_end() -> None:
    (news,) = words({"transcript": "x" * 50_000}).news

    assert len(news.text) == 10_000


@pytest.mark.parametrize("event", ["transcription-started", "transcription-stopped", "new-event"])
def test_that_somebody_listens_is_no_news(event: str) -> None:
    assert heard(Topic.WORDS, TranscriptionEvent=event) == Heard(SID)
    assert words({"transcript": " "}) == Heard(SID)


def test_that_words_are_missing_is_told() -> None:
    told = words(
        "",
        TranscriptionEvent="transcription-error",
        TranscriptionErrorCode="32655",
        TranscriptionError="Provider unavailable",
    )

    assert told.news == (News("error", "transcription: 32655 Provider unavailable", said_at=AT),)
    (bare,) = heard(Topic.WORDS, TranscriptionEvent="transcription-error").news
    assert bare.text == "transcription: an error"


@pytest.mark.parametrize("pressed", ["", "1", "*#0", "123456789012"])
def test_keys_are_told_as_they_were_pressed(pressed: str) -> None:
    assert heard(Topic.STEPS, Digits=pressed) == Heard(SID, pressed=pressed)


def test_of_a_recording_the_call_alone_counts() -> None:
    assert heard(Topic.RECORDING, RecordingStatus="completed") == Heard(SID)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (Topic.STATUS, {"CallSid": ""}),
        (Topic.STATUS, {"CallSid": "CA1/../Calls"}),
        (Topic.STATUS, {}),
        (Topic.MACHINE, {}),
        (Topic.WORDS, {}),
        (Topic.WORDS, {"TranscriptionEvent": "transcription-content"}),
        (
            Topic.WORDS,
            {"TranscriptionEvent": "transcription-content", "TranscriptionData": "[" * 20_000},
        ),
        (Topic.STEPS, {"Digits": "one"}),
        (Topic.STEPS, {"Digits": "1" * 101}),
    ],
)
def test_what_nobody_understands_is_unreadable(topic: Topic, said: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        heard(topic, **said)


@pytest.mark.parametrize("accounts", [[], ["AC" + "1" * 32], [ACCOUNT, "AC" + "1" * 32], [""]])
def test_another_account_s_is_forged(accounts: list[str]) -> None:
    with pytest.raises(Forged):
        read_heard(Topic.STATUS, {"AccountSid": accounts, "CallSid": [SID]}, ACCOUNT)


NAMES = (
    *("CallStatus", "SequenceNumber", "Timestamp", "CallDuration", "AnsweredBy", "To", "Digits"),
    *("TranscriptionEvent", "TranscriptionData", "TranscriptionSid", "Track", "Final"),
)


@given(st.sampled_from(Topic), st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)))
def test_whatever_is_said_is_read_or_unreadable(topic: Topic, said: dict[str, str]) -> None:
    try:
        told = heard(topic, **said)
    except Unreadable:
        return
    assert told.connection_id == SID


@given(st.text(max_size=60) | st.dictionaries(st.just("transcript"), st.integers() | st.text()))
def test_whatever_the_words_are_they_are_lines_or_unreadable(said: object) -> None:
    try:
        told = words(said)
    except Unreadable:
        return
    assert all(news.text for news in told.news)
