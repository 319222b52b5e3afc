from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from scheduler.sandbox.symbl import Knobs
from scheduler.sandbox.symbl import magic as magic_numbers
from scheduler.sandbox.symbl.magic import Magic
from tests.functional.campaign import Site
from tests.sandbox_process import (
    ANYBODY,
    CONNECT,
    TOKEN,
    Client,
    SandboxProcess,
    magic,
    start_body,
)
from tests.waiting import wait_until


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[Client]:
    client = Client(sandbox.url)
    with client.session:
        yield client


def names(sandbox: SandboxProcess) -> list[str]:
    return [event["event"] for event in of_calls(sandbox)]


def of_calls(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return [event for event in sandbox.journal() if event["event"] != "token"]


# Tokens


def test_a_token_looks_like_a_jwt_and_is_the_same_until_it_is_nearly_over(client: Client) -> None:
    first, second = client.token(), client.token()

    assert first["accessToken"] == second["accessToken"]
    assert 86390 < second["expiresIn"] <= first["expiresIn"] <= 86400
    payload = first["accessToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] == pytest.approx(time.time() + first["expiresIn"], abs=5)


def test_a_token_that_has_expired_is_refused_and_a_new_one_is_issued(
    sandbox: SandboxProcess, client: Client
) -> None:
    sandbox.knobs(token_lifetime_seconds=1)
    old = client.token("other")["accessToken"]
    client.session.headers["Authorization"] = f"Bearer {old}"

    wait_until(lambda: client.start().status_code == 401)

    assert client.token("other")["accessToken"] != old


def test_wrong_credentials_are_refused(sandbox: SandboxProcess, client: Client) -> None:
    right = {"type": "application", "appId": "app", "appSecret": "secret"}
    sandbox.knobs(app_id="app", app_secret="secret")

    assert client.post(TOKEN, right).status_code == 200
    assert client.post(TOKEN, {**right, "appSecret": "x"}).status_code == 401
    assert client.post(TOKEN, {**right, "appId": ""}).json()["message"]
    assert client.post(TOKEN, {**right, "type": "password"}).status_code == 401
    assert client.post(TOKEN, {**right, "type": "implicit"}).status_code == 400


def test_the_journal_tells_which_requests_for_a_token_renewed_it(
    sandbox: SandboxProcess, client: Client
) -> None:
    client.token()
    sandbox.expire_tokens()
    client.token()

    assert [event["renewed"] for event in sandbox.events("token")] == [True, False, True]


def test_a_token_is_issued_for_a_user_name_as_well(client: Client) -> None:
    body = {"type": "password", "username": "ana@example.com", "password": "secret"}

    assert client.post(TOKEN, body).json()["accessToken"]


def test_tokens_can_expire_at_once(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id()

    sandbox.expire_tokens()

    assert client.start().status_code == client.stop(connection_id).status_code == 401
    client.session.headers["Authorization"] = client.token()["accessToken"]
    assert client.start().status_code == 200


def test_a_token_can_be_refreshed_and_revoked(client: Client) -> None:
    old = client.token()["accessToken"]
    credentials = {"appId": "app", "appSecret": "secret"}

    new = client.post("/oauth2/token:refresh", {**credentials, "refreshToken": "any"}).json()
    revoked = client.request("DELETE", "/oauth2/token:revoke", json=credentials)

    assert new["accessToken"] != old
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert client.start().status_code == 401
    assert client.post("/oauth2/token:refresh", credentials).status_code == 401
    client.session.headers["Authorization"] = new["accessToken"]
    assert client.start().status_code == 200


@pytest.mark.parametrize("fault", ["401", "500"])
def test_the_token_endpoint_can_be_at_fault(
    sandbox: SandboxProcess, client: Client, fault: str
) -> None:
    sandbox.knobs(token_fault=fault)

    body = {"type": "application", "appId": "app", "appSecret": "secret"}

    assert client.post(TOKEN, body).status_code == int(fault)


@pytest.mark.parametrize(
    ("name", "form"), [("Authorization", "Bearer {}"), ("Authorization", "{}"), ("X-API-KEY", "{}")]
)
def test_a_token_is_taken_in_each_of_its_forms(client: Client, name: str, form: str) -> None:
    token = client.token()["accessToken"]
    client.session.headers.pop("Authorization")

    assert client.start(headers={name: form.format(token)}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}, {"x-api-key": "é"}])
def test_without_a_good_token_nothing_is_done(
    sandbox: SandboxProcess, client: Client, headers: dict[str, str]
) -> None:
    connection_id = client.started_id()
    client.session.headers.pop("Authorization")

    started, stopped = client.start(headers=headers), client.stop(connection_id, headers=headers)

    assert (started.status_code, stopped.status_code) == (401, 401)
    assert "Token validation failed" in started.json()["message"]
    assert sandbox.live()["live"] == 1


# Starts and stops


def test_a_start_is_answered_with_all_that_the_api_tells(
    sandbox: SandboxProcess, client: Client
) -> None:
    response = client.start()

    said = response.json()
    assert response.status_code == 200
    assert str(uuid.UUID(said["connectionId"])) == said["connectionId"]
    assert re.fullmatch(r"\d{16}", said["conversationId"])
    assert said["eventUrl"] == f"{sandbox.url}/v1/event/{said['connectionId']}"
    assert said["resultWebSocketUrl"].startswith("ws://127.0.0.1:")


def test_a_start_can_be_answered_201(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(start_status=201)

    assert client.start().status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        start_body(actions={}, data={}, languages=["en-US"]),
        start_body("12025550143", actions=[], languages=[{"code": "en-US"}], novelty=1),
        start_body(endpoint={"type": "PSTN", "phoneNumber": "1", "dtmf": ",,987#*"}),
        start_body(endpoint={"type": "sip", "uri": "sip:room7@sip.example.com"}),
        start_body(
            endpoint={"type": "pstn", "phoneNumber": "1", "idleTimeout": -1},
            intents=[{"intent": "answering_machine", "silenceTimeout": 30}],
            actions=[{"invokeOn": "stop", "name": "sendSummaryEmail"}],
            insightTypes=["question"],
            pushSpeakerEvents=True,
        ),
    ],
)
def test_whatever_the_api_tolerates_is_accepted(client: Client, body: object) -> None:
    assert client.post(CONNECT, body).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operation": "pause"},
        {"operation": "start"},
        {"operation": "start", "endpoint": []},
        start_body(12025550143),
        start_body("+1 202 555 0143"),
        start_body(""),
        start_body(endpoint={"type": "pstn", "phoneNumber": "1", "dtmf": "12w"}),
        start_body(endpoint={"type": "sip"}),
        start_body(endpoint={"type": "fax", "phoneNumber": "1"}),
        ["start"],
        start_body(languages="en-US"),
        start_body(languages=[7]),
        start_body(intents=[{"intent": "hungry"}]),
        start_body(intents=[{"intent": "interested", "silenceTimeout": "long"}]),
        start_body(actions=[{"invokeOn": "stop", "name": "sendFax"}]),
        start_body(actions=[{"invokeOn": "later", "name": "sendSummaryEmail"}]),
        start_body(data={"session": {"users": [{"name": "Ana"}]}}),
        start_body(endpoint={"type": "pstn", "phoneNumber": "1", "idleTimeout": "never"}),
    ],
)
def test_a_wrong_body_is_refused(sandbox: SandboxProcess, client: Client, body: object) -> None:
    response = client.post(CONNECT, body)

    assert response.status_code == 400
    assert response.json()["message"]
    assert sandbox.live()["live"] == 0


def test_a_body_that_is_no_json_is_refused(sandbox: SandboxProcess, client: Client) -> None:
    response = client.session.post(sandbox.url + CONNECT, data=b"\xff{", timeout=20)

    assert response.status_code == 400


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/x", 404), ("GET", TOKEN, 405)])
def test_other_requests_are_refused_in_json(
    client: Client, method: str, path: str, status: int
) -> None:
    response = client.session.request(method, client.url + path, timeout=20)

    assert response.status_code == status
    assert response.json()["message"]


def test_a_stop_ends_the_connection_and_may_be_repeated(
    sandbox: SandboxProcess, client: Client
) -> None:
    started = client.start().json()

    first, second = client.stop(started["connectionId"]), client.stop(started["connectionId"])

    assert first.json() == {**started, "summaryInfo": []} == second.json()
    assert sandbox.live()["live"] == 0
    assert names(sandbox)[-3:] == ["stop", "ended", "stop"]


def test_a_stop_tells_where_each_user_finds_the_summary(client: Client) -> None:
    ana, ben = ({"userId": f"{name}@example.com", "name": name} for name in ("ana", "ben"))
    mail = {"emails": ["ana@example.com", "ben@example.com"]}
    action = {"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": mail}
    session = {"session": {"users": [{"user": ana}, {"user": ben}]}}

    of_users = client.stop(client.started(data=session)["connectionId"]).json()["summaryInfo"]
    by_mail = client.stop(client.started(actions=[action])["connectionId"]).json()["summaryInfo"]

    assert [info["user"] for info in of_users] == [ana, ben]
    assert all(info["url"].startswith(client.url) for info in of_users)
    assert [info["user"]["userId"] for info in by_mail] == ["ana@example.com"]


def test_a_stop_of_what_has_ended_can_be_answered_404(
    sandbox: SandboxProcess, client: Client
) -> None:
    sandbox.knobs(stop_ended=404)
    connection_id = client.started_id()

    assert client.stop(connection_id).status_code == 200
    assert client.stop(connection_id).status_code == 404


@pytest.mark.parametrize("connection_id", ["13d9787d-2366-4451-89cb-a9cf9d25e269", None, 7, []])
def test_a_stop_of_what_never_was_is_answered_404(client: Client, connection_id: object) -> None:
    response = client.stop(connection_id)

    assert response.status_code == 404
    assert response.json()["message"]


# The limit


def test_a_start_over_the_limit_is_refused_until_a_slot_is_free(
    sandbox: SandboxProcess, client: Client
) -> None:
    sandbox.knobs(limit=2)
    first, _ = client.started_id(), client.started_id()

    refused = client.start()
    client.stop(first)

    assert refused.status_code == 429
    assert set(refused.json()) == {"message"}
    assert "Retry-After" not in refused.headers
    assert client.start().status_code == 200


def test_a_429_has_the_shape_that_the_knobs_ask_for(
    sandbox: SandboxProcess, client: Client
) -> None:
    sandbox.knobs(limit=0, retry_after=7, limit_body="status_code")

    refused = client.start()

    assert refused.json()["statusCode"] == 429
    assert refused.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("shape", "kind", "text"),
    [
        ("message", "application/json", '{"message":'),
        ("status_code", "application/json", '{"statusCode":503,"message":'),
        ("code", "application/json", '{"code":"ERROR_503","message":'),
        ("empty", "", ""),
        ("text", "text/plain; charset=utf-8", "The service"),
        ("html", "text/html; charset=utf-8", "<!doctype html>"),
    ],
)
def test_an_error_has_the_shape_that_the_knobs_ask_for(
    sandbox: SandboxProcess, client: Client, shape: str, kind: str, text: str
) -> None:
    sandbox.knobs(error_body=shape, start_fault="503")

    failed, unknown = client.start(), client.get("/x")

    assert failed.headers.get("Content-Type", "") == unknown.headers.get("Content-Type", "") == kind
    assert failed.text.startswith(text)
    assert bool(failed.content) == (shape != "empty")
    assert client.post("/sandbox/knobs", {"limit": -1}).json()["message"]


def test_starts_at_once_never_exceed_the_limit(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(limit=7, latency_seconds=0.1)

    with ThreadPoolExecutor(10) as pool:
        statuses = [r.status_code for r in pool.map(lambda _: client.start(), range(10))]

    assert sorted(statuses) == [200] * 7 + [429] * 3
    assert sandbox.live()["peak"] == 7


# Time


def test_a_start_takes_effect_before_its_answer(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(latency_seconds=20)

    with pytest.raises(requests.ReadTimeout):
        client.start(timeout=0.3)

    assert names(sandbox) == ["start", "accepted"]
    assert sandbox.live()["live"] == 1


def test_the_answer_to_a_stop_can_be_late(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id()
    sandbox.knobs(stop_latency_seconds=20)

    with pytest.raises(requests.ReadTimeout):
        client.stop(connection_id, timeout=0.3)

    assert sandbox.live()["live"] == 0


def test_the_far_end_hangs_up_by_itself(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(hangup_after_seconds=[0.1, 0.2])
    connection_id = client.started_id()

    wait_until(lambda: sandbox.live()["live"] == 0)

    (ended,) = sandbox.events("ended")
    assert (ended["connection_id"], ended["by"]) == (connection_id, "hangup")
    assert ended["length_seconds"] > 0.09
    assert client.stop(connection_id).status_code == 200


def test_only_a_share_of_the_far_ends_hangs_up_and_the_seed_says_which(
    sandbox: SandboxProcess, client: Client
) -> None:
    def who_hangs_up() -> list[int]:
        sandbox.reset()
        sandbox.knobs(hangup_after_seconds=[0, 0], hangup_share=0.5, seed=3)
        ids = [client.started_id() for _ in range(20)]
        gone = {event["connection_id"] for event in sandbox.events("ended")}
        return [place for place, connection_id in enumerate(ids) if connection_id in gone]

    first = who_hangs_up()

    assert 0 < len(first) < 20
    assert who_hangs_up() == first


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "placed"),
    [
        ("500", 500, 1),
        ("500_not_placed", 500, 0),
        ("html", 200, 0),
        ("redirect", 302, 0),
        *[(str(s), s, 0) for s in (400, 401, 402, 403, 404, 405, 410, 429, 502, 503, 504)],
    ],
)
def test_a_start_can_be_answered_badly(
    sandbox: SandboxProcess, client: Client, fault: str, status: int, placed: int
) -> None:
    sandbox.knobs(start_fault=fault, start_fault_count=1)

    assert client.start().status_code == status

    assert sandbox.live()["live"] == placed
    assert [e["status"] for e in sandbox.events("answered")] == [status]
    assert client.start().json()["connectionId"]


@pytest.mark.parametrize(
    ("fault", "what_is_seen", "placed"),
    [
        ("reset_after", requests.ConnectionError, 1),
        ("reset_before", requests.ConnectionError, 0),
        ("cut_body", requests.exceptions.ChunkedEncodingError, 1),
        ("hang", requests.ReadTimeout, 1),
    ],
)
def test_a_start_can_stay_without_an_answer(
    sandbox: SandboxProcess,
    client: Client,
    fault: str,
    what_is_seen: type[Exception],
    placed: int,
) -> None:
    sandbox.knobs(start_fault=fault, start_fault_count=2)

    for _ in range(2):
        with pytest.raises(what_is_seen):
            client.start(timeout=0.5)

    assert names(sandbox) == ["start", "accepted" if placed else "refused"] * 2
    assert sandbox.live()["live"] == 2 * placed
    assert client.start().status_code == 200


def test_a_reset_is_a_reset(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(start_fault="reset_after")

    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        client.start()


def test_a_client_may_go_before_its_connection_is_reset(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with SandboxProcess(latency=0.3) as sandbox:
        impatient, patient = Client(sandbox.url), Client(sandbox.url)
        sandbox.knobs(start_fault="reset_after")
        with impatient.session, pytest.raises(requests.Timeout):
            impatient.start(timeout=0.1)
        # Whoever asks after it is answered after it.
        with patient.session, pytest.raises(requests.ConnectionError):
            patient.start()

    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("fault", "live"),
    [("500", 0), ("500_not_placed", 1), ("404", 1), ("html", 1), ("redirect", 1), ("401", 1)],
)
def test_a_stop_can_be_answered_badly(
    sandbox: SandboxProcess, client: Client, fault: str, live: int
) -> None:
    connection_id = client.started_id()
    sandbox.knobs(stop_fault=fault, stop_fault_count=1)

    assert "connectionId" not in client.stop(connection_id).text

    assert sandbox.live()["live"] == live
    assert client.stop(connection_id).status_code == 200


@pytest.mark.parametrize(
    ("fault", "live"), [("reset_after", 0), ("reset_before", 1), ("cut_body", 0), ("hang", 0)]
)
def test_a_stop_can_stay_without_an_answer(
    sandbox: SandboxProcess, client: Client, fault: str, live: int
) -> None:
    connection_id = client.started_id()
    sandbox.knobs(stop_fault=fault, stop_fault_count=1)

    with pytest.raises(requests.RequestException):
        client.stop(connection_id, timeout=0.5)

    assert sandbox.live()["live"] == live
    assert sandbox.events("stop")[0]["status"] is None
    assert client.stop(connection_id).status_code == 200


# Magic numbers


@pytest.mark.parametrize(
    ("ending", "status", "live"),
    [
        ("00", 200, 1),
        ("03", 403, 0),
        ("04", 400, 0),
        ("50", 500, 1),
        ("51", 500, 0),
        ("77", 200, 1),
    ],
)
def test_a_magic_number_scripts_its_answer(
    sandbox: SandboxProcess, client: Client, ending: str, status: int, live: int
) -> None:
    assert client.start(magic(ending)).status_code == status
    assert sandbox.live()["live"] == live


def test_29_is_refused_twice(client: Client) -> None:
    statuses = [client.start(magic("29")).status_code for _ in range(4)]

    assert statuses == [429, 429, 200, 200]


def test_20_is_cut_after_placing_and_99_is_never_answered(
    sandbox: SandboxProcess, client: Client
) -> None:
    with pytest.raises(requests.ConnectionError):
        client.start(magic("20"))
    with pytest.raises(requests.ReadTimeout):
        client.start(magic("99"), timeout=0.3)

    assert [c["phone_number"] for c in sandbox.live()["connections"]] == [magic("20"), magic("99")]


def test_10_hangs_up_after_a_second(sandbox: SandboxProcess, client: Client) -> None:
    client.start(magic("10"))

    wait_until(lambda: sandbox.live()["live"] == 0)

    assert sandbox.events("ended")[0]["length_seconds"] == pytest.approx(1.0, abs=0.5)


def test_the_first_two_stops_of_60_do_nothing(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id(magic("60"))

    seen = [(client.stop(connection_id).status_code, sandbox.live()["live"]) for _ in range(3)]

    assert seen == [(500, 1), (500, 1), (200, 0)]


def test_stops_do_not_find_61_while_it_is_young(sandbox: SandboxProcess, client: Client) -> None:
    connection_id = client.started_id(magic("61"))

    assert client.stop(connection_id).status_code == client.stop(connection_id).status_code == 404
    assert sandbox.live()["live"] == 1
    assert Magic().outcome(magic("61")).stop_fault(3, age_seconds=10.1) is None


def test_the_first_stop_of_62_is_done_and_its_answer_lost(
    sandbox: SandboxProcess, client: Client
) -> None:
    connection_id = client.started_id(magic("62"))

    with pytest.raises(requests.ConnectionError):
        client.stop(connection_id)

    assert sandbox.live()["live"] == 0
    assert client.stop(connection_id).status_code == 200


@pytest.mark.parametrize("number", ["+12025550104", "+12025550199", "18675550204"])
def test_no_other_number_is_magic(client: Client, number: str) -> None:
    assert client.start(number).status_code == 200


# The journal and the knobs


def test_the_journal_tells_the_life_of_a_call(sandbox: SandboxProcess, client: Client) -> None:
    started = client.start().json()
    client.stop(started["connectionId"])

    start, accepted, answered, stop, ended = of_calls(sandbox)
    party = {"phone_number": ANYBODY, "dtmf": None, "uri": None, "session_name": "batch/row-7"}
    ids = {
        "connection_id": started["connectionId"],
        "conversation_id": started["conversationId"],
    }
    nobody = {"connection_id": None, "conversation_id": None}
    for event in (start, accepted, answered, stop, ended):
        assert abs(event.pop("at") - time.time()) < 10
    load = {"live": 1, "limit": 50}
    free = {"live": 0, "limit": 50}
    asked = {"status": None, "request": start_body()}
    assert start == {"event": "start", **asked, **party, **nobody, **free}
    assert accepted == {"event": "accepted", **asked, **party, **ids, **load}
    assert answered == {"event": "answered", "status": 200, **party, **ids, **load}
    assert stop == {"event": "stop", "status": 200, **ids}
    assert ended.pop("length_seconds") >= 0
    assert ended == {"event": "ended", "by": "stop", **party, **ids, **free}


def test_the_journal_can_be_read_from_an_index_on(sandbox: SandboxProcess, client: Client) -> None:
    client.start()

    since = len(sandbox.journal()) - 2
    assert [event["event"] for event in sandbox.journal(since)] == ["accepted", "answered"]
    assert client.session.get(sandbox.url + "/sandbox/journal?since=x").status_code == 400


def test_the_sandbox_says_what_it_is(sandbox: SandboxProcess, client: Client) -> None:
    said = client.session.get(sandbox.url + "/sandbox", timeout=20).json()

    about = {"name": "callsched sandbox", "version": 1, "provider": "symbl"}
    assert said == {"sandbox": True, **about}


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 3, "no_such_knob": 1},
        {"limit": 3, "hangup_share": 2},
        {"limit": 3, "start_fault": "sulk"},
        {"limit": 3, "hangup_after_seconds": [2, 1]},
    ],
)
def test_a_wrong_knob_turns_none(
    sandbox: SandboxProcess, client: Client, changes: dict[str, object]
) -> None:
    response = client.post("/sandbox/knobs", changes)

    assert response.status_code == 400
    assert response.json()["message"]
    assert sandbox.knobs()["limit"] == 50


def test_a_reset_clears_all(sandbox: SandboxProcess, client: Client) -> None:
    sandbox.knobs(limit=3)
    connection_id = client.started_id()

    sandbox.reset()

    assert sandbox.knobs()["limit"] == 50
    assert sandbox.journal() == []
    assert sandbox.live() == {"live": 0, "limit": 50, "peak": 0, "connections": []}
    assert client.stop(connection_id).status_code == 404


PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md").read_text("utf-8")


def test_every_knob_is_documented() -> None:
    assert [name for name in Knobs.model_fields if f"`{name}`" not in PAGE] == []


def test_every_magic_number_is_documented() -> None:
    section = PAGE.split("## Magic numbers")[1].split("Every other number")[0]
    rows = re.findall(r"^\| ([0-9 ]+) \|", section, re.MULTILINE)
    listed = re.findall(r"^    ([0-9]{2}) ", magic_numbers.__doc__ or "", re.MULTILINE)

    assert " ".join(rows).split() == listed


# The process


def test_the_journal_file_survives_a_kill_and_tokens_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with SandboxProcess(limit=5, journal=path) as sandbox:
        url, client = sandbox.url, Client(sandbox.url)
        with client.session:
            client.start()
            sandbox.kill()

            kept = [json.loads(line)["event"] for line in path.read_text().splitlines()]
            sandbox.start()

            assert kept == ["token", "start", "accepted", "answered"]
            assert sandbox.url == url
            assert client.start().status_code == 200
            assert len(path.read_text().splitlines()) == 7


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_it_leaves_at_once_whoever_still_waits(
    capfd: pytest.CaptureFixture[str], by: signal.Signals, code: int
) -> None:
    with SandboxProcess(latency=600) as sandbox, ThreadPoolExecutor(2) as pool:
        client = Client(sandbox.url)
        with client.session:
            waiting = [pool.submit(client.start, n) for n in (ANYBODY, magic("99"))]
            wait_until(lambda: sandbox.live()["live"] == 2)
            began_at = time.monotonic()

            os.kill(sandbox.pid, by)

            assert sandbox.wait() == code
            assert time.monotonic() - began_at < 60
            assert all(isinstance(w.exception(), requests.ConnectionError) for w in waiting)
    assert capfd.readouterr().err == ""


def test_a_knob_that_does_not_fit_is_a_usage_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="did not start"), SandboxProcess(limit="many"):
        pass

    assert "limit" in capfd.readouterr().err


@pytest.mark.parametrize(("host", "warns"), [("127.0.0.1", False), ("192.0.2.1", True)])
def test_one_that_others_could_reach_says_so(tmp_path: Path, host: str, warns: bool) -> None:
    with Site(tmp_path, "") as site, socket.create_server(("127.0.0.1", 0)) as taken:
        # Neither can be had: the port is taken, and no machine has the other address.
        command = site.call("sandbox", "--host", host, "--port", str(taken.getsockname()[1]))

    assert command.process.returncode == 2
    assert ("asks nobody for a password" in " ".join(command.err.split())) == warns


@pytest.mark.parametrize("path", ["knobs", "reset"])
def test_no_web_page_controls_a_sandbox(sandbox: SandboxProcess, path: str) -> None:
    page = {"Origin": "http://pages.example", "Content-Type": "text/plain"}
    before = sandbox.knobs()

    refused = requests.post(
        f"{sandbox.url}/sandbox/{path}", '{"limit": 1}', headers=page, timeout=30
    )

    assert (refused.status_code, "no web page" in refused.text) == (403, True)
    assert sandbox.knobs() == before
