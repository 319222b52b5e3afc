"""A plan finds the duplicates that the ledger finds when the same rows are loaded."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from scheduler import records
from scheduler.campaign.duplicates import Duplicates
from scheduler.ledger import explanation
from scheduler.models import Contact, Reason, Row
from tests.examples import examples
from tests.integration.ledger import Books, contact

_REFUSED = (Reason.INVALID_NUMBER, Reason.DO_NOT_CALL)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Return a row of few people and few ids, so that most stand in the file more than once."""
    person = contact(draw(st.integers(1, 4)))
    own_id = draw(st.sampled_from(["", "a", "b", person.party]))
    keys = draw(st.sampled_from(["", "1#"]))
    reason = draw(st.sampled_from([None, None, None, *_REFUSED]))
    one = Contact(own_id or person.party, person.phone_number, dtmf=keys)
    whom = one if own_id else Contact(one.party, person.phone_number, dtmf=keys)
    return Row(whom, 2, bool(own_id), reason, "said" if reason else "")


@given(st.lists(rows(), max_size=12), st.integers(1, 12))
@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_plan_and_the_ledger_agree(books: Books, file: list[Row], size: int) -> None:
    campaign_id = uuid4().hex
    chunks = [file[at : at + size] for at in range(0, len(file), size)]
    books.create(campaign_id)

    for number, chunk in enumerate(chunks, start=1):
        books.load(chunk, campaign_id=campaign_id, chunk=number)
    found = [record["reason"] for record in books.results(campaign_id)]

    packed = [(len(chunk), b"".join(map(records.pack_row, chunk))) for chunk in chunks]
    duplicates = Duplicates(packed)
    judged = list(duplicates.judged(packed))
    assert [row.reason or (Reason.DUPLICATE if first else None) for row, first in judged] == found
    for number, (row, first) in enumerate(judged, start=1):
        contact = row.contact
        is_told_apart = not row.has_id or contact.contact_id != contact.party
        if first is not None and row.reason is None and is_told_apart:
            assert explanation.first_of(books.ledger, campaign_id, number, contact) == first.row
