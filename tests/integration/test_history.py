"""When, and by what, a number was called: in every campaign, of which some are kept no longer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from scheduler.errors import ConfigError
from scheduler.ledger import do_not_call, retirement, views
from scheduler.ledger.ledger import Control
from scheduler.models import Contact, Disposition, Reason, Row
from scheduler.operations import archive
from scheduler.operations.history import Called, history_of
from tests.integration.ledger import Books

NUMBER, OTHER = "+12025550143", "+12025550199"


def person(n: int, address: str, dtmf: str = "", reason: Reason | None = None) -> Row:
    return Row(Contact(f"p-{n}", address, dtmf=dtmf), n, has_id=True, reason=reason)


def calling(books: Books, campaign_id: str, *people: Row) -> None:
    books.create(campaign_id, columns=(), insights=())
    books.load(people, campaign_id=campaign_id)
    books.seal(campaign_id)
    books.learn(20)


def short(call: Called) -> tuple[str, str, int, str]:
    return (call.campaign_id, call.record["contact_id"], len(call.attempts), call.record["state"])


@pytest.fixture
def called(books: Books) -> Books:
    """A number that was called in two campaigns, and that a third one is to call."""
    calling(books, "old", person(1, NUMBER))
    books.wait(60)
    books.confirm(books.connected(), Disposition.HUNG_UP)
    books.wait(3600)
    calling(books, "meetings", person(1, OTHER), person(2, NUMBER, "4711#"))
    books.confirm(books.connected())
    books.confirm(books.connected())
    books.wait(60)
    calling(books, "left-out", person(1, NUMBER, reason=Reason.DO_NOT_CALL))
    books.wait(3600)
    calling(books, "waits", person(7, NUMBER))
    return books


def test_every_call_to_a_number_is_told_with_who_does_not_want_it(called: Books) -> None:
    do_not_call.bar(called.ledger, "+1202*", "no calls there (ann)", called.now)

    found = history_of(called.ledger, NUMBER)

    assert [short(each) for each in found.calls] == [
        ("old", "p-1", 1, "ended"),
        ("meetings", "p-2", 1, "ended"),
        ("left-out", "p-1", 0, "ended"),
        ("waits", "p-7", 0, "pending"),
    ]
    (attempt,) = found.calls[0].attempts
    assert (attempt["disposition"], attempt["number"]) == ("hung_up", 1)
    assert attempt["begun_at"] == found.calls[0].first_at
    assert [each.campaign_id for each in found.waiting] == ["waits"]
    assert found.removals == ()
    for entry in ("+1202*", OTHER, NUMBER):
        do_not_call.bar(called.ledger, entry, "x", called.now)
        do_not_call.unbar(called.ledger, [entry], Control("bob", f"of {entry[:5]}"), called.now)
    removals = history_of(called.ledger, NUMBER).removals
    assert [(each.who, each.note) for each in removals] == [
        ("bob", "of +1202"),
        ("bob", "of +1202"),
    ]
    record = json.loads(json.dumps(found.as_record()))
    assert record["listed"]["entry"] == "+1202*"
    assert record["listed"]["why"] == "no calls there (ann)"
    assert record["calls"][1]["has_keys"] and "4711" not in json.dumps(record)
    assert history_of(called.ledger, NUMBER, frozenset({"north"})).calls == ()
    assert history_of(called.ledger, "+12025550198").calls == ()


def test_of_campaigns_that_are_no_longer_kept_the_last_month_and_their_archives_tell(
    called: Books, tmp_path: Path
) -> None:
    archive.write(called.ledger, views.campaign(called.ledger, "old"), tmp_path)
    assert retirement.retire(called.ledger, "old", before=called.now, now=called.now) == 0

    found = history_of(called.ledger, NUMBER)
    assert [short(each)[0] for each in found.calls] == ["meetings", "left-out", "waits"]
    assert [(each.attempt.campaign_id, each.attempt.row) for each in found.gone] == [("old", 1)]
    assert found.archived == 1
    assert history_of(called.ledger, NUMBER, frozenset({"north"})).gone == ()

    found = history_of(called.ledger, NUMBER, archives=[tmp_path])
    (archived,) = [each for each in found.calls if each.archive]
    assert found.calls[0] is archived
    assert short(archived) == ("old", "p-1", 1, "ended")
    assert archived.attempts[0]["disposition"] == "hung_up"
    assert archived.archive == str(tmp_path / "old.jsonl.gz")


def test_an_archive_that_can_not_be_read_is_an_error(books: Books, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        history_of(books.ledger, NUMBER, archives=[tmp_path])
    with gzip.open(tmp_path / "x.jsonl.gz", "wt") as file:
        file.write("{}")
    with pytest.raises(ConfigError, match=r"x\.json can't be read"):
        history_of(books.ledger, NUMBER, archives=[tmp_path])
