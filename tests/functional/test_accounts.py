"""Several accounts in one pool: one worker serves them all, and none is harmed by another."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.worker.sockets import LEASE_SECONDS
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

LONG = "120s"


@dataclass
class Town:
    """A machine with accounts north and south, each at a sandbox of its own."""

    site: Site
    north: SandboxProcess
    south: SandboxProcess

    @property
    def path(self) -> Path:
        return self.site.home / "accounts.yaml"

    def account(self, name: str, *, secret: str = "${SECRET}", more: str = "") -> str:
        url = self.south.url if name == "south" else self.north.url
        return (
            f"{name}: {{provider: symbl, base_url: '{url}', app_id: app, app_secret: '{secret}',"
            f" max_concurrency: 20{more}}}\n"
        )

    def write(self, *accounts: str) -> None:
        """Write the file anew, as an operator's editor does."""
        new = self.path.with_suffix(".new")
        new.write_text("".join(accounts))
        new.replace(self.path)

    def worker(self, *words: str) -> Command:
        worker = self.site.start("worker", *words)
        wait_until(lambda: "ready." in worker.err)
        return worker

    def campaign(self, account: str, phone_numbers: list[str], max_duration: str = "1s") -> str:
        """Submit a campaign of an account, under its name; return its id."""
        contacts = "".join(f"  - {{phone_number: '{one}'}}\n" for one in phone_numbers)
        path = self.site.home / f"{account}.yaml"
        path.write_text(
            f"account: {account}\ninsights: []\nmax_duration: {max_duration}\ncontacts:\n{contacts}"
        )
        done = self.site.call("submit", str(path), "--id", account, "--yes")
        assert done.process.returncode == 0, done.err
        return account

    def is_finished(self, campaign_id: str) -> bool:
        return self.state(campaign_id) == "finished"

    def connected(self, campaign_id: str) -> int:
        status = self.site.standing(campaign_id)
        return int(status["calls"]["connected"])

    def state(self, campaign_id: str) -> str:
        return str(self.site.standing(campaign_id)["state"])


@pytest.fixture(scope="module")
def other() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50) as sandbox:
        yield sandbox


@pytest.fixture
def town(sandbox: SandboxProcess, other: SandboxProcess, tmp_path: Path) -> Iterator[Town]:
    other.reset()
    path = tmp_path / "accounts.yaml"
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(
            tmp_path,
            "http://127.0.0.1:9",
            CALLSCHED_REDIS_URL=redis.url,
            CALLSCHED_ACCOUNTS=path,
            SECRET="hush-hush-secret",
        ) as site,
    ):
        for name in ("BASE_URL", "APP_ID", "APP_SECRET"):
            del site.env[f"CALLSCHED_SYMBL_{name}"]
        town = Town(site, sandbox, other)
        town.write(town.account("north"), town.account("south"))
        yield town


def hang_up(worker: Command, until: Callable[[], object]) -> None:
    """Have a worker read the file again, and wait for what comes of it."""
    worker.process.send_signal(signal.SIGHUP)
    wait_until(until)


def test_one_worker_dials_each_campaign_on_its_own_account(town: Town) -> None:
    worker = town.worker()

    town.campaign("north", numbers(10))
    town.campaign("south", numbers(20)[10:])

    wait_until(lambda: town.is_finished("north") and town.is_finished("south"))
    assert set(Judge(town.north).accepted) == set(numbers(10))
    assert set(Judge(town.south).accepted) == set(numbers(20)[10:])
    assert not Judge(town.north).rung_twice
    worker.terminate()
    assert worker.wait() == 0


def test_a_worker_may_serve_some_accounts_alone(town: Town) -> None:
    worker = town.worker("--accounts", "south")

    town.campaign("north", numbers(2))
    town.campaign("south", numbers(4)[2:])

    wait_until(lambda: town.is_finished("south"))
    assert town.state("north") == "active"
    assert not Judge(town.north).accepted
    assert "no account west in" in town.site.call("worker", "--accounts", "west").err
    worker.terminate()


def test_an_api_that_hangs_takes_no_thread_from_another_account(town: Town) -> None:
    town.north.knobs(start_fault="hang")
    town.site.env["CALLSCHED_WORKER_THREADS"] = "8"
    town.worker()
    town.campaign("north", numbers(20))
    wait_until(lambda: Judge(town.north).accepted)

    town.campaign("south", numbers(60)[20:])

    wait_until(lambda: town.is_finished("south"))
    # Each of its starts takes 15 s to be given up, so none has been; and some wait for a thread.
    calls = town.site.call("status", "north", "--json").record["calls"]
    assert calls["dialing"] > 0
    assert calls["pending"] > 0
    Judge(town.south).assert_on_time(1.0)


@pytest.mark.parametrize("part", ["meta", "slots", "live", "webhooks", "schedules"])
def test_what_redis_refuses_for_one_account_harms_no_other(town: Town, part: str) -> None:
    town.site.env["CALLSCHED_WEBHOOK_SECRET"] = "whsec_" + "c2VjcmV0" * 4
    worker = town.worker()
    with Redis.from_url(town.site.env["CALLSCHED_REDIS_URL"]) as redis:
        redis.set(f"callsched:account:north:{part}", "rubbish")

    town.campaign("south", numbers(8))

    wait_until(lambda: town.is_finished("south") and "account north: " in worker.err)
    Judge(town.south).assert_on_time(1.0)
    # Each is said once: by the timekeeper, and by whoever else looks there.
    assert worker.err.count("Redis refuses") == worker.err.count("account north: ") <= 3
    assert "can't reach the ledger" not in worker.err


def test_wrong_credentials_block_their_account_alone(town: Town) -> None:
    town.north.knobs(app_secret="another one")
    worker = town.worker()

    wait_until(lambda: "account north stops dialling" in worker.err)
    town.campaign("north", numbers(2))
    town.campaign("south", numbers(4)[2:])
    wait_until(lambda: town.is_finished("south"))
    assert "account south stops dialling" not in worker.err

    # New credentials: the file is as it was, the secret is another one.
    secret = town.site.home / "secret"
    secret.write_text("another one\n")
    town.write(town.account("north", secret=f"${{file:{secret}}}"), town.account("south"))
    hang_up(worker, lambda: town.is_finished("north"))
    assert "another one" not in worker.err


def test_an_account_that_cant_be_opened_is_said_and_the_others_are_served(town: Town) -> None:
    town.write(town.account("north", secret="${NOT_THERE}"), town.account("south"))

    worker = town.worker()

    town.campaign("south", numbers(2))
    wait_until(lambda: town.is_finished("south"))
    assert "account north can't be opened: app_secret: the variable NOT_THERE" in worker.err


def test_an_account_is_added_while_campaigns_run(town: Town) -> None:
    town.write(town.account("north"))
    worker = town.worker()
    town.campaign("north", numbers(2), LONG)
    wait_until(lambda: town.north.live()["live"] == 2)

    town.write(town.account("north"), town.account("south"))
    hang_up(worker, lambda: "account south is served" in worker.err)

    town.campaign("south", numbers(4)[2:])
    wait_until(lambda: town.is_finished("south"))
    assert town.north.live()["live"] == 2


def test_an_account_that_is_removed_begins_no_call_and_ends_those_that_live(town: Town) -> None:
    worker = town.worker()
    town.north.knobs(limit=2)
    town.campaign("north", numbers(6), "3s")
    wait_until(lambda: town.north.live()["live"] == 2)

    town.write(town.account("south"))
    hang_up(worker, lambda: "account north is no longer in the file" in worker.err)

    begun = len(Judge(town.north).accepted)
    wait_until(lambda: town.north.live()["live"] == 0)
    wait_until(lambda: "account north has nothing left in hand" in worker.err)
    Judge(town.north).assert_on_time(3.0)
    assert len(Judge(town.north).accepted) <= begun + 2 < 6
    doctor = town.site.call("doctor")
    assert "calls are live" not in doctor.out
    assert "north: " in doctor.out
    assert "calls wait, and" in doctor.out

    town.write(town.account("north"), town.account("south"))
    hang_up(worker, lambda: town.is_finished("north"))
    assert len(Judge(town.north).accepted) == 6
    assert not Judge(town.north).rung_twice


def test_a_name_that_stands_for_another_account_now_waits_for_the_calls_of_the_old_one(
    town: Town,
) -> None:
    town.write(town.account("north"))
    worker = town.worker()
    town.campaign("north", numbers(2), "4s")
    wait_until(lambda: town.north.live()["live"] == 2)

    # The other API knows none of these calls, and would say that they are over.
    town.write(town.account("north").replace(town.north.url, town.south.url))
    hang_up(worker, lambda: "account north names another account at its provider now" in worker.err)

    wait_until(lambda: town.north.live()["live"] == 0)
    Judge(town.north).assert_on_time(4.0)
    assert not Judge(town.south).events("stop")
    wait_until(lambda: "account north is served" in worker.err)
    path = town.site.contacts(numbers(3)[2:])
    words = ("--id", "new", "--max-duration", "1s", "--yes")
    assert town.site.call("submit", path, *words).process.returncode == 0
    wait_until(lambda: town.is_finished("new"))
    assert set(Judge(town.south).accepted) == set(numbers(3)[2:])


def test_the_calls_of_an_account_that_is_removed_are_listened_to(town: Town) -> None:
    worker = town.worker()
    town.campaign("north", numbers(2), LONG)
    wait_until(lambda: town.north.live()["live"] == 2)

    town.write(town.account("south"))
    hang_up(worker, lambda: "account north is no longer in the file" in worker.err)

    # Longer than a lease: it is renewed, or another worker would take it.
    time.sleep(LEASE_SECONDS + 1.0)
    seen = town.site.call("watch", "--json", "--account", "north").record
    assert seen["account"]["live"] == 2
    assert seen["backlog"]["sockets_wanted"] == 0
    town.site.call("abort", "north")


def test_a_worker_that_starts_with_a_file_that_is_wrong_ends_the_calls_of_the_other_accounts(
    town: Town,
) -> None:
    worker = town.worker()
    town.campaign("south", numbers(3), "4s")
    # On record, too: what is only at the API is an unknown call, which nobody can stop.
    wait_until(lambda: town.connected("south") == 3)
    worker.kill()

    town.write("north: {provider: acme}\n", town.account("south"))
    worker = town.worker()

    wait_until(lambda: town.south.live()["live"] == 0)
    Judge(town.south).assert_on_time(4.0)
    assert "this worker only sends stops, and dials nobody: " in worker.err


def test_a_file_that_is_wrong_changes_nothing(town: Town) -> None:
    worker = town.worker()

    town.write("north: {provider: acme}\n")
    hang_up(worker, lambda: "nothing changes: " in worker.err)
    town.path.unlink()
    hang_up(worker, lambda: "can't be read: No such file" in worker.err)

    town.write(town.account("north"), town.account("south"))
    town.campaign("south", numbers(2))
    wait_until(lambda: town.is_finished("south"))
    assert "provider: expected one of symbl, twilio, got 'acme'" in worker.err


def test_run_takes_the_account_of_the_campaign_or_the_one_that_is_said(town: Town) -> None:
    town.write(town.account("north"), town.account("south", more=", default: true"))
    path = town.site.contacts(numbers(3))
    more = ("--max-duration", "1s", "--yes")

    assert town.site.call("run", path, *more).process.returncode == 0
    assert len(Judge(town.south).accepted) == 3
    assert town.site.call("run", path, *more, "--account", "north", "--id", "n").wait() == 0
    assert len(Judge(town.north).accepted) == 3
    assert len(Judge(town.south).accepted) == 3

    # The campaign of this file is the one that has run: it does not change its account.
    moved = town.site.call("run", path, *more, "--account", "north")
    assert moved.process.returncode == 1
    assert "is dialled on account south, not on north" in moved.err
    assert len(Judge(town.north).accepted) == 3

    refused = town.site.call("run", path, *more, "--account", "west")
    assert refused.process.returncode == 1
    assert "there is no account west in" in refused.err
    assert "north, south" in refused.err


def test_a_campaign_that_names_an_account_that_is_not_there_is_refused_in_its_line(
    town: Town,
) -> None:
    path = town.site.home / "west.yaml"
    path.write_text("contacts: contacts.csv\naccount: west\n")
    town.site.contacts(numbers(1))

    refused = town.site.call("submit", str(path))

    assert refused.process.returncode == 1
    assert "west.yaml:2:10: account: there is no account west" in refused.err


def test_a_schedule_has_the_account_of_its_file_or_the_one_that_is_said(town: Town) -> None:
    path = town.site.home / "daily.yaml"
    words = ("schedule", "add", str(path), "--account", "south", "--cron", "0 9 * * *")
    path.write_text("contacts: contacts.csv\n")
    town.site.contacts(numbers(1))

    added = town.site.call(*words, "--timezone", "Europe/Paris")
    assert "a worker of account south launches it" in added.out + added.err

    # Each firing reads the file, so the option can't go before what the file says.
    path.write_text("contacts: contacts.csv\naccount: north\n")
    refused = town.site.call(*words, "--timezone", "Europe/Paris", "--id", "other")
    assert refused.process.returncode == 1
    assert "names account north: leave --account out, or change the file" in refused.err


def test_a_run_in_the_sandbox_needs_no_account_of_the_file(town: Town) -> None:
    path = town.site.contacts(numbers(2))
    words = ("run", path, "--sandbox", "--account", "north", "--max-duration", "1s")

    done = town.site.call(*words)

    assert done.process.returncode == 0, done.err
    assert not Judge(town.north).accepted


def test_each_line_of_the_log_about_a_call_says_whose_it_is(town: Town) -> None:
    town.site.env["CALLSCHED_LOG_FORMAT"] = "json"
    town.north.knobs(hangup_after_seconds=[0.5, 0.5])
    worker = town.worker()

    town.campaign("north", numbers(3), LONG)
    town.campaign("south", numbers(6)[3:])

    wait_until(lambda: town.is_finished("north") and town.is_finished("south"))
    lines = [json.loads(line) for line in worker.err.splitlines() if line.startswith("{")]
    of_calls = [line for line in lines if "attempt" in line]
    assert {line["account"] for line in of_calls if "stop: accepted" in line["message"]}
    assert any("hung_up" in line["message"] for line in of_calls)
    assert [line for line in of_calls if line.get("account") != line["campaign_id"]] == []


def test_doctor_says_of_each_finding_whose_it_is_once(town: Town) -> None:
    lines = town.site.call("doctor").out.splitlines()

    assert "ok    account      north: 0 live, 0 slots in use" in lines
    assert "ok    stops        south: no stop is late" in lines
    assert any("ok    files        a worker needs 1244" in line for line in lines)


def test_doctor_says_where_in_the_file_something_is_to_be_mended(town: Town) -> None:
    town.north.knobs(app_secret="another one")
    town.write(town.account("north"), town.account("south", secret="${file:none}"))

    failed = [line for line in town.site.call("doctor").out.splitlines() if line[:4] == "fail"]

    where = f"app_id and app_secret, or access_token of {{}} in {town.path}"
    assert failed[0].startswith("fail  credentials  north: the API refuses the credentials")
    assert failed[0].endswith(f"; mend {where.format('north')}")
    assert failed[1].startswith("fail  credentials  south: app_secret: ")
    assert failed[1].endswith(
        f"none can't be read: No such file or directory; mend {where.format('south')}"
    )
