"""How a campaign comes in over HTTP, as a program and an attacker send it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest

from scheduler.campaign.reading import Reading
from scheduler.errors import LedgerUnreachable
from scheduler.ledger import campaigns, controls, views
from scheduler.models import CallState, CampaignState
from scheduler.operations import launch
from scheduler.rights import Scope, Visitor
from scheduler.web import intake
from scheduler.web.api import bodies
from scheduler.web.site import Looks, Starts
from tests.waiting import wait_until
from tests.web.packing import packed
from tests.web.running import TOKEN, RunningSite

GOOD, OTHER = "+12025550101", "+12025550102"
SCRIPT = [{"say": "Hello {{ name }}"}]
CSV = {"Content-Type": "text/csv"}
LINES = {"Content-Type": "application/x-ndjson"}


def campaign(*contacts: dict[str, Any], **policy: Any) -> dict[str, Any]:
    every = contacts or ({"phone_number": GOOD, "name": "Ada"},)
    return {"name": "reminders", "call": {"script": SCRIPT}, **policy, "contacts": list(every)}


def put(site: RunningSite, body: Any = None, path: str = "one", **options: Any) -> Any:
    if "data" not in options:
        options["json"] = body or campaign()
    return site.ask("PUT", f"/api/v1/campaigns/{path}", **options)


def no_drafts(site: RunningSite) -> bool:
    return not list((Path(site.settings.state_dir) / "incoming").glob("passing-*"))


POLICY = json.dumps({"call": {"script": SCRIPT}})


def test_a_campaign_in_json_is_loaded_and_on_record(site: RunningSite) -> None:
    answer = put(site)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "/api/v1/campaigns/one"
    assert answer.json()["total"] == 1
    assert answer.json()["nobody_dials"].startswith("no worker serves account ")
    view = views.campaign(site.ledger, "one")
    assert (view.name, view.state) == ("reminders", CampaignState.ACTIVE)
    (noted,) = controls.of_campaign(site.ledger, "one")
    assert (noted.what, noted.who) == ("launch", "CALLSCHED_WEB_TOKEN")
    assert no_drafts(site)


def test_the_same_again_changes_nothing_and_another_content_is_refused(site: RunningSite) -> None:
    first, again = put(site), put(site)
    assert again.status_code == 200
    assert again.json() == first.json()
    other = put(site, campaign({"phone_number": OTHER, "name": "Bo"}))
    assert other.status_code == 409
    assert other.json()["code"] == "campaign_exists"
    hashes = {each["code"]: each["message"] for each in other.json()["errors"]}
    assert hashes["standing"] == first.json()["content"] != hashes["sent"]
    assert views.campaign(site.ledger, "one").total == 1
    assert len(controls.of_campaign(site.ledger, "one")) == 1


def test_layout_is_no_content_and_a_parameter_is(site: RunningSite) -> None:
    contacts, policy = '"contacts": [{"phone_number": "+12025550101"}]', '"call": {"script": ['
    one = f'{{{policy}{{"say": "x"}}]}}, {contacts}}}'
    other = f'{{ {contacts},\n\n{policy} {{"say" : "x"}} ] }} }}'
    typed = {"Content-Type": "application/json"}
    assert put(site, data=one, headers=typed).status_code == 201
    assert put(site, data=other, headers=typed).status_code == 200
    assert put(site, data=one, headers=typed, path="one?first=1").status_code == 409


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        (CSV, f"phone_number,name\n{GOOD},Ada\nnobody,Bo\n"),
        (LINES, f'{{"phone_number": "{GOOD}", "name": "Ada"}}\n{{"phone_number": "nobody"}}\n'),
    ],
)
def test_rows_come_with_their_policy_in_the_query(
    site: RunningSite, headers: dict[str, str], data: str
) -> None:
    params = {"name": "rows", "max_duration": "90s", "policy": POLICY}
    answer = put(site, data=data, headers=headers, params=params)
    assert answer.status_code == 201, answer.text
    assert answer.json()["refused"] == 1
    (error,) = answer.json()["errors"]
    assert (error["code"], error["key"]) == ("invalid_number", "phone_number")
    assert error["line"] == (3 if headers is CSV else 2)
    view = views.campaign(site.ledger, "one")
    assert (view.name, view.policy.max_duration_seconds) == ("rows", 90)


def test_rows_are_refused_in_the_words_of_the_command_line(
    site: RunningSite, tmp_path: Path
) -> None:
    data = f"Cell phone;name;dtmf\n{GOOD};Ada;\n12;Bo;\n{OTHER};Co;zz\n{OTHER};Di;1,,2,x\n"
    policy = {"name": "rows", "call": {"script": SCRIPT}}
    (tmp_path / "rows.csv").write_text(data)
    (tmp_path / "rows.yaml").write_text(json.dumps({**policy, "contacts": "rows.csv"}))
    with launch.read(tmp_path / "rows.yaml", site.settings, Reading()) as checked:
        read = [(each.line, each.column, each.code, each.message) for each in checked.problems]
    answer = put(site, data=data, headers=CSV, params={"policy": json.dumps(policy)})
    told = [
        (each["line"], each["column"], each["code"], each["message"])
        for each in answer.json()["errors"]
    ]
    assert len(told) == 3
    assert told == read


def test_an_encoding_is_asked_for_as_a_header_says_it(site: RunningSite) -> None:
    data = f"phone_number;name\n{GOOD};Änne\n".encode("latin-1")
    params = {"policy": POLICY}
    refused = put(site, data=data, headers=CSV, params=params)
    assert refused.status_code == 422
    assert "charset=latin-1 in its Content-Type if" in refused.json()["detail"]
    headers = {"Content-Type": "text/csv; charset=latin-1"}
    answer = put(site, data=data, headers=headers, params=params)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("strict", [False, True])
def test_of_many_rows_refused_for_one_reason_a_hundred_are_told_and_all_are_counted(
    site: RunningSite, strict: bool
) -> None:
    rows = [f"nobody-{at},Bo" for at in range(150)]
    data = "\n".join(["phone_number,name", f"{GOOD},Ada", *rows, ""])
    answer = put(site, data=data, headers=CSV, params={"policy": POLICY, "strict": strict})
    found = answer.json()
    assert answer.status_code == (422 if strict else 201), answer.text
    assert len(found["errors"]) == 100
    kinds = [(each["code"], each["line"], each["last_line"]) for each in found["kinds"]]
    assert kinds == [("invalid_number", 3, 152)]
    assert found["kinds"][0]["count"] == 150
    assert found["kinds"][0]["message"] == found["errors"][0]["message"]


def test_a_load_that_broke_off_dials_nobody_and_the_same_again_completes_it(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise LedgerUnreachable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(campaigns, "seal", die)
        assert put(site).status_code == 503
    view = views.campaign(site.ledger, "one")
    assert view.state is CampaignState.LOADING
    answer = put(site)
    assert answer.status_code == 201
    view = views.campaign(site.ledger, "one")
    assert (view.state, view.calls[CallState.PENDING]) == (CampaignState.ACTIVE, 1)


def test_two_contents_that_race_for_an_id_are_not_mixed(
    site: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put(site).status_code == 201
    monkeypatch.setattr("scheduler.operations.launch._state", lambda *_: None)
    real, seen = campaigns.digest_of, []

    def late(*args: Any) -> str | None:
        seen.append(args)
        return None if len(seen) == 1 else real(*args)

    monkeypatch.setattr(campaigns, "digest_of", late)
    assert put(site, campaign({"phone_number": OTHER, "name": "Bo"})).status_code == 409
    assert views.campaign(site.ledger, "one").total == 1


def test_only_what_was_planned_is_started(site: RunningSite) -> None:
    planned_rows = campaign(
        {"phone_number": GOOD, "name": "Ada"}, *[{"phone_number": "nobody", "name": "Bo"}] * 2
    )
    planned = site.ask("POST", "/api/v1/plans", json=planned_rows)
    assert planned.status_code == 200, planned.text
    plan = planned.json()
    assert plan["rows"] == plan["contacts"] + sum(plan["skipped"].values()) == 3
    assert (plan["refused"], plan["worst_case_minutes"]) == (2, 30)
    assert plan["address"] == "http://127.0.0.1:9"
    assert not plan["is_sandbox"]
    assert [error["line"] for error in plan["errors"]] == [2, 3]
    assert plan["first"][0]["script"]
    assert not views.campaign_ids(site.ledger)
    changed = put(site, campaign({"phone_number": OTHER, "name": "Bo"}), f"one?plan={plan['plan']}")
    assert (changed.status_code, changed.json()["code"]) == (409, "plan_changed")
    assert not views.campaign_ids(site.ledger)
    same = put(site, planned_rows, f"one?plan={plan['plan']}")
    assert same.status_code == 201


@pytest.mark.parametrize(
    ("body", "key", "word"),
    [
        (campaign(schedule={"cron": "* * * * *"}), "schedule", "add a schedule"),
        (campaign(do_not_call="/etc/passwd"), "do_not_call", "do-not-call list"),
        ({"contacts": "/etc/passwd"}, None, "a list of objects"),
        ({"name": "x"}, None, "a list of objects"),
        (campaign(max_duration="5 bananas"), "max_duration", "duration"),
        (campaign(account="nobody"), "account", "not for nobody"),
        (campaign(call={"script": [{"sing": "x"}]}), "sing", "unknown key"),
    ],
)
def test_what_is_wrong_with_a_policy_says_its_key(
    site: RunningSite, body: dict[str, Any], key: str | None, word: str
) -> None:
    answer = put(site, body)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == "campaign"
    assert word in problem["detail"], problem
    assert problem["errors"][0]["key"] == key, problem
    assert "incoming" not in answer.text  # nor any path of ours
    assert not views.campaign_ids(site.ledger)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("[" * 200_000, "expected an object"),
        ('{"contacts": [' + "[" * 200_000, "too deeply"),
        ('{"a":' * 200_000, "too deeply"),
        ('{"call":' + '{"a":' * 900 + "1" + "}" * 900 + ', "contacts": [{}]}', "nest"),
        ('{"name": "\\u0000", "contacts": [{}]}', "name"),
        ('{"name": "a", "name": "b", "contacts": [{}]}', "twice"),
        ('{"call": {"a": 1, "a": 2}, "contacts": [{}]}', "twice"),
        (json.dumps(campaign(call={"script": [{"say": "x"}]}))[:-3] + ', "name": "x"}]}', "twice"),
        ('{"contacts": [{}], "contacts": [{}]}', "twice"),
        ('{"contacts": [{}]} {}', "nothing after"),
        ('{"contacts": [{}', "a comma or ]"),
        ('{"contacts": [{"a": tru', "no JSON"),
        ('{"contacts": [{"a": "' + "x" * 1_100_000 + '"}]}', "at most"),
        ('{"' + "x" * 5_000 + '": 1, "contacts": [{}]}', "at most"),
        ('{"name": "\\ud800", "contacts": [{}]}', "half a character"),
        ('{"contacts": [{"name": NaN}]}', "NaN"),
        ("", "expected an object"),
    ],
)
def test_json_that_means_harm_is_refused_in_words(site: RunningSite, data: str, word: str) -> None:
    answer = put(site, data=data, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert word in answer.json()["detail"]
    assert no_drafts(site)


def test_json_that_comes_in_many_pieces_is_one(site: RunningSite) -> None:
    rows = [{"phone_number": GOOD, "id": f"r{n}", "name": "é" * 900} for n in range(3000)]
    body = campaign(*rows, call={"script": [{"say": "a\u2028b\x85\x7f"[:3]}]})
    answer = put(
        site,
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["total"] == 3000


def test_markup_is_data(site: RunningSite) -> None:
    name = "<script>alert(1)</script>"
    assert put(site, campaign(name=name)).json()["name"] == name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({}, 415),
        ({**CSV, "Content-Encoding": "br"}, 415),
    ],
)
def test_other_types_are_refused(site: RunningSite, headers: dict[str, str], status: int) -> None:
    assert put(site, data=b"x", headers=headers).status_code == status


@pytest.fixture
def small(site: RunningSite) -> Iterator[RunningSite]:
    """A site that takes 100 kB."""
    usual = site.app.state.site
    few = site.settings.model_copy(update={"web_max_body": 100_000})
    site.app.state.site = replace(usual, settings=few)
    yield site
    site.app.state.site = usual


def sent(site: RunningSite, head: str, body: bytes = b"", *, end: bool = False) -> bytes:
    """Send a request by hand; return how the answer begins."""
    there = urlsplit(site.url)
    with socket.create_connection((there.hostname or "", there.port or 0), timeout=30) as wire:
        text = f"PUT /api/v1/campaigns/one HTTP/1.1\r\nHost: {site.host}\r\n{head}"
        wire.sendall(f"{text}Authorization: Bearer {TOKEN}\r\n\r\n".encode() + body)
        if end:
            return b""
        return wire.recv(4096)


def test_a_gigabyte_is_refused_before_it_comes(small: RunningSite) -> None:
    head = f"Content-Type: text/csv\r\nContent-Length: {2**30}\r\n"
    assert b" 413 " in sent(small, head, b"phone_number\n")


def test_a_body_without_a_length_is_refused_once_it_is_too_long(small: RunningSite) -> None:
    head = "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
    chunk = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
    assert b" 413 " in sent(small, head, chunk)
    assert no_drafts(small)


@pytest.mark.parametrize(
    "bomb", [packed(bytes(5_000_000)), packed(b"x" * 99) * 2000], ids=["one", "many"]
)
def test_a_bomb_is_refused_by_what_it_unpacks_to(small: RunningSite, bomb: bytes) -> None:
    headers = {**CSV, "Content-Encoding": "gzip"}
    answer = put(small, data=bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
    assert no_drafts(small)


def test_what_is_packed_says_so(site: RunningSite) -> None:
    data, params = packed(f"phone_number\n{GOOD}\n".encode()), {"policy": POLICY}
    assert put(site, data=data, headers=CSV, params=params).status_code == 415
    headers = {**CSV, "Content-Encoding": "gzip"}
    policy = {"policy": json.dumps({"call": {"script": [{"say": "x"}]}})}
    assert put(site, data=data[:-9], headers=headers, params=policy).status_code == 422
    assert put(site, data=data, headers=headers, params=policy).status_code == 201


def test_a_body_that_ends_early_loads_nothing(site: RunningSite) -> None:
    sent(site, "Content-Type: text/csv\r\nContent-Length: 1000\r\n", b"phone_number\n", end=True)
    wait_until(lambda: no_drafts(site))
    assert not views.campaign_ids(site.ledger)
    for _ in range(bodies.MOST_AT_ONCE):  # no place is lost
        assert put(site).status_code in (200, 201)


def test_too_many_at_once_are_told_to_come_again(site: RunningSite, full: None) -> None:
    answer = put(site)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")


@pytest.fixture
def full() -> Iterator[None]:
    for _ in range(bodies.MOST_AT_ONCE):
        bodies._places.acquire()
    yield
    for _ in range(bodies.MOST_AT_ONCE):
        bodies._places.release()


def test_a_parameter_that_nobody_knows_starts_nothing(site: RunningSite) -> None:
    assert put(site, path="one?frist=1").status_code == 422
    assert put(site, path="one?name=x").status_code == 422  # the body names it, too
    assert put(site, path="%2e%2e").status_code in (404, 422)
    assert not views.campaign_ids(site.ledger)


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("policy=" + '{"call":' * 900 + "1" + "}" * 900, None),
        ("policy=[]", "policy"),
        ("policy={", "policy"),
        ('policy={"contacts":[]}', "policy"),
        ('policy={"name":"x"}&name=y', "name"),
        ('policy={"max_concurrency":1e999}', "max_concurrency"),
    ],
)
def test_a_policy_in_the_query_is_checked_as_one_in_a_file(
    site: RunningSite, query: str, key: str | None
) -> None:
    answer = put(site, data=f"phone_number\n{GOOD}\n", headers=CSV, path=f"one?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["key"] == key, answer.text


def test_an_encoding_that_nobody_knows_is_refused(site: RunningSite) -> None:
    headers = {"Content-Type": "text/csv; charset=klingon"}
    assert put(site, data="x", headers=headers).status_code == 422


def test_strict_refuses_all_and_first_keeps_few(site: RunningSite) -> None:
    body = campaign(
        {"phone_number": GOOD},
        {"phone_number": OTHER},
        {"phone_number": "x"},
        call={"script": [{"say": "x"}]},
    )
    assert put(site, body, "one?strict=true").status_code == 422
    assert put(site, body, "one?first=1").json()["total"] == 1


def test_a_finished_campaign_is_followed_with_again(site: RunningSite) -> None:
    assert put(site).status_code == 201
    site.ledger.redis.hset("callsched:campaign:one:meta", "state", "finished")
    assert put(site).status_code == 200
    answer = put(site, path="one?again=true")
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/v1/campaigns/one+2")
    assert site.get("/api/v1/campaigns/one+2/rejects").status_code == 200


@pytest.fixture
def stranger(site: RunningSite) -> Iterator[Visitor]:
    """Everybody may start campaigns on the account `other` alone, and sees no numbers."""
    visitor = Visitor("stranger", Scope.START, frozenset({"other"}))
    rules = [get_args(rule)[1].dependency for rule in (Starts, Looks)]
    site.app.dependency_overrides |= dict.fromkeys(rules, lambda: visitor)
    yield visitor
    site.app.dependency_overrides.clear()


@pytest.mark.parametrize("account", ["default", "none"])
def test_who_is_kept_to_an_account_learns_of_no_other(
    site: RunningSite, stranger: Visitor, account: str
) -> None:
    answer = put(site, campaign(account=account))
    assert (answer.status_code, answer.json()["code"]) == (403, "account")
    assert answer.json()["detail"] == "you may call on these accounts alone: other"
    assert not views.campaign_ids(site.ledger)


def test_the_id_of_anothers_campaign_is_taken(
    site: RunningSite, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.app.dependency_overrides.clear()
    assert put(site).status_code == 201
    (both,) = {Visitor("both", Scope.START, frozenset({"other"}))}
    monkeypatch.setattr(intake, "_expect_visible", lambda *_: None)
    monkeypatch.setattr(intake, "account_for", lambda *_: None)
    rule = get_args(Starts)[1].dependency
    site.app.dependency_overrides[rule] = lambda: both
    answer = put(site, campaign({"phone_number": OTHER, "name": "Bo"}))
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_exists")
    assert "taken" in answer.json()["detail"]


def test_numbers_are_masked_for_who_may_not_see_them(site: RunningSite) -> None:
    hidden = Visitor("hidden", Scope.START)
    rules = [get_args(rule)[1].dependency for rule in (Starts, Looks)]
    site.app.dependency_overrides |= dict.fromkeys(rules, lambda: hidden)
    try:
        contacts = (
            {"phone_number": GOOD, "name": "Ada"},
            {"phone_number": f"{OTHER}99999999", "name": "B"},
        )
        planned = site.ask("POST", "/api/v1/plans", json=campaign(*contacts))
        answers = [planned, put(site, campaign(*contacts))]
        answers += [site.get("/api/v1/campaigns/one/rejects")]
    finally:
        site.app.dependency_overrides.clear()
    assert [answer.status_code for answer in answers] == [200, 201, 200]
    for answer in answers:
        assert "202555010" not in answer.text


def test_refused_rows_are_given_back_later(site: RunningSite) -> None:
    contacts = (
        {"phone_number": GOOD, "name": "Ada"},
        {"phone_number": "x", "name": "=1+1"},
        {"phone_number": GOOD, "dtmf": "zz", "name": "x"},
    )
    assert put(site, campaign(*contacts)).json()["refused"] == 2
    lines = site.get("/api/v1/campaigns/one/rejects").text.splitlines()
    assert [(each["line"], each["reason"]) for each in map(json.loads, lines)] == [
        (2, "invalid_number"),
        (3, "invalid_row"),
    ]
    table = site.get("/api/v1/campaigns/one/rejects", headers={"Accept": "text/csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert "'=1+1" in table.text
    assert site.get("/api/v1/campaigns/none/rejects").status_code == 404
