"""How rows become calls: what is known, what is skipped, and who is dialled first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import LedgerError
from scheduler.ledger import calls, campaigns, views
from scheduler.ledger.calls import Bid
from scheduler.ledger.ledger import Ledger
from scheduler.models import CampaignState, Contact, Insight, OnMachine, Policy, Reason, Row
from tests.examples import examples
from tests.integration.ledger import EMPTY, Books, contact, named, rows


def dialled(books: Books) -> list[str]:
    """Claim all that is due; return whose numbers in which order."""
    numbers = []
    while claim := books.claim():
        numbers.append(claim.contact.phone_number)
    return numbers


def numbers(*people: int) -> list[str]:
    return [contact(n).phone_number for n in people]


def invalid(line: int, contact_id: str = "") -> Row:
    person = Contact(contact_id or "…555", "…555")
    return Row(person, line, bool(contact_id), Reason.INVALID_NUMBER, "expected a number")


def reasons(books: Books) -> list[str | None]:
    return [result["reason"] for result in books.results()]


# Before the seal ------------------------------------------------------------------------------


def test_nothing_is_claimed_before_the_last_row_is_in(books: Books) -> None:
    books.create()
    books.load(rows(1, 2))

    assert books.claim() is None
    assert calls.ready(books.ledger, "acme", ceiling=9, now=books.now) == (0, 0, None)

    books.seal()
    assert dialled(books) == numbers(1, 2)


def test_nothing_ends_before_the_last_row_is_in(books: Books) -> None:
    books.create()
    books.load([invalid(2), invalid(3)])
    assert books.campaign_state() is CampaignState.LOADING

    assert books.seal() is CampaignState.FINISHED


def test_an_empty_campaign_is_finished_when_it_is_sealed(books: Books) -> None:
    books.create()

    assert books.seal() is CampaignState.FINISHED


def test_an_abort_while_rows_come_in_does_not_outlive_the_load(books: Books) -> None:
    books.create()
    books.load(rows(1))
    books.abort()
    books.seal()

    attempt = books.connected()

    assert books.take_stops() == []
    assert books.result(attempt)["state"] == "connected"


def test_a_campaign_that_is_not_there_takes_no_rows(books: Books) -> None:
    with pytest.raises(LedgerError, match="gone"):
        books.load(rows(1), campaign_id="nowhere")

    assert books.everything() == EMPTY


@pytest.mark.parametrize("verb", ["seal", "resume"])
def test_a_campaign_that_is_not_there_cannot_be_sealed_or_resumed(books: Books, verb: str) -> None:
    with pytest.raises(LedgerError, match="nowhere"):
        books.seal("nowhere") if verb == "seal" else campaigns.resume(books.ledger, "nowhere")

    assert books.everything() == EMPTY


def test_a_row_that_opens_later_is_due_later(books: Books) -> None:
    books.create()
    first, second, third = rows(1, 2, 3)
    later, past = books.now + 3600, books.now - 3600
    books.load([replace(first, due_at=later), replace(second, due_at=past), third])
    books.seal()

    assert dialled(books) == numbers(2, 3)
    books.wait(3601)
    assert dialled(books) == numbers(1)


# Order and content ------------------------------------------------------------------------------


def test_calls_are_dialled_in_the_order_of_the_file(books: Books) -> None:
    books.create()
    people = [(n * 37) % 101 for n in range(1, 101)]
    books.load(rows(*people[:60]), chunk=1)
    books.load(rows(*people[60:]), chunk=2)
    books.seal()
    books.learn(1000)

    assert dialled(books) == numbers(*people)


def test_a_claim_carries_the_whole_contact_and_the_policy(books: Books) -> None:
    person = Contact(
        "7",
        "+12025550107",
        name="Zoë",
        dtmf="1,2#",
        timezone="Europe/Berlin",
        max_duration_seconds=90.0,
        variables={"plan": "gold"},
        options={"languages": ["es-US"], "intents": [{"intent": "do_not_call"}]},
    )
    policy = Policy(
        max_duration_seconds=60.0,
        max_concurrency=4,
        options={"session_name": "survey", "users": [{"user_id": "a@example.org"}]},
        on_machine=OnMachine.STOP,
        insights=(Insight.TOPICS,),
    )
    books.create(
        max_concurrency=policy.max_concurrency,
        options=policy.options,
        on_machine=policy.on_machine,
        insights=policy.insights,
    )
    books.load([Row(person, 2, has_id=True)])
    books.seal()

    claim = books.claim()

    assert claim is not None
    assert claim.contact == person
    assert claim.policy == policy
    assert claim.max_duration_seconds == 90.0


# What is known ------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(books: Books) -> None:
    everyone = [*rows(1, 2, 2), named("a", 3), named("a", 4), named("b", 1), invalid(8)]
    books.create()
    books.load(everyone, load_id="1")
    books.seal(load_id="1")
    as_it_stood = books.everything()

    books.create()
    books.load(everyone, load_id="2")
    books.seal(load_id="2")

    assert books.everything() == as_it_stood


def test_a_load_that_broke_off_is_completed_by_the_next_one(books: Books) -> None:
    books.create()
    books.load(rows(1, 2, 2), load_id="broke off", chunk=1)

    books.load(rows(1, 2, 2), load_id="2", chunk=1)
    books.load(rows(3, 3, 1), load_id="2", chunk=2)
    books.seal(load_id="2")

    assert dialled(books) == numbers(1, 2, 3)
    assert books.dispositions() == {"skipped:duplicate": 3}
    assert len(books.results()) == 6


def test_a_known_contact_keeps_what_it_was_loaded_with(books: Books) -> None:
    books.create()
    books.load([named("a", 1)])
    books.seal()

    books.load([named("a", 2)], load_id="2")
    books.seal(load_id="2")

    assert dialled(books) == numbers(1)


def test_new_rows_are_called_and_known_ones_are_not_called_again(books: Books) -> None:
    books.create()
    books.load(rows(1, 2))
    books.seal()
    assert dialled(books) == numbers(1, 2)

    books.load(rows(1, 2, 3), load_id="2")
    books.seal(load_id="2")

    assert dialled(books) == numbers(3)


def test_new_rows_make_a_finished_campaign_active_again(books: Books) -> None:
    books.campaign()
    books.finish(books.begun())
    assert books.campaign_state() is CampaignState.FINISHED

    books.load(rows(1, 2), load_id="2")

    assert books.seal(load_id="2") is CampaignState.ACTIVE
    assert views.campaign(books.ledger, "c").finished_at is None
    assert dialled(books) == numbers(2)


def test_an_abort_ends_with_its_campaign_and_does_not_stop_rows_that_are_added(
    books: Books,
) -> None:
    books.campaign()
    aborted = books.connected()
    books.abort()
    books.take_stops()
    books.confirm(aborted)
    assert books.campaign_state() is CampaignState.FINISHED

    books.load(rows(2), load_id="2")
    books.seal(load_id="2")
    books.connected()

    assert books.take_stops() == []


def test_new_rows_that_are_skipped_leave_a_finished_campaign_finished(books: Books) -> None:
    books.campaign()
    books.finish(books.begun())

    books.load([*rows(1), invalid(3)], load_id="2")

    assert books.seal(load_id="2") is CampaignState.FINISHED
    assert books.dispositions() == {"rejected": 1, "skipped:invalid_number": 1}


def test_a_refused_row_that_was_mended_is_called(books: Books) -> None:
    books.create()
    books.load([invalid(2, "a"), named("b", 1), invalid(4)])
    books.seal()
    assert dialled(books) == numbers(1)

    for load_id in ("2", "3"):
        books.load([named("a", 2), invalid(3)], load_id=load_id)
        books.seal(load_id=load_id)

    assert dialled(books) == numbers(2)
    assert reasons(books) == ["invalid_number", None, "invalid_number", None]


def test_a_row_that_is_refused_again_changes_nothing(books: Books) -> None:
    books.create()
    books.load([invalid(2, "a"), named("b", 1)])
    books.seal()
    as_it_stood = books.everything()

    books.load([invalid(2, "a")], load_id="2")
    books.seal(load_id="2")

    assert books.everything() == as_it_stood


def test_a_contact_that_was_refused_is_found_by_its_id(books: Books) -> None:
    books.create()
    books.load([named("b", 1), invalid(3, "a")])
    books.seal()

    assert views.find_row(books.ledger, "c", "a") == 2


def test_two_loads_at_once_know_each_others_rows(books: Books) -> None:
    everyone = [*rows(1, 2, 2), named("a", 3), named("a", 4), *rows(3), named("b", 1), invalid(8)]
    books.create()
    books.load(everyone[:4], load_id="1", chunk=1)
    books.load(everyone[:2], load_id="2", chunk=1)
    books.load(everyone[2:], load_id="2", chunk=2)
    books.load(everyone[4:], load_id="1", chunk=2)
    books.seal(load_id="1")
    books.seal(load_id="2")

    told = [None, None, "duplicate", None, "duplicate", "duplicate", "duplicate", "invalid_number"]
    assert reasons(books) == told
    assert dialled(books) == numbers(1, 2, 3)


@examples(60)
@given(data=st.data())
def test_however_a_file_is_cut_and_repeated_its_rows_are_the_same(
    redis_url: str, data: st.DataObject
) -> None:
    row = st.one_of(
        st.integers(1, 4).map(lambda n: rows(n)[0]),
        st.builds(named, st.sampled_from("ab"), st.integers(1, 4)),
        st.builds(invalid, st.integers(2, 5), st.sampled_from(["", "a"])),
    )
    everyone = data.draw(st.lists(row, max_size=12))
    broken = data.draw(st.lists(st.integers(0, len(everyone)), max_size=2))
    cut = data.draw(st.integers(0, len(everyone)))
    ledger = Ledger(redis_url)
    try:
        told = [
            loaded(ledger, everyone, [(len(everyone), 0)]),
            loaded(ledger, everyone, [*((end, 0) for end in broken), (len(everyone), cut)]),
        ]
    finally:
        ledger.close()

    assert told[0] == told[1]


def loaded(
    ledger: Ledger, everyone: list[Row], loads: list[tuple[int, int]]
) -> list[tuple[str, str | None]]:
    """Load so many rows each time, cut into two chunks; return what became of which contact."""
    ledger.redis.flushall()
    ledger.open()
    campaigns.create(ledger, "c", account="acme", name="n", policy=Policy(), digest="d")
    for number, (end, cut) in enumerate(loads):
        campaigns.load(ledger, "c", str(number), 1, everyone[:cut])
        campaigns.load(ledger, "c", str(number), 2, everyone[cut:end])
    campaigns.seal(ledger, "c", "0")
    return [(each["contact_id"], each["reason"]) for each in views.results(ledger, "c")]


# Duplicates and reasons -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("everyone", "expected"),
    [
        (rows(1, 2, 1), [None, None, "duplicate"]),
        (rows(1, 1, 1), [None, "duplicate", "duplicate"]),
        ([named("a", 1), named("a", 2)], [None, "duplicate"]),
        ([named("a", 1), named("b", 1)], [None, "duplicate"]),
        ([named("a", 1), *rows(1)], [None, "duplicate"]),
        ([*rows(1), named("a", 1)], [None, "duplicate"]),
        ([*rows(1), named("a", 1), *rows(1)], [None, "duplicate", "duplicate"]),
        ([named("a", 1), *rows(1), named("b", 1)], [None, "duplicate", "duplicate"]),
        ([named("a", 1), named("a", 1), *rows(1)], [None, "duplicate", "duplicate"]),
        ([named("a", 1), named("b", 2)], [None, None]),
        ([invalid(2), *rows(1)], ["invalid_number", None]),
        ([invalid(2), invalid(3)], ["invalid_number", "invalid_number"]),
        ([invalid(2, "a"), named("b", 1)], ["invalid_number", None]),
        ([invalid(2, "a"), named("a", 1)], ["invalid_number", None]),
        ([named("a", 1), named("a", 2), *rows(2)], [None, "duplicate", None]),
    ],
)
def test_the_first_row_of_a_party_or_an_id_is_called(
    books: Books, everyone: list[Row], expected: list[str | None]
) -> None:
    books.create()

    books.load(everyone)
    books.seal()

    assert reasons(books) == expected
    assert len(dialled(books)) == expected.count(None)


def test_parties_with_other_key_presses_are_other_parties(books: Books) -> None:
    meetings = [Contact(f"+12025550100,{pin}", "+12025550100", dtmf=pin) for pin in ("1#", "2#")]
    books.create()

    books.load([Row(meeting, line) for line, meeting in enumerate(meetings, start=2)])
    books.seal()

    assert len(dialled(books)) == 2


def test_a_skipped_row_is_reported_with_its_line_and_error(books: Books) -> None:
    books.create()
    books.load([invalid(7)])
    books.seal()

    (result,) = books.results()

    assert (result["state"], result["disposition"]) == ("ended", "skipped")
    assert (result["reason"], result["error"]) == ("invalid_number", "expected a number")
    assert (result["line"], result["attempts"]) == (7, 0)
    assert result["ended_at"] is not None


# Accounts and campaigns ---------------------------------------------------------------------------


def test_a_campaign_of_another_account_is_refused(books: Books) -> None:
    books.campaign()
    as_it_stood = books.everything()

    with pytest.raises(LedgerError, match="belongs to account acme"):
        campaigns.create(books.ledger, "c", account="other", name="n", policy=Policy(), digest="d")

    assert books.everything() == as_it_stood


def test_another_account_has_nothing_to_claim(books: Books) -> None:
    books.campaign()

    assert calls.claim(books.ledger, "other", Bid("token", ceiling=9), now=books.now) is None


def test_max_concurrency_caps_a_campaign(books: Books) -> None:
    books.campaign(5, max_concurrency=2)
    first, _ = books.connected(), books.begun()
    assert books.claim() is None

    books.confirm(first)

    assert books.claim() is not None
    assert books.claim() is None


def test_two_campaigns_take_turns(books: Books) -> None:
    books.campaign(4, "a")
    books.campaign(4, "b")

    turns = [books.claimed().campaign_id for _ in range(8)]

    assert [set(turns[at : at + 2]) for at in range(0, 8, 2)] == [{"a", "b"}] * 4


def test_a_campaign_that_joins_late_takes_turns_and_does_not_overtake(books: Books) -> None:
    books.campaign(10, "a")
    for _ in range(4):
        books.claimed()
    books.campaign(4, "b")

    turns = [books.claimed().campaign_id for _ in range(6)]

    assert turns.count("b") == 3


def test_a_campaign_that_was_idle_does_not_get_its_missed_turns_in_a_burst(books: Books) -> None:
    books.campaign(1, "idle")
    books.give_back(books.claimed(), delay_seconds=5.0)
    books.campaign(10, "busy")
    for _ in range(4):
        books.claimed()
    books.load(rows(7, 8, 9), campaign_id="idle", load_id="2")

    turns = [books.claimed().campaign_id for _ in range(4)]

    assert turns.count("idle") == 2


def test_a_worker_that_serves_one_campaign_claims_no_other(books: Books) -> None:
    books.campaign(1, "a")
    books.campaign(1, "b")

    assert books.claimed(only="b").campaign_id == "b"
    assert books.claim(only="b") is None
    assert books.claimed().campaign_id == "a"
