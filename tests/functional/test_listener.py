"""What live connections tell, and what is done about it, from socket to ledger."""

from __future__ import annotations

import logging
import signal
import threading
import time
from functools import partial
from math import inf
from typing import Any

import pytest
from redis import Redis
from websockets.sync.server import Server, ServerConnection, serve

from scheduler.calls.news import Act
from scheduler.errors import SchedulerError
from scheduler.ledger import do_not_call, keys, listeners
from scheduler.ledger.listeners import ListenedCall
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Connection, OnMachine, StartOptions
from scheduler.providers import StopAnswer
from scheduler.providers.symbl import Symbl
from tests.functional.campaign import Site, magic, numbers
from tests.functional.rig import ANYBODY, LONG_SECONDS, Open, Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import Api, Proxy, Request, http

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def opened(opened: Open) -> Open:
    """Opens rigs that listen; each is a worker of its own."""
    return partial(opened, ceiling=50, sockets=100, shares_token=True)


def open_sockets(sandbox: SandboxProcess) -> int:
    return int(sandbox.sockets()["open"])


def call(rig: Rig, sandbox: SandboxProcess, count: int, **policy: Any) -> None:
    """Call so many, and wait until all of them are listened to."""
    rig.load(*map(number, range(count)), **policy)
    rig.raise_limit(50)
    rig.start()
    wait_until(lambda: open_sockets(sandbox) == count)


def lengths(sandbox: SandboxProcess, by: str = "stop") -> list[float]:
    """Return how long the calls were that were ended so."""
    return [event["length_seconds"] for event in sandbox.events("ended") if event["by"] == by]


# A ledger that forgets


def test_calls_that_the_ledger_has_lost_are_ended_by_whoever_hears_them(
    rig: Rig, sandbox: SandboxProcess, redis: Redis
) -> None:
    call(rig, sandbox, 3, max_duration_seconds=LONG_SECONDS)
    sandbox.knobs(stop_fault="503", stop_fault_count=1)

    redis.flushall()

    wait_until(lambda: len(sandbox.events("ended")) == 3)
    assert {event["by"] for event in sandbox.events("ended")} == {"stop"}


def test_a_call_goes_on_to_its_deadline_though_its_connection_is_lost_with_a_primary(
    rig: Rig, sandbox: SandboxProcess, private: EmbeddedRedis
) -> None:
    # A replica takes over that knows of the start, and not of the answer.
    keys_of_then: dict[bytes, bytes] = {}
    sandbox.knobs(latency_seconds=1.0)
    rig.load(number(0), max_duration_seconds=5.0)
    rig.start()
    with Redis.from_url(private.url) as redis:
        wait_until(lambda: sandbox.events("start"))
        keys_of_then |= {key: redis.dump(key) for key in redis.scan_iter()}
        wait_until(lambda: open_sockets(sandbox) == 1)

        with redis.pipeline() as at_once:
            at_once.flushall()
            for key, value in keys_of_then.items():
                at_once.restore(key, 0, value)
            at_once.execute()

    wait_until(rig.all_ended)
    assert lengths(sandbox) and min(lengths(sandbox)) >= 4.9
    assert (rig.record()["disposition"], rig.record()["reason"]) == ("stopped", None)
    assert len(sandbox.events("start")) == 1


# Hang-ups


@pytest.mark.parametrize("stop_ended", [200, 404])
@pytest.mark.parametrize("ending", [10, 47], ids=["completed", "bare close"])
def test_who_hangs_up_is_over_long_before_the_deadline(
    rig: Rig, sandbox: SandboxProcess, ending: int, stop_ended: int
) -> None:
    sandbox.knobs(stop_ended=stop_ended)
    rig.load(magic(ending))
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("hung_up", None)]
    assert [event["by"] for event in sandbox.events("ended")] == ["hangup"]
    assert len(sandbox.events("stop")) == 1
    assert (rig.account().slots, rig.account().live) == (0, 0)


def test_the_stop_after_a_hang_up_waits_for_no_tick(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(hangup_after_seconds=[0.1, 0.1])
    rig.load(number(0))
    rig.listener.start()  # and no timekeeper

    rig.dialer.dial_one(rig.claimed())

    wait_until(rig.all_ended)
    assert rig.endings() == [("hung_up", None)]
    assert len(sandbox.events("stop")) == 1


def test_a_stop_for_which_no_thread_is_free_is_left_to_the_timekeepers(
    rig: Rig, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, wake, may_leave = rig.served.desk, rig.served.wake, threading.Event()
    assert desk is not None
    stop = rig.provider.stop

    def wait_and_stop(connection_id: str) -> StopAnswer:
        may_leave.wait(30)
        return stop(connection_id)

    monkeypatch.setattr(rig.provider, "stop", wait_and_stop)
    room = rig.served.stops.room
    rig.load(*map(number, range(room + 1)))
    rig.raise_limit(50)
    listened = [dialled(rig) for _ in range(room + 1)]
    wake.taken()

    for one in listened[:room]:
        desk.act(one, Act.HUNG_UP)
    assert (rig.served.stops.room, wake.due_at) == (0, inf)
    desk.act(listened[room], Act.HUNG_UP)

    assert wake.due_at < inf
    assert [record["state"] for record in rig.records()] == ["stopping"] * (room + 1)
    records = [keys.attempt(str(one.attempt)) for one in listened]
    taken = [rig.ledger.redis.hget(record, "stop_sendings") for record in records]
    assert taken == ["1"] * room + [None]
    may_leave.set()
    wait_until(lambda: rig.served.stops.sending == 0)
    rig.timekeeper.tick()
    wait_until(rig.all_ended)
    assert rig.endings() == [("hung_up", None)] * (room + 1)


def test_stops_that_wait_for_redis_leave_half_of_the_threads_to_other_stops(
    opened: Open, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    rig, troubles = opened(f"redis://127.0.0.1:{proxy.port}/0"), list[SchedulerError]()
    listened = three_dialled(rig)
    proxy.freeze()

    assert [have_stopped(rig, one, troubles) for one in listened] == [True, True, False]

    assert rig.served.stops.room == 3 * 2
    proxy.heal()
    wait_until(lambda: rig.endings().count(("hung_up", None)) == 2)
    wait_until(lambda: rig.served.stops.room == 3 * 4)
    assert (len(sandbox.events("stop")), troubles) == (2, [])


def test_a_worker_that_leaves_sends_the_stops_that_wait_for_redis(
    opened: Open, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    rig, troubles = opened(f"redis://127.0.0.1:{proxy.port}/0"), list[SchedulerError]()
    first, second, _ = three_dialled(rig)
    proxy.freeze()
    assert have_stopped(rig, first, troubles)

    leaving = threading.Thread(target=rig.served.stops.close)
    leaving.start()
    wait_until(lambda: rig.served.stops.room == 0)
    assert not have_stopped(rig, second, troubles)
    proxy.heal()
    leaving.join()

    assert (len(sandbox.events("stop")), troubles) == (1, [])
    assert rig.endings() == [("hung_up", None), (None, None), (None, None)]


def test_of_two_who_hear_a_hang_up_one_sends_the_stop(
    rig: Rig, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, may_leave, troubles = rig.provider.stop, threading.Event(), list[SchedulerError]()

    def wait_and_stop(connection_id: str) -> StopAnswer:
        may_leave.wait(30)
        return stop(connection_id)

    monkeypatch.setattr(rig.provider, "stop", wait_and_stop)
    one, *_ = three_dialled(rig)

    # Redis returns the order again, because its first answer may have been lost.
    assert have_stopped(rig, one, troubles) and have_stopped(rig, one, troubles)
    wait_until(lambda: rig.served.stops.room == 3 * 4 - 1)
    may_leave.set()

    wait_until(lambda: rig.served.stops.sending == 0)
    assert (len(sandbox.events("stop")), troubles) == (1, [])


def test_a_hang_up_that_can_not_be_recorded_is_recorded_later(
    opened: Open, proxy: Proxy, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.knobs(hangup_after_seconds=[3.0, 3.0])
    rig = opened(f"redis://127.0.0.1:{proxy.port}/0")
    rig.load(number(0))
    rig.listener.start()  # and no timekeeper
    rig.dialer.dial_one(rig.claimed())
    wait_until(lambda: open_sockets(sandbox) == 1)
    proxy.cut()

    wait_until(lambda: caplog.text.count("hung_up could not be recorded yet") > 1)
    proxy.heal()

    wait_until(rig.all_ended)
    assert rig.endings() == [("hung_up", None)]
    assert len(sandbox.events("stop")) == 1


def three_dialled(rig: Rig) -> list[ListenedCall]:
    rig.load(*map(number, range(3)))
    rig.raise_limit(50)
    return [dialled(rig) for _ in range(3)]


def have_stopped(rig: Rig, one: ListenedCall, troubles: list[SchedulerError]) -> bool:
    assert rig.served.desk is not None
    return rig.served.desk.have_stopped(one, Act.HUNG_UP, troubles.append)


def dialled(rig: Rig) -> ListenedCall:
    """Dial the next call, to which nobody listens."""
    claim = rig.claimed()
    rig.dialer.dial_one(claim)
    connection = Connection(rig.records()[claim.attempt.row - 1]["connection_id"])
    return ListenedCall(claim.attempt, connection, claim.contact, claim.policy, was_open=False)


def test_who_hangs_up_before_a_word_was_heard_is_over_as_soon(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(hangup_after_seconds=[0.4, 0.4], hangup_signal="close", answer_after_seconds=9)
    rig.load(number(0))
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("hung_up", None)]
    assert len(sandbox.events("stop")) == 1


def test_a_slot_that_a_hang_up_has_freed_is_handed_on(
    opened: Open, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(hangup_after_seconds=[0.3, 0.6])
    rig = opened(ceiling=2)
    rig.load(*map(number, range(8)))
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("hung_up", None)] * 8
    assert len(sandbox.events("accepted")) == 8
    assert sandbox.live()["peak"] == 2


def test_who_hangs_up_without_a_signal_is_stopped_at_the_deadline(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load(magic(48), max_duration_seconds=1.5)
    rig.start()

    wait_until(rig.all_ended)

    (stop,), (answered,) = sandbox.events("stop"), sandbox.events("answered")
    assert stop["at"] - answered["at"] > 1.45


def test_a_socket_that_says_there_is_no_more_while_stops_fail_keeps_the_slot(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    """A hint proves nothing: only a confirmed stop frees a slot."""
    sandbox.knobs(stop_fault="500_not_placed")
    rig.load(magic(10))
    rig.start()

    wait_until(lambda: len(sandbox.events("stop")) >= 3)
    assert rig.record()["state"] == "stopping"
    assert rig.account().slots == 1

    sandbox.knobs(stop_fault=None)
    wait_until(rig.all_ended)
    assert rig.endings() == [("hung_up", None)]


# Sockets that close while the call lives


def test_a_socket_that_closes_once_ends_no_call(rig: Rig, sandbox: SandboxProcess) -> None:
    rig.load(magic(46), max_duration_seconds=2.5)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    assert len(sandbox.events("subscribed")) == 2
    assert lengths(sandbox) == [pytest.approx(2.5, abs=0.8)]
    assert lengths(sandbox)[0] >= 2.5


@pytest.mark.parametrize(("count", "how"), [(2, "close"), (8, "close"), (8, "reset")])
def test_when_all_sockets_are_dropped_at_once_nobody_is_stopped(
    rig: Rig, sandbox: SandboxProcess, count: int, how: str
) -> None:
    call(rig, sandbox, count, max_duration_seconds=1.5)

    assert sandbox.drop_sockets(how=how) == count
    wait_until(lambda: len(sandbox.events("subscribed")) == 2 * count)
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)] * count
    assert min(lengths(sandbox)) >= 1.5


def has_come(instant: float) -> bool:
    return time.monotonic() >= instant


def test_sockets_that_drop_together_again_and_again_end_no_call(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    call(rig, sandbox, 20, max_duration_seconds=11.5)
    began_at = time.monotonic()

    for round_ in range(1, 6):
        due_at = began_at + 2 * round_
        wait_until(partial(has_come, due_at))
        wait_until(lambda: open_sockets(sandbox) == 20)
        sandbox.drop_sockets()
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)] * 20
    assert min(lengths(sandbox)) >= 11.5


@pytest.mark.parametrize("signal", ["completed", "close"])
def test_many_who_hang_up_together_are_all_over_when_the_api_says_so_of_each(
    rig: Rig, sandbox: SandboxProcess, signal: str
) -> None:
    """Says it in a frame, or by its own 404 to whoever listens again."""
    sandbox.knobs(hangup_after_seconds=[1.5, 1.5], hangup_signal=signal)
    call(rig, sandbox, 20, max_duration_seconds=60.0)

    wait_until(rig.all_ended)

    assert rig.endings() == [("hung_up", None)] * 20
    ended = {event["connection_id"]: event["at"] for event in sandbox.events("ended")}
    late = [event["at"] - ended[event["connection_id"]] for event in sandbox.events("stop")]
    assert len(late) == 20
    assert max(late) < 10  # the deadline is 58 s away, and the machine may be busy


@pytest.mark.parametrize("body", ["html", "text", "empty"])
def test_a_404_that_is_not_the_api_s_own_ends_no_call(
    rig: Rig, sandbox: SandboxProcess, body: str
) -> None:
    sandbox.knobs(error_body=body)
    rig.load(magic(47), max_duration_seconds=2.5)
    rig.start()

    wait_until(rig.all_ended)

    (stop,), (answered,) = sandbox.events("stop"), sandbox.events("answered")
    assert stop["at"] - answered["at"] > 2.2
    assert rig.endings() == [("stopped", None)]


def test_an_outage_of_the_sockets_ends_no_call(rig: Rig, sandbox: SandboxProcess) -> None:
    """All are dropped, and each new one closes at once."""
    call(rig, sandbox, 8, max_duration_seconds=2.0)

    sandbox.knobs(sockets="closed")
    sandbox.drop_sockets()
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)] * 8
    assert min(lengths(sandbox)) >= 2.0


def test_after_an_outage_who_hangs_up_is_heard_again(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(hangup_after_seconds=[4.0, 4.0])
    call(rig, sandbox, 6)
    sandbox.knobs(sockets="refused")
    sandbox.drop_sockets()
    wait_until(lambda: open_sockets(sandbox) == 0)

    sandbox.knobs(sockets="open")
    wait_until(lambda: open_sockets(sandbox) == 6)
    wait_until(rig.all_ended)

    assert rig.endings() == [("hung_up", None)] * 6
    assert min(lengths(sandbox, "hangup")) >= 4.0


@pytest.mark.parametrize("sockets", ["refused", "closed"])
def test_when_sockets_can_not_be_had_the_deadlines_hold(
    rig: Rig, sandbox: SandboxProcess, sockets: str
) -> None:
    sandbox.knobs(sockets=sockets)
    rig.load(*map(number, range(8)), max_duration_seconds=1.5)
    rig.raise_limit(8)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)] * 8
    assert min(lengths(sandbox)) >= 1.5
    assert sandbox.live()["live"] == 0


def test_one_call_whose_sockets_never_stay_open_is_left_to_its_deadline(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(sockets="closed")
    rig.load(ANYBODY, max_duration_seconds=1.5)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    assert min(lengths(sandbox)) >= 1.5


def test_one_call_whose_sockets_are_refused_is_left_to_its_deadline(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load(magic(45), max_duration_seconds=1.0)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    assert min(lengths(sandbox)) >= 1.0


# Other listeners


def test_a_listener_keeps_no_more_sockets_than_it_may_and_others_keep_the_rest(
    opened: Open, sandbox: SandboxProcess
) -> None:
    few, rest = opened(sockets=2), opened(sockets=100)
    call_few = [number(row) for row in range(8)]
    few.load(*call_few, max_duration_seconds=LONG_SECONDS)
    few.raise_limit(50)
    few.start()  # eight threads, whose calls are connected in the same moment
    wait_until(lambda: few.account().live == 8 and open_sockets(sandbox) == 2)

    rest.start()

    # The sandbox knows of a socket before who opened it does.
    wait_until(lambda: (few.sockets.open_sockets, rest.sockets.open_sockets) == (2, 6))
    assert open_sockets(sandbox) == 8


def test_a_listener_whose_sockets_are_gone_leaves_its_connections_to_others(
    opened: Open, sandbox: SandboxProcess
) -> None:
    broken, staying = opened(), opened()
    call(broken, sandbox, 2)
    broken.sockets.close()
    wait_until(partial(has_come, time.monotonic() + 1.2))  # it would have renewed its leases

    staying.start()

    wait_until(lambda: staying.sockets.open_sockets == 2)


def test_a_listener_that_leaves_hands_its_connections_over_at_once(
    opened: Open, sandbox: SandboxProcess
) -> None:
    # Long enough that all four are still live when the last of them has been handed over.
    sandbox.knobs(hangup_after_seconds=[7.0, 7.0])
    leaving, staying = opened(), opened()
    call(leaving, sandbox, 4)
    staying.start()

    leaving.listener.close()

    wait_until(lambda: staying.sockets.open_sockets == 4)
    wait_until(staying.all_ended)
    assert staying.endings() == [("hung_up", None)] * 4


def test_a_worker_that_is_killed_leaves_its_connections_to_another(
    site: Site, sandbox: SandboxProcess, private: EmbeddedRedis, redis: Redis
) -> None:
    sandbox.knobs(hangup_after_seconds=[7.0, 7.0])
    site.env |= {"CALLSCHED_REDIS_URL": private.url, "CALLSCHED_MAX_CONCURRENCY": "6"}
    listening, waiting = (site.start("worker") for _ in range(2))
    wait_until(lambda: "ready." in listening.err and "ready." in waiting.err)
    waiting.process.send_signal(signal.SIGSTOP)
    words = ("--id", "c", "--max-duration", "60s")
    site.call("submit", site.contacts(numbers(6)), *words)
    wait_until(lambda: open_sockets(sandbox) == 6)

    waiting.process.send_signal(signal.SIGCONT)
    listening.kill()

    wait_until(lambda: open_sockets(sandbox) == 6 and len(sandbox.events("subscribed")) == 12)
    wait_until(lambda: redis.hget(keys.campaign("c", "meta"), "state") == "finished")
    assert [record["disposition"] for record in site.results("c")] == ["hung_up"] * 6
    assert min(lengths(sandbox, "hangup")) >= 7.0
    assert len(sandbox.events("stop")) == 6


# What is heard


WHAT_A_MACHINE_DOES = [
    (OnMachine.GO_ON, "stopped", None, 2.0),
    (OnMachine.STOP, "stopped", "machine", 0.0),
    (OnMachine.NOT_REACHED, "not_reached", "machine", 0.0),
]


@pytest.mark.parametrize(("on_machine", "disposition", "reason", "least"), WHAT_A_MACHINE_DOES)
def test_with_an_answering_machine_is_done_what_the_campaign_says(
    rig: Rig,
    sandbox: SandboxProcess,
    on_machine: OnMachine,
    disposition: str,
    reason: str | None,
    least: float,
) -> None:
    duration = least or LONG_SECONDS
    options = StartOptions(intents=[{"intent": "answering_machine"}])
    rig.load(magic(40), max_duration_seconds=duration, on_machine=on_machine, options=options)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [(disposition, reason)]
    assert rig.record()["heard"] == "machine"  # also where nothing is done about it
    assert lengths(sandbox)[0] >= least


def test_a_human_is_no_machine(rig: Rig, sandbox: SandboxProcess) -> None:
    options = StartOptions(intents=[{"intent": "answering_machine"}])
    how: dict[str, Any] = {"on_machine": OnMachine.NOT_REACHED, "options": options}
    rig.load(magic(41), max_duration_seconds=1.5, **how)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    kinds = {line.kind for _, line in listeners.lines(rig.ledger, "c", block_seconds=0.01)}
    assert "intent" in kinds
    assert (rig.record()["answered_by"], rig.record()["heard"]) == ("human", "human")


def test_who_asks_not_to_be_called_is_not_called_again(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(line_every_seconds=0.05)
    options = StartOptions(intents=[{"intent": "do_not_call"}])
    rig.load(magic(42), max_duration_seconds=60.0, options=options)
    rig.start()

    wait_until(lambda: do_not_call.barred(rig.ledger, magic(42)) is not None)

    assert rig.record()["state"] == "connected"  # it was asked for no more than that
    rig.load(magic(42), campaign_id="later")
    wait_until(lambda: rig.ledger.redis.hget("callsched:call:later:1", "state") == "ended")
    assert rig.ledger.redis.hget("callsched:call:later:1", "reason") == "do_not_call"
    assert len(sandbox.events("start")) == 1
    assert not do_not_call.bar(rig.ledger, magic(42), "again")
    told = rig.record()
    assert (told["heard"], told["intents"]) == ("human", ["do_not_call"])
    assert told["asked_not_to_be_called"] is True


def test_what_is_said_can_be_followed_while_it_is_said(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(line_every_seconds=0.1)
    rig.load(ANYBODY)
    rig.start()

    def heard() -> list[tuple[str, str]]:
        lines = listeners.lines(rig.ledger, "c", 1, block_seconds=0.01)
        return [(line.kind, line.text) for _, line in lines]

    wait_until(lambda: {"message", "transcript", "topic", "question"} <= {k for k, _ in heard()})

    known = sandbox.conversation(rig.record()["conversation_id"])["views"]["messages"]["messages"]
    spoken = [text for kind, text in heard() if kind == "message"]
    assert spoken == [message["text"] for message in known][: len(spoken)]
    assert rig.record()["state"] == "connected"


def test_a_campaign_that_collects_nothing_keeps_no_word_and_still_hears_a_wish(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(line_every_seconds=0.05)
    options = StartOptions(intents=[{"intent": "do_not_call"}])
    rig.load(magic(42), options=options, insights=())
    rig.load(ANYBODY, campaign_id="keeps")
    rig.start()

    wait_until(lambda: do_not_call.barred(rig.ledger, magic(42)) is not None)
    wait_until(lambda: len(listeners.lines(rig.ledger, "keeps", block_seconds=0.01)) > 10)

    assert listeners.lines(rig.ledger, "c", block_seconds=0.01) == []


# What may go wrong


def test_no_token_and_no_number_is_logged(
    rig: Rig, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rig.load(magic(10), magic(45), magic(47))
    rig.start()
    wait_until(lambda: [record["state"] for record in rig.records()].count("ended") == 2)

    assert isinstance(rig.provider, Symbl)
    token = rig.provider._access.token().value

    assert "hung_up" in caplog.text
    for hidden in (token, "app-secret", magic(10)[1:]):
        assert hidden not in caplog.text


class OwnSocket:
    """Serves sockets elsewhere than the API's own place, and says that each call is over."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.server: Server = serve(self._tell, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}/events/c-1"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def _tell(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        for frame in ("no JSON", b"\xff\xfe", "[]", '{"type": "message", "message": 5}'):
            connection.send(frame)
        connection.send('{"type": "message", "message": {"type": "conversation_completed"}}')
        for _ in connection:
            pass

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()


def test_the_place_that_the_answer_names_is_taken_when_the_usual_one_is_not_there(
    opened: Open,
) -> None:
    elsewhere = OwnSocket()
    known = {"connectionId": "c-1", "conversationId": "51", "resultWebSocketUrl": elsewhere.url}
    with Api(http(200, known)) as api:
        rig = opened(api_url=api.url)
        rig.load(ANYBODY)
        rig.start()

        wait_until(rig.all_ended)

        assert rig.endings() == [("hung_up", None)]
        assert elsewhere.paths == ["/events/c-1"]
        assert any(each.path == "/session/subscribe/c-1" for each in api.requests)
        rig.close()
    elsewhere.close()


def test_a_place_that_is_not_the_api_s_does_not_get_our_token(opened: Open) -> None:
    elsewhere = OwnSocket()
    address = elsewhere.url.replace("127.0.0.1", "localhost")
    known = {"connectionId": "c-1", "conversationId": "51", "resultWebSocketUrl": address}
    with Api(http(200, known)) as api:
        rig = opened(api_url=api.url)
        rig.load(ANYBODY, max_duration_seconds=3.0)
        rig.start()

        wait_until(rig.all_ended)

        assert tried(api) >= 2
        assert elsewhere.paths == []
        assert rig.endings() == [("stopped", None)]
        rig.close()
    elsewhere.close()


class Redirecting(Api):
    """Sends whoever wants to listen to somewhere else."""

    def __init__(self, elsewhere: str) -> None:
        super().__init__(http(200, {"connectionId": "c-1", "conversationId": "51"}))
        self._elsewhere = elsewhere

    def _answer(self, request: Request) -> bytes:
        if request.path.startswith("/session"):
            return http(302, Location=self._elsewhere)
        return super()._answer(request)


def test_a_socket_that_is_sent_elsewhere_does_not_take_our_token_there(opened: Open) -> None:
    elsewhere = OwnSocket()
    with Redirecting(elsewhere.url.replace("127.0.0.1", "localhost")) as api:
        rig = opened(api_url=api.url)
        rig.load(ANYBODY)
        rig.start()

        wait_until(lambda: tried(api) >= 2)

        assert elsewhere.paths == []
        assert rig.record()["state"] == "connected"
        rig.close()
    elsewhere.close()


def tried(api: Api) -> int:
    return sum(each.path.startswith("/session") for each in api.requests)
