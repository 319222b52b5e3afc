"""Campaigns of one name: whom one has called, or has yet to call, the others leave out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from scheduler.ledger import campaigns, explanation, keys, repeats, retirement, unknowns
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.repeats import Repeats
from scheduler.ledger.schedules import Launch
from scheduler.ledger.unknowns import Resolution
from scheduler.models import CampaignState, Contact, Disposition, Policy, Reason, Row, Schedule
from scheduler.records import pack_row
from scheduler.settings import Settings
from scheduler.worker.schedules import load_file
from tests.examples import examples
from tests.integration.ledger import ACCOUNT, DURATION, Books, contact, named, rows

HOUR = 3600.0
WINDOW = 20 * HOUR
SCHEMA = f"{keys.ROOT}schema"


def create(
    books: Books,
    campaign_id: str,
    *,
    window: float | None = WINDOW,
    name: str = "trial",
    account: str = ACCOUNT,
) -> None:
    campaigns.create(
        books.ledger,
        campaign_id,
        account=account,
        name=name,
        policy=Policy(DURATION),
        digest="d",
        repeat_window=window,
        now=books.now,
    )


def load(books: Books, campaign_id: str, *everyone: Row, load_id: str = "1", **how: Any) -> None:
    """Make a campaign of these rows, or add them to it."""
    create(books, campaign_id, **how)
    books.load(everyone, campaign_id=campaign_id, load_id=load_id)
    books.seal(campaign_id, load_id)


def ended(books: Books, campaign_id: str) -> list[str]:
    """Return for each row of a campaign how its call stands."""
    return [
        f"{call['disposition']}:{call['reason']}" if call["reason"] else call["state"]
        for call in books.results(campaign_id)
    ]


ALREADY, TO_CALL = "skipped:already_called", "pending"


# What became of the first campaign's call -----------------------------------------------------


def nothing(books: Books) -> None:
    """It waits."""


def claimed(books: Books) -> None:
    books.claimed()


def dialing(books: Books) -> None:
    books.begun()


def connected(books: Books) -> None:
    books.connected()


def stopping(books: Books) -> None:
    books.stopping()


def given_back(books: Books) -> None:
    books.give_back(books.begun())


def confirmed(books: Books) -> None:
    books.confirmed()


def aborted(books: Books) -> None:
    books.confirm(books.connected(), Disposition.ABORTED)


def lost(books: Books) -> None:
    books.finish(books.begun(), Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=60)


def rejected(books: Books) -> None:
    books.finish(books.begun(), Disposition.REJECTED)


def capped(books: Books) -> None:
    books.finish(books.claimed(), Disposition.SKIPPED, reason=Reason.CAPPED)


def not_placed(books: Books) -> None:
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=60)
    unknowns.settle(books.ledger, ACCOUNT, attempt, Resolution.NOT_PLACED, now=books.now)


def cancelled(books: Books) -> None:
    campaigns.cancel(books.ledger, "c", Control("me"), now=books.now)


def cancelled_to_the_end(books: Books) -> None:
    cancelled(books)
    assert campaigns.end_pending(books.ledger, "c", now=books.now) == 0


def cancelled_while_live(books: Books) -> None:
    books.connected()
    cancelled(books)


def paused(books: Books) -> None:
    books.abort()


def archived(books: Books) -> None:
    books.confirmed()
    books.take_collect()
    books.ledger.redis.delete(keys.account(ACCOUNT, "collect"))
    assert retirement.retire(books.ledger, "c", now=books.now) == 0


@pytest.mark.parametrize(
    ("happens", "stands"),
    [
        *((each, ALREADY) for each in (nothing, claimed, dialing, connected, stopping, given_back)),
        *((each, ALREADY) for each in (confirmed, aborted, lost, cancelled_while_live, paused)),
        (archived, ALREADY),
        *((each, TO_CALL) for each in (rejected, capped, not_placed)),
        *((each, TO_CALL) for each in (cancelled, cancelled_to_the_end)),
    ],
)
def test_who_may_have_been_rung_or_still_waits_is_left_out(
    books: Books, happens: Callable[[Books], None], stands: str
) -> None:
    books.campaign()
    happens(books)
    packed = [b"".join(map(pack_row, rows(1, 2)))]

    foreseen = repeats.find(books.ledger, "d", ACCOUNT, "trial", WINDOW, packed, now=books.now)
    load(books, "d", *rows(1, 2))

    assert ended(books, "d") == [stands, TO_CALL]
    assert sum(one.count for one in foreseen) == [stands, TO_CALL].count(ALREADY)


@pytest.mark.parametrize("row", [named("a", 1), named("other", 1), *rows(1)])
def test_it_is_the_party_that_counts_and_not_the_id(books: Books, row: Row) -> None:
    load(books, "c", named("a", 1))
    books.learn(9)
    books.confirmed()

    load(books, "d", row, named("a", 2))

    assert ended(books, "d")[0] == ALREADY


def test_a_party_with_other_keys_is_another_one(books: Books) -> None:
    def meeting(pin: str) -> Row:
        return Row(Contact(f"+12025550100,{pin}", "+12025550100", dtmf=pin), 2)

    load(books, "c", meeting("1#"))
    books.confirmed()

    load(books, "d", meeting("2#"), meeting("1#"))

    assert ended(books, "d") == [TO_CALL, ALREADY]


@pytest.mark.parametrize(
    "how", [{"name": "another"}, {"account": "sandbox"}, {"window": None}, {"window": 0.0}]
)
def test_another_name_another_account_and_who_asked_for_it_call_everybody(
    books: Books, how: dict[str, Any]
) -> None:
    books.campaign(2)
    books.confirmed()

    load(books, "d", *rows(1, 2), **how)

    assert ended(books, "d") == [TO_CALL, TO_CALL]


@pytest.mark.parametrize(("later", "stands"), [(WINDOW - 1, ALREADY), (WINDOW + 1, TO_CALL)])
def test_who_was_called_longer_ago_than_the_window_is_called(
    books: Books, later: float, stands: str
) -> None:
    books.campaign()
    books.confirmed()

    books.wait(later)
    load(books, "d", *rows(1))

    assert ended(books, "d") == [stands]


def test_who_still_waits_is_left_out_however_long_that_is(books: Books) -> None:
    books.campaign(2)
    books.confirmed()
    books.wait(2000 * HOUR)

    load(books, "d", *rows(1, 2))

    assert ended(books, "d") == [TO_CALL, ALREADY]


def test_a_finished_campaign_that_goes_on_counts_again(books: Books) -> None:
    books.campaign()
    books.confirmed()
    books.wait(2 * WINDOW)
    assert books.campaign_state() is CampaignState.FINISHED

    books.load(rows(2), load_id="2")
    load(books, "d", *rows(1, 2))

    assert ended(books, "d") == [TO_CALL, ALREADY]


def test_names_are_kept_while_a_campaign_of_theirs_is_open_and_31_days_longer(
    books: Books,
) -> None:
    index = keys.account(ACCOUNT, "named:trial")
    books.campaign()
    books.confirmed()
    assert 30 * 86_400 < books.ledger.redis.ttl(index) <= 31 * 86_400

    books.wait(32 * 86_400)
    books.campaign(2, "d")
    assert books.ledger.redis.ttl(index) == -1
    books.confirmed()
    books.confirmed()

    assert books.ledger.redis.zrange(index, 0, -1) == ["d"]
    books.load(rows(7), campaign_id="d", load_id="2")
    assert books.ledger.redis.ttl(index) == -1


def test_a_load_that_broke_off_holds_its_parties_until_it_is_cancelled(
    books: Books,
) -> None:
    create(books, "c")
    books.load(rows(1))  # its load broke off: it is never sealed
    load(books, "d", *rows(1))
    campaigns.cancel(books.ledger, "c", Control("me"), now=books.now)

    load(books, "e", *rows(1))

    assert (ended(books, "d"), ended(books, "e")) == ([ALREADY], [TO_CALL])


def test_firings_of_a_schedule_call_everybody_each_time(books: Books, tmp_path: Path) -> None:
    file = tmp_path / "trial.csv"
    file.write_text("phone_number\n+12025550101\n+12025550102\n")
    launch = Launch(str(file), "utf-8", Schedule(cron="0 9 * * *", timezone="UTC"))
    chosen = Settings(account=ACCOUNT, calling_hours="always")

    for firing in ("trial-1", "trial-2"):
        load_file(books.ledger, chosen, launch, firing, ACCOUNT, lambda: None)

    assert ended(books, "trial-2") == [TO_CALL, TO_CALL]


# What is said of them -------------------------------------------------------------------------


def test_the_result_says_who_has_called_and_when(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.campaign(2)
    books.confirmed()

    load(books, "d", *rows(1, 2))

    called, waits = books.results("d")
    assert called["error"].startswith("called 2027-01-15 ")
    assert called["error"].endswith(" by campaign c")
    assert waits["error"] == "the call to this party in campaign c was not over"
    assert (called["attempts"], called["ended_at"] is None) == (0, False)
    assert explanation.standing(books.ledger, "d", 1).error == called["error"]
    assert books.dispositions("d") == {ALREADY: 2}
    assert books.campaign_state("d") is CampaignState.FINISHED


def test_beforehand_it_is_counted_by_campaign(books: Books) -> None:
    books.campaign(3)
    first_at = books.now
    books.confirmed()
    load(books, "d", *rows(4, 5))
    books.wait(10)
    assert books.confirmed().campaign_id == "d"
    last_at = books.now
    before = books.everything()
    chunks = [b"".join(map(pack_row, rows(*some))) for some in ((1, 2), (3, 4), (6,))]

    found = repeats.find(books.ledger, "e", ACCOUNT, "trial", WINDOW, chunks, now=books.now)

    assert found == [
        Repeats("c", 1, first_at, 2),
        Repeats("d", 1, last_at, 0),
    ]
    assert books.everything() == before


def test_what_a_campaign_knows_itself_is_not_counted(books: Books) -> None:
    books.campaign(2)
    load(books, "d", *rows(1, 2, 3))

    for campaign_id, people in (("c", (1, 2)), ("d", (1, 2, 3))):
        packed = [b"".join(map(pack_row, rows(*people)))]
        assert repeats.find(books.ledger, campaign_id, ACCOUNT, "trial", WINDOW, packed) == []


def test_without_another_campaign_of_the_name_no_more_than_one_chunk_is_read(
    books: Books,
) -> None:
    create(books, "c")
    chunks = iter([b"".join(map(pack_row, rows(n))) for n in range(3)])

    assert repeats.find(books.ledger, "c", ACCOUNT, "trial", WINDOW, chunks, now=books.now) == []
    assert len(list(chunks)) == 2


# Again, twice, and broken off -----------------------------------------------------------------


def test_the_same_file_again_changes_nothing_then_and_later(books: Books) -> None:
    books.campaign()
    books.confirmed()
    everyone = [*rows(1, 2, 1), named("a", 1)]
    load(books, "d", *everyone)
    assert ended(books, "d") == [ALREADY, TO_CALL, "skipped:duplicate", "skipped:duplicate"]

    for load_id in ("2", "3"):
        books.wait(WINDOW)
        load(books, "d", *everyone, load_id=load_id, window=None)

        assert ended(books, "d")[:2] == [ALREADY, TO_CALL]
        assert len(books.results("d")) == 4


def test_what_a_campaign_was_created_with_stays(books: Books) -> None:
    books.campaign()
    books.confirmed()
    create(books, "strict")
    create(books, "free", window=None)

    load(books, "strict", *rows(1), window=None)
    load(books, "free", *rows(1))

    assert (ended(books, "strict"), ended(books, "free")) == ([ALREADY], [TO_CALL])
    windows = [repeats.window(books.ledger, each) for each in ("strict", "free", "nowhere")]
    assert windows == [WINDOW, 0.0, None]


@pytest.mark.parametrize("died_after", range(4))
def test_a_load_that_broke_off_is_completed_as_it_was_begun(books: Books, died_after: int) -> None:
    books.campaign(2)
    books.confirmed()
    chunks = [rows(1), rows(2), rows(3)]
    create(books, "d")
    for number, chunk in enumerate(chunks[:died_after], start=1):
        books.load(chunk, campaign_id="d", chunk=number)
    assert books.claim(only="d") is None

    for number, chunk in enumerate(chunks, start=1):
        create(books, "d", window=None)
        books.load(chunk, campaign_id="d", chunk=number, load_id="2")
    books.seal("d", "2")

    assert ended(books, "d") == [ALREADY, ALREADY, TO_CALL]


def test_a_chunk_whose_reply_was_lost_changes_nothing_when_it_is_sent_again(
    books: Books,
) -> None:
    books.campaign()
    books.confirmed()
    create(books, "d")
    packed = b"".join(map(pack_row, rows(1, 2)))
    campaigns.load_packed(books.ledger, "d", "1", 1, packed, now=books.now)
    once = books.everything()

    campaigns.load_packed(books.ledger, "d", "1", 1, packed, now=books.now + WINDOW)

    assert books.everything() == once


# Two at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dials", [False, True])
def test_of_two_loads_at_once_exactly_one_gets_each_party(
    books: Books, other: Ledger, dials: bool
) -> None:
    files = {"a": [rows(1), rows(2), rows(3, 4)], "b": [rows(4), rows(2, 1), rows(5)]}
    far = Books(other, books.reader)
    for of_a in combinations(range(6), 3):
        books.ledger.redis.flushall()
        far.now = books.now
        chunks = {name: enumerate(chunks, start=1) for name, chunks in files.items()}
        for step in range(6):
            name = "a" if step in of_a else "b"
            by = books if name == "a" else far
            number, chunk = next(chunks[name])
            create(by, name)
            by.load(chunk, campaign_id=name, chunk=number)
            if number == 3:
                by.seal(name)
                while dials and (claim := by.claim()) is not None:
                    assert by.begin(claim.attempt)
                    by.finish(claim.attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
        mine = ended(books, "a") + ended(books, "b")
        assert mine.count(ALREADY) == 3
        takers = [
            call["phone_number"]
            for name in "ab"
            for call in books.results(name)
            if call["reason"] != "already_called"
        ]
        assert sorted(takers) == [contact(n).phone_number for n in range(1, 6)]


CAMPAIGNS = "abc"


class NamesakeMachine(RuleBasedStateMachine):
    """Campaigns of one name that load, dial, end and are cancelled in any order."""

    books: Books  # set by the test

    @initialize()
    def open(self) -> None:
        self.books.ledger.redis.flushall()
        self.books.learn(9)
        self.rung: list[tuple[str, str, float]] = []
        self.loads = 0

    @rule(
        name=st.sampled_from(CAMPAIGNS),
        people=st.lists(st.integers(1, 2), min_size=1, max_size=2),
        seals=st.sampled_from([True, True, True, False]),
    )
    def load(self, name: str, people: list[int], seals: bool) -> None:
        self.loads += 1
        create(self.books, name)
        self.books.load(rows(*people), campaign_id=name, load_id=str(self.loads))
        if seals:
            self.books.seal(name, str(self.loads))

    @rule(end=st.sampled_from(["rejected", "unknown", "back", "stopped", "stopped"]))
    def dial(self, end: str) -> None:
        claim = self.books.claim()
        if claim is None or not self.books.begin(claim.attempt):
            return
        party, attempt = claim.contact.party, claim.attempt
        if end == "back":
            self.books.give_back(attempt, delay_seconds=0.0)
        elif end == "rejected":
            self.books.finish(attempt)
        else:
            self.rung.append((party, attempt.campaign_id, self.books.now))
            if end == "unknown":
                self.books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
            else:
                self.books.connect(attempt)
                self.books.confirm(attempt)

    @rule()
    def cancel_one(self) -> None:
        create(self.books, CAMPAIGNS[-1])
        campaigns.cancel(self.books.ledger, CAMPAIGNS[-1], Control("me"), now=self.books.now)

    @rule(hours=st.sampled_from([0.1, 1.0, 19.0, 21.0]))
    def wait(self, hours: float) -> None:
        self.books.wait(hours * HOUR)

    @invariant()
    def nobody_is_rung_by_two_of_them_within_the_window(self) -> None:
        for (one, first, at), (two, second, later) in product(self.rung, repeat=2):
            if one == two and first != second:
                assert abs(later - at) > WINDOW - 1

    def teardown(self) -> None:
        """Let every campaign go on to its end: who waits in two of them would be rung by both."""
        for name in CAMPAIGNS:
            create(self.books, name)
            self.books.seal(name)
        self.books.wait(DURATION)
        while claim := self.books.claim():
            self.books.begin(claim.attempt)
            self.rung.append((claim.contact.party, claim.attempt.campaign_id, self.books.now))
            self.books.finish(claim.attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST)
        self.nobody_is_rung_by_two_of_them_within_the_window()


def test_no_order_of_loads_and_calls_rings_anybody_twice(books: Books) -> None:
    NamesakeMachine.books = books

    run_state_machine_as_test(
        NamesakeMachine,
        settings=examples(
            100,
            stateful_step_count=20,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# Ledgers of earlier releases ------------------------------------------------------------------


def test_campaigns_of_an_earlier_release_are_found_under_their_names(books: Books) -> None:
    books.campaign()
    books.confirmed()
    create(books, "loading")
    books.load(rows(2), campaign_id="loading")
    index = keys.account(ACCOUNT, "named:trial")
    as_created = books.everything()[index]
    for left in (set(), {"c"}, {"loading"}):  # whoever raised it died on the way
        books.ledger.redis.set(SCHEMA, keys.SCHEMA - 1)
        gone = {"c", "loading"} - left
        books.ledger.redis.zrem(index, *gone)

        for _ in range(2):
            books.ledger.open()

        assert books.everything()[index] == as_created
    load(books, "d", *rows(1, 2, 3))
    assert ended(books, "d") == [ALREADY, ALREADY, TO_CALL]


def test_a_command_that_only_looks_adds_nothing(books: Books) -> None:
    books.campaign()
    books.ledger.redis.delete(keys.account(ACCOUNT, "named:trial"))
    books.ledger.redis.set(SCHEMA, keys.SCHEMA - 1)

    books.ledger.open(upgrades=False)

    assert not books.ledger.redis.exists(keys.account(ACCOUNT, "named:trial"))


def test_what_a_newer_process_has_put_there_stays(books: Books) -> None:
    books.campaign()
    index = keys.account(ACCOUNT, "named:trial")
    books.ledger.redis.zadd(index, {"c": 5.0})
    books.ledger.redis.set(SCHEMA, keys.SCHEMA - 1)

    books.ledger.open()

    assert books.ledger.redis.zscore(index, "c") == 5.0


def test_a_campaign_that_an_older_worker_has_finished_holds_nobody(books: Books) -> None:
    books.campaign()
    books.confirmed()
    # An older worker knows nothing of the index.
    books.ledger.redis.zadd(keys.account(ACCOUNT, "named:trial"), {"c": "+inf"})
    books.wait(WINDOW + 1)

    load(books, "d", *rows(1))

    assert ended(books, "d") == [TO_CALL]
