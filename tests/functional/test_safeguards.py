"""What keeps a campaign from going on when it should not, as an operator sees it."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.functional.campaign import Judge, Site, magic, numbers, write_contacts
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(120)

POLICY = """\
name: autumn
contacts: contacts.csv
insights: []
max_duration: 1s
max_concurrency: 2
calling_hours: always
"""


def campaign(site: Site, phone_numbers: list[str], policy: str, name: str = "c.yaml") -> str:
    write_contacts(site.home / "contacts.csv", phone_numbers)
    (site.home / name).write_text(POLICY + policy)
    return name


def test_a_canary_that_goes_badly_stops_the_campaign_until_somebody_resumes_it(
    site: Site, sandbox: SandboxProcess
) -> None:
    # The sandbox rejects this number, whatever keys are pressed behind it.
    rows = [f"{magic(4)},{keys}#" for keys in range(3)] + [f"{number}," for number in numbers(5)]
    file = campaign(site, [], "canary: {first: 3, success: 80%}\n")
    (site.home / "contacts.csv").write_text("\n".join(["phone_number,dtmf", *rows]) + "\n")

    stopped = site.call("run", file, "--id", "c", "--json")
    assert stopped.wait() == 1, stopped.err

    assert "the campaign stopped itself: canary: 0 of the first 3 calls went well" in stopped.err
    assert "callsched resume c" in stopped.err
    assert stopped.record["state"] == "paused"
    assert Judge(sandbox).accepted == {}

    again = site.call("run", file, "--id", "c", "--json")
    assert again.wait() == 1, "the up-arrow key does not overrule it"
    assert Judge(sandbox).accepted == {}

    shown = site.call("status", "c")
    assert shown.wait() == 0
    assert "it stopped itself: canary" in shown.out
    explained = site.call("explain", "c", numbers(1)[0])
    assert "it stopped itself: canary" in explained.out
    assert "callsched resume c` continues it" in explained.out
    resumed = site.call("resume", "c")
    assert resumed.wait() == 0, resumed.err
    assert "active" in resumed.out
    assert site.call("run", file, "--id", "c").wait() == 0
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(5), 1)


def test_a_budget_ends_a_campaign_with_its_calls_left(site: Site, sandbox: SandboxProcess) -> None:
    file = campaign(site, numbers(8), "budget: {minutes: 0.06}\n")  # three seconds and a half

    run = site.call("run", file, "--json")

    assert run.wait() == 1, run.err
    assert "stopped itself: budget" in run.err
    judge = Judge(sandbox)
    assert len(judge.accepted) == 3
    assert judge.live == set()


def test_retries_and_caps_of_two_campaigns(site: Site, sandbox: SandboxProcess) -> None:
    (person,) = numbers(1)
    first = campaign(site, [person], "retry: {stopped: {max: 1, delays: [1s]}}\n", "first.yaml")
    ran = site.call("run", first)
    assert ran.wait() == 0, ran.err
    assert Judge(sandbox).accepted == {person: 2}

    capped = "caps: {limits: [{calls: 2, per: 24h}], when_full: skip}\n"
    second = campaign(site, [person], capped, "second.yaml")
    # It has an id of its own, else whom the first has called would not come to the cap.
    ran = site.call("run", second, "--json", "--id", "second")

    assert ran.wait() == 0, ran.err
    assert ran.record["dispositions"] == {"skipped:capped": 1}
    assert Judge(sandbox).accepted == {person: 2}


def test_a_call_that_waits_for_its_cap_is_left_by_no_wait_and_explained(
    site: Site, sandbox: SandboxProcess
) -> None:
    (person,) = numbers(1)
    first = site.call("run", campaign(site, [person], "", "first.yaml"))
    assert first.wait() == 0, first.err
    file = campaign(site, [person], "caps: {min_gap: 4h}\n", "second.yaml")
    waits = site.call("run", file, "--id", "second", "--no-wait")
    assert waits.wait() == 3, waits.err

    said = site.call("explain", "second", person, "--json")

    assert said.wait() == 0, said.err
    record = json.loads(said.out)
    rules = {rule["rule"]: rule for rule in record["rules"]}
    assert record["state"] == "pending"
    assert rules["caps"]["found"] == "1 of 1 calls in 4 h (caps.min_gap)"
    assert record["next_at"] == pytest.approx(rules["caps"]["until"], abs=60)
    text = site.call("explain", "second", person)
    assert text.wait() == 0
    assert "waits until" in text.out
    assert "it may be called from" in text.out
    over = site.call("explain", "autumn-" + first_id(site), person, "--json")
    assert over.wait() == 0, over.err
    attempts = json.loads(over.out)["attempts"]
    assert [attempt["disposition"] for attempt in attempts] == ["stopped"]
    assert Judge(sandbox).accepted == {person: 1}


def first_id(site: Site) -> str:
    status = site.call("status", "--json")
    assert status.wait() == 0
    ids = [one["campaign_id"] for one in json.loads(status.out)["campaigns"]]
    (other,) = [one for one in ids if one != "second"]
    return str(other).removeprefix("autumn-")


def test_explain_says_of_a_file_what_the_rules_find(site: Site) -> None:
    (person,) = numbers(1)
    file = campaign(site, [person, "+1202"], "not_after: 2020-01-01T00:00Z\n")
    shown = site.call("explain", file, "#1", env={"TZ": "America/New_York"})
    assert re.search(r"not_after +blocked +before 2019-12-31 19:00:00 EST", shown.out)

    found = {}
    for who in (person, "+1202"):
        said = site.call("explain", file, who, "--json")
        assert said.wait() == 0, said.err
        record = json.loads(said.out)
        assert record["next_at"] is None
        found[who] = Counter(rule["reason"] for rule in record["rules"] if not rule["passes"])

    assert found[person]["expired"] == 1
    assert sum(found["+1202"].values()) >= 1
    for who, why in (
        ("nobody", "there is no contact"),
        ("#3", "there are 2, and #1 is the first"),
        ("#0", "there are 2, and #1 is the first"),
    ):
        nobody = site.call("explain", file, who)
        assert nobody.wait() == 1
        assert why in nobody.err


def test_a_row_is_found_as_people_know_it_and_its_twin_is_named(site: Site) -> None:
    rows = ("(202) 555-0100,family,Mother", "(202) 555-0101,family,Father")
    (site.home / "same.csv").write_text("\n".join(("phone_number,id,name", *rows, "")))
    twin = "the same id as #1 family (Mother) in line 2"

    for who in ("#2", "(202) 555-0101", "Father", "same.csv:3:phone_number"):
        said = site.call("explain", "same.csv", who, "--region", "US")
        assert said.wait() == 0, said.err
        assert said.out.startswith("family in same.csv, line 3\n")
        assert f"blocked: duplicate  {twin}" in " ".join(said.out.split(" " * 3))
        assert said.err == ""

    loaded = site.call("submit", "same.csv", "--region", "US", "--id", "same", "--yes")
    assert loaded.wait() == 0, loaded.err
    said = site.call("explain", "same", "Father")
    assert f"\n{twin}\nthe rules as they are now" in said.out
    assert site.call("cancel", "same", "--yes", "--note", "enough").wait() == 0
    said = site.call("explain", "same", "(202) 555-0100", "--json")
    record = json.loads(said.out)
    assert (record["reason"], record["order"]["note"]) == ("cancelled", "enough")
    assert record["duplicate_of"] is None
    said = site.call("explain", "same", "#1")
    assert "the rest of the campaign was cancelled by " in said.out
    assert site.call("dnc", "add", "+12025550100", "--why", "asked").wait() == 0
    said = site.call("explain", "same.csv", "#1", "--region", "US")
    assert re.search(r"blocked: do_not_call +…0100 is on the list since 20.*: asked", said.out)
    said = site.call("explain", "same", "Mothers")
    assert (said.wait(), "did you mean 'Mother' (#1)?" in said.err) == (1, True)
