"""Which of several numbers a party sees."""

from __future__ import annotations

import pytest

from scheduler.fields.caller_ids import shared_out
from scheduler.models import Attempt, Contact, Policy
from scheduler.providers import StartOrder

NUMBERS = [f"+1202555016{n}" for n in range(4)]
PARTIES = [f"+1202555{n:04d}" for n in range(400)]


def test_each_number_is_seen_by_about_as_many_parties() -> None:
    seen = [shared_out(party, NUMBERS) for party in PARTIES]

    assert all(60 < seen.count(number) < 140 for number in NUMBERS)


def test_a_party_sees_the_same_number_whatever_their_order() -> None:
    assert [shared_out(party, NUMBERS) for party in PARTIES] == [
        shared_out(party, NUMBERS[::-1]) for party in PARTIES
    ]


def test_who_sees_others_sees_them_still_when_one_is_gone() -> None:
    before = {party: shared_out(party, NUMBERS) for party in PARTIES}

    after = {party: shared_out(party, NUMBERS[1:]) for party in PARTIES}

    assert {party for party in PARTIES if after[party] != before[party]} == {
        party for party in PARTIES if before[party] == NUMBERS[0]
    }


@pytest.mark.parametrize(
    ("of_campaign", "of_contact", "blocked", "seen"),
    [
        ([], [], [], NUMBERS[3]),
        ([NUMBERS[0]], [], [], NUMBERS[0]),
        ([NUMBERS[0]], [NUMBERS[1]], [], NUMBERS[1]),
        (NUMBERS[:2], [], [NUMBERS[0]], NUMBERS[1]),
        ([NUMBERS[0]], [], [NUMBERS[0]], NUMBERS[0]),
    ],
)
def test_a_contact_s_goes_before_the_campaign_s_and_that_before_the_account_s(
    of_campaign: list[str], of_contact: list[str], blocked: list[str], seen: str
) -> None:
    policy = Policy(options={"caller_id": of_campaign} if of_campaign else {})
    contact = Contact("a", PARTIES[0], options={"caller_id": of_contact} if of_contact else {})

    order = StartOrder.of(
        Attempt("c", 1, 1), policy, contact, caller_ids=NUMBERS[3:], blocked=blocked
    )

    assert (order.caller_id, order.options) == (seen, {})
