"""How a contact is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import Contact, Insight, OnMachine, Policy, StartOptions
from scheduler.records import decode, decode_policy, encode, encode_policy
from scheduler.script import (
    DoNotCall,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Say,
    Script,
    Transfer,
)

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
        script_cells=st.dictionaries(WORDS, WORDS),
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


def test_a_script_is_written_down_with_its_policy() -> None:
    branches: dict[str, Script] = {"1": (Say("Thanks."), Hangup()), "9": (DoNotCall(),)}
    script: Script = (
        Say("Hello {{ name }}.", "alice", "en-US"),
        Play("https://example.com/a.mp3"),
        Pause(2.0),
        Gather("confirm", (Say("Press 1."),), 1, branches=branches, otherwise=(Say("Bye."),)),
        Record(30.0),
        Transfer("+12125550143"),
        Hangup(),
    )
    policy = Policy(script=script, campaign_name="spring", ring_seconds=30.0, record=True)

    assert decode_policy(encode_policy(policy)) == policy


def test_a_policy_of_a_release_without_scripts_has_none() -> None:
    assert decode_policy('{"max_duration_seconds":90.0}') == Policy(max_duration_seconds=90.0)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", '{"script":7}', '{"script":[{"sing":{}}]}', '{"script":[{"say":{"tune":""}}]}'],
)
def test_what_is_no_policy_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError):
        decode_policy(text)
