"""Who reads the calls of an account, and what becomes of those that one side alone knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scheduler.calls import poller as polling
from scheduler.calls.poller import Poller
from scheduler.errors import LedgerError, MaybeDone, Throttled
from scheduler.ledger import calls, campaigns, searches, unknowns, views
from scheduler.ledger.calls import Wait
from scheduler.ledger.ledger import Control
from scheduler.ledger.unknowns import UnknownCall
from scheduler.models import Attempt, Connection, OnMachine, OnUnknown
from scheduler.operations import found_calls, reconcile
from scheduler.providers import Outcome, Stage, StartOrder
from tests.functional.campaign import Site
from tests.functional.rig import ANYBODY, Open, Rig, number
from tests.toy_provider import KEY
from tests.toy_provider.ringing import RINGS, RingingToy
from tests.waiting import wait_until

ELSE = "+12025550199"
OPERATOR = Control("ana@desk")


@pytest.fixture
def toy() -> RingingToy:
    return RingingToy()


@pytest.fixture
def open_rig(opened: Open, toy: RingingToy) -> Callable[..., Rig]:
    return partial(opened, provider=toy, traits=RINGS, threads=0)


@pytest.fixture
def rig(open_rig: Callable[..., Rig]) -> Rig:
    """A rig whose poller does not run, so that a test says when it reads."""
    return open_rig()


@pytest.fixture
def only_user(open_rig: Callable[..., Rig]) -> Rig:
    """The same on an account that nobody else uses, with a ledger that knows all its calls."""
    return open_rig(exclusive=True, has_named_ledger=True)


def poller(rig: Rig) -> Poller:
    assert rig.served.poller is not None
    return rig.served.poller


def read(rig: Rig) -> None:
    """Have all be read at once that a poller reads in a few seconds."""
    poller(rig)._list_at = -1e9
    poller(rig).round()


def sweep(rig: Rig) -> None:
    poller(rig)._swept_at = -1e9
    read(rig)


def dial(rig: Rig) -> str:
    rig.dialer.dial_one(rig.claimed())
    return str(rig.records()[0]["connection_id"])


def lose(rig: Rig, toy: RingingToy, *, places: bool = True) -> None:
    """Dial a call whose answer is lost."""
    toy.answers, toy.places = lambda order: MaybeDone("cut off"), places
    rig.dialer.dial_one(rig.claimed())
    toy.answers = lambda order: None


# Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.BUSY, Outcome.NO_ANSWER])
def test_what_the_list_of_ended_calls_says_is_the_end(
    rig: Rig, toy: RingingToy, outcome: Outcome
) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    read(rig)
    toy.end(name, outcome)

    read(rig)

    assert rig.record()["state"] == "ended"
    assert rig.account().slots == 0
    assert toy.asked == ["open", "open", "ended"]


def test_an_answer_that_is_read_moves_the_deadline(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.move(dial(rig), Stage.ANSWERED)

    read(rig)

    record = rig.record()
    assert record["deadline"] == pytest.approx(record["answered_at"] + 600.0)


@pytest.mark.parametrize(
    ("on_machine", "state", "end"),
    [
        (OnMachine.GO_ON, "connected", ("completed", None)),
        (OnMachine.STOP, "stopping", ("stopped", "machine")),
        (OnMachine.NOT_REACHED, "stopping", ("not_reached", "machine")),
    ],
)
def test_a_machine_that_is_read_of_a_live_call_is_dealt_with_as_one_that_is_told(
    rig: Rig, toy: RingingToy, on_machine: OnMachine, state: str, end: tuple[str, str | None]
) -> None:
    rig.load(ANYBODY, on_machine=on_machine)
    name = dial(rig)
    toy.move(name, Stage.ANSWERED, answered_by="machine")

    read(rig)

    assert rig.record()["state"] == state
    toy.end(name, Outcome.COMPLETED)
    read(rig)
    assert rig.endings() == [end]


def test_a_list_that_shows_an_earlier_stage_takes_nothing_back(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.move(name, Stage.ANSWERED)
    read(rig)
    deadline = rig.record()["deadline"]
    toy.move(name, Stage.RINGING)

    read(rig)

    assert rig.record()["deadline"] == deadline


def test_what_no_list_shows_is_read_by_itself_and_lives(
    rig: Rig, toy: RingingToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "NEW_SECONDS", 0.0)
    rig.load(ANYBODY)
    name = dial(rig)
    toy.calls[name].listed = toy.calls[name].report.__class__(name, Stage.OVER)

    read(rig)

    assert toy.asked == ["open", "ended", "look"]
    assert rig.record()["state"] == "connected"


def test_a_list_that_lags_behind_the_end_waits_for_it(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.lags = True
    toy.end(name, Outcome.COMPLETED)
    read(rig)
    assert rig.record()["state"] == "connected"

    toy.catch_up()
    read(rig)

    assert rig.endings() == [("completed", None)]


def test_a_poller_frees_the_slots_of_a_campaign_by_itself(opened: Open, toy: RingingToy) -> None:
    rig = opened(provider=toy, traits=RINGS, ceiling=2)
    rig.load(*map(number, range(1, 5)))
    rig.start()

    for phone in map(number, range(1, 5)):
        wait_until(partial(toy.has_rung, phone))
        toy.end(toy.to(phone), Outcome.COMPLETED)
    wait_until(rig.all_ended)

    assert rig.endings() == [("completed", None)] * 4
    assert len(toy.calls) == 4


def test_one_worker_reads_and_another_takes_over(
    rig: Rig, open_rig: Callable[..., Rig], toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    dial(rig)
    read(rig)
    other = open_rig()
    asked = len(toy.asked)

    read(other)
    assert len(toy.asked) == asked

    rig.keep_no_time()
    read(other)
    assert len(toy.asked) > asked


def test_too_many_requests_have_the_poller_pause(
    rig: Rig, toy: RingingToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.load(ANYBODY)
    dial(rig)

    def refuse() -> list[object]:
        raise Throttled("20429")

    monkeypatch.setattr(toy, "open_calls", refuse)
    poller(rig)._throttled = 9
    poller(rig)._round_safely()
    monkeypatch.undo()
    toy.asked.clear()

    read(rig)

    assert toy.asked == []
    assert rig.account().learned == 4


def test_queued_calls_of_a_paused_campaign_are_taken_back(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    dial(rig)
    campaigns.halt(rig.ledger, "c", control=OPERATOR)

    read(rig)

    assert rig.record()["state"] == "stopping"


def test_a_price_that_comes_later_is_in_the_result(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    name = dial(rig)
    toy.end(name, Outcome.COMPLETED, duration_seconds=3.0)
    read(rig)
    assert rig.record()["price"] is None
    assert rig.account().slots == 0
    toy.move(name, Stage.OVER, price="0.013 USD", answered_by="human")

    prices = "callsched:account:trial:prices"
    rig.ledger.redis.zincrby(prices, -60.0, "c:1:1")
    read(rig)

    assert (rig.record()["price"], rig.record()["answered_by"]) == ("0.013 USD", "human")
    assert rig.ledger.redis.zcard(prices) == 0


def test_a_price_that_never_comes_is_given_up(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    toy.end(dial(rig), Outcome.BUSY)
    read(rig)
    prices, looks = "callsched:account:trial:prices", toy.asked.count("look")

    for _ in range(5):
        rig.ledger.redis.zadd(prices, {"c:1:1": 0}, xx=True)
        read(rig)

    assert rig.ledger.redis.zcard(prices) == 0
    assert toy.asked.count("look") - looks == 3


REGISTERED = """\
from scheduler import providers
from tests.toy_provider import KEY
from tests.toy_provider.ringing import RINGING_TOY
providers.PROVIDERS = (*providers.PROVIDERS, RINGING_TOY)
"""

FILE = """\
name: rings
provider: ringing
max_duration: 1m
contacts: [{phone_number: "+14165550143"}, {phone_number: "+14165550144"}]
"""


@pytest.mark.timeout(60)
def test_the_workers_of_a_run_read_its_calls(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(REGISTERED)
    path = tmp_path / "rings.yaml"
    path.write_text(FILE)
    found = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}", KEY: "1"}
    nobodys = {"CALLSCHED_SYMBL_APP_ID": "", "CALLSCHED_SYMBL_APP_SECRET": ""}

    with Site(tmp_path / "home", "", **found, **nobodys) as site:
        command = site.call("run", str(path), "--workers", "1", "--json", "--id", "c")

        assert command.process.returncode == 0, command.err
        assert command.record["dispositions"] == {"completed": 2}
        assert [one["duration_seconds"] for one in site.results("c")] == [0.6, 0.6]
        assert all(one["answered_at"] > one["begun_at"] for one in site.results("c"))


# Lost answers -------------------------------------------------------------------------------------


def test_a_lost_call_is_found_and_goes_on_as_any_other(only_user: Rig, toy: RingingToy) -> None:
    only_user.load(ANYBODY)
    lose(only_user, toy)
    assert only_user.record()["disposition"] == "unknown"

    read(only_user)

    record = only_user.record()
    assert (record["state"], record["disposition"]) == ("connected", None)
    assert record["connection_id"] == toy.to(ANYBODY)
    toy.end(toy.to(ANYBODY), Outcome.COMPLETED)
    read(only_user)
    assert only_user.endings() == [("completed", None)]
    assert only_user.account().slots == 0
    assert only_user.record()["attempts"] == 1


def test_a_lost_call_that_waits_to_be_dialled_again_is_not_dialled_once_it_is_found(
    only_user: Rig, toy: RingingToy
) -> None:
    only_user.load(ANYBODY, on_unknown=OnUnknown.REDIAL)
    lose(only_user, toy)
    assert only_user.record()["state"] == "pending"

    read(only_user)

    assert only_user.record()["state"] == "connected"
    assert only_user.ledger.redis.zcard("callsched:campaign:c:due") == 0


def test_on_an_account_that_others_use_a_lost_call_is_left_to_the_operator(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    lose(rig, toy)

    read(rig)

    assert rig.endings() == [("unknown", "answer_lost")]
    kept = rig.ledger.redis.hget("callsched:attempt:c:1:1", "candidates")
    assert kept == toy.to(ANYBODY)
    assert toy.stops == []


def unknown(rig: Rig) -> UnknownCall:
    (call,) = unknowns.calls(rig.ledger, "c", "trial")
    return call


def test_an_operator_sees_what_a_lost_call_may_be_and_attaches_it(
    rig: Rig, toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    lose(rig, toy)
    name = toy.to(ANYBODY)
    found = reconcile.unknown(rig.ledger, views.campaign(rig.ledger, "c"), [])
    search = reconcile._Search(rig.ledger, found)
    search.find_calls(toy)
    (case,) = search.inquiry().cases
    assert (case.outcome, case.candidates) == ("candidates", (name,))

    found_calls.attach(rig.ledger, "trial", case.call, name)

    assert rig.record()["connection_id"] == name
    toy.end(name, Outcome.COMPLETED)
    read(rig)
    assert rig.endings() == [("completed", None)]


def test_an_operator_has_a_call_ended_that_a_lost_one_may_be(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    lose(rig, toy)
    read(rig)
    call = unknown(rig)
    assert call.candidates == (toy.to(ANYBODY),)

    found_calls.end(rig.ledger, "trial", call, call.candidates[0], OPERATOR)
    read(rig)

    assert toy.stops == [toy.to(ANYBODY)]
    assert toy.live == set()
    assert rig.endings() == [("unknown", "answer_lost")]


def test_a_call_of_another_attempt_is_neither_attached_nor_ended(rig: Rig, toy: RingingToy) -> None:
    rig.load(ANYBODY)
    rig.load(ELSE, campaign_id="d")
    lose(rig, toy, places=False)
    rig.dialer.dial_one(rig.claimed())

    with pytest.raises(LedgerError, match="another attempt has"):
        found_calls.attach(rig.ledger, "trial", unknown(rig), toy.to(ELSE))
    with pytest.raises(LedgerError, match="an attempt has"):
        found_calls.end(rig.ledger, "trial", unknown(rig), toy.to(ELSE), OPERATOR)


@pytest.mark.parametrize(
    ("phone", "ago"),
    [(ELSE, 0.0), (ANYBODY, 10.0), (ANYBODY, -70.0)],
    ids=["another number", "before it began", "long after it began"],
)
def test_a_call_that_is_not_the_lost_one_is_not_attached(
    only_user: Rig, toy: RingingToy, phone: str, ago: float
) -> None:
    only_user.load(ANYBODY)
    lose(only_user, toy, places=False)
    toy.place(StartOrder(phone, "n"), created_at=time.time() - ago)

    read(only_user)

    assert only_user.endings() == [("unknown", "answer_lost")]


def test_a_call_that_was_placed_twice_is_stopped_twice(only_user: Rig, toy: RingingToy) -> None:
    only_user.load(ANYBODY)
    lose(only_user, toy)
    toy.place(toy.calls[toy.to(ANYBODY)].order)

    read(only_user)

    assert sorted(toy.stops) == sorted(toy.calls)
    assert toy.live == set()
    assert only_user.endings() == [("unknown", "answer_lost")]


def test_what_is_found_after_the_call_was_found_is_stopped(only_user: Rig, toy: RingingToy) -> None:
    only_user.load(ANYBODY)
    lose(only_user, toy)
    read(only_user)
    first = toy.to(ANYBODY)
    second = toy.place(toy.calls[first].order)
    only_user.ledger.redis.zadd("callsched:account:trial:searches", {"c:1:1": 0})

    read(only_user)

    assert toy.stops == [second]
    assert toy.live == {first}


# Orphans ------------------------------------------------------------------------------------------


def orphan(toy: RingingToy, *, age: float = 120.0) -> str:
    order = StartOrder(ELSE, "n")
    return toy.place(order, created_at=time.time() - age)


def test_a_call_that_no_attempt_has_is_stopped_when_it_is_seen_again(
    only_user: Rig, toy: RingingToy
) -> None:
    name = orphan(toy)

    sweep(only_user)
    assert toy.stops == []

    sweep(only_user)
    assert toy.stops == [name]
    assert searches.orphans(only_user.ledger, "trial") == []


@pytest.mark.parametrize("flag", ["exclusive", "has_named_ledger"])
def test_elsewhere_it_is_only_named(
    open_rig: Callable[..., Rig], toy: RingingToy, flag: str
) -> None:
    rig = open_rig(**{flag: True})
    name = orphan(toy)

    for _ in range(3):
        sweep(rig)

    assert toy.stops == []
    assert [one.connection_id for one in searches.orphans(rig.ledger, "trial")] == [name]


def test_a_call_of_ours_is_no_orphan(only_user: Rig, toy: RingingToy) -> None:
    only_user.load(ANYBODY)
    name = dial(only_user)
    toy.move(name, Stage.ANSWERED, created_at=time.time() - 120)

    for _ in range(3):
        sweep(only_user)

    assert toy.stops == []


def test_a_young_call_is_no_orphan(only_user: Rig, toy: RingingToy) -> None:
    orphan(toy, age=50.0)

    for _ in range(3):
        sweep(only_user)

    assert toy.stops == []


def test_a_call_that_is_not_ours_is_no_orphan(only_user: Rig, toy: RingingToy) -> None:
    toy.move(orphan(toy), Stage.ANSWERED, is_ours=False)

    for _ in range(3):
        sweep(only_user)

    assert toy.stops == []


def test_a_call_to_a_number_that_is_in_question_is_no_orphan(
    rig: Rig, open_rig: Callable[..., Rig], toy: RingingToy
) -> None:
    rig.load(ANYBODY)
    lose(rig, toy)
    toy.move(toy.to(ANYBODY), Stage.ANSWERED, created_at=time.time() - 120)
    read(rig)

    for _ in range(3):
        sweep(rig)

    assert searches.orphans(rig.ledger, "trial") == []


# A late answer ------------------------------------------------------------------------------------


def test_an_answer_beats_a_search(only_user: Rig, toy: RingingToy) -> None:
    only_user.load(ANYBODY)
    lose(only_user, toy)
    read(only_user)
    found = toy.to(ANYBODY)
    real = toy.place(toy.calls[found].order)
    assert only_user.record()["connection_id"] == found

    said, *_ = calls.connect(
        only_user.ledger,
        "trial",
        Attempt("c", 1, 1),
        Connection(real),
        answered_ago_seconds=0.0,
        max_duration_seconds=600.0,
        wait=calls.Wait("queued", 30.0),
    )

    assert said == "late"
    record = only_user.record()
    assert (record["connection_id"], record["reason"]) == (real, "late_answer")
    assert only_user.ledger.redis.get(f"callsched:connection:{found}") is None


@pytest.mark.parametrize("ring_seconds", [5.0, 600.0])
def test_a_lost_call_has_its_slot_for_as_long_as_its_campaign_lets_it_ring(
    rig: Rig, toy: RingingToy, ring_seconds: float
) -> None:
    rig.load(ANYBODY, ring_seconds=ring_seconds)
    lose(rig, toy)

    scores = rig.ledger.redis.zrange("callsched:account:trial:slots", 0, -1, withscores=True)

    (until,) = (score for _, score in scores)
    longest = ring_seconds + Wait.MARGIN_SECONDS + RINGS.ends_after(600.0)
    assert until - rig.ledger.time() == pytest.approx(longest, abs=5.0)
