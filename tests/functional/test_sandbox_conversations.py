from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox_process import ANYBODY, Client, SandboxProcess, magic
from tests.waiting import wait_until

EVERY = "/v1/conversations"
LENGTH = 11  #: lines of the usual script


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, line_every=0.03, answer_after=0.02) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[Client]:
    client = Client(sandbox.url)
    with client.session:
        yield client


def said(sandbox: SandboxProcess, conversation_id: str) -> list[dict[str, Any]]:
    """All that was said, whatever the API has by now."""
    view = sandbox.conversation(conversation_id)["views"]["messages"]
    return list(view["messages"])


def held(sandbox: SandboxProcess, client: Client, number: str = ANYBODY, **more: object) -> str:
    """The id of a conversation that was held to the end of its script, then stopped."""
    started = client.started(number, **more)
    conversation_id = str(started["conversationId"])
    wait_until(lambda: is_silent(sandbox, conversation_id))
    client.stop(started["connectionId"])
    return conversation_id


def is_silent(sandbox: SandboxProcess, conversation_id: str) -> bool:
    """Whether the whole script was spoken."""
    truth = sandbox.conversation(conversation_id)
    return bool(len(truth["views"]["messages"]["messages"]) == truth["scriptLength"])


def read(client: Client, conversation_id: str, view: str = "") -> Any:
    response = client.get(f"{EVERY}/{conversation_id}{view}")
    assert response.status_code == 200, response.text
    return response.json()


# What is said


def test_a_transcript_grows_while_the_call_lives_and_not_after(
    sandbox: SandboxProcess, client: Client
) -> None:
    sandbox.knobs(line_every_seconds=0.2)
    started = client.started()
    where = f"{EVERY}/{started['conversationId']}/messages"
    wait_until(lambda: len(client.get(where).json()["messages"]) >= 2)

    client.stop(started["connectionId"])

    kept = client.get(where).json()["messages"]
    assert 2 <= len(kept) < LENGTH
    assert client.get(where).json()["messages"] == kept
    assert kept == read(client, started["conversationId"], "/messages?verbose=false")["messages"]
    end = read(client, started["conversationId"])["endTime"]
    assert all(m["startTime"] <= m["endTime"] <= end for m in kept)


def test_after_its_script_a_call_is_silent(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = held(sandbox, client)

    messages = read(client, conversation_id, "/messages")["messages"]

    assert len({m["text"] for m in messages}) == len(messages) == LENGTH
    assert all(m["conversationId"] == conversation_id for m in messages)


@pytest.mark.parametrize(
    ("asked", "number", "spoken"),
    [
        ([], ANYBODY, "en"),
        (["en-US", "es-ES"], ANYBODY, "en"),
        (["es-US"], ANYBODY, "es"),
        ([{"code": "fr-CA"}], ANYBODY, "fr"),
        (["de-DE"], ANYBODY, "de"),
        (["pt-BR"], ANYBODY, "pt"),
        (["fa-IR"], ANYBODY, "en"),
        (["fr-FR"], magic("30"), "es"),
        ([], magic("31"), "fr"),
        ([], magic("32"), "de"),
        ([], magic("33"), "pt"),
    ],
)
def test_the_first_language_is_spoken_unless_the_number_has_its_own(
    sandbox: SandboxProcess, client: Client, asked: list[object], number: str, spoken: str
) -> None:
    conversation_id = held(sandbox, client, number, languages=asked)

    assert sandbox.conversation(conversation_id)["language"] == spoken
    for view, wrapper in (
        ("/topics", "topics"),
        ("/action-items", "actionItems"),
        ("/follow-ups", "followUps"),
        ("/questions", "questions"),
        ("/summary", "summary"),
        ("/entities", "entities"),
    ):
        assert read(client, conversation_id, view)[wrapper]
    assert read(client, conversation_id, "/trackers-detected")


def test_whatever_is_found_was_said(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = held(sandbox, client, intents=[{"intent": "interested"}])
    by_id = {m["id"]: m["text"] for m in read(client, conversation_id, "/messages")["messages"]}

    insights = read(client, conversation_id, "/insights")["insights"]
    kinds = {
        kind: read(client, conversation_id, f"/{view}")[wrapper]
        for kind, view, wrapper in (
            ("action_item", "action-items", "actionItems"),
            ("follow_up", "follow-ups", "followUps"),
            ("question", "questions", "questions"),
        )
    }

    for kind, items in kinds.items():
        assert items == [item for item in insights if item["type"] == kind]
    topics = read(client, conversation_id, "/topics")["topics"]
    intents = read(client, conversation_id, "/intents")["intents"]
    assert [intent["intent"] for intent in intents] == ["interested"]
    assert {i for item in (*insights, *topics, *intents) for i in item["messageIds"]} <= set(by_id)
    for entity in read(client, conversation_id, "/entities")["entities"]:
        (reference,) = entity["messageRefs"]
        assert by_id[reference["id"]][reference["offset"] :].startswith(entity["text"])
    for tracker in read(client, conversation_id, "/trackers"):
        (match,) = tracker["matches"]
        assert match["value"] in by_id[match["messageRefs"][0]["id"]]
    for sentence in read(client, conversation_id, "/summary")["summary"]:
        assert {reference["id"] for reference in sentence["messageRefs"]} <= set(by_id)


@pytest.mark.parametrize(
    ("ending", "length", "first"),
    [("40", 3, "Hello, nobody can take"), ("42", 4, "Good afternoon")],
)
def test_some_numbers_have_a_script_of_their_own(
    sandbox: SandboxProcess, client: Client, ending: str, length: int, first: str
) -> None:
    conversation_id = held(sandbox, client, magic(ending))

    messages = read(client, conversation_id, "/messages")["messages"]
    assert len(messages) == length
    assert messages[0]["text"].startswith(first)


def test_nobody_speaks_on_43_and_44_is_not_recorded(
    sandbox: SandboxProcess, client: Client
) -> None:
    silent, lost = client.started(magic("43")), client.started(magic("44"))
    wait_until(lambda: said(sandbox, lost["conversationId"]))
    for started in (silent, lost):
        client.stop(started["connectionId"])

    assert read(client, silent["conversationId"], "/messages") == {"messages": []}
    assert read(client, silent["conversationId"], "/summary") == {"summary": []}
    assert client.get(f"{EVERY}/{lost['conversationId']}").status_code == 404
    ids = [c["id"] for c in client.get(EVERY).json()["conversations"]]
    assert ids == [silent["conversationId"]]


# How it is read


def test_words_and_sentiments_are_there_for_whoever_asks(
    sandbox: SandboxProcess, client: Client
) -> None:
    conversation_id = held(sandbox, client)

    plain, rich = (
        read(client, conversation_id, f"/messages{query}")["messages"]
        for query in ("", "?verbose=true&sentiment=true")
    )

    assert not {"words", "sentiment"} & set(plain[0])
    for message in rich:
        assert " ".join(word["word"] for word in message["words"]) == message["text"]
        assert message["words"][0]["startTime"] == message["startTime"]
        assert message["sentiment"]["suggested"] in ("positive", "negative", "neutral")
    (sentiments, parents) = (
        read(client, conversation_id, f"/topics?{query}")["topics"]
        for query in ("sentiment=true", "parentRefs=true")
    )
    assert all("sentiment" in topic and "parentRefs" not in topic for topic in sentiments)
    assert [{"type": "topic", "text": "X-ray"}] in [topic["parentRefs"] for topic in parents]


def test_a_conversation_says_who_and_when(sandbox: SandboxProcess, client: Client) -> None:
    session = {"name": "row 7", "users": [{"user": {"userId": "ana@example.com", "name": "Ana"}}]}
    started = client.started(data={"session": session})
    conversation_id = started["conversationId"]

    during = read(client, conversation_id)
    client.stop(started["connectionId"])
    after = read(client, conversation_id)

    assert "endTime" not in during
    assert after["endTime"] > after["startTime"] == during["startTime"]
    assert (after["type"], after["name"], after["metadata"]) == ("meeting", "row 7", {})
    (member,) = after["members"]
    assert (member["name"], member["email"]) == ("Ana", "ana@example.com")
    assert read(client, conversation_id, "/members") == {"members": [member]}


def test_there_is_no_summary_while_the_call_lives(client: Client) -> None:
    started = client.started()
    where = f"{EVERY}/{started['conversationId']}"

    assert client.get(f"{where}/summary").status_code == 404
    assert client.get(f"{where}/callscore/status").json()["status"] == "in_progress"
    client.stop(started["connectionId"])
    assert client.get(f"{where}/summary").status_code == 200
    assert client.get(f"{where}/callscore/status").json()["status"] == "completed"
    assert 0 <= client.get(f"{where}/callscore").json()["score"] <= 100


def test_the_times_of_the_analytics_add_up(sandbox: SandboxProcess, client: Client) -> None:
    users = [{"user": {"userId": name, "name": name}} for name in ("ana", "ben")]
    started = client.started(data={"session": {"users": users}})
    event = {"type": "started_speaking", "user": users[0]["user"]}
    client.post(f"/v1/event/{started['connectionId']}", event)
    wait_until(lambda: len(said(sandbox, started["conversationId"])) == LENGTH)
    client.stop(started["connectionId"])

    analytics = read(client, started["conversationId"], "/analytics")

    seconds = {metric["type"]: metric["seconds"] for metric in analytics["metrics"]}
    (ended,) = sandbox.events("ended")
    total = seconds["total_silence"] + seconds["total_talk_time"]
    assert total == pytest.approx(ended["length_seconds"], abs=0.01)
    assert seconds["total_overlap"] == 0
    ana, ben = analytics["members"]
    assert ana["talkTime"]["seconds"] > ben["talkTime"]["seconds"] == 0
    assert ana["pace"]["wpm"] > 0
    assert ben["listenTime"]["seconds"] == seconds["total_talk_time"]


def test_a_list_is_cut_ordered_and_filtered(sandbox: SandboxProcess, client: Client) -> None:
    started = [client.started(data={"session": {"name": f"row {row}"}}) for row in range(3)]
    ids = [each["conversationId"] for each in started]

    def listed(query: str) -> list[str]:
        return [c["id"] for c in client.get(f"{EVERY}?{query}").json()["conversations"]]

    assert listed("") == listed("sort=conversation.startTime") == ids
    assert listed("order=desc&limit=2") == ids[:0:-1]
    assert listed("offset=1&limit=1") == [ids[1]]
    assert listed("filter=name=='row 1'") == [ids[1]]
    assert listed("startTime=2020-01-01T00:00:00Z&endTime=2021-01-01T00:00:00Z") == []
    begins = read(client, ids[1])["startTime"]
    assert listed(f"startTime={begins}")[-2:] == ids[1:]
    for wrong in ("limit=-1", "limit=65537", "offset=x", "order=up", "startTime=noon"):
        assert client.get(f"{EVERY}?{wrong}").status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_a_good_token_nothing_is_told(client: Client, method: str) -> None:
    conversation_id = client.started()["conversationId"]

    refused = client.request(
        method, f"{EVERY}/{conversation_id}", json={}, headers={"Authorization": "Bearer x"}
    )

    assert refused.status_code == 401
    assert client.get(EVERY, headers={"Authorization": "x"}).status_code == 401


@pytest.mark.parametrize("view", ["", "/messages", "/summary", "/trackers-detected"])
def test_what_never_was_is_not_found(client: Client, view: str) -> None:
    response = client.get(f"{EVERY}/5123456789012345{view}")

    assert response.status_code == 404
    assert response.json()["message"]
    assert client.get(f"{EVERY}/{client.started()['conversationId']}/moods").status_code == 404


# What is changed about it


def test_a_transcript_is_formatted(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = held(sandbox, client)
    where = f"{EVERY}/{conversation_id}/transcript"
    wishes = {"contentType": "text/markdown", "createParagraphs": True}

    markdown = client.post(where, {**wishes, "showSpeakerSeparation": True}).json()["transcript"]
    flat = client.post(where, {**wishes, "createParagraphs": False}).json()["transcript"]
    srt = client.post(where, {"contentType": "text/srt"}).json()["transcript"]

    texts = [m["text"] for m in said(sandbox, conversation_id)]
    assert markdown["payload"] == "".join(f"Unknown: {text}<br/>" for text in texts)
    assert flat["payload"] == " ".join(texts)
    blocks = srt["payload"]["content"].split("\n\n")
    assert [block.split("\n")[2] for block in blocks] == texts
    clock = r"00:00:0\d,\d{3}"
    assert re.fullmatch(rf"1\n{clock} --> {clock}\n.*", blocks[0])
    assert client.post(where, {"contentType": "text/plain"}).status_code == 400


def test_a_page_can_be_asked_for(client: Client) -> None:
    conversation_id = client.started()["conversationId"]
    where = f"{EVERY}/{conversation_id}/experiences"

    page = client.post(where, {"name": "verbose-text-summary"}).json()
    details = client.get(
        f"{EVERY}/experiences/insights/details/{conversation_id}?includeCallScore=true"
    )

    assert page["name"] == "verbose-text-summary"
    assert page["url"].startswith(client.url)
    assert details.json()["url"].startswith(client.url)
    assert client.post(where, {"name": "hologram"}).status_code == 400


def test_metadata_and_members_can_be_set(sandbox: SandboxProcess, client: Client) -> None:
    session = {"users": [{"user": {"userId": "ana", "name": "Ana"}}]}
    conversation_id = client.started(data={"session": session})["conversationId"]
    where = f"{EVERY}/{conversation_id}"
    (member,) = read(client, conversation_id, "/members")["members"]

    metadata = client.request("PUT", where, json={"metadata": {"row": "7"}})
    body = {**member, "name": "Ana Maria", "email": "ana@example.com"}
    renamed = client.request("PUT", f"{where}/members/{member['id']}", json=body)

    assert metadata.json() == {"id": conversation_id, "metadata": {"row": "7"}}
    assert renamed.json()["message"]
    after = read(client, conversation_id)
    assert (after["metadata"], after["members"]) == ({"row": "7"}, [body])
    for path, wrong in (("", {}), ("/members/x", body), (f"/members/{member['id']}", {})):
        assert client.request("PUT", where + path, json=wrong).status_code == 400


def test_speakers_can_be_told_afterwards(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = held(sandbox, client)
    where = f"{EVERY}/{conversation_id}/speakers"
    later = said(sandbox, conversation_id)[5]["timeOffset"] - 0.01

    def event(kind: str, name: str, at: float) -> dict[str, object]:
        offset = {"seconds": int(at), "nanos": round(at % 1 * 1e9)}
        return {"type": kind, "user": {"id": name, "name": name}, "offset": offset}

    events = [
        event("started_speaking", "Ana", 0),
        event("stopped_speaking", "Ana", later),
        event("started_speaking", "Ben", later),
    ]
    told = client.request("PUT", where, json={"speakerEvents": events})

    assert told.json()["message"]
    names = [m["from"]["name"] for m in read(client, conversation_id, "/messages")["messages"]]
    assert names == ["Ana"] * 5 + ["Ben"] * (LENGTH - 5)
    for wrong in ({}, {"speakerEvents": [7]}, {"speakerEvents": [{"type": "joined"}]}):
        assert client.request("PUT", where, json=wrong).status_code == 400


def test_what_is_deleted_is_not_found_again(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = client.started()["conversationId"]
    where = f"{EVERY}/{conversation_id}"

    assert client.request("DELETE", where).json()["message"]

    assert client.get(where).status_code == 404
    assert client.request("DELETE", where).status_code == 404
    assert client.get(EVERY).json() == {"conversations": []}
    assert sandbox.conversation(conversation_id)["isDeleted"]


# What goes wrong


def test_a_conversation_can_be_late(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(insights_after_seconds=0.5)
    started = client.started()
    where = f"{EVERY}/{started['conversationId']}"

    during = client.get(where).status_code
    client.stop(started["connectionId"])
    after = client.get(f"{where}/messages").status_code

    assert (during, after) == (404, 404)
    wait_until(lambda: client.get(f"{where}/messages").status_code == 200)
    (ended,) = sandbox.events("ended")
    assert time.time() - ended["at"] > 0.5


def test_a_transcript_can_settle_slowly(sandbox: SandboxProcess, client: Client) -> None:
    started = client.started()
    conversation_id = started["conversationId"]
    wait_until(lambda: len(said(sandbox, conversation_id)) == LENGTH)
    sandbox.knobs(transcript_settles_seconds=1.0)
    lengths = [len(read(client, conversation_id, "/messages")["messages"])]
    client.stop(started["connectionId"])

    def is_settled() -> bool:
        lengths.append(len(read(client, conversation_id, "/messages")["messages"]))
        return lengths[-1] == LENGTH

    wait_until(is_settled)

    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert len(set(lengths)) > 3
    assert len(sandbox.conversation(conversation_id)["views"]["messages"]["messages"]) == LENGTH


@pytest.mark.parametrize(
    ("fault", "status"),
    [("500", 500), ("429", 429), ("401", 401), ("404", 404), ("503", 503), ("html", 200)],
)
def test_a_conversation_can_be_answered_badly(
    sandbox: SandboxProcess, client: Client, fault: str, status: int
) -> None:
    conversation_id = client.started()["conversationId"]
    sandbox.knobs(conversation_fault=fault, conversation_fault_count=1, retry_after="1")

    first = client.get(f"{EVERY}/{conversation_id}")

    assert first.status_code == status
    assert ("Retry-After" in first.headers) == (status in (429, 503))
    assert read(client, conversation_id)["id"] == conversation_id


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "hang", "cut_body"])
def test_a_conversation_can_stay_without_an_answer(
    sandbox: SandboxProcess, client: Client, fault: str
) -> None:
    conversation_id = client.started()["conversationId"]
    sandbox.knobs(conversation_fault=fault, conversation_fault_count=1)

    with pytest.raises(requests.RequestException):
        client.get(f"{EVERY}/{conversation_id}/messages", timeout=0.3)

    assert read(client, conversation_id)["id"] == conversation_id


def test_the_answer_about_a_conversation_can_be_slow(
    sandbox: SandboxProcess, client: Client
) -> None:
    conversation_id = client.started()["conversationId"]
    sandbox.knobs(conversation_latency_seconds=20)

    with pytest.raises(requests.ReadTimeout):
        client.get(f"{EVERY}/{conversation_id}", timeout=0.3)


def test_the_journal_tells_what_was_read(sandbox: SandboxProcess, client: Client) -> None:
    conversation_id = client.started()["conversationId"]
    client.get(f"{EVERY}/{conversation_id}/messages?verbose=true")
    client.get(f"{EVERY}/5123456789012345")
    client.get(EVERY)

    told = [
        (event["method"], event["path"], event["conversation_id"], event["status"])
        for event in sandbox.events("conversation")
    ]

    assert told == [
        ("GET", f"{EVERY}/{conversation_id}/messages", conversation_id, 200),
        ("GET", f"{EVERY}/5123456789012345", "5123456789012345", 404),
        ("GET", EVERY, None, 200),
    ]


def test_the_truth_is_there_at_once(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(insights_after_seconds=60)
    conversation_id = held(sandbox, client)

    truth = sandbox.conversation(conversation_id)

    assert truth["conversation"]["id"] == conversation_id
    assert truth["request"]["operation"] == "start"
    assert (truth["isLive"], truth["isDeleted"]) == (False, False)
    assert len(truth["views"]["messages"]["messages"]) == LENGTH
    assert client.get("/sandbox/conversations/x").status_code == 404
