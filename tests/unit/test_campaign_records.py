"""How a contact is written down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.models import Contact
from scheduler.records import decode, encode

WORDS = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_contact_takes_no_more_room_than_it_has_to_say() -> None:
    contact = Contact("+12025550123", "+12025550123", "Ada")

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
        name=WORDS,
        dtmf=WORDS,
        timezone=WORDS,
        max_duration_seconds=st.none() | st.floats(0.001, 1e6),
        variables=st.dictionaries(WORDS, WORDS),
    ),
    line=st.integers(1),
)
def test_what_was_written_down_is_read_back_from_one_line(contact: Contact, line: int) -> None:
    written = encode(contact, line)

    assert decode(written) == (contact, line)
    assert "\n" not in written and "\r" not in written
