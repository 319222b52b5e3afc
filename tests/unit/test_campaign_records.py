"""How a contact is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import Contact, Insight, OnMachine, Policy, StartOptions
from scheduler.records import decode, decode_policy, encode, encode_policy

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
OPTIONS = st.builds(
    lambda name, languages: StartOptions(session_name=name, languages=languages),
    WORDS,
    st.lists(WORDS),
)


def test_a_contact_takes_no_more_room_than_it_has_to_say() -> None:
    contact = Contact("+12025550123", "+12025550123", name="Ada")

    assert encode(contact, 17) == '{"p":"+12025550123","n":"Ada","l":17}'


def test_an_id_is_written_only_when_it_is_not_the_party() -> None:
    party = Contact("+12025550123,1#", "+12025550123", dtmf="1#")
    named = Contact("c-1", "+12025550123", dtmf="1#")

    assert encode(party, 1) == '{"p":"+12025550123","d":"1#","l":1}'
    assert encode(named, 1) == '{"p":"+12025550123","i":"c-1","d":"1#","l":1}'


@given(
    contact=st.builds(
        Contact,
        contact_id=WORDS.filter(bool),
        phone_number=WORDS,
        sip_uri=WORDS,
        name=WORDS,
        dtmf=WORDS,
        timezone=WORDS,
        max_duration_seconds=st.none() | st.floats(0.001, 1e6),
        variables=st.dictionaries(WORDS, WORDS),
        options=OPTIONS,
    ),
    line=st.integers(1),
)
def test_what_was_written_down_is_read_back_from_one_line(contact: Contact, line: int) -> None:
    written = encode(contact, line)

    assert decode(written) == (contact, line)
    assert "\n" not in written and "\r" not in written


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", "{}", '{"p":"+12025550123"}', '{"t":1,"l":2}'],
)
def test_whatever_else_stands_there_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|no record of a contact"):
        decode(text)


@given(
    policy=st.builds(
        Policy,
        options=OPTIONS,
        on_machine=st.sampled_from(OnMachine),
        insights=st.lists(st.sampled_from(Insight)).map(tuple),
    )
)
def test_a_policy_that_was_written_down_is_read_back(policy: Policy) -> None:
    assert decode_policy(encode_policy(policy)) == policy
