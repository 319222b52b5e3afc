"""Workers of a pool whose Redis wants a login, speaks TLS, or fails over to its replica."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from scheduler.errors import SchedulerError
from scheduler.ledger import keys
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.integration.sentinels import NAME, Guarded
from tests.integration.test_durability import ANY, Machine, free_port
from tests.integration.test_redis_urls import AWKWARD, ENCODED, admit
from tests.integration.tls_proxy import TlsProxy
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(170)

#: What a worker logs once it can't get in, and what it says at its start.
REFUSED = "Redis refuses the login"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def worker(site: Site, **env: str) -> Command:
    return site.start_celery_worker("-l", "INFO", env=env)


def campaign(site: Site, count: int, seconds: float = 2.0) -> str:
    path = site.home / "c.yaml"
    rows = "".join(f"  - {{phone_number: {one}}}\n" for one in numbers(count))
    path.write_text(f"max_duration: {seconds:g}s\ninsights: []\ncontacts:\n{rows}")
    return str(path)


def is_over(site: Site, campaign_id: str) -> bool:
    with suppress(SchedulerError):  # in a failover
        return bool(site.standing(campaign_id)["state"] == "finished")
    return False


# A login, over TLS --------------------------------------------------------------------------------


def test_a_campaign_runs_as_the_documented_user_over_tls_and_outlives_a_change_of_password(
    site: Site, sandbox: SandboxProcess, tmp_path: Path, stack: ExitStack
) -> None:
    (tmp_path / "servers").mkdir()
    port, ca = free_port(), trustme.CA()
    server = Machine(tmp_path / "servers", stack).server(ANY, "--port", str(port))
    admit(server, "ana", AWKWARD)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    proxy = stack.enter_context(TlsProxy(port, context))
    url = f"rediss://ana:{ENCODED}@localhost:{proxy.port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}"
    site.env["CALLSCHED_REDIS_URL"] = url

    ours = worker(site)
    wait_until(lambda: "celery@" in ours.err and " ready." in ours.err)
    assert site.call("submit", campaign(site, 6), "--id", "c").process.returncode == 0
    wait_until(lambda: is_over(site, "c"))
    looked = site.call("doctor", "--json")

    found = {check["name"]: check for check in looked.record["checks"]}
    assert {name: found[name]["level"] for name in ("tls", "rights", "workers")} == {
        "tls": "ok",
        "rights": "ok",
        "workers": "ok",
    }
    # What redis-py and the doctor try, and can do without.
    assert {entry["object"] for entry in server.redis.acl_log()} <= {"client", "config"}

    change(server, "another")
    wait_until(lambda: REFUSED in ours.err)
    change(server, AWKWARD)
    assert site.call("submit", campaign(site, 8), "--id", "c2").process.returncode == 0
    wait_until(lambda: is_over(site, "c2"))

    judge = Judge(sandbox)
    assert (sum(judge.accepted.values()), judge.live) == (14, set())
    ours.terminate()
    assert ours.wait() == 0
    for told in (ours.err, ours.out, looked.err, looked.out):
        assert AWKWARD not in told
        assert ENCODED not in told


def change(server: object, password: str) -> None:
    """Give the user another password, and have everybody log in again."""
    redis = server.redis  # type: ignore[attr-defined]
    redis.execute_command("ACL", "SETUSER", "ana", "resetpass", f">{password}")
    redis.execute_command("CLIENT", "KILL", "USER", "ana")


# What is wrong is told in a line ------------------------------------------------------------------


def test_a_wrong_password_ends_commands_and_workers_with_one_line(
    site: Site, machine: Machine
) -> None:
    port = free_port()
    machine.server(ANY, "--port", str(port)).redis.config_set("requirepass", "right")
    site.env["CALLSCHED_REDIS_URL"] = f"redis://:hush-hush@127.0.0.1:{port}/0"

    for started in (site.start("status"), site.start("results", "c"), worker(site)):
        assert started.wait() == 1
        (line,) = (line for line in started.err.splitlines() if line.startswith("error: "))
        assert REFUSED in line
        assert "CALLSCHED_REDIS_URL" in line
        assert "Traceback" not in started.err
        assert "hush-hush" not in started.err + started.out


def test_a_url_that_cannot_be_read_ends_them_as_well(site: Site) -> None:
    site.env["CALLSCHED_REDIS_URL"] = "redis://ana:hush#hush@127.0.0.1/0"

    for started in (site.start("status"), worker(site)):
        assert started.wait() == 1
        assert "error: CALLSCHED_REDIS_URL: " in started.err
        assert "# as %23" in started.err
        assert "Traceback" not in started.err
        assert "hush#" not in started.err + started.out


@pytest.fixture
def machine(tmp_path: Path, stack: ExitStack) -> Machine:
    (tmp_path / "servers").mkdir()
    return Machine(tmp_path / "servers", stack)


# A failover -------------------------------------------------------------------------------------


def test_a_campaign_goes_on_when_its_primary_dies(
    site: Site, sandbox: SandboxProcess, tmp_path: Path, stack: ExitStack
) -> None:
    (tmp_path / "servers").mkdir()
    guarded = Guarded(tmp_path / "servers", stack)
    slots, count = 8, 14
    site.env |= {"CALLSCHED_REDIS_URL": guarded.url, "CALLSCHED_MAX_CONCURRENCY": str(slots)}

    workers = [worker(site), worker(site)]
    wait_until(lambda: all(" ready." in one.err for one in workers))
    submitted = site.call("submit", campaign(site, count, 12.0), "--id", "c")
    assert submitted.process.returncode == 0, submitted.err
    # Between starts: what the primary has not sent when it dies is lost, and documented so.
    primary: Any = guarded.primary.redis
    wait_until(lambda: primary.zcard(keys.account("default", "live")) == slots)
    primary.set("callsched:fence", "x")
    assert primary.wait(1, 10_000) == 1
    guarded.kill_primary()
    wait_until(guarded.is_promoted)
    wait_until(lambda: is_over(site, "c"), 120)

    records, judge = site.results("c"), Judge(sandbox)
    assert judge.rung_twice == []
    assert judge.live == set()
    assert len(judge.accepted) == count
    assert [record["disposition"] for record in records] == ["stopped"] * count
    looked = site.call("doctor", "--json")
    found = {check["name"]: check["text"] for check in looked.record["checks"]}
    assert f"127.0.0.1:{guarded.replica_port} is the primary of {NAME}" in found["sentinel"]
    for one in workers:
        assert one.process.poll() is None, one.err
        one.terminate()
        assert one.wait() == 0
