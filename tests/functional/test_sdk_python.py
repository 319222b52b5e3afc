"""The sandbox as Symbl's own SDK for Python finds it: nothing of ours is on the client's side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

DRIVER = Path(__file__).with_name("sdk_python.py")
INSTALL = (
    "Symbl's SDK is not installed: pip install --no-deps symbl==2.0.6"
    " && pip install symbl-rest==1.0.14 websocket-client"
)

Said = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=5, line_every=0.1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def said(running: SandboxProcess) -> Said:
    """What came of one run of the driver."""
    missing = [name for name in ("symbl", "symbl_rest", "websocket") if not find_spec(name)]
    if missing:
        pytest.fail(INSTALL)
    command = [sys.executable, str(DRIVER), running.url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_it_starts_calls_to_phones_and_to_sip_addresses(
    running: SandboxProcess, said: Said
) -> None:
    accepted = running.events("accepted")

    ids = [(event["connection_id"], event["conversation_id"]) for event in accepted]
    names = ("minimal", "sip", "call")
    assert [(said[n]["connectionId"], said[n]["conversationId"]) for n in names] == ids
    minimal, sip, call = (event["request"] for event in accepted)
    assert minimal == {
        "operation": "start",
        "endpoint": {"type": "pstn", "phoneNumber": "12025550143", "dtmf": None},
        "actions": {},
        "data": {},
        "pushSpeakerEvents": True,
    }
    assert sip["endpoint"]["audioConfig"] == {"sampleRate": 16000, "sampleSize": "16"}
    assert (call["languages"], call["timezone"]) == (["en-US"], "America/Chicago")
    assert all(said[name]["eventUrl"].startswith(running.url) for name in names)


def test_one_token_does_for_the_whole_process(running: SandboxProcess, said: Said) -> None:
    assert [event["renewed"] for event in running.events("token")] == [True]


def test_it_hears_the_call_until_its_end(running: SandboxProcess, said: Said) -> None:
    heard = [json.loads(text) for text in said["heard"]]
    kinds = {message["type"] for message in heard}

    assert kinds >= {
        "transcript_response",
        "message_response",
        "insight_response",
        "topic_response",
    }
    assert heard[-1]["message"]["type"] == "conversation_completed"
    spoken = [m["messages"][0]["payload"]["content"] for m in heard if "messages" in m]
    assert spoken
    recorded = [message["text"] for message in said["got"]["messages"]["messages"]]
    assert recorded[-len(spoken) :] == spoken


def test_it_stops_calls_whether_they_live_or_not(running: SandboxProcess, said: Said) -> None:
    stops = said["stops"]

    names = ("minimal", "sip", "call")
    assert [s["connectionId"] for s in stops] == [said[name]["connectionId"] for name in names]
    assert [len(s["summaryInfo"]) for s in stops] == [0, 0, 1]
    assert running.live()["live"] == 0
    assert sorted(event["by"] for event in running.events("ended")) == ["hangup", "stop", "stop"]


def test_it_reads_all_that_is_known_about_the_call(running: SandboxProcess, said: Said) -> None:
    got, conversation_id = said["got"], said["call"]["conversationId"]
    truth = running.conversation(conversation_id)["views"]

    # The SDK swallows every error and returns a text in place of what was asked for.
    only_texts = [name for name, it in got.items() if [*it] == ["message"]]
    assert only_texts == ["put_member", "put_speakers"]
    assert got["conversation"]["id"] == conversation_id
    assert got["conversation"]["name"] == "sdk"
    for name, wrapper, view in (
        ("topics", "topics", "topics"),
        ("action_items", "actionItems", "action-items"),
        ("follow_ups", "followUps", "follow-ups"),
        ("questions", "questions", "questions"),
    ):
        assert got[name][wrapper]
        assert ids_of(got[name][wrapper]) == ids_of(truth[view][wrapper])
    assert ids_of(got["trackers"]) == ids_of(truth["trackers"])
    texts = [entity["text"] for entity in truth["entities"]["entities"]]
    assert [entity["text"] for entity in got["entities"]["entities"]] == texts
    assert [metric["type"] for metric in got["analytics"]["metrics"]] == [
        "total_silence",
        "total_talk_time",
        "total_overlap",
    ]
    assert got["call_score"]["score"] == truth["callscore"]["score"]
    assert got["call_score_status"]["status"] == "completed"


def test_it_reads_the_transcript_with_words_and_sentiments(
    running: SandboxProcess, said: Said
) -> None:
    messages = said["got"]["messages"]["messages"]

    assert len(messages) == 11
    assert all(m["words"] and m["sentiment"]["suggested"] for m in messages)
    assert [" ".join(w["word"] for w in m["words"]) for m in messages] == [
        m["text"] for m in messages
    ]


def test_it_names_members_and_speakers_afterwards(running: SandboxProcess, said: Said) -> None:
    got = said["got"]

    assert [member["name"] for member in got["members"]["members"]] == ["Ana"]
    names = [member["name"] for member in got["members_after"]["members"]]
    assert names == ["Ana Maria", "Ben"]
    assert {m["from"]["name"] for m in got["messages_after"]["messages"]} == {"Ben"}


def ids_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]
