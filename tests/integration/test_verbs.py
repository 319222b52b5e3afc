"""Scripts run on connections that a client's pool has handed out for good."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ResponseError, TimeoutError

from scheduler.ledger.redis.client import connect_briefly, connect_once
from scheduler.ledger.redis.verbs import Runner, Verb

#: A list that stays empty.
NOTHING = "callsched-test:nothing"


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    """A client that sends nothing twice."""
    with connect_once(redis_url) as client:
        yield client


@pytest.fixture
def runner(client: Redis) -> Runner:
    return Runner(client)


def connection_of(runner: Runner) -> int:
    return int(runner.run("CLIENT", "ID"))


def test_one_connection_serves_one_command_after_the_other(runner: Runner) -> None:
    assert connection_of(runner) == connection_of(runner)


def test_a_connection_that_the_server_has_closed_costs_no_command(
    runner: Runner, reader: Redis
) -> None:
    first = connection_of(runner)
    reader.client_kill_filter(_id=str(first))

    assert connection_of(runner) != first


def test_a_refusal_is_an_answer_and_its_connection_goes_on(runner: Runner) -> None:
    first = connection_of(runner)
    with pytest.raises(ResponseError):
        runner.run("NO-SUCH-COMMAND")

    assert connection_of(runner) == first


def test_an_answer_that_comes_too_late_answers_no_other_command(redis_url: str) -> None:
    with connect_briefly(redis_url) as client:
        runner = Runner(client)
        with pytest.raises(TimeoutError):
            runner.run("BRPOP", NOTHING, "0.3")

        assert runner.run("ECHO", "mine") == "mine"


def test_a_forked_process_opens_connections_of_its_own(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = connection_of(runner)
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert connection_of(runner) != parents


def test_several_commands_take_one_round_trip(runner: Runner) -> None:
    said = runner.run_all(("ECHO", "one"), ("MULTI",), ("ECHO", "two"), ("EXEC",))

    assert said == ["one", "OK", "QUEUED", ["two"]]


@pytest.mark.parametrize(
    "commands",
    [
        (("NO-SUCH-COMMAND",), ("ECHO", "one")),
        (("MULTI",), ("NO-SUCH-COMMAND",), ("EXEC",)),
        (("MULTI",), ("EVAL", "return redis.call('INCR', {})", 0), ("ECHO", "one"), ("EXEC",)),
    ],
    ids=["plain", "not queued", "in a transaction"],
)
def test_an_error_among_several_answers_spoils_no_later_command(
    runner: Runner, commands: tuple[tuple[str, ...], ...]
) -> None:
    first = connection_of(runner)
    with pytest.raises(ResponseError):
        runner.run_all(*commands)

    assert runner.run("ECHO", "mine") == "mine"
    assert connection_of(runner) == first


def test_several_answers_that_come_too_late_answer_no_other_command(redis_url: str) -> None:
    with connect_briefly(redis_url) as client:
        runner = Runner(client)
        with pytest.raises(TimeoutError):
            runner.run_all(("ECHO", "one"), ("BRPOP", NOTHING, "0.3"), ("ECHO", "two"))

        assert runner.run("ECHO", "mine") == "mine"


def test_a_server_that_lost_a_script_gets_its_text(runner: Runner, reader: Redis) -> None:
    verb = Verb(runner, lambda: "return {KEYS[1], ARGV[1], 'only here'}")
    assert verb(["key"], ["word"]) == ["key", "word", "only here"]
    reader.script_flush()

    assert verb(["key"], ["word"]) == ["key", "word", "only here"]
    assert reader.script_exists(verb.sha) == [True]
