"""What was said in calls that are over: read until it is complete, and kept once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis
from tenacity.wait import wait_exponential

from scheduler.calls import collector as rules
from scheduler.ledger import do_not_call, insights, keys, views
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Insight, OptOuts
from tests.functional.campaign import Site, magic, numbers
from tests.functional.rig import ACCOUNT, ANYBODY, Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

#: Long enough for the first lines, which are spoken every tenth of a second here.
CALL_SECONDS = 0.5


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, answer_after=0.05, line_every=0.1) as sandbox:
        yield sandbox


Open = Callable[..., Rig]


@pytest.fixture
def opened(
    private: EmbeddedRedis,
    redis: Redis,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Open]:
    """Opens rigs that read often what was said; each is a worker of its own."""
    monkeypatch.setattr(rules, "BETWEEN_READS", wait_exponential(multiplier=0.1, max=0.2))
    monkeypatch.setattr(rules, "SILENT_SECONDS", 0.5)
    rigs: list[Rig] = []

    def open_rig(**options: Any) -> Rig:
        known = {"patience_seconds": 20.0, "shares_token": True} | options
        rigs.append(Rig(private.url, sandbox.url, **known))
        return rigs[-1]

    yield open_rig
    for rig in rigs:
        rig.close()


def run(rig: Rig, *everyone: str, **policy: Any) -> list[dict[str, Any]]:
    """Call these, and wait until all that was said is kept."""
    rig.load(*everyone, max_duration_seconds=CALL_SECONDS, **policy)
    rig.start()
    wait_until(lambda: rig.all_ended() and collecting(rig) == 0)
    return rig.records()


def call_only(rig: Rig, *everyone: str, **policy: Any) -> None:
    """Call these with a worker that reads nothing."""
    rig.load(*everyone, max_duration_seconds=CALL_SECONDS, **policy)
    rig.start()
    wait_until(rig.all_ended)
    assert collecting(rig) == len(everyone)


def collecting(rig: Rig) -> int:
    return views.campaign(rig.ledger, "c").collecting


def api_views(sandbox: SandboxProcess, record: dict[str, Any]) -> dict[str, Any]:
    """Return all that the API has of a conversation."""
    return dict(sandbox.conversation(record["conversation_id"])["views"])


def spoken(sandbox: SandboxProcess, record: dict[str, Any]) -> list[str]:
    return [message["text"] for message in api_views(sandbox, record)["messages"]["messages"]]


def texts(record: dict[str, Any]) -> list[str]:
    return [line["text"] for line in record["transcript"]]


def reads(sandbox: SandboxProcess, what: str) -> list[dict[str, Any]]:
    asked = sandbox.events("conversation")
    return [event for event in asked if event["path"].endswith(f"/{what}")]


# What is kept


@pytest.mark.parametrize("fault", ["429", "503"])
def test_the_api_is_asked_again_when_it_wants_to_be_asked(
    opened: Open, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.knobs(conversation_fault=fault, conversation_fault_count=1, retry_after="0.9")

    (record,) = run(opened(), ANYBODY)

    first, second = reads(sandbox, "messages")[:2]
    assert texts(record) == spoken(sandbox, record)
    assert second["at"] - first["at"] >= 0.9


def test_what_was_said_is_in_the_result(opened: Open, sandbox: SandboxProcess) -> None:
    (record,) = run(opened(), ANYBODY, insights=tuple(Insight))

    known, kept = api_views(sandbox, record), record["insights"]
    assert texts(record) == spoken(sandbox, record)
    assert len(texts(record)) > 2
    assert set(record["transcript"][0]) >= {"speaker", "text", "started_at"}
    assert abs(record["transcript"][0]["started_at"] - record["started_at"]) < 60
    assert set(kept) == {*Insight} - {Insight.TRANSCRIPT}
    assert [each["text"] for each in kept["topics"]] == [
        each["text"] for each in known["topics"]["topics"]
    ]
    assert [each["text"] for each in kept["action_items"]] == [
        each["text"] for each in known["action-items"]["actionItems"]
    ]
    assert kept["summary"] == " ".join(each["text"] for each in known["summary"]["summary"])
    assert kept["analytics"]["metrics"] == known["analytics"]["metrics"]
    assert "insights_error" not in record


def test_only_what_the_campaign_wants_is_asked_for(opened: Open, sandbox: SandboxProcess) -> None:
    (record,) = run(opened(), ANYBODY, insights=(Insight.TOPICS,))

    assert set(record["insights"]) == {"topics"}
    asked = {event["path"].rpartition("/")[2] for event in sandbox.events("conversation")}
    assert asked == {"messages", "topics"}


def test_a_campaign_that_wants_nothing_asks_for_nothing(
    opened: Open, sandbox: SandboxProcess
) -> None:
    (record,) = run(opened(), ANYBODY, insights=())

    assert sandbox.events("conversation") == []
    assert "insights" not in record


def test_a_call_in_which_nobody_spoke_has_an_empty_transcript(opened: Open) -> None:
    (record,) = run(opened(), magic(43))

    assert (record["transcript"], record["heard"]) == ([], "silence")
    assert "insights_error" not in record


def test_a_wish_that_nobody_heard_live_is_heeded_once_it_is_read(opened: Open) -> None:
    rig = opened()
    (record,) = run(rig, magic(42), opt_outs=OptOuts.CALLEES)

    assert record["asked_not_to_be_called"] is True
    assert (record["heard"], record["intents"]) == ("human", ["do_not_call"])
    assert do_not_call.barred(rig.ledger, magic(42)) is not None


# Not yet


def test_a_transcript_that_grows_is_kept_when_it_grows_no_more(
    opened: Open, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(transcript_settles_seconds=0.5)

    (record,) = run(opened(), ANYBODY)

    assert texts(record) == spoken(sandbox, record)
    assert len(texts(record)) > 2


def test_what_is_not_found_at_first_is_read_later(opened: Open, sandbox: SandboxProcess) -> None:
    sandbox.knobs(insights_after_seconds=0.6)

    (record,) = run(opened(), ANYBODY)

    statuses = [event["status"] for event in reads(sandbox, "messages")]
    assert statuses[0] == 404
    assert statuses[-1] == 200
    assert texts(record) == spoken(sandbox, record)


def test_that_nothing_was_recorded_is_a_result_at_the_end_of_the_patience(
    opened: Open, sandbox: SandboxProcess
) -> None:
    (record,) = run(opened(patience_seconds=0.8), magic(44))

    assert (record["transcript"], record["insights"]) == ([], {})
    assert record["heard"] == "not_recorded"
    assert "insights_error" not in record
    stopped_at = sandbox.events("ended")[0]["at"]
    assert reads(sandbox, "messages")[-1]["at"] - stopped_at >= 0.75


@pytest.mark.parametrize("fault", ["429", "500", "401"])
def test_what_goes_wrong_for_a_while_costs_nothing(
    opened: Open, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.knobs(conversation_fault=fault, conversation_fault_count=2)

    (record,) = run(opened(), ANYBODY)

    assert texts(record) == spoken(sandbox, record)
    assert record["insights"]["summary"]
    assert "insights_error" not in record


@pytest.mark.parametrize("fault", ["500", "403"])
def test_what_can_not_be_read_at_all_says_why_at_the_end_of_the_patience(
    opened: Open, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.knobs(conversation_fault=fault)

    (record,) = run(opened(patience_seconds=0.6), ANYBODY)

    assert (record["transcript"], record["insights"]) == ([], {})
    assert record["insights_error"].startswith(fault)
    assert record["disposition"] == "stopped"


def test_whoever_hung_up_has_a_transcript_too(opened: Open, sandbox: SandboxProcess) -> None:
    sandbox.knobs(hangup_after_seconds=[0.5, 0.5])
    rig = opened(sockets=10)
    rig.load(ANYBODY)
    rig.start()

    wait_until(lambda: rig.all_ended() and collecting(rig) == 0)

    assert rig.endings() == [("hung_up", None)]
    assert texts(rig.record()) == spoken(sandbox, rig.record())


# Many, and who dies


def test_reading_holds_no_slot(opened: Open, sandbox: SandboxProcess) -> None:
    sandbox.knobs(insights_after_seconds=30)
    rig = opened(ceiling=1)
    rig.load(*map(number, range(3)), max_duration_seconds=0.2)
    rig.start()

    wait_until(rig.all_ended)

    assert collecting(rig) == 3
    assert rig.account().slots == 0


def test_two_that_read_the_same_keep_it_once(opened: Open, sandbox: SandboxProcess) -> None:
    """The lease of the first one has run out."""
    rig, other = opened(patience_seconds=None), opened(patience_seconds=None)
    call_only(rig, ANYBODY)
    sandbox.knobs(conversation_latency_seconds=0.1)
    for each in (rig, other):
        each.collector._patience_seconds = 20.0

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(rig.collect)
        wait_until(lambda: reads(sandbox, "messages"))
        rig.ledger.redis.zadd(keys.account(ACCOUNT, "collect"), {"c:1:1": 0})
        other.collect()
        first.result(20)
    while collecting(rig):
        rig.collect()

    assert collecting(rig) == 0
    assert texts(rig.record()) == spoken(sandbox, rig.record())


def test_what_a_dead_reader_had_taken_is_read_when_its_lease_has_run_out(
    opened: Open, sandbox: SandboxProcess
) -> None:
    dead, alive = opened(patience_seconds=None), opened()
    call_only(dead, ANYBODY)
    assert insights.take(dead.ledger, ACCOUNT) is not None
    # As if that had been nearly a lease ago.
    dead.ledger.redis.zincrby(keys.account(ACCOUNT, "collect"), -59.5, "c:1:1")

    alive.start()
    wait_until(lambda: collecting(alive) == 0)

    assert texts(alive.record()) == spoken(sandbox, alive.record())


def test_many_conversations_are_read_by_many_and_each_is_kept(
    opened: Open, sandbox: SandboxProcess
) -> None:
    workers = [opened(ceiling=12), opened(ceiling=12)]
    workers[1].start()

    records = run(workers[0], *map(number, range(12)))

    assert len(records) == 12
    for record in records:
        assert texts(record) == spoken(sandbox, record)
    assert workers[0].ledger.redis.zcard(keys.account(ACCOUNT, "collect")) == 0


def test_a_worker_that_is_killed_while_it_reads_loses_nothing(
    site: Site, sandbox: SandboxProcess, private: EmbeddedRedis, redis: Redis
) -> None:
    sandbox.knobs(conversation_latency_seconds=0.5)
    site.env |= {"CALLSCHED_REDIS_URL": private.url, "CALLSCHED_MAX_CONCURRENCY": "6"}
    reading = site.start("worker")
    site.call("submit", site.contacts(numbers(4)), "--id", "c", "--max-duration", "1s")
    wait_until(lambda: len(reads(sandbox, "messages")) >= 2)

    reading.kill()

    collect, meta = keys.account("default", "collect"), keys.campaign("c", "meta")
    assert redis.zcard(collect) > 0
    # What it had taken would be due in a minute.
    for attempt in redis.zrange(collect, 0, -1):
        redis.zadd(collect, {str(attempt): 0})
    sandbox.knobs(conversation_latency_seconds=0)
    site.start("worker")
    wait_until(
        lambda: (
            redis.hget(meta, "state") == "finished"
            and redis.hget(meta, "collecting") == "0"
            and redis.zcard(collect) == 0
        )
    )
    for record in site.results("c"):
        assert texts(record) == spoken(sandbox, record)
