"""A provider tells of calls by itself: what is put on record, answered, and done about it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from scheduler.calls import collector as collecting
from scheduler.calls.callbacks import Answered, CallbackDesk
from scheduler.calls.reports import Read
from scheduler.clock import since_boot
from scheduler.errors import MaybeDone, NoSuchConnection, ProviderError, Refused
from scheduler.fields.script_steps import next_steps
from scheduler.ledger import accounts, do_not_call, keys, listeners, views
from scheduler.models import Attempt, OnMachine
from scheduler.providers import (
    CallbackAddress,
    Heard,
    News,
    Outcome,
    Recording,
    Stage,
    Topic,
)
from scheduler.records import pack_script
from scheduler.script import DoNotCall, Gather, Hangup, Say, Script, Transfer
from tests.functional.rig import ACCOUNT, ANYBODY, Open, Rig
from tests.toy_provider.ringing import RINGS
from tests.toy_provider.telling import TellingToy
from tests.waiting import wait_until
from tests.wire import Proxy

FRIEND = "+12025550199"
PUBLIC = CallbackAddress("https://calls.example.com")
BYE, THANKS = Say("Bye."), Say("Thanks.")
ASKS: Script = (
    Say("Hello."),
    Gather(
        "confirm",
        digits=1,
        tries=2,
        branches={"1": (THANKS,), "2": (Transfer(FRIEND),), "9": (DoNotCall(),)},
        otherwise=(BYE, Hangup()),
    ),
    Say("That is all."),
)


@pytest.fixture
def toy() -> TellingToy:
    return TellingToy()


@pytest.fixture
def open_rig(opened: Open, toy: TellingToy) -> Callable[..., Rig]:
    return partial(opened, provider=toy, traits=RINGS, threads=0, callbacks=PUBLIC)


@pytest.fixture
def through(open_rig: Callable[..., Rig], proxy: Proxy) -> Open:
    """Opens rigs that reach Redis through the proxy."""
    return partial(open_rig, f"redis://127.0.0.1:{proxy.port}/0")


@pytest.fixture
def rig(open_rig: Callable[..., Rig]) -> Rig:
    """A rig of which nothing runs by itself."""
    return open_rig()


@pytest.fixture
def desk(rig: Rig, toy: TellingToy) -> CallbackDesk:
    return CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)


def dial(rig: Rig, **policy: Any) -> tuple[Attempt, str]:
    """Dial a call; return its attempt and its connection."""
    rig.load(ANYBODY, **policy)
    claim = rig.claimed()
    rig.dialer.dial_one(claim)
    return claim.attempt, str(rig.record()["connection_id"])


def press(
    desk: CallbackDesk,
    toy: TellingToy,
    call: tuple[Attempt, str],
    keys: str,
    *,
    asked: int = 1,
    step: str = "confirm",
) -> dict[str, Any]:
    """Press keys, and return what the call does next."""
    attempt, name = call
    heard = Heard(name, pressed=keys)
    answered = desk.take(toy.callback(attempt, Topic.STEPS, heard, step=step, asked=asked))
    assert answered.status == 200
    assert answered.reply is not None
    said: dict[str, Any] = json.loads(answered.reply.body)
    return said


def script_of(said: dict[str, Any]) -> Any:
    return said["script"]


def packed(*script: Any) -> Any:
    return json.loads(json.dumps(pack_script(script)))


HANGS_UP = packed(Hangup())


def is_collected(rig: Rig) -> bool:
    """Read what is due, and tell whether there is nothing left to read."""
    rig.collect()
    return views.campaign(rig.ledger, "c").collecting == 0


def counted(rig: Rig, outcome: str) -> int:
    return accounts.totals(rig.ledger, ACCOUNT).get(f"callbacks:{outcome}", 0)


# Who is heard -------------------------------------------------------------------------------------


def test_what_nobody_has_signed_is_refused_and_counted(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig)
    request = toy.status(*call, Stage.OVER, 3)

    assert desk.take(replace(request, headers={})) == Answered(403)
    assert counted(rig, "forged") == 1
    assert rig.record()["state"] == "connected"


def test_what_nobody_understands_is_taken_and_counted(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    attempt, _ = dial(rig)

    assert desk.take(toy.callback(attempt, Topic.STATUS, None)) == Answered(204)
    assert counted(rig, "unreadable") == 1


@pytest.mark.parametrize("topic", [Topic.STATUS, Topic.STEPS, Topic.RECORDING])
def test_an_attempt_that_nobody_knows_is_left_alone(
    rig: Rig, desk: CallbackDesk, toy: TellingToy, topic: Topic
) -> None:
    request = toy.callback(Attempt("other", 1, 1), topic, Heard("ring 9"), step="confirm")
    answered = desk.take(request)

    assert answered.status == (204 if topic is Topic.STATUS else 200)
    if answered.reply is not None:
        assert script_of(json.loads(answered.reply.body)) == HANGS_UP
    assert counted(rig, "nobodys") == 1


def test_a_call_whose_answer_was_lost_is_attached(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    toy.answers, toy.places = lambda order: MaybeDone("cut off"), True
    rig.load(ANYBODY)
    claim = rig.claimed()
    rig.dialer.dial_one(claim)
    name = toy.to(ANYBODY)

    assert desk.take(toy.status(claim.attempt, name, Stage.RINGING, 1)) == Answered(204)

    assert rig.record()["connection_id"] == name
    assert rig.record()["state"] == "connected"


def test_a_call_that_is_told_of_before_its_start_is_answered_keeps_one_deadline(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    def tell(name: str) -> None:
        toy.move(name, Stage.ANSWERED)
        desk.take(toy.status(Attempt("c", 1, 1), name, Stage.ANSWERED, 2))

    toy.placed = tell
    attempt, name = dial(rig, max_duration_seconds=30.0)
    rig.memory.refresh()

    (known,) = rig.memory.known()
    assert (known.attempt, known.connection_id, known.on_record) == (attempt, name, True)
    assert known.due_at - since_boot() == pytest.approx(30.0, abs=3.0)
    assert toy.stops == []


def test_two_connections_of_one_attempt_are_both_stopped(
    open_rig: Callable[..., Rig], toy: TellingToy
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)

    def tell_of_another(name: str) -> None:
        other = toy.place(toy.calls[name].order)
        toy.move(other, Stage.ANSWERED)
        desk.take(toy.status(Attempt("c", 1, 1), other, Stage.ANSWERED, 2))

    toy.placed = tell_of_another
    rig.start()
    dial(rig)
    wait_until(rig.all_ended)

    assert set(toy.stops) == {"ring 1", "ring 2"}
    assert not toy.live


# Ends ---------------------------------------------------------------------------------------------


def test_an_end_that_is_told_frees_the_slot_at_once(
    open_rig: Callable[..., Rig], toy: TellingToy
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    call = dial(rig)
    toy.move(call[1], Stage.ANSWERED)
    rig.start()
    wait_until(lambda: rig.record()["answered_at"] is not None)
    toy.lags = True  # no list shows it
    toy.end(call[1], Outcome.COMPLETED, duration_seconds=1.0)

    began_at = time.monotonic()
    desk.take(toy.status(*call, Stage.OVER, 3))
    wait_until(rig.all_ended)

    assert rig.endings() == [("completed", None)]
    assert time.monotonic() - began_at < 1.0


def test_an_end_that_is_told_and_not_true_changes_nothing(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig)
    toy.move(call[1], Stage.ANSWERED)
    desk.take(toy.status(*call, Stage.OVER, 3))

    assert rig.served.poller is not None
    assert rig.served.poller.read_reported()  # to be read again soon

    assert rig.record()["state"] == "connected"


# Keys ---------------------------------------------------------------------------------------------


def test_the_same_asking_gets_the_same_answer_whatever_is_told_again(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)
    other = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)

    first = press(desk, toy, call, "1")

    assert script_of(first) == packed(THANKS, Say("That is all."))
    assert [press(each, toy, call, "9") for each in (desk, other)] == [first, first]
    assert do_not_call.barred(rig.ledger, ANYBODY) is None
    assert rig.record()["answers"] == {"confirm": "1"}


def test_nothing_pressed_is_asked_again_until_all_tries_are_used(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)

    again = press(desk, toy, call, "")
    last = press(desk, toy, call, "", asked=2)

    assert script_of(again) == packed(*next_steps(ASKS, "confirm", 1, "").script)
    assert script_of(last) == packed(BYE, Hangup())
    assert rig.record()["answers"] == {"confirm": ""}


def test_who_asks_for_it_is_on_the_list_before_the_answer(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)

    assert script_of(press(desk, toy, call, "9")) == HANGS_UP

    assert do_not_call.barred(rig.ledger, ANYBODY) is not None
    assert rig.record()["answers"] == {"confirm": "9"}


def test_nobody_is_transferred_to_who_is_on_the_list_by_now(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)
    do_not_call.bar(rig.ledger, FRIEND, "asked for it")

    assert script_of(press(desk, toy, call, "2")) == HANGS_UP


def test_a_step_that_the_script_does_not_have_ends_the_call(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)

    assert script_of(press(desk, toy, call, "1", step="other")) == HANGS_UP
    assert rig.record()["answers"] == {}


def test_a_call_has_no_more_time_than_is_left_when_the_keys_came(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    call = dial(rig, script=ASKS)
    toy.move(call[1], Stage.ANSWERED)
    rig.reports.look(*call)

    seconds = press(desk, toy, call, "1")["seconds"]

    assert 590.0 < seconds <= 600.0
    assert press(desk, toy, call, "1")["seconds"] == seconds


# A ledger that is away ----------------------------------------------------------------------------


def test_while_the_ledger_is_away_what_is_told_is_to_be_sent_again(
    through: Open, toy: TellingToy, proxy: Proxy
) -> None:
    rig = through()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    call = dial(rig)
    request = toy.status(*call, Stage.ANSWERED, 2)

    proxy.cut()
    assert desk.take(request) == Answered(503)
    proxy.heal()
    assert desk.take(request) == Answered(204)


def test_keys_that_a_ledger_was_away_for_are_on_record_later(
    through: Open, toy: TellingToy, proxy: Proxy
) -> None:
    rig = through()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    call = dial(rig, script=ASKS)

    proxy.cut()
    assert script_of(press(desk, toy, call, "9")) == HANGS_UP
    proxy.heal()

    wait_until(lambda: do_not_call.barred(rig.ledger, ANYBODY) is not None)
    assert rig.record()["answers"] == {"confirm": "9"}


def test_a_call_ends_with_what_it_records_upon_a_key(
    rig: Rig, desk: CallbackDesk, toy: TellingToy
) -> None:
    attempt, name = dial(rig, script=ASKS)

    answered = desk.take(toy.callback(attempt, Topic.RECORDING, Heard(name)))

    assert answered.reply is not None
    assert script_of(json.loads(answered.reply.body)) == HANGS_UP


# Machines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_machine", "end"),
    [(OnMachine.STOP, ("stopped", "machine")), (OnMachine.NOT_REACHED, ("not_reached", "machine"))],
)
def test_a_machine_is_stopped_while_it_speaks(
    open_rig: Callable[..., Rig], toy: TellingToy, on_machine: OnMachine, end: tuple[str, str]
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    attempt, name = dial(rig, on_machine=on_machine)
    toy.move(name, Stage.ANSWERED)
    rig.start()

    began_at = time.monotonic()
    desk.take(toy.callback(attempt, Topic.MACHINE, Heard(name, answered_by="machine")))
    wait_until(lambda: bool(toy.stops))
    stopped_in = time.monotonic() - began_at
    wait_until(rig.all_ended)

    assert rig.endings() == [end]
    assert rig.record()["answered_by"] == "machine"
    assert stopped_in < 1.0


@pytest.mark.parametrize("who", ["human", "unknown", "fax"])
def test_who_is_no_machine_goes_on(rig: Rig, desk: CallbackDesk, toy: TellingToy, who: str) -> None:
    attempt, name = dial(rig, on_machine=OnMachine.STOP)

    desk.take(toy.callback(attempt, Topic.MACHINE, Heard(name, answered_by=who)))

    assert rig.record()["state"] == "connected"
    assert rig.record()["answered_by"] == who


@pytest.mark.parametrize("fails", [0, 1])
def test_a_machine_hears_steps_of_its_own_once(
    open_rig: Callable[..., Rig], toy: TellingToy, fails: int
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    attempt, name = dial(rig, script=(Say("Hello."),), machine_script=(THANKS,))
    toy.move(name, Stage.ANSWERED)
    toy.cannot_say = [ProviderError("not now")] * fails
    verdict = Heard(name, answered_by="machine", may_speak=True)
    rig.start()

    for _ in range(2):
        desk.take(toy.callback(attempt, Topic.MACHINE, verdict))
    wait_until(lambda: bool(toy.said))
    toy.end(name, Outcome.COMPLETED, answered_by="machine", duration_seconds=5.0)
    desk.take(toy.status(attempt, name, Stage.OVER, 3))
    wait_until(rig.all_ended)

    assert toy.said == [(name, (THANKS,))]
    assert toy.stops == []
    assert rig.endings() == [("completed", None)]


@pytest.mark.parametrize(
    ("errors", "tries"),
    [([Refused("no")], 1), ([NoSuchConnection("none")], 1), ([ProviderError("not now")] * 9, 4)],
)
def test_a_call_that_can_not_be_made_to_speak_goes_on_as_it_was(
    open_rig: Callable[..., Rig], toy: TellingToy, errors: list[ProviderError], tries: int
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    attempt, name = dial(rig, script=(Say("Hello."),), machine_script=(THANKS,))
    toy.move(name, Stage.ANSWERED)
    toy.cannot_say = list(errors)
    rig.start()

    verdict = Heard(name, answered_by="machine", may_speak=True)
    desk.take(toy.callback(attempt, Topic.MACHINE, verdict))
    wait_until(lambda: len(toy.cannot_say) == len(errors) - tries)
    wait_until(lambda: not rig.ledger.redis.hexists(keys.attempt("c:1:1"), "speak_at"))

    assert (toy.said, toy.stops) == ([], [])
    assert rig.record()["state"] == "connected"


def test_a_call_that_is_to_be_stopped_says_nothing_more(
    open_rig: Callable[..., Rig], toy: TellingToy
) -> None:
    rig = open_rig()
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    attempt, name = dial(rig, script=(Say("Hello."),), machine_script=(THANKS,))
    toy.move(name, Stage.ANSWERED)
    verdict = Heard(name, answered_by="machine", may_speak=True)
    desk.take(toy.callback(attempt, Topic.MACHINE, verdict))
    assert listeners.hint(rig.ledger, ACCOUNT, attempt, "machine")

    rig.start()
    wait_until(rig.all_ended)

    assert (toy.said, toy.stops) == ([], [name])
    assert rig.endings() == [("stopped", "machine")]


# Words, and what is kept of a call ----------------------------------------------------------------


def test_words_are_shown_once_and_make_the_transcript(
    open_rig: Callable[..., Rig], toy: TellingToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "LATE_WORDS_SECONDS", 0.0)
    rig = open_rig(patience_seconds=20.0)
    desk = CallbackDesk(rig.ledger, toy, ACCOUNT, PUBLIC.public_url)
    attempt, name = dial(rig, transcribe=True, insights=())
    toy.move(name, Stage.ANSWERED)
    rig.reports.look(attempt, name)
    later, sooner = News("message", "Goodbye.", "callee", 9.0), News("message", "Hi.", "us", 8.0)
    for news_id, news in (("2", later), ("1", sooner), ("2", later)):
        desk.take(toy.callback(attempt, Topic.WORDS, Heard(name, news=(news,), news_id=news_id)))
    toy.end(name, Outcome.COMPLETED, duration_seconds=5.0)
    rig.reports.look(attempt, name)
    shown = [line.text for _, line in listeners.lines(rig.ledger, "c", block_seconds=0)]

    wait_until(partial(is_collected, rig))

    assert shown == ["Goodbye.", "Hi."]
    assert rig.record()["transcript"] == [
        {"speaker": "us", "text": "Hi.", "started_at": 8.0},
        {"speaker": "callee", "text": "Goodbye.", "started_at": 9.0},
    ]


def test_recordings_are_listed_once_they_can_be_had(
    open_rig: Callable[..., Rig], toy: TellingToy
) -> None:
    rig = open_rig(patience_seconds=20.0)
    attempt, name = dial(rig, record=True, insights=())
    toy.move(name, Stage.ANSWERED)
    rig.reports.look(attempt, name)
    toy.recorded[name] = [Recording("r1", None, 2)]
    toy.end(name, Outcome.COMPLETED, duration_seconds=5.0)
    rig.reports.look(attempt, name)

    rig.collect()
    assert "recordings" not in rig.record()
    toy.recorded[name] = [Recording("r1", 5.0, 2, is_complete=True)]
    wait_until(partial(is_collected, rig))

    assert rig.record()["recordings"] == [
        {"recording_id": "r1", "duration_seconds": 5.0, "channels": 2}
    ]
    assert "transcript" not in rig.record()


@pytest.mark.parametrize("policy", [{"record": True}, {}])
def test_nothing_is_waited_for_where_nothing_is_kept(
    rig: Rig, toy: TellingToy, policy: dict[str, Any]
) -> None:
    attempt, name = dial(rig, **policy)
    outcome = Outcome.BUSY if policy else Outcome.COMPLETED
    toy.end(name, outcome)
    rig.reports.look(attempt, name)

    assert rig.all_ended()
    assert views.campaign(rig.ledger, "c").collecting == 0


# Any order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_books_end_the_same_whatever_requests_are_lost_doubled_and_late(
    rig: Rig, desk: CallbackDesk, toy: TellingToy, seed: int
) -> None:
    dice = random.Random(seed)
    attempt, name = call = dial(rig, on_machine=OnMachine.NOT_REACHED, script=ASKS)
    told = [
        *(toy.status(*call, stage, n) for n, stage in enumerate(list(Stage)[1:3], 1)),
        toy.callback(attempt, Topic.MACHINE, Heard(name, answered_by="machine")),
        toy.callback(attempt, Topic.STEPS, Heard(name, pressed="1"), step="confirm"),
        toy.status(*call, Stage.OVER, 3),
    ]
    kept = [each for each in told for _ in range(dice.choice([0, 1, 2]))]
    dice.shuffle(kept)
    early = dice.randrange(len(kept) + 1)

    toy.move(name, Stage.ANSWERED, answered_by="machine")
    for each in kept[:early]:
        desk.take(each)
        rig.reports.look(*call)
    toy.end(name, Outcome.COMPLETED, duration_seconds=4.0)
    rig.reports.look(*call)
    ended = rig.record()
    keys_again = told[3]
    for each in (*kept[early:], keys_again):
        desk.take(each)
        rig.reports.hear(attempt, Read(toy.look(name), rig.ledger.time()))

    # What was pressed is kept whenever it comes, and shows that somebody was there; nothing else is
    # changed after the end.
    assert rig.record() == ended | {"answers": {"confirm": "1"}, "heard": "human"}
    assert rig.endings() == [("not_reached", "machine")]
    assert (ended["answered_by"], rig.account().slots) == ("machine", 0)
    assert rig.record()["answers"] == {"confirm": "1"}
