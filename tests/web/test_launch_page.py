"""Starting a campaign from the pages, without script: upload, columns, plan, launch."""

from __future__ import annotations

import io
import json
import re
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest

from scheduler.ledger import controls, views
from scheduler.rights import Scope, Visitor
from scheduler.web.site import Starts
from tests.web.packing import packed
from tests.web.running import TOKEN, RunningSite

GOOD, OTHER = "+12025550101", "+12025550102"
TABLE = f"Who,Cell\nAda,{GOOD}\nBo,{OTHER}\nNo,nobody\n<b>x</b>,{GOOD}\n"


def upload(site: RunningSite, data: str | bytes, name: str = "people.csv") -> Any:
    return site.ask("POST", "/launch", data={"csrf": "x"}, files={"file": (name, data)})


def draft_of(site: RunningSite, data: str | bytes = TABLE, name: str = "people.csv") -> str:
    answer = upload(site, data, name)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def settle(site: RunningSite, draft: str, **fields: str) -> Any:
    """Send the form as a browser does: every field, those that are empty too."""
    page = site.get(draft).text
    names = re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', page)
    empty = {name: "" for name in names if name not in ("strict", "again", "file")}
    for select in page.split("<select")[1:]:
        chosen = re.search(r'name="(column_\w+)".*?value="([^"]+)" selected', select, re.DOTALL)
        empty |= {chosen[1]: chosen[2]} if chosen else {}
    return site.ask("POST", draft, data=empty | fields)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_a_file_is_uploaded_mapped_planned_and_launched(site: RunningSite) -> None:
    draft = draft_of(site)
    page = site.get(draft).text
    assert '<option value="Cell" selected>' in page
    assert "&lt;b&gt;x" in page
    assert GOOD not in page
    assert (
        settle(
            site, draft, column_name="Who", say="Hello {{ name }}.", max_duration="2m", name="calls"
        ).headers["location"]
        == f"{draft}/plan"
    )
    answer = site.get(f"{draft}/plan")
    plan = answer.text
    assert answer.status_code == 200, plan
    assert "<strong>2 contacts</strong> on account default" in plan
    assert "at most 2m each: 4 minutes at worst" in plan
    assert "Not called: duplicate" in plan
    assert "the number or address of #1 in line 2" in plan
    assert "<dt>Cell</dt><dd>phone_number</dd>" in plan
    assert "Not called: invalid number" in plan
    assert "Hello Ada." in plan
    assert GOOD not in plan
    assert not views.campaign_ids(site.ledger)
    started = site.ask("POST", f"{draft}/start", data=hidden(plan))
    assert started.status_code == 303, started.text
    campaign_id = started.headers["location"].removeprefix("/campaigns/").partition("?")[0]
    view = views.campaign(site.ledger, campaign_id)
    assert (view.name, view.total, view.policy.max_duration_seconds) == ("calls", 4, 120)
    assert [each.what for each in controls.of_campaign(site.ledger, campaign_id)] == ["launch"]
    assert site.get(draft).status_code == 404
    assert site.ask("POST", f"{draft}/start", data=hidden(plan)).status_code == 404


def test_refused_rows_are_given_back_as_they_came(site: RunningSite) -> None:
    draft = draft_of(site)
    settle(site, draft, say="x")
    answer = site.get(f"{draft}/rejects")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[0] == "Who,Cell,reject_reason,reject_message"
    assert answer.text.splitlines()[1].startswith("No,nobody,invalid_number,")


@pytest.mark.parametrize(
    "changed", [{"plan": "0" * 16}, {"count": "3"}, {"campaign_id": "another"}]
)
def test_nothing_but_what_was_shown_is_launched(site: RunningSite, changed: dict[str, str]) -> None:
    draft = draft_of(site)
    settle(site, draft, say="x")
    shown = hidden(site.get(f"{draft}/plan").text)
    answer = site.ask("POST", f"{draft}/start", data=shown | changed)
    assert answer.status_code == 409
    assert "Nobody was called" in answer.text
    assert not views.campaign_ids(site.ledger)


def test_whom_another_campaign_of_the_name_has_is_left_out_and_said(site: RunningSite) -> None:
    for data in (f"phone_number\n{GOOD}\n", f"phone_number\n{GOOD}\n{OTHER}\n"):
        draft = draft_of(site, data)
        settle(site, draft, say="x")
        plan = site.get(f"{draft}/plan").text
        assert site.ask("POST", f"{draft}/start", data=hidden(plan)).status_code == 303
    assert "have called 1 lately" in plan
    assert "<strong>1 contact</strong>" in plan
    newest = views.campaign(site.ledger, views.campaign_ids(site.ledger)[0])
    assert newest.dispositions == {"skipped:already_called": 1}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.yaml", f"name: n\ncall: {{script: [{{say: x}}]}}\ncontacts:\n- phone_number: {GOOD}\n"),
        (
            "c.json",
            json.dumps({"call": {"script": ["hangup"]}, "contacts": [{"phone_number": GOOD}]}),
        ),
        ("c.csv.gz", packed(f"phone_number\n{GOOD}\n".encode())),
        ("c.jsonl", json.dumps({"phone_number": GOOD, "say": "x"})),
    ],
)
def test_other_formats_come_in_too(site: RunningSite, name: str, data: str | bytes) -> None:
    draft = draft_of(site, data, name)
    given = {} if name[2] in "yj" and not name.endswith("l") else {"say": "x"}
    assert settle(site, draft, **given).status_code == 303
    plan = site.get(f"{draft}/plan")
    assert "<strong>1 contact</strong>" in plan.text, plan.text


def test_an_upload_of_a_gigabyte_is_refused_before_it_comes(site: RunningSite) -> None:
    there = urlsplit(site.url)
    with socket.create_connection((there.hostname or "", there.port or 0), timeout=30) as wire:
        head = (
            f"POST /launch HTTP/1.1\r\nHost: {site.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Length: {3 * 2**30}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        wire.sendall(head.encode() + b"--b\r\n")
        assert b" 413 " in wire.recv(4096)


def bomb() -> bytes:
    """Return a workbook whose one sheet unpacks to far more than a sheet may have."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(16):
                sheet.write(b" " * (1 << 24))
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("c.exe", b"x", "expected a file that ends in"),
        ("c", b"x", "expected a file that ends in"),
        ("", b"x", "choose a file"),
        ("c.csv", packed(b"x"), "packed with gzip"),
        ("c.csv.gz", packed(b"x" * 9)[:-5], "cut off"),
        ("c.yaml", b"contacts: /etc/passwd", "a list of contacts"),
        ("c.yaml", b"do_not_call: /etc/passwd\ncontacts: [{phone_number: 1}]", "no file of the se"),
        ("c.json", b'{"a":' * 100_000, "too deeply"),
    ],
)
def test_what_is_no_campaign_is_refused_at_the_door(
    site: RunningSite, name: str, data: bytes, word: str
) -> None:
    answer = upload(site, data, name)
    assert word in answer.text
    assert answer.status_code == 422


def test_a_workbook_that_is_a_bomb_is_refused_in_words(site: RunningSite) -> None:
    draft = draft_of(site, bomb(), "c.xlsx")
    page = site.get(draft)
    assert page.status_code == 422
    assert "at most 50 MiB unpacked" in page.text


@pytest.fixture
def another(site: RunningSite) -> Iterator[None]:
    rule = get_args(Starts)[1].dependency
    yield site.app.dependency_overrides.update(
        {rule: lambda: Visitor("another", Scope.START, sees_numbers=True)}
    )
    site.app.dependency_overrides.clear()


def test_a_draft_is_its_owners(site: RunningSite, request: pytest.FixtureRequest) -> None:
    draft = draft_of(site)
    request.getfixturevalue("another")
    for path in (draft, f"{draft}/plan", f"{draft}/rejects"):
        assert site.get(path).status_code == 404
    assert site.ask("POST", f"{draft}/discard").status_code == 404
    assert site.get("/launch/" + "0" * 32).status_code == 404
    assert site.get("/launch/..%2f..").status_code in (404, 422)


def test_a_draft_can_be_discarded(site: RunningSite) -> None:
    draft = draft_of(site)
    folder = Path(site.settings.state_dir) / "incoming" / draft.rpartition("/")[2]
    assert (folder.stat().st_mode & 0o777, folder.is_dir()) == (0o700, True)
    assert site.ask("POST", f"{draft}/discard").status_code == 303
    assert not folder.exists()


def test_a_policy_that_is_wrong_is_said_on_the_page(site: RunningSite) -> None:
    draft = draft_of(site)
    page = settle(site, draft, call="- 1")
    assert page.status_code == 422
    assert "call: expected keys and values" in page.text
    assert settle(site, draft, say="x", max_duration="5 bananas").status_code == 303
    plan = site.get(f"{draft}/plan")
    assert plan.status_code == 422
    assert "max_duration: expected" in plan.text
    assert settle(site, draft, max_duration="2m", say="").status_code == 303
    assert "write it under “Say”" in site.get(f"{draft}/plan").text


def test_a_table_in_an_old_encoding_is_read_in_the_one_that_is_chosen(site: RunningSite) -> None:
    table = "Wer;Telefon (mobil)\nÄnne;(202) 555-0101\n"
    draft = draft_of(site, table.encode("latin-1"), "alt.csv")
    refused = site.get(draft)
    assert refused.status_code == 422
    assert "choose the encoding latin-1 if &#39;Änne&#39; is right" in refused.text

    chosen = settle(site, draft, encoding="latin-1", default_region="US", say="Hi {{ Wer }}.")
    assert chosen.headers["location"] == draft  # its columns can only be chosen now
    page = site.get(draft).text
    assert "<td>Änne</td>" in page
    assert '<option value="latin-1" selected>' in page
    assert '<option value="Telefon (mobil)" selected>' in page  # no name of ours, and likely it

    kept = {"encoding": "latin-1", "default_region": "US", "say": "Hi {{ Wer }}."}
    assert settle(site, draft, **kept).headers["location"] == f"{draft}/plan"
    plan = site.get(f"{draft}/plan")
    assert plan.status_code == 200, plan.text
    assert "say: Hi Änne." in plan.text


def test_a_campaign_is_copied_with_what_it_says_and_its_rules_in_words(site: RunningSite) -> None:
    script = [
        {"say": {"text": "Hello {{ name }} of {{ company }}", "language": "en-US"}},
        {"pause": "2s"},
        {
            "gather": {
                "name": "confirm",
                "say": "Press 1.",
                "digits": 1,
                "branches": {"1": [{"say": "Thanks."}, "hangup"], "9": [{"transfer": OTHER}]},
                "otherwise": [{"record": {"max": "30s"}}, "hangup"],
            }
        },
    ]
    policy = {"call": {"script": script}, "retry": {"busy": {"max": 2, "delays": ["10m"]}}}
    contacts = [
        {"phone_number": GOOD, "name": "Ada", "company": "ACME", "id": "7", "dtmf": "12#"},
        {"phone_number": OTHER, "name": "Bo", "company": "Co", "max_duration": "90s"},
    ]
    sent = {"name": "old", **policy, "contacts": contacts}
    answer = site.ask("PUT", "/api/v1/campaigns/old", json=sent)
    assert answer.status_code == 201, answer.text
    assert "Its 2 rows" in site.get("/launch?copy=old").text
    draft = site.ask("POST", "/campaigns/old/copy").headers["location"]
    page = site.get(draft).text
    assert "retry.busy: at most 2" in page
    assert settle(site, draft, name="new", policy="budget: {minutes: 90}").status_code == 303
    plan = site.get(f"{draft}/plan").text
    assert "say (en-US): Hello Ada of ACME" in plan
    assert "transfer: …0102" in plan
    assert site.ask("POST", f"{draft}/start", data=hidden(plan)).status_code == 303
    newest, old = (views.campaign(site.ledger, each) for each in views.campaign_ids(site.ledger))
    assert newest.policy.script == old.policy.script
    assert (newest.policy.budget_seconds, newest.policy.retry) == (5400, {})
    pages = [views.results(site.ledger, each.campaign_id) for each in (newest, old)]
    known = ("contact_id", "phone_number", "name", "dtmf")
    one, other = ([[row[key] for key in known] for row in rows] for rows in pages)
    assert one == other
    assert site.get("/launch?copy=none").status_code == 404
