"""Old campaigns: what goes, what stays, and that nobody is called again by it."""

from __future__ import annotations

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import retirement, views
from scheduler.models import CampaignState, Disposition, Webhook
from tests.integration.ledger import DURATION, Books, rows


def finished(ledger: Books, calls: int = 3, webhooks: tuple[Webhook, ...] = ()) -> None:
    ledger.campaign(calls, insights=(), webhooks=webhooks)
    for _ in range(calls):
        ledger.confirm(ledger.connected())


def keys_of_calls(ledger: Books) -> list[str]:
    found = [*ledger.reader.scan_iter("callsched:call:*"), *ledger.reader.scan_iter("*attempt:*")]
    return [*found, *ledger.reader.scan_iter("callsched:campaign:c:contacts")]


def test_its_calls_go_and_its_numbers_stay(ledger: Books) -> None:
    finished(ledger)
    before = views.campaign(ledger.store, "c")
    assert keys_of_calls(ledger)

    assert retirement.retire(ledger.store, "c", before=ledger.now + 1, now=ledger.now) == 0

    after = views.campaign(ledger.store, "c")
    assert keys_of_calls(ledger) == []
    assert list(views.results(ledger.store, "c")) == []
    assert (after.dispositions, after.total) == (before.dispositions, before.total)
    assert after.retired_at == ledger.now
    assert after.state is CampaignState.FINISHED


def test_the_same_file_again_calls_nobody(ledger: Books) -> None:
    finished(ledger)
    retirement.retire(ledger.store, "c", now=ledger.now)

    with pytest.raises(LedgerError, match="another --id"):
        ledger.load(rows(1, 2, 3), load_id="2")

    assert ledger.claim() is None


def test_it_goes_some_at_a_time_and_goes_on_where_it_was_cut(
    ledger: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retirement, "_AT_ONCE", 2)
    finished(ledger, 5)

    left = [retirement.retire(ledger.store, "c", now=ledger.now) for _ in range(4)]

    assert left == [3, 1, 0, 0]
    assert keys_of_calls(ledger) == []


def test_one_that_is_not_over_or_not_for_so_long_is_kept(ledger: Books) -> None:
    ledger.campaign(1, insights=())
    attempt = ledger.connected()
    assert retirement.retire(ledger.store, "c", now=ledger.now) is None

    ledger.confirm(attempt)

    assert retirement.retire(ledger.store, "c", before=ledger.now, now=ledger.now) is None
    assert retirement.campaigns_finished_before(ledger.store, ledger.now) == []
    assert retirement.campaigns_finished_before(ledger.store, ledger.now + 1) == ["c"]
    assert keys_of_calls(ledger)


def test_one_of_which_something_is_under_way_is_kept(ledger: Books) -> None:
    ledger.campaign(1)
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    assert retirement.retire(ledger.store, "c", now=ledger.now) is None, "its slot is held"

    ledger.wait(DURATION + 1)
    ledger.expire()

    assert retirement.retire(ledger.store, "c", now=ledger.now) == 0


def test_one_that_is_still_to_be_told_is_kept(ledger: Books) -> None:
    finished(ledger, 1, webhooks=(Webhook("http://127.0.0.1:9/"),))

    assert retirement.retire(ledger.store, "c", now=ledger.now) is None


def test_an_answer_that_comes_after_all_that_is_stopped(ledger: Books) -> None:
    ledger.campaign(1, insights=())
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN)
    retirement.retire(ledger.store, "c", now=ledger.now)

    assert ledger.connect(attempt) == "late"

    assert [order.attempt for order in ledger.take_stops()] == [attempt]
