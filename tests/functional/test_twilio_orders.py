"""What an operator does with calls at Twilio, and what is found there that nobody knows of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Site, magic, numbers
from tests.functional.test_monitoring import free_port
from tests.functional.twilio_site import (
    ENDLESS,
    by_number,
    dialed,
    run,
    twilio_site,
    write,
)
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(180)

SILENT = magic(71)
LOST = magic(50)  #: placed, and answered 500
ANYBODY = numbers(9)

#: What a call of somebody else does.
ENDLESS_TWIML = '<Response><Pause length="3600"/></Response>'


@pytest.fixture
def site(twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    twilio.knobs(price_after_seconds=0)
    with twilio_site(tmp_path, twilio) as site:
        yield site


# Orders -------------------------------------------------------------------------------------------


def queue_up(site: Site, twilio: SandboxProcess) -> Command:
    """Have five calls started, of which all but the first wait in the provider's queue."""
    twilio.knobs(calls_per_second=0.1)
    path = write(site, ANYBODY[:5], call={"script": ENDLESS})
    command = site.start("run", path, "--id", "c", "--json", "--no-wait")
    wait_until(lambda: len(twilio.events("accepted")) == 5)
    return command


@pytest.mark.parametrize("order", ["pause", "abort"])
def test_queued_calls_are_taken_back(site: Site, twilio: SandboxProcess, order: str) -> None:
    command = queue_up(site, twilio)

    ordered = site.call(order, "c", *(["--yes"] if order == "abort" else []))

    assert ordered.process.returncode == 0, ordered.err
    wait_until(lambda: len(twilio.events("ended")) >= 4)
    rang = dialed(twilio)
    assert len(rang) == 1
    command.interrupt()
    command.wait()
    states = Counter(one["state"] for one in site.results("c"))
    disposed = Counter(one["disposition"] for one in site.results("c"))
    if order == "pause":
        assert states == {"pending": 4, "ended": 1}
        assert all(one["attempts"] == 0 for one in site.results("c") if one["state"] == "pending")
    else:
        assert states == {"ended": 5}
        assert disposed == {"aborted": 5}


@pytest.mark.parametrize("stage", ["queued", "ringing"])
def test_where_a_call_stands_that_nobody_has_answered_yet(
    site: Site, twilio: SandboxProcess, stage: str
) -> None:
    number = SILENT if stage == "ringing" else magic(80)
    path = write(site, [number], call={"script": ENDLESS, "ring_time": "60s"})
    command = site.start("run", path, "--id", "c", "--json")
    wait_until(lambda: len(twilio.events("accepted")) == 1)

    def standing() -> object:
        (call,) = site.call("watch", "--once", "--json").record["live_calls"] or [{}]
        return call.get("standing")

    wait_until(lambda: standing() == stage)
    told = site.call("explain", "c", "c-1").out
    assert f"{stage}: " in told
    assert stage in site.call("watch", "--once").out
    command.interrupt()
    assert command.wait() == 130


def test_extend_moves_their_limit_before_ours(site: Site, twilio: SandboxProcess) -> None:
    path = write(site, ANYBODY[:1], call={"script": ENDLESS}, max_duration="60s")
    command = site.start("run", path, "--id", "c", "--json")
    wait_until(lambda: len(twilio.events("answered")) == 1)
    wait_until(lambda: site.results("c")[0]["answered_at"])

    extended = site.call("extend", "c", "c-1", "2m", "--json")

    assert extended.process.returncode == 0, extended.err
    (change,) = twilio.events("change")
    assert change["request"]["TimeLimit"] == "195"
    twilio.knobs(change_fault="500")
    refused = site.call("extend", "c", "c-1", "2m", "--json")
    assert refused.process.returncode == 1
    command.interrupt()
    command.wait()


# What no record knows, and what nobody learned ----------------------------------------------------


def test_a_call_of_nobody_is_named_and_left_alone(site: Site, twilio: SandboxProcess) -> None:
    run(site, write(site, ANYBODY[:1], "first"))
    sid = twilio.add_call(ANYBODY[8], age_seconds=90, twiml=ENDLESS_TWIML)

    for name in ("second", "third"):  # each takes the lease, and compares
        assert run(site, write(site, ANYBODY[:1], name)).process.returncode == 0

    status = site.call("status", "--json").record
    assert status["accounts"][0]["orphans"] == 1
    assert "that no attempt has" in site.call("status").out.replace("\n", " ")
    assert "that no attempt has" in site.call("doctor").out
    assert twilio.call(sid)["ended_by"] is None
    port = free_port()
    worker = site.start("worker", env={"CALLSCHED_METRICS_PORT": str(port)})
    wait_until(lambda: "ready." in worker.err)
    told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    assert 'callsched_account_orphans{account="default"} 1.0' in told


def test_starts_keep_to_one_a_second_unless_somebody_says_more(
    site: Site, twilio: SandboxProcess
) -> None:
    del site.env["CALLSCHED_MAX_STARTS_PER_SECOND"]

    run(site, write(site, ANYBODY[:3]))

    starts = [one["at"] for one in twilio.events("start")]
    apart = [later - earlier for earlier, later in pairwise(starts)]
    assert len(apart) == 2
    assert min(apart) > 0.8


def test_it_is_ended_on_an_account_of_its_own(
    site: Site, twilio: SandboxProcess, private: EmbeddedRedis, redis: Redis
) -> None:
    site.env |= {"CALLSCHED_EXCLUSIVE": "true", "CALLSCHED_REDIS_URL": private.url}
    run(site, write(site, ANYBODY[:1], "first"))
    sid = twilio.add_call(ANYBODY[8], age_seconds=90, twiml=ENDLESS_TWIML)

    for name in ("second", "third"):
        assert run(site, write(site, ANYBODY[:1], name)).process.returncode == 0

    assert twilio.call(sid)["ended_by"] == "stop"


def test_a_lost_answer_is_found_where_nobody_else_calls(site: Site, twilio: SandboxProcess) -> None:
    site.env |= {"CALLSCHED_EXCLUSIVE": "true"}

    done = run(site, write(site, [LOST]))

    assert done.process.returncode == 0, done.err
    assert done.record["dispositions"] == {"completed": 1}
    assert dialed(twilio) == [LOST]
    assert by_number(site, "c")[LOST]["connection_id"].startswith("CA")


@pytest.mark.parametrize("act", ["--attach", "--end"])
def test_elsewhere_reconcile_shows_it_and_the_operator_decides(
    site: Site, twilio: SandboxProcess, act: str
) -> None:
    done = run(site, write(site, [LOST], call={"script": ENDLESS}, max_duration="5s"))
    assert done.record["dispositions"] == {"unknown:answer_lost": 1}, done.err
    (sid,) = [one["connection_id"] for one in twilio.events("dialed")]

    shown = site.call("reconcile", "c", "--json")
    assert shown.process.returncode == 0, shown.err
    assert shown.record["calls"][0]["candidates"] == [sid]
    assert sid in site.call("reconcile", "c").out

    decided = site.call("reconcile", "c", "c-1", act, sid)
    assert decided.process.returncode == 0, decided.err
    site.start("worker")
    wait_until(lambda: twilio.live()["live"] == 0)
    assert [one["by"] for one in twilio.events("ended")] == ["stop"]
    assert dialed(twilio) == [LOST]
    disposition = "stopped" if act == "--attach" else "unknown"
    wait_until(lambda: site.results("c")[0]["disposition"] == disposition)
