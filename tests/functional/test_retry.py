"""Whom `callsched retry` calls again, and whom not, however often it is said."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scheduler.ledger import campaigns, retries, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Row
from tests.functional.campaign import Command, Judge, Site, magic, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

(REACHED,) = numbers(1)
REFUSED, RANG = magic(4), magic(50)

CONTACTS = f"""\
phone_number,id,dtmf
{REACHED},reached,
{REFUSED},,
{RANG},rang,
+1202,nobody,
{REACHED},again,
{REFUSED},with-keys,1#
"""


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def ledger_of_one(running: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a campaign that is over, whose calls ended in many ways."""
    with Site(tmp_path_factory.mktemp("over"), running.url) as site:
        (site.home / "contacts.csv").write_text(CONTACTS)
        (site.home / "c.yaml").write_text(
            "name: autumn\ninsights: []\nmax_duration: 1s\ncontacts: contacts.csv\n"
            "retry: {busy: {max: 1, delays: [1m]}}\n"
        )
        ran = site.call("run", "c.yaml", "--id", "c")
        assert ran.wait() == 0, ran.err
        return site.state


@pytest.fixture
def over(site: Site, ledger_of_one: Path) -> Site:
    """A machine on which that campaign was run."""
    shutil.copytree(ledger_of_one, site.state, ignore=shutil.ignore_patterns("*.sock", "*.pid"))
    return site


@contextmanager
def ledger_of(site: Site) -> Iterator[Ledger]:
    """Open the private ledger of a machine."""
    with EmbeddedRedis(site.state) as private:
        ledger = Ledger(private.url)
        yield ledger
        ledger.close()


def retried(site: Site, *words: str) -> str:
    """Say `retry`; return the id that it prints."""
    told = site.call("retry", "c", *words)
    assert told.process.returncode == 0, told.err
    (id_,) = told.out.splitlines()
    return id_


def refused(site: Site, code: int, *words: str) -> str:
    """Say `retry` in vain; return what it says."""
    told = site.call("retry", "c", *words)
    assert told.process.returncode == code, told.err
    assert told.out == ""
    assert "Traceback" not in told.err
    return " ".join(re.sub(r"[│\s]+", " ", told.err).split())


def contact_ids(site: Site, campaign_id: str) -> set[str]:
    return {record["contact_id"] for record in site.results(campaign_id)}


def every_campaign(site: Site) -> list[dict[str, Any]]:
    record = site.call("status", "--json").record
    return list(record["campaigns"])


def test_a_new_campaign_has_the_contacts_whose_calls_ended_so(over: Site) -> None:
    told = over.call("retry", "c", "--only", "rejected", "--json")

    assert told.wait() == 0, told.err
    assert "what retry.total allows is counted from the start" in told.err
    record = told.record
    assert re.fullmatch(r"c-retry-[0-9a-f]{8}", record["campaign_id"])
    assert (record["retry_of"], record["state"], record["total"]) == ("c", "active", 2)
    assert (record["name"], record["account"]) == ("autumn", "default")
    assert contact_ids(over, record["campaign_id"]) == {REFUSED, "with-keys"}
    assert {row["line"] for row in over.results(record["campaign_id"])} == {3, 7}


def test_failed_does_not_stand_for_who_may_have_been_rung(over: Site) -> None:
    told = over.call("retry", "c", "--only", "failed")

    assert contact_ids(over, told.out.strip()) == {REFUSED, "with-keys"}
    assert "1 unknown:answer_lost are left out: they may have been rung" in told.err


def test_who_may_have_been_rung_is_taken_when_that_is_said(over: Site) -> None:
    told = over.call("retry", "c", "--only", "failed,unknown")

    assert contact_ids(over, told.out.strip()) == {REFUSED, "with-keys", "rang"}
    assert "1 of them ended as unknown: they may have been rung" in told.err


def test_a_reason_may_be_named(over: Site) -> None:
    assert contact_ids(over, retried(over, "--only", "unknown:answer_lost")) == {"rang"}


def test_who_was_placed_for_certain_is_taken_only_when_that_is_said(over: Site) -> None:
    settled = over.call("reconcile", "c", "rang", "--placed", "--no-lookup")
    assert settled.wait() == 0, settled.err

    assert "no calls in c match" in refused(over, 1, "--only", "unknown")

    assert contact_ids(over, retried(over, "--only", "unknown:placed")) == {"rang"}


def test_the_same_command_again_calls_nobody_twice(over: Site, sandbox: SandboxProcess) -> None:
    first = retried(over, "--only", "rejected")
    again = over.call("retry", "c", "--only", "rejected")

    assert again.out.strip() == first
    assert "nothing to do" in again.err

    sandbox.reset()
    worker = over.start("worker")
    wait_until(lambda: {one["state"] for one in every_campaign(over)} == {"finished"})
    worker.terminate()
    worker.wait()

    assert retried(over, "--only", "rejected") == first
    assert len(every_campaign(over)) == 2
    starts = [event["phone_number"] for event in sandbox.events("start")]
    assert starts == [REFUSED, REFUSED]
    assert Judge(sandbox).accepted == {}


def test_other_words_take_only_whom_no_other_campaign_has(over: Site) -> None:
    first = retried(over, "--only", "rejected")

    second = retried(over, "--only", "rejected,unknown")

    assert second != first
    assert contact_ids(over, second) == {"rang"}


def test_a_campaign_may_be_given_its_id(over: Site) -> None:
    assert retried(over, "--only", "rejected", "--id", "second") == "second"
    assert retried(over, "--only", "rejected", "--id", "second") == "second"
    assert retried(over, "--only", "rejected", "--id", "third") == "second"
    assert len(every_campaign(over)) == 2

    assert retried(over, "--only", "unknown", "--id", "second") == "second"
    assert contact_ids(over, "second") == {REFUSED, "with-keys", "rang"}


@pytest.mark.parametrize("only", ["rejected", "rejected,unknown"])
@pytest.mark.parametrize("loaded", [0, 1])
def test_a_load_that_broke_off_is_completed(over: Site, only: str, loaded: int) -> None:
    with ledger_of(over) as ledger:
        policy = views.campaign(ledger, "c").policy
        campaigns.create(
            ledger, "broken", account="default", name="n", policy=policy, digest=retries.origin("c")
        )
        page = next(retries.ended_calls(ledger, "c"))
        taken = retries.take(
            ledger, "c", [each for each in page if each.label == "rejected"][:1], "broken"
        )
        rows = [Row(each.contact, each.line, has_id=True) for each in taken]
        campaigns.load(ledger, "broken", "1", 1, rows[:loaded])

    assert retried(over, "--only", only) == "broken"
    assert retried(over, "--only", only) == "broken"

    expected = {REFUSED, "with-keys"} | ({"rang"} if "unknown" in only else set())
    assert contact_ids(over, "broken") == expected
    assert len(over.results("broken")) == len(expected)


def test_a_campaign_of_others_is_not_added_to(over: Site) -> None:
    ran = over.call("run", over.contacts([REACHED], "o.csv"), "--id", "o", "--max-duration", "1s")
    assert ran.wait() == 0, ran.err

    said = refused(over, 1, "--only", "rejected", "--id", "o")

    assert "there is already another campaign o" in said
    assert contact_ids(over, "o") == {REACHED}
    assert contact_ids(over, retried(over, "--only", "rejected")) == {REFUSED, "with-keys"}


@pytest.mark.parametrize("has_ids", [True, False])
def test_a_file_adds_nobody_to_the_campaign_of_a_retry(over: Site, has_ids: bool) -> None:
    (over.home / "autumn.csv").write_text(
        CONTACTS if has_ids else f"phone_number\n{REACHED}\n{RANG}\n{REFUSED}\n"
    )
    taker = retried(over, "--only", "rejected")

    told = over.call("submit", "autumn.csv", "--id", taker)

    assert told.wait() == 1
    said = " ".join(told.err.split())
    assert f"campaign {taker} calls some contacts of c again" in said
    assert "this file has others, who would be called as well" in said
    assert "leave out --id" in said
    assert contact_ids(over, taker) == {REFUSED, "with-keys"}


def test_a_file_of_the_contacts_of_a_retry_changes_nothing(over: Site) -> None:
    over.contacts([REFUSED], "again.csv")
    taker = retried(over, "--only", "rejected")

    told = over.call("submit", "again.csv", "--id", taker)

    assert told.wait() == 0, told.err
    assert contact_ids(over, taker) == {REFUSED, "with-keys"}


def test_who_is_not_ended_is_never_taken(site: Site) -> None:
    submitted = site.call("submit", site.contacts([REACHED, REFUSED]), "--id", "c")
    assert submitted.wait() == 0, submitted.err

    every = "hung_up,stopped,aborted,failed,unknown,skipped"

    assert "no call of campaign c has ended yet" in refused(site, 1, "--only", every)


def test_without_only_it_says_what_there_is(over: Site) -> None:
    said = refused(over, 2)

    assert "--only rejected,not_reached" in said
    for line in ("2 rejected", "1 unknown:answer_lost", "1 stopped", "1 skipped:invalid_number"):
        assert line in said
    assert len(every_campaign(over)) == 1


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("engaged", "expected some of hung_up, completed, stopped"),
        ("skipped:engaged", "expected a reason after skipped"),
        ("skipped:do_not_call", "take the number off its list"),
        ("skipped:invalid_number", "mend the row"),
    ],
)
def test_what_can_t_be_repeated_is_bad_usage(over: Site, only: str, expected: str) -> None:
    assert expected in refused(over, 2, "--only", only)


def test_skipped_leaves_out_who_can_t_be_called(over: Site) -> None:
    said = refused(over, 1, "--only", "skipped")

    assert "no calls in c match, or none of them may be retried" in said


def test_on_a_terminal_it_asks(over: Site) -> None:
    over.env["CALLSCHED_SYMBL_BASE_URL"] = "http://127.0.0.1:1"
    terminal = Terminal(over, "retry", "c", "--only", "rejected")
    terminal.read_until("Call them?")
    terminal.type("n\n")

    assert terminal.wait() == 1
    assert "2 contacts" in terminal.shown
    assert len(every_campaign(over)) == 1


def test_a_campaign_that_is_not_there_is_told(site: Site) -> None:
    told: Command = site.call("retry", "nobody", "--only", "rejected")

    assert told.process.returncode == 1
    assert "there is no campaign nobody" in told.err
