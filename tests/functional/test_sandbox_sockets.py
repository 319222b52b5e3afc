from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.sandbox_process import Client, SandboxProcess, magic
from tests.waiting import wait_until

PATHS = ("/session/subscribe", "/v1/subscribe", "/events")


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, line_every=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[Client]:
    client = Client(sandbox.url)
    with client.session:
        yield client


def heard(socket: ClientConnection) -> list[dict[str, Any]]:
    """All that comes until the socket is closed."""
    return [json.loads(text) for text in socket]


def next_of(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a type."""
    while (message := json.loads(socket.recv(timeout=30)))["type"] != kind:
        pass
    return dict(message)


def texts(messages: list[dict[str, Any]]) -> list[str]:
    """What was said, by the messages."""
    said = [m["messages"] for m in messages if m["type"] == "message_response"]
    return [each["payload"]["content"] for (each,) in said]


def closes(socket: ClientConnection) -> int | None:
    """The code that a socket is closed with."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=30)
    return socket.close_code


# Who may listen


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("name", "form"), [("x-api-key", "{}"), ("Authorization", "Bearer {}")])
def test_a_socket_takes_the_token_as_a_header(
    client: Client, path: str, name: str, form: str
) -> None:
    header = {name: form.format(client.token()["accessToken"])}

    with client.subscribe(client.started_id(), path, additional_headers=header) as socket:
        assert next_of(socket, "transcript_response")


@pytest.mark.parametrize("path", PATHS)
def test_a_socket_takes_the_token_in_its_address(client: Client, path: str) -> None:
    where = f"{client.started_id()}?source=js_sdk&access_token={client.token()['accessToken']}"

    with client.subscribe(where, path, additional_headers={}) as socket:
        assert next_of(socket, "transcript_response")


@pytest.mark.parametrize("path", PATHS)
def test_a_socket_takes_the_token_as_a_sub_protocol_and_echoes_it(
    client: Client, path: str
) -> None:
    token = client.token()["accessToken"]
    options: Any = {"additional_headers": {}, "subprotocols": ["chat", token]}

    with client.subscribe(client.started_id(), path, **options) as socket:
        assert socket.subprotocol == token


@pytest.mark.parametrize("path", PATHS)
def test_a_socket_is_refused_without_a_good_token(client: Client, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        client.subscribe(client.started_id(), path, additional_headers={"x-api-key": "x"})

    assert refused.value.response.status_code == 401
    assert "message" in json.loads(refused.value.response.body or b"")


@pytest.mark.parametrize("path", [*PATHS, "/nowhere"])
def test_a_socket_is_refused_to_what_never_was_or_is_over(client: Client, path: str) -> None:
    connection_id = client.started_id()
    client.stop(connection_id)

    for unknown in (connection_id, "13d9787d-2366-4451-89cb-a9cf9d25e269"):
        with pytest.raises(InvalidStatus) as refused:
            client.subscribe(unknown, path)
        assert refused.value.response.status_code == 404


# What is heard


def test_a_socket_hears_what_is_said_and_that_it_is_over(
    sandbox: SandboxProcess, client: Client
) -> None:
    started = client.started(magic("10"))

    with client.subscribe(started["connectionId"]) as socket:
        messages = heard(socket)

    first, second = messages[:2]
    assert (first["type"], first["isFinal"]) == ("transcript_response", False)
    assert (second["type"], second["isFinal"]) == ("transcript_response", True)
    assert second["payload"]["content"].startswith(first["payload"]["content"])
    truth = sandbox.conversation(started["conversationId"])["views"]
    assert texts(messages) == [m["text"] for m in truth["messages"]["messages"]]
    insights = [i for m in messages if m["type"] == "insight_response" for i in m["insights"]]
    assert [i["id"] for i in insights] == [i["id"] for i in truth["insights"]["insights"]]
    topics = [t for m in messages if m["type"] == "topic_response" for t in m["topics"]]
    assert {t["phrases"] for t in topics} == {t["text"] for t in truth["topics"]["topics"]}
    over = {"type": "conversation_completed", "conversationId": started["conversationId"]}
    assert messages[-1] == {"type": "message", "message": over}
    assert socket.close_code == 1000


def test_whoever_comes_late_hears_only_the_rest(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(line_every_seconds=0.3)
    connection_id = client.started_id()
    with client.subscribe(connection_id) as early:
        first = next_of(early, "message_response")
        with client.subscribe(connection_id) as late, client.subscribe(connection_id) as other:
            second = next_of(other, "message_response")
            client.stop(connection_id)

            all_of_it, rest = [first, *heard(early)], heard(late)
            same = [second, *heard(other)]

    assert texts([first])[0] not in texts(rest)
    assert texts(rest) == texts(all_of_it)[-len(texts(rest)) :]
    assert texts(same) == texts(rest)


def test_a_socket_answers_pings_and_bears_what_is_no_json(client: Client) -> None:
    with client.subscribe(client.started_id(magic("43"))) as socket:
        socket.send("{'type': 'stop_request'}")
        socket.send(b"\x00")
        socket.send("__PING__")

        assert socket.recv(timeout=30) == "__PONG__"


@pytest.mark.parametrize(
    ("ending", "intent", "sub_intent"),
    [
        ("40", "answering_machine", "answered_by_machine"),
        ("41", "answering_machine", "answered_by_human"),
        ("42", "do_not_call", None),
        ("00", "interested", None),
    ],
)
def test_an_intent_is_told_to_whoever_asked_for_it(
    sandbox: SandboxProcess, client: Client, ending: str, intent: str, sub_intent: str | None
) -> None:
    asking = client.started(magic(ending), intents=[{"intent": intent}])
    silent = client.started(magic(ending), intents=[{"intent": "not_interested"}])

    with client.subscribe(asking["connectionId"]) as socket:
        found = next_of(socket, "intent_response")["intent"]

    assert (found["intent"], found.get("subIntent")) == (intent, sub_intent)
    known = sandbox.conversation(asking["conversationId"])["views"]["intents"]["intents"]
    assert [item["intent"] for item in known] == [intent]
    assert not sandbox.conversation(silent["conversationId"])["views"]["intents"]["intents"]


def test_a_call_can_live_without_a_word(sandbox: SandboxProcess, client: Client) -> None:
    started = client.started(magic("43"))

    with client.subscribe(started["connectionId"]) as socket:
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)
        client.stop(started["connectionId"])
        assert [m["type"] for m in heard(socket)] == ["message"]


def test_too_long_a_silence_ends_a_call(sandbox: SandboxProcess, client: Client) -> None:
    endpoint = {"type": "pstn", "phoneNumber": "12025550143", "idleTimeout": 0.4}
    connection_id = client.started(endpoint=endpoint)["connectionId"]

    wait_until(lambda: sandbox.live()["live"] == 0)

    (ended,) = sandbox.events("ended")
    assert (ended["connection_id"], ended["by"]) == (connection_id, "idle")
    assert ended["length_seconds"] > 10 * 0.05 + 0.4


# How it ends


def test_a_stop_closes_every_socket(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id()
    with ExitStack() as open_sockets:
        listening = [open_sockets.enter_context(client.subscribe(connection_id, p)) for p in PATHS]
        assert sandbox.sockets() == {"open": 3, "connections": {connection_id: 3}}

        client.stop(connection_id)

        for socket in listening:
            assert heard(socket)[-1]["message"]["type"] == "conversation_completed"
            assert socket.close_code == 1000
    assert sandbox.sockets() == {"open": 0, "connections": {}}


@pytest.mark.parametrize("by", ["knob", "number"])
def test_a_hang_up_can_close_a_socket_without_a_word(
    sandbox: SandboxProcess, client: Client, by: str
) -> None:
    number = magic("47")
    if by == "knob":
        sandbox.knobs(hangup_signal="close")
        number = magic("10")

    with client.subscribe(client.started_id(number)) as socket:
        messages = heard(socket)

    assert messages
    assert not [m for m in messages if m["type"] == "message"]
    assert socket.close_code == 1000
    assert [event["by"] for event in sandbox.events("ended")] == ["hangup"]


@pytest.mark.parametrize("by", ["knob", "number"])
def test_a_hang_up_can_leave_a_socket_open_until_a_stop(
    sandbox: SandboxProcess, client: Client, by: str
) -> None:
    number = magic("48")
    if by == "knob":
        sandbox.knobs(hangup_signal="silent")
        number = magic("10")
    connection_id = client.started_id(number)

    with client.subscribe(connection_id) as socket:
        wait_until(lambda: sandbox.live()["live"] == 0)
        assert sandbox.sockets()["connections"] == {connection_id: 1}
        assert client.stop(connection_id).status_code == 200
        messages = heard(socket)

    assert [m["type"] for m in messages].count("message") == 1
    assert socket.close_code == 1000


def test_a_reset_closes_every_socket(sandbox: SandboxProcess, client: Client) -> None:
    with client.subscribe(client.started_id()) as socket:
        sandbox.reset()

        assert closes(socket) == 1001
    assert sandbox.sockets()["open"] == 0


# What goes wrong


@pytest.mark.parametrize("by", ["knob", "number"])
def test_sockets_can_be_refused(sandbox: SandboxProcess, client: Client, by: str) -> None:
    number = magic("45")
    if by == "knob":
        sandbox.knobs(sockets="refused")
        number = magic("00")

    with pytest.raises(InvalidStatus) as refused:
        client.subscribe(client.started_id(number))

    assert refused.value.response.status_code == 503


def test_sockets_can_be_closed_at_once(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(sockets="closed")

    with client.subscribe(client.started_id()) as socket:
        assert closes(socket) == 1001

    assert [e["event"] for e in sandbox.events("subscribed", "unsubscribed")] == [
        "subscribed",
        "unsubscribed",
    ]


def test_only_the_first_socket_of_46_is_closed(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id(magic("46"))
    with client.subscribe(connection_id) as first, client.subscribe(connection_id) as second:
        assert closes(first) == 1001

        assert sandbox.sockets()["connections"] == {connection_id: 1}
        assert sandbox.live()["live"] == 1
        client.stop(connection_id)
        assert heard(second)[-1]["type"] == "message"


def test_the_sockets_of_one_call_can_be_dropped(sandbox: SandboxProcess, client: Client) -> None:
    one, other = client.started_id(), client.started_id()
    with client.subscribe(one) as dropped, client.subscribe(other) as left:
        assert sandbox.drop_sockets(connection_id=one) == 1

        assert closes(dropped) == 1001
        assert sandbox.sockets() == {"open": 1, "connections": {other: 1}}
        client.stop(other)
        assert heard(left)
    assert [c["connection_id"] for c in sandbox.live()["connections"]] == [one]


def test_every_socket_can_be_cut_while_calls_live_on(
    sandbox: SandboxProcess, client: Client
) -> None:
    ids = [client.started_id() for _ in range(2)]
    with client.subscribe(ids[0]) as first, client.subscribe(ids[1], "/events") as second:
        assert sandbox.drop_sockets(how="reset") == 2

        for socket in (first, second):
            with pytest.raises(ConnectionClosedError):
                heard(socket)
            assert socket.close_code == 1006
    assert sandbox.live()["live"] == 2
    assert sandbox.drop_sockets() == 0
    with client.subscribe(ids[0]) as again:
        client.stop(ids[0])
        assert heard(again)


def test_sockets_are_dropped_in_no_other_way(client: Client) -> None:
    assert client.post("/sandbox/sockets/drop", {"how": "gently"}).status_code == 400


def test_the_journal_tells_who_listened(sandbox: SandboxProcess, client: Client) -> None:
    started = client.started()
    with client.subscribe(started["connectionId"], "/v1/subscribe"):
        pass

    wait_until(lambda: sandbox.events("unsubscribed"))

    for event in sandbox.events("subscribed", "unsubscribed"):
        assert event["connection_id"] == started["connectionId"]
        assert event["conversation_id"] == started["conversationId"]
        assert event["path"] == "/v1/subscribe"


# Who speaks


ANA = {"userId": "ana@example.com", "name": "Ana"}


def speaker_event(kind: str, user: dict[str, str] = ANA) -> dict[str, object]:
    return {"topic": "speaker", "type": kind, "user": user}


def speakers(sandbox: SandboxProcess, conversation_id: str) -> list[str | None]:
    view = sandbox.conversation(conversation_id)["views"]["messages"]
    return [message["from"].get("name") for message in view["messages"]]


@pytest.mark.parametrize("by", ["request", "socket"])
def test_a_line_is_of_whoever_is_said_to_speak(
    sandbox: SandboxProcess, client: Client, by: str
) -> None:
    sandbox.knobs(line_every_seconds=0.3)
    started = client.started()
    connection_id, conversation_id = started["connectionId"], started["conversationId"]
    with client.subscribe(connection_id, "/events") as socket:

        def push(kind: str) -> None:
            event = speaker_event(kind)
            if by == "socket":
                socket.send(json.dumps(event))
                wait_until(lambda: sandbox.events("speaker")[-1:][0]["body"] == event)
                return
            answer = client.post(f"/v1/event/{connection_id}", event)
            assert (answer.status_code, answer.content) == (200, b"")

        next_of(socket, "message_response")
        push("started_speaking")
        of_ana = next_of(socket, "message_response")["messages"][0]["from"]
        while of_ana == {}:  # a line that was under way before
            of_ana = next_of(socket, "message_response")["messages"][0]["from"]
        push("stopped_speaking")
        client.stop(connection_id)

    assert {"name": of_ana["name"], "userId": of_ana["userId"]} == ANA
    names = speakers(sandbox, conversation_id)
    assert names[0] is None
    assert "Ana" in names
    assert [event["body"]["type"] for event in sandbox.events("speaker")] == [
        "started_speaking",
        "stopped_speaking",
    ]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "shouting", "user": ANA},
        {"type": "joined"},
        {"type": "joined", "user": {"name": "Ana"}},
        {"topic": "weather", "type": "joined", "user": ANA},
    ],
)
def test_a_wrong_speaker_event_is_refused(
    sandbox: SandboxProcess, client: Client, event: object
) -> None:
    assert client.post(f"/v1/event/{client.started_id()}", event).status_code == 400
    assert sandbox.events("speaker") == []


def test_a_speaker_event_needs_a_live_call_and_a_token(client: Client) -> None:
    connection_id = client.started_id()
    path = f"/v1/event/{connection_id}"

    without_token = client.post(path, speaker_event("joined"), headers={"Authorization": "x"})
    client.stop(connection_id)

    assert without_token.status_code == 401
    assert client.post(path, speaker_event("joined")).status_code == 404
    assert client.post("/v1/event/x", speaker_event("joined")).status_code == 404


# The process


def test_it_leaves_at_once_whoever_still_listens(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with SandboxProcess(limit=5, journal=tmp_path / "journal.jsonl") as sandbox:
        client = Client(sandbox.url)
        with client.session:
            connection_id = client.started_id()
            with client.subscribe(connection_id) as one, client.subscribe(connection_id) as other:
                assert sandbox.stop() == -signal.SIGTERM

                for socket in (one, other):
                    closes(socket)
    assert capfd.readouterr().err == ""


@pytest.mark.timeout(60)
def test_it_carries_1100_calls_with_a_socket_each() -> None:
    sockets = 1100  # more than a process may open that does not ask for it
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < sockets + 200:
        pytest.skip(f"a process may open {most} files here, which is too few")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with SandboxProcess(limit=sockets) as sandbox:
        client = Client(sandbox.url)
        with client.session:
            ids = [client.started_id() for _ in range(sockets)]
            asyncio.run(_listen_to_all(client, sandbox, ids))


async def _listen_to_all(client: Client, sandbox: SandboxProcess, ids: list[str]) -> None:
    token = client.token()["accessToken"]
    url = f"ws{client.url.removeprefix('http')}/session/subscribe/"
    slots = asyncio.Semaphore(50)

    async def listen(connection_id: str) -> websockets.ClientConnection:
        async with slots:
            return await websockets.connect(
                url + connection_id,
                additional_headers={"x-api-key": token},
                proxy=None,
                open_timeout=60,
                ping_interval=None,
                max_queue=None,  # a full queue would keep the close from being read
            )

    listening = await asyncio.gather(*map(listen, ids))
    assert sandbox.sockets()["open"] == len(ids)
    assert sandbox.live()["live"] == len(ids)
    assert sandbox.drop_sockets() == len(ids)
    await asyncio.gather(*(socket.wait_closed() for socket in listening))
    assert {socket.close_code for socket in listening} == {1001}
