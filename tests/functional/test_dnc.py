"""What an operator does with the do-not-call list, and how soon it holds."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.functional.campaign import Command, Judge, Site, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(90)

ANA, BEN, CAT = numbers(3)
NOWHERE = {"CALLSCHED_REDIS_URL": "redis://127.0.0.1:1/0"}


def dnc(site: Site, *words: str, code: int = 0) -> Command:
    command = site.call("dnc", *words)
    assert command.process.returncode == code, command.err
    assert "Traceback" not in command.err
    return command


def listed(site: Site) -> set[str]:
    return set(dnc(site, "export").out.splitlines())


def said(command: Command) -> str:
    """Return what it said on standard error, without the frame that usage errors have."""
    return " ".join(re.sub(r"[│\s]+", " ", command.err).split())


def test_numbers_prefixes_and_sip_addresses_come_onto_the_list_and_leave_it(site: Site) -> None:
    added = dnc(site, "add", ANA, "(212) 555-0199", "+1312*", "--region", "us", "--json")
    again = dnc(site, "add", ANA, "sip:a@B.example.com", "--json")

    of = {"ledger": f"private, in {site.state}", "live": []}
    first = {"added": [ANA, "+12125550199", "+1312*"], "known": [], "waiting": None}
    assert added.record == first | of
    then = {"added": ["sip:a@b.example.com"], "known": [ANA], "waiting": []}
    assert again.record == then | of
    assert listed(site) == {ANA, "+12125550199", "+1312*", "sip:a@b.example.com"}

    removed = dnc(site, "remove", "+1312*", ANA)

    assert f"{ANA}  removed" in removed.out
    assert listed(site) == {"+12125550199", "sip:a@b.example.com"}


def test_who_is_removed_and_was_not_there_is_told(site: Site) -> None:
    dnc(site, "add", f"{ANA[:-2]}*")

    removed = dnc(site, "remove", ANA, "--json", code=1)

    assert (removed.record["removed"], removed.record["missing"]) == ([], [ANA])
    assert removed.record["kept_by"] == {ANA: f"{ANA[:-2]}*"}
    assert f"{ANA} was not on the list" in said(removed)
    assert f"{ANA} is still not called, because of {ANA[:-2]}*" in said(removed)


def test_a_check_tells_who_is_on_the_list_by_its_exit_code(site: Site) -> None:
    dnc(site, "add", "+1202*", "--why", "a whole\narea")

    assert f"{BEN}  on the list since " in dnc(site, "check", BEN, code=1).out
    other = "+13125550100"
    both = dnc(site, "check", other, BEN, "--json", code=1).record["numbers"]
    free = dnc(site, "check", other)

    assert free.out == f"{other}  not on the list\n"
    assert [(one["number"], one["listed"], one["entry"]) for one in both] == [
        (other, False, None),
        (BEN, True, "+1202*"),
    ]
    assert re.fullmatch(r"a whole area \(\S+@\S+\)", both[1]["why"])
    assert both[1]["since"] > 1_600_000_000


def test_who_can_t_be_looked_up_is_not_taken_for_one_who_may_be_called(site: Site) -> None:
    asked = site.call("dnc", "check", ANA, env=NOWHERE)

    assert asked.process.returncode == 2
    assert "CALLSCHED_REDIS_URL" in asked.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("add", "2025550143"), "or say --region; got …0143"),
        (("add", ANA, "Ana"), "expected an international number"),
        (("add", "202*"), "expected a prefix with its plus sign"),
        (("add", ANA, "--region", "UK"), "expected an ISO country"),
        (("check",), "Missing argument"),
    ],
)
def test_bad_usage_puts_nobody_on_the_list(
    site: Site, words: tuple[str, ...], expected: str
) -> None:
    assert expected in said(dnc(site, *words, code=2))

    assert listed(site) == set()


def test_a_file_is_imported_and_may_be_imported_again(site: Site) -> None:
    (site.home / "registry.txt").write_text("202,5550100\n2025550101 # mail\n+12025550100\n")
    words = ("import", "registry.txt", "--region", "US", "--why", "US registry")

    first, again = dnc(site, *words, "--json"), dnc(site, *words)

    counts = {name: count for name, count in first.record.items() if name != "ledger"}
    assert counts == {
        "lines": 3,
        "listed": 3,
        "header": 0,
        "blank": 0,
        "unread": 0,
        "entries": 3,
        "added": 2,
        "known": 0,
        "repeated": 1,
        "not_taken": 0,
    }
    assert again.out == (
        "3 lines: 3 with entries, 0 of a header, 0 blank or comments, 0 unread\n"
        "3 entries: 0 added, 2 on it before, 1 repeated\n"
    )
    assert dnc(site, "list", "5550101").out.split()[0] == "+12025550101"
    nobody = dnc(site, "list", "NOBODY")
    assert (nobody.out, "no entry has this text" in nobody.err) == ("", True)
    entries = [json.loads(line) for line in dnc(site, "list", "us REG", "--json").out.splitlines()]
    assert {(each["entry"], each["why"].rpartition(" (")[0]) for each in entries} == {
        ("+12025550100", "US registry"),
        ("+12025550101", "US registry"),
    }


def test_a_file_with_a_line_that_can_t_be_read_is_named_and_nothing_of_it_taken(site: Site) -> None:
    (site.home / "ours.csv").write_text(
        f'Phone,Mobile,why\n{ANA},{BEN},"#1"\n# ours\n,555-0143,x\n{CAT},,secret\n,,secret\n'
    )

    refused = dnc(site, "import", "ours.csv", code=1)
    record = dnc(site, "import", "ours.csv", "--json", code=1).record

    assert "ours.csv:4:Mobile: expected an international number" in refused.err
    assert "ours.csv:6: expected a number or SIP address under Phone or Mobile" in refused.err
    assert "2 lines could not be read, so nothing was imported" in said(refused)
    assert "secret" not in refused.err + refused.out
    assert record == {
        "lines": 6,
        "listed": 2,
        "header": 1,
        "blank": 1,
        "unread": 2,
        "entries": 3,
        "added": 0,
        "known": 0,
        "repeated": 0,
        "not_taken": 3,
    }
    assert listed(site) == set()


def test_a_file_that_is_not_there_is_told(site: Site) -> None:
    told = dnc(site, "import", "nowhere.txt", code=1)

    assert "nowhere.txt: there is no such file" in told.err


def test_what_is_exported_is_a_list_for_an_import_and_for_a_campaign(
    site: Site, sandbox: SandboxProcess
) -> None:
    dnc(site, "add", ANA, "+1312*", "sip:a@b.example.com")
    dnc(site, "export", "-o", "ours.txt")
    dnc(site, "remove", ANA, "+1312*", "sip:a@b.example.com")
    (site.home / "c.yaml").write_text(
        "name: c\ninsights: []\nmax_duration: 1s\ndo_not_call: ours.txt\ncontacts:\n"
        f"- phone_number: {ANA}\n- phone_number: {BEN}\n- sip_uri: sip:a@b.example.com\n"
    )

    ran = site.call("run", "c.yaml", "--json")

    assert ran.wait() == 0, ran.err
    assert ran.record["dispositions"] == {"skipped:do_not_call": 2, "stopped": 1}
    assert Judge(sandbox).accepted == {BEN: 1}
    assert "…0100 is on the do-not-call list ours.txt" in ran.err
    assert "do-not-call list ours.txt: 3 entries" in ran.err
    assert dnc(site, "import", "ours.txt", "--json").record["added"] == 3


def test_a_running_campaign_does_not_dial_who_has_just_come_onto_the_list(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = ("--max-duration", "60s", "--max-concurrency", "1", "--id", "c", "--json")
    run = site.start("run", site.contacts((ANA, BEN, CAT)), *words)
    wait_until(lambda: len(sandbox.events("answered")) == 1)

    waits = dnc(site, "add", BEN)
    lives = dnc(site, "add", ANA, f"{CAT}*")
    assert waits.out.splitlines() == [
        f"{BEN}  added",
        "1 campaign waits to call, and will skip it: c (1 call)",
    ]
    assert "1 call is live: #1 …0100 of campaign c" in lives.err
    (suggested,) = re.findall(r"end it: .*?callsched (dnc add .*)", lives.err)
    ended = site.call(*shlex.split(suggested))

    assert (ended.wait(), ended.err.splitlines()[0]) == (0, "ending 1 live call …"), ended.err
    assert "aborted" in ended.out and "#1 …0100" in ended.out
    assert run.wait() == 0, run.err
    assert Judge(sandbox).accepted == {ANA: 1}
    assert run.record["dispositions"] == {"aborted": 1, "skipped:do_not_call": 2}
    assert "no call is live" in dnc(site, "add", ANA, "--hang-up").out

    asked = [
        site.call("history", "202-555-0100", "--region", "US", *more) for more in ((), ("--json",))
    ]
    shown, told = asked
    assert [one.wait() for one in asked] == [0, 0], asked[0].err
    (call,) = told.record["calls"]
    (attempt,) = call["attempts"]
    assert (call["campaign_id"], attempt["disposition"]) == ("c", "aborted")
    assert told.record["listed"]["why"].startswith("added by hand (")
    first, _, row, last = shown.out.splitlines()
    assert first == f"{ANA}: dialled 1 time, in 1 campaign"
    assert " c " in row and row.rstrip().endswith("aborted")
    assert last.startswith("do-not-call list: on the list since ")


def test_no_number_of_the_list_is_logged(site: Site) -> None:
    dnc(site, "add", ANA)
    ran = site.call("run", site.contacts((ANA, BEN)), "--max-duration", "1s")

    assert ran.wait() == 0, ran.err
    logged = site.logged()
    assert "callsched.dial" in logged
    for number in (ANA, BEN):
        assert number.lstrip("+") not in logged


def test_on_a_terminal_a_pattern_is_meant_and_a_number_is_not_asked_about(site: Site) -> None:
    submitted = site.call("submit", site.contacts([ANA, BEN]), "--id", "c", "--max-duration", "60s")
    assert submitted.wait() == 0, submitted.err
    (site.home / "list.txt").write_text(f"{CAT}\n+1*\n")

    asked = Terminal(site, "dnc", "add", CAT, "+1*")
    of_file = Terminal(site, "dnc", "import", "list.txt")

    assert asked.answer("Put them on the list?", "n") == 1
    assert of_file.answer("Put them on the list?", "n") == 1
    for each in (asked, of_file):
        assert "+1* stands for up to 10,000,000,000 numbers." in each.shown
        assert "1 campaign: 2 calls wait (2 minutes at worst)" in each.shown
        assert "the list was not changed" in each.shown
    assert listed(site) == set()
    assert Terminal(site, "dnc", "add", CAT).wait() == 0
    assert Terminal(site, "dnc", "add", "+1*", "--yes").wait() == 0
    removal = Terminal(site, "dnc", "remove", "+1*")
    assert removal.answer("Take them off the list?", "n") == 1
    assert listed(site) == {CAT, "+1*"}
