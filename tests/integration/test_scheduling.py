"""Schedules in the ledger: fired once by any number of workers, whatever dies in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from scheduler.campaign.reading import Reading
from scheduler.errors import LedgerError, LedgerFault
from scheduler.ledger import campaigns, keys, rubbish, schedules, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import LAUNCH_LEASE_SECONDS, Firing, Launch, TakenSchedule
from scheduler.models import CampaignState, FiringState, Overlap, Schedule
from scheduler.operations import launch as launching
from scheduler.settings import Settings
from scheduler.worker import schedules as firing
from scheduler.worker.schedules import launch_due
from tests.integration.ledger import everything

ACCOUNT = "acme"
HOUR = 3600.0
NOON = 20_000 * 86_400.0 + 12 * HOUR
SETTINGS = Settings(account=ACCOUNT, calling_hours="always")
WAITING, FIRED = FiringState.WAITING, FiringState.FIRED


class Clock:
    """What the ledger takes for the time."""

    def __init__(self) -> None:
        self.now = NOON - 60

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(redis_url: str, clock: Clock) -> Iterator[Ledger]:
    ledger = Ledger(redis_url, time=clock)
    ledger.redis.flushall()
    ledger.open()
    yield ledger
    ledger.close()


@pytest.fixture
def contacts(tmp_path: Path) -> Path:
    return written(tmp_path, 3)


def written(folder: Path, count: int) -> Path:
    path = folder / "contacts.csv"
    numbers = [f"+120255501{row:02}" for row in range(count)]
    path.write_text("\n".join(["phone_number", *numbers]) + "\n")
    return path


def hourly(ledger: Ledger, path: Path, overlap: Overlap = Overlap.SKIP, **how: float) -> None:
    """Add a schedule that fires at each full hour, at noon for the first time."""
    rule = Schedule(cron="0 * * * *", timezone="UTC", overlap=overlap, **how)
    launch = Launch(str(path), "utf-8", rule)
    assert schedules.add(ledger, "hourly", ACCOUNT, launch, next_at=NOON, who="ana@desk")


def work(ledger: Ledger) -> None:
    launch_due(ledger, SETTINGS, ACCOUNT)


def fates(ledger: Ledger) -> list[tuple[str, FiringState]]:
    """Return hour and state of each firing, the oldest first."""
    told = reversed(schedules.firings_of(ledger, "hourly"))
    return [(f"{(one.at - NOON) / HOUR:+.0f}", one.state) for one in told]


def campaign(hours: float = 0) -> str:
    return schedules.firing_id("hourly", NOON + hours * HOUR)


def finish(ledger: Ledger, campaign_id: str) -> None:
    """Bring a campaign to its end: nobody is left to be called."""
    with ledger.redis.pipeline() as pipe:
        pipe.hset(f"callsched:campaign:{campaign_id}:meta", "state", "finished")
        pipe.zrem(f"callsched:account:{ACCOUNT}:campaigns", campaign_id)
        pipe.execute()


def taken(ledger: Ledger, token: str = "mine") -> TakenSchedule:
    found = schedules.take(ledger, ACCOUNT, token)
    assert found is not None
    return found


# A firing ----------------------------------------------------------------------------------------


def test_a_firing_is_a_campaign_named_after_its_instant(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    work(ledger)
    assert views.campaign_ids(ledger) == []

    clock.now = NOON
    work(ledger)

    assert views.campaign_ids(ledger) == ["hourly-20241004T120000Z"] == [campaign()]
    view = views.campaign(ledger, campaign())
    assert (view.state, view.total, view.account) == (CampaignState.ACTIVE, 3, ACCOUNT)
    assert fates(ledger) == [("+0", FIRED)]
    assert schedules.view(ledger, "hourly").next_at == NOON + HOUR


def test_32_workers_at_once_make_one_campaign(ledger: Ledger, clock: Clock, contacts: Path) -> None:
    hourly(ledger, contacts)
    clock.now = NOON

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda _: work(ledger), range(32)))

    assert views.campaign_ids(ledger) == [campaign()]
    assert views.campaign(ledger, campaign()).total == 3
    assert fates(ledger) == [("+0", FIRED)]


def test_of_32_executions_one_takes_it(ledger: Ledger, clock: Clock, contacts: Path) -> None:
    hourly(ledger, contacts)
    clock.now = NOON

    with ThreadPoolExecutor(32) as threads:
        took = threads.map(lambda n: schedules.take(ledger, ACCOUNT, f"token {n}"), range(32))

        assert Counter(one is not None for one in took) == {True: 1, False: 31}


def test_the_file_is_read_when_it_fires(ledger: Ledger, clock: Clock, contacts: Path) -> None:
    hourly(ledger, contacts)
    written(contacts.parent, 5)
    clock.now = NOON

    work(ledger)

    assert views.campaign(ledger, campaign()).total == 5


def test_one_timekeeper_says_it_and_none_before_it_is_due(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    assert not schedules.is_launch_due(ledger, ACCOUNT)

    clock.now = NOON

    assert [schedules.is_launch_due(ledger, ACCOUNT) for _ in range(3)] == [True, False, False]
    clock.now += 1.0
    assert schedules.is_launch_due(ledger, ACCOUNT)
    assert not schedules.is_launch_due(ledger, "another")


# A worker dies -----------------------------------------------------------------------------------


def test_a_worker_that_died_is_followed_when_its_lease_is_over(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    taken(ledger)
    work(ledger)
    assert views.campaign_ids(ledger) == []

    clock.now += LAUNCH_LEASE_SECONDS
    work(ledger)

    assert fates(ledger) == [("+0", FIRED)]
    assert views.campaign(ledger, campaign()).total == 3


def test_a_worker_that_died_while_it_loaded_is_completed_by_another(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    dead = taken(ledger)
    schedules.record(ledger, dead, [Firing(campaign(), NOON, WAITING)], next_at=NOON + HOUR)
    with launching.read(contacts, SETTINGS, Reading()) as checked:
        chosen = checked.policy
        campaigns.create(ledger, campaign(), account=ACCOUNT, name="n", policy=chosen, digest="d")
        ((_, packed),) = checked.chunks()
        campaigns.load_packed(ledger, campaign(), "dead", 1, packed)

    clock.now += LAUNCH_LEASE_SECONDS
    work(ledger)

    view = views.campaign(ledger, campaign())
    assert (view.state, view.total) == (CampaignState.ACTIVE, 3)
    assert fates(ledger) == [("+0", FIRED)]


def test_a_worker_that_died_after_the_seal_is_not_loaded_again(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    dead = taken(ledger)
    schedules.record(ledger, dead, [Firing(campaign(), NOON, WAITING)], next_at=NOON + HOUR)
    with launching.read(contacts, SETTINGS, Reading()) as checked:
        launching.submit(ledger, checked, campaign(), checked.policy, ACCOUNT, lambda _: None)
    written(contacts.parent, 9)

    clock.now += LAUNCH_LEASE_SECONDS
    work(ledger)

    assert views.campaign(ledger, campaign()).total == 3
    assert fates(ledger) == [("+0", FIRED)]


def test_a_firing_that_was_sealed_has_fired_whatever_became_of_the_one_before(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    work(ledger)
    clock.now = NOON + HOUR
    dead = taken(ledger)
    following = Firing(campaign(1), NOON + HOUR, WAITING)
    schedules.record(ledger, dead, [following], next_at=NOON + 2 * HOUR)
    with launching.read(contacts, SETTINGS, Reading()) as checked:
        launching.submit(ledger, checked, campaign(1), checked.policy, ACCOUNT, lambda _: None)
    assert views.campaign(ledger, campaign()).state is CampaignState.ACTIVE

    clock.now += LAUNCH_LEASE_SECONDS
    work(ledger)

    assert fates(ledger) == [("+0", FIRED), ("+1", FIRED)]


def test_who_lost_the_lease_writes_nothing_more(
    ledger: Ledger, reader: Redis, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    frozen = taken(ledger, "frozen")
    clock.now += LAUNCH_LEASE_SECONDS
    taken(ledger, "other")
    as_it_stood = everything(reader)

    failed = Firing(campaign(), NOON, FiringState.FAILED, "late")

    assert not schedules.record(ledger, frozen, [failed], next_at=None)
    assert not schedules.keep(ledger, frozen)
    assert not schedules.release(ledger, frozen, next_at=None)
    assert everything(reader) == as_it_stood


def test_a_lease_that_is_kept_is_nobody_else_s(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    mine = taken(ledger)
    clock.now += LAUNCH_LEASE_SECONDS - 1
    assert schedules.keep(ledger, mine)

    clock.now += LAUNCH_LEASE_SECONDS - 1

    assert schedules.take(ledger, ACCOUNT, "other") is None


def test_a_worker_that_leaves_hands_over_at_once(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    looks = iter([False, *[True] * 9])
    launch_due(ledger, SETTINGS, ACCOUNT, lambda: next(looks))
    assert fates(ledger) == [("+0", WAITING)]

    work(ledger)

    assert fates(ledger) == [("+0", FIRED)]


# Twice -------------------------------------------------------------------------------------------


def asked(ledger: Ledger) -> object:
    return schedules.ask_firing(ledger, "hourly", at=NOON, who="ana")


def told(ledger: Ledger) -> object:
    fired = Firing(campaign(), NOON, FIRED)
    return schedules.record(ledger, taken(ledger), [fired], next_at=NOON + HOUR)


def release(ledger: Ledger) -> object:
    return schedules.release(ledger, HELD, next_at=NOON + HOUR, again_seconds=2.0)


HELD: TakenSchedule
AGAIN: dict[str, Callable[[Ledger], object]] = {
    "ask": asked,
    "take": taken,
    "keep": lambda ledger: schedules.keep(ledger, HELD),
    "tell": told,
    "let go": release,
    "pause": lambda ledger: schedules.pause(ledger, "hourly", note="x", who="ana"),
}


@pytest.mark.parametrize("verb", AGAIN)
def test_what_runs_again_at_once_changes_nothing_more(
    ledger: Ledger, reader: Redis, clock: Clock, contacts: Path, verb: str
) -> None:
    global HELD
    hourly(ledger, contacts)
    clock.now = NOON
    if verb in ("keep", "let go"):
        HELD = taken(ledger)
        clock.now += 1
    before = everything(reader)
    AGAIN[verb](ledger)
    as_it_stood = everything(reader)
    assert as_it_stood != before

    AGAIN[verb](ledger)

    assert everything(reader) == as_it_stood


def test_the_same_schedule_is_added_once_and_another_one_refused(
    ledger: Ledger, reader: Redis, contacts: Path
) -> None:
    hourly(ledger, contacts)
    as_it_stood = everything(reader)
    rule = Schedule(cron="0 * * * *", timezone="UTC")
    launch = Launch(str(contacts), "utf-8", rule)

    again = schedules.add(ledger, "hourly", ACCOUNT, launch, next_at=NOON + HOUR, who="ben@desk")

    assert not again
    other = Launch(str(contacts), "utf-8", Schedule(cron="5 * * * *", timezone="UTC"))
    with pytest.raises(LedgerError, match="there is another schedule hourly"):
        schedules.add(ledger, "hourly", ACCOUNT, other, next_at=NOON, who="ben@desk")
    assert everything(reader) == as_it_stood


def test_the_region_of_a_schedule_is_that_of_its_numbers(
    ledger: Ledger, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("phone_number\n202-555-0100\n")
    rule = Schedule(cron="0 * * * *", timezone="UTC")
    launch = Launch(str(tmp_path / "c.csv"), "utf-8", rule, region="US")
    schedules.add(ledger, "hourly", ACCOUNT, launch, next_at=NOON, who="ana@desk")
    clock.now = NOON

    work(ledger)

    assert views.result(ledger, campaign(), 1)["phone_number"] == "+12025550100"


def test_a_schedule_that_is_removed_leaves_nothing_but_its_campaigns(
    ledger: Ledger, reader: Redis, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    work(ledger)

    schedules.remove(ledger, "hourly")

    left = [key for key in everything(reader) if "schedule" in key]
    assert left == []
    assert schedules.views(ledger) == []
    assert views.campaign_ids(ledger) == [campaign()]
    with pytest.raises(LedgerError, match="there is no schedule hourly"):
        schedules.remove(ledger, "hourly")


def test_a_schedule_that_is_removed_while_it_is_in_hand_stays_removed(
    ledger: Ledger, reader: Redis, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    mine = taken(ledger)

    schedules.remove(ledger, "hourly")

    assert not schedules.record(ledger, mine, [Firing(campaign(), NOON, FIRED)], next_at=NOON)
    assert [key for key in everything(reader) if ":schedule:" in key] == []


# Missed, paused, broken --------------------------------------------------------------------------


def test_what_was_missed_within_the_window_is_caught_up_with_the_latest(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts, catch_up_seconds=1.5 * HOUR)
    clock.now = NOON + 3 * HOUR

    work(ledger)

    missed, skipped = FiringState.MISSED, FiringState.SKIPPED
    assert fates(ledger) == [("+0", missed), ("+1", missed), ("+2", skipped), ("+3", FIRED)]
    assert views.campaign_ids(ledger) == [campaign(3)]


def test_while_it_is_paused_firings_are_skipped_with_the_note(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    schedules.pause(ledger, "hourly", note="closed", who="ana@desk")
    clock.now = NOON
    work(ledger)
    assert [(one.state, one.why) for one in schedules.firings_of(ledger, "hourly")] == [
        (FiringState.SKIPPED, "paused: closed")
    ]

    clock.now += 1
    schedules.resume(ledger, "hourly", who="ana@desk")
    clock.now = NOON + HOUR
    work(ledger)

    assert views.campaign_ids(ledger) == [campaign(1)]


def test_who_asks_for_a_firing_gets_one_of_a_paused_schedule_too(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    schedules.pause(ledger, "hourly", note="closed", who="ana@desk")

    asked_for = schedules.ask_firing(ledger, "hourly", at=clock.now, who="ana@desk")
    work(ledger)

    assert views.campaign_ids(ledger) == [asked_for]
    assert schedules.view(ledger, "hourly").next_at == NOON


def test_a_firing_that_is_asked_for_while_another_is_in_hand_is_next(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts, Overlap.ALLOW_ALL)
    clock.now = NOON
    mine = taken(ledger)
    asked_for = schedules.ask_firing(ledger, "hourly", at=NOON + 7, who="ana@desk")
    assert schedules.take(ledger, ACCOUNT, "other") is None

    assert schedules.release(ledger, mine, next_at=NOON + HOUR)
    work(ledger)

    assert views.campaign_ids(ledger) == [asked_for]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "contacts.csv: there is no such file"),
        ("phone_number\n", "no valid contacts"),
        ("siper\n1\n", "expected a column sip_uri"),
    ],
)
def test_a_file_that_is_missing_or_broken_fails_that_firing_and_the_next_goes_on(
    ledger: Ledger, clock: Clock, contacts: Path, text: str | None, why: str
) -> None:
    hourly(ledger, contacts)
    contacts.unlink()
    if text is not None:
        contacts.write_text(text)
    clock.now = NOON
    work(ledger)

    (failed,) = schedules.firings_of(ledger, "hourly")
    assert failed.state is FiringState.FAILED
    assert why in failed.why
    assert why in schedules.view(ledger, "hourly").error
    assert views.campaign_ids(ledger) == []

    written(contacts.parent, 2)
    clock.now = NOON + HOUR
    work(ledger)
    assert views.campaign_ids(ledger) == [campaign(1)]
    assert schedules.view(ledger, "hourly").error == ""


def test_a_campaign_of_another_account_in_the_file_is_a_failure(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    path = contacts.parent / "other.yaml"
    path.write_text("contacts: contacts.csv\naccount: other\n")
    hourly(ledger, path)
    clock.now = NOON

    work(ledger)

    assert (
        "these credentials are for account acme, not for other"
        in schedules.firings_of(ledger, "hourly")[0].why
    )
    assert views.campaign_ids(ledger) == []


def test_a_file_that_names_no_account_keeps_the_one_that_its_schedule_was_added_for(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    keys = "provider: symbl, app_id: a, app_secret: s"
    file = contacts.parent / "accounts.yaml"
    file.write_text(f"{ACCOUNT}: {{{keys}}}\nother: {{{keys}, default: true}}\n")
    hourly(ledger, contacts)
    clock.now = NOON

    settings = Settings(accounts=file, calling_hours="always")
    launch_due(ledger, settings, ACCOUNT)

    (campaign_id,) = views.campaign_ids(ledger)
    assert views.campaign(ledger, campaign_id).account == ACCOUNT


# Overlap -----------------------------------------------------------------------------------------


def after_two_hours(ledger: Ledger, clock: Clock, contacts: Path, overlap: Overlap) -> None:
    hourly(ledger, contacts, overlap)
    for hours in (0, 1, 2):
        clock.now = NOON + hours * HOUR
        work(ledger)


def test_by_default_a_firing_is_skipped_while_the_one_before_is_not_finished(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    after_two_hours(ledger, clock, contacts, Overlap.SKIP)

    assert [state for _, state in fates(ledger)] == [
        FIRED,
        FiringState.SKIPPED,
        FiringState.SKIPPED,
    ]
    assert schedules.firings_of(ledger, "hourly")[0].why == (
        f"the campaign before it, {campaign()}, is not finished"
    )
    finish(ledger, campaign())
    clock.now = NOON + 3 * HOUR
    work(ledger)
    assert fates(ledger)[-1] == ("+3", FIRED)


def test_all_may_run_side_by_side(ledger: Ledger, clock: Clock, contacts: Path) -> None:
    after_two_hours(ledger, clock, contacts, Overlap.ALLOW_ALL)

    assert set(views.campaign_ids(ledger)) == {campaign(), campaign(1), campaign(2)}


def test_one_may_wait_and_it_is_the_latest(ledger: Ledger, clock: Clock, contacts: Path) -> None:
    after_two_hours(ledger, clock, contacts, Overlap.BUFFER_ONE)
    assert [state for _, state in fates(ledger)] == [FIRED, FiringState.SKIPPED, WAITING]

    finish(ledger, campaign())
    clock.now += firing.BUFFERED_SECONDS
    work(ledger)

    assert set(views.campaign_ids(ledger)) == {campaign(), campaign(2)}


def test_all_may_wait_and_go_one_after_the_other(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    after_two_hours(ledger, clock, contacts, Overlap.BUFFER_ALL)
    assert [state for _, state in fates(ledger)] == [FIRED, WAITING, WAITING]

    finish(ledger, campaign())
    clock.now += firing.BUFFERED_SECONDS
    work(ledger)
    assert [state for _, state in fates(ledger)] == [FIRED, FIRED, WAITING]

    finish(ledger, campaign(1))
    clock.now += firing.BUFFERED_SECONDS
    work(ledger)
    assert [state for _, state in fates(ledger)] == [FIRED, FIRED, FIRED]


@pytest.mark.parametrize("overlap", [Overlap.CANCEL_OTHER, Overlap.ABORT_OTHER])
def test_the_other_one_can_be_called_off(
    ledger: Ledger, clock: Clock, contacts: Path, overlap: Overlap
) -> None:
    after_two_hours(ledger, clock, contacts, overlap)

    for gone in (campaign(), campaign(1)):
        view = views.campaign(ledger, gone)
        assert view.dispositions == {"skipped:cancelled": 3}
        assert view.state is CampaignState.FINISHED
    assert views.campaign(ledger, campaign(2)).state is CampaignState.ACTIVE


def test_what_waits_is_skipped_when_the_schedule_is_paused(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    after_two_hours(ledger, clock, contacts, Overlap.BUFFER_ONE)
    schedules.pause(ledger, "hourly", note="closed", who="ana@desk")

    clock.now += firing.BUFFERED_SECONDS
    work(ledger)

    assert schedules.firings_of(ledger, "hourly")[0].why == "paused: closed"


# What is kept ------------------------------------------------------------------------------------


def test_of_very_many_firings_the_newest_are_kept(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON
    mine = taken(ledger)
    many = [
        Firing(campaign(hours), NOON + hours * HOUR, FiringState.MISSED) for hours in range(250)
    ]

    schedules.record(ledger, mine, many, next_at=NOON + 250 * HOUR)

    kept = schedules.firings_of(ledger, "hourly", most=1000)
    assert [one.at for one in kept] == [one.at for one in reversed(many[-200:])]
    assert ledger.redis.hlen("callsched:schedule:hourly:fates") == 200


@pytest.mark.parametrize("field", ["rule", "created_at", "next_at"])
def test_a_schedule_that_somebody_has_spoiled_suffers_alone(
    ledger: Ledger, clock: Clock, contacts: Path, field: str
) -> None:
    hourly(ledger, contacts)
    rule = Schedule(cron="0 * * * *", timezone="UTC")
    spoiled = Launch(str(contacts), "utf-8", rule)
    assert schedules.add(ledger, "spoiled", ACCOUNT, spoiled, next_at=NOON - 1, who="ana")
    ledger.redis.hset(keys.schedule("spoiled"), field, "banana")
    clock.now = NOON + 1

    work(ledger)

    assert fates(ledger) == [("+0", FIRED)]
    assert [view.name for view in schedules.views(ledger)] == ["hourly"]
    said = "what Redis holds of schedule spoiled can't be read: another program has changed it"
    with pytest.raises(LedgerFault, match=said):
        schedules.view(ledger, "spoiled")
    assert rubbish.find(ledger, ACCOUNT) == [said]


def test_a_fate_that_somebody_has_spoiled_hides_no_other(
    ledger: Ledger, clock: Clock, contacts: Path
) -> None:
    hourly(ledger, contacts)
    clock.now = NOON + 1
    work(ledger)
    clock.now += HOUR
    work(ledger)
    [last, first] = schedules.firings_of(ledger, "hourly")

    ledger.redis.hset(keys.schedule("hourly", "fates"), last.firing_id, "banana")

    assert schedules.firings_of(ledger, "hourly") == [first]
