"""`callsched watch` on a real ledger: the screen, its keys, and what is printed without one."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import psutil
import pytest
from redis import Redis
from textual.pilot import Pilot

from scheduler.cli.screen.app import WatchApp
from scheduler.ledger import campaigns, views, workers
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.workers import WorkerHealth
from scheduler.live.campaigns import UNFINISHED_A_LOOK
from scheduler.live.watcher import Focus, Watcher
from scheduler.models import CallState, CampaignState, Policy, Row
from tests.functional.campaign import Site, numbers
from tests.functional.terminal import Terminal
from tests.integration.ledger import ACCOUNT, Books, named, rows
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

#: Gives a terminal back as it was before.
RESTORED = "\x1b[?1049l"

Steps = Callable[[WatchApp, Pilot[int]], Coroutine[Any, Any, None]]


@pytest.fixture
def ledger(private: EmbeddedRedis, redis: Redis) -> Iterator[Ledger]:
    """The ledger of this file's Redis, opened and empty."""
    ledger = Ledger(private.url)
    ledger.open()
    yield ledger
    ledger.close()


@pytest.fixture
def book(ledger: Ledger, redis: Redis) -> Books:
    """A ledger with a campaign whose calls are live, another that is paused, and a worker."""
    book = Books(ledger, redis)
    book.now = time.time() - 8
    workers.beat(ledger, ACCOUNT, "desk:1", WorkerHealth(book.now, "1.2.3", 26), now=book.now)
    book.create("evening")
    book.load(
        [
            Row(
                replace(row.contact, name="Ana" * (row.contact.contact_id == "ana")), 2, has_id=True
            )
            for row in (named(who, 100 + n) for n, who in enumerate(("ana", "bo", "cy", "dee")))
        ],
        campaign_id="evening",
    )
    book.seal("evening")
    book.learn(20)
    book.connected(seconds=1.0)
    for _ in range(2):
        book.connected(seconds=600.0)
    book.create("morning")
    book.load(rows(*range(1, 6)), campaign_id="morning")
    book.seal("morning")
    campaigns.halt(ledger, "morning", control=Control("cleo@desk", "complaints"))
    workers.beat(ledger, ACCOUNT, "desk:1", WorkerHealth(book.now, "1.2.3", 26))
    return book


def text_of(app: WatchApp) -> str:
    """Return what is on the screen."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def until(app: WatchApp, pilot: Pilot[int], *texts: str, without: str = "\0") -> str:
    """Wait until all of this is on the screen; return all that is."""
    give_up_at = time.monotonic() + 60
    while True:
        shown = text_of(app)
        if all(text in shown for text in texts) and without not in shown:
            return shown
        assert time.monotonic() < give_up_at, f"waited in vain for {texts}:\n{shown}"
        await pilot.pause(0.05)


def has_keys(app: WatchApp, panel: str) -> bool:
    """Whether a panel's title is inverted: in the terminal's own colours, whatever they are."""
    styles = app.query_one(panel).styles
    assert styles.border_title_color.ansi == -1
    return bool(styles.border_title_style.reverse)


def on_screen(
    ledger: Ledger,
    steps: Steps,
    size: tuple[int, int] = (80, 24),
    redis: EmbeddedRedis | None = None,
) -> int | None:
    """Run these steps on a screen of this size; return the exit code."""

    async def run() -> int | None:
        watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: 25)
        app = WatchApp(ledger, watcher, redis, 0.1)
        async with app.run_test(size=size, notifications=True) as pilot:
            await steps(app, pilot)
        return app.return_value

    return asyncio.run(run())


@pytest.mark.parametrize("size", [(80, 24), (80, 50), (200, 60)])
def test_everything_is_on_the_screen(ledger: Ledger, book: Books, size: tuple[int, int]) -> None:
    async def steps(app: WatchApp, pilot: Pilot[int]) -> None:
        await until(app, pilot, "evening", "ana", "q quit")
        await pilot.press("down")
        shown = await until(app, pilot, "1 past the deadline" if size == (80, 24) else "of evening")

        for text in (
            "morning",
            # What it says of the chosen one is a sentence where there is no room for a table.
            "evening 1 pending, 3 connected; none has ended; 1 past the deadline"
            if size == (80, 24)
            else "how calls of evening ended",
            "1 live call past the deadline, the oldest by ",
            "paused by cleo",
            "live calls: 3",
            "3 of 20 slots in use, ceiling 25",
            "20 ┤",
            "╌╌╌╌",
            "workers: 1",
            "0/26",
            "q quit",
        ):
            assert text in shown, f"{text!r} is missing:\n{shown}"
        late = next(line for line in shown.splitlines() if "ana" in line)
        assert late.split()[:6] == ["!", late.split()[1], "connected", "ana", "Ana", "…0100"]
        assert late.split()[1].startswith("-")
        # Events name it as the list of calls does; the campaign's name is left out, as of all.
        assert re.search(r"placed +cy …0102", shown)
        assert "+1" not in shown
        assert max(map(len, shown.splitlines())) <= size[0]

    on_screen(ledger, steps, size)


def test_nothing_is_changed_before_its_question_is_answered_with_yes(
    ledger: Ledger, book: Books
) -> None:
    def state() -> CampaignState:
        return views.campaign(ledger, "evening").state

    async def steps(app: WatchApp, pilot: Pilot[int]) -> None:
        await until(app, pilot, "evening", "ana")
        await pilot.press("down")
        for answer in ("n", "escape", "enter"):
            await pilot.press("p")
            await until(app, pilot, "Pause campaign evening?", "3 live calls")
            await pilot.press(answer)
            await until(app, pilot, without="Pause campaign")
        assert state() is CampaignState.ACTIVE

        await pilot.press("p", "y")
        await until(app, pilot, "campaign evening is paused")
        assert state() is CampaignState.PAUSED
        await until(app, pilot, "paused by ")
        await pilot.press("r")
        await until(app, pilot, "Resume campaign evening?", "paused by ")
        await pilot.press("y")
        await until(app, pilot, "campaign evening is active")
        assert state() is CampaignState.ACTIVE

        await pilot.press("tab", "down", "s")
        await until(app, pilot, "Stop the call to bo …0101?")
        assert views.campaign(ledger, "evening").calls[CallState.STOPPING] == 0
        await pilot.press("y")
        await until(app, pilot, "the stop of the call")
        assert views.campaign(ledger, "evening").calls[CallState.STOPPING] == 1
        assert book.reader.hget("callsched:call:evening:2", "state") == CallState.STOPPING
        await pilot.press("q")

    assert on_screen(ledger, steps) == 0


def test_a_campaign_is_looked_at_alone_and_keys_are_explained(ledger: Ledger, book: Books) -> None:
    async def steps(app: WatchApp, pilot: Pilot[int]) -> None:
        await until(app, pilot, "live calls: 3")
        await pilot.press("enter")
        await until(app, pilot, "live calls of morning: 0", "no call is live", without="ana")
        await pilot.press("down", "enter")
        await until(app, pilot, "live calls of evening: 3", "ana")
        await pilot.press("escape")
        await until(app, pilot, "live calls: 3")
        await pilot.press("slash", *"morn", "enter")
        await until(app, pilot, "campaigns with 'morn'", without=" evening ")
        assert has_keys(app, "#campaigns") and not has_keys(app, "#calls")
        await pilot.press("escape", "tab", "slash", *"0101", "enter")
        await until(app, pilot, "live calls with '0101': 1", "bo …0101", without="cy …0102  ")
        assert has_keys(app, "#calls") and not has_keys(app, "#campaigns")
        await pilot.press("enter")
        await until(app, pilot, "contact       bo …0101", "connection    connection evening:2:1")
        await pilot.press("escape", "slash", "escape")
        await until(app, pilot, "live calls: 3", without="connection  ")
        await pilot.press("question_mark")
        await until(app, pilot, "stop the chosen live call", "Tab")
        await pilot.press("escape")
        await until(app, pilot, without="stop the chosen")
        await pilot.press("ctrl+c")

    assert on_screen(ledger, steps) == 130


def test_a_private_redis_that_has_died_is_started_again(
    private: EmbeddedRedis, ledger: Ledger, book: Books
) -> None:
    async def steps(app: WatchApp, pilot: Pilot[int]) -> None:
        await until(app, pilot, "evening", "ana")
        before = private.starts
        kill(book.reader)
        await asyncio.to_thread(wait_until, lambda: private.starts == before + 1)
        await until(app, pilot, "evening", "ana", without="private Redis")

    on_screen(ledger, steps, redis=private)


def test_a_redis_that_is_away_is_said_and_waited_for(
    private: EmbeddedRedis, ledger: Ledger, book: Books
) -> None:
    async def steps(app: WatchApp, pilot: Pilot[int]) -> None:
        await until(app, pilot, "evening", "ana")
        kill(book.reader)
        await until(app, pilot, "waiting for Redis", "as of ", "evening")
        await asyncio.to_thread(private.ensure)
        await until(app, pilot, "evening", "ana", without="waiting for Redis")

    on_screen(ledger, steps)


def kill(reader: Redis) -> None:
    """Kill the server as a machine that runs out of memory does."""
    psutil.Process(reader.info("server")["process_id"]).kill()


def test_only_the_calls_on_the_screen_are_read_and_the_account_of_a_campaign_is_in_focus(
    ledger: Ledger, redis: Redis
) -> None:
    book = Books(ledger, redis)
    book.now = time.time()
    book.campaign(100)
    for _ in range(100):
        book.connected(seconds=600.0)
    watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: 25)

    picture = watcher.look(Focus(first_call=10, calls=15))

    assert len(picture.calls) == 100
    assert [n for n, call in enumerate(picture.calls) if call.state] == list(range(10, 25))
    assert picture.account is not None and picture.account.account == ACCOUNT
    assert [alarm.text for alarm in picture.alarms] == [
        "no worker runs: nobody ends 100 live calls on time: `callsched worker`"
    ]

    campaigns.create(ledger, "elsewhere", account="other", name="e", policy=Policy(), digest="d")
    elsewhere = watcher.look(Focus(campaign_id="elsewhere", only="elsewhere"))

    assert elsewhere.account is not None and elsewhere.account.account == "other"
    assert elsewhere.calls == ()
    assert [alarm.text for alarm in elsewhere.alarms] == [
        f"account {ACCOUNT}: no worker runs: nobody ends 100 live calls on time: `callsched worker`"
    ]
    alone = Watcher(ledger, (), account="other", ceiling_of=lambda _: 25).look(Focus())
    assert [campaign.view.campaign_id for campaign in alone.campaigns] == ["elsewhere"]


def test_of_many_campaigns_some_are_read_in_a_look_and_the_chosen_one_in_each(
    ledger: Ledger, redis: Redis
) -> None:
    ids = [f"c-{n:02}" for n in range(UNFINISHED_A_LOOK + 10)]
    for campaign_id in ids:
        campaigns.create(
            ledger, campaign_id, account=ACCOUNT, name="c", policy=Policy(), digest="d"
        )
    watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: 25)
    assert len(watcher.look(Focus()).campaigns) == len(ids)
    for campaign_id in ids:
        campaigns.seal(ledger, campaign_id, "1")

    def finished(wish: Focus) -> set[str]:
        views = [shown.view for shown in watcher.look(wish).campaigns]
        return {view.campaign_id for view in views if view.state is CampaignState.FINISHED}

    # Whose turn it is: those that are listed first.
    assert finished(Focus(campaign_id=ids[0])) == {*ids[10:], ids[0]}
    assert finished(Focus()) == set(ids)


def test_the_pace_is_known_at_once_from_what_the_ledger_remembers(
    ledger: Ledger, redis: Redis
) -> None:
    book = Books(ledger, redis)
    book.now = time.time() - 100
    book.campaign(20)
    for _ in range(10):
        book.confirmed()
        book.wait(9)
    watcher = Watcher(ledger, (), account=None, ceiling_of=lambda _: 25)

    (campaign,) = watcher.look(Focus()).campaigns

    # Ten calls ended within 100 s, and ten are left.
    assert campaign.expected.seconds == pytest.approx(100, abs=30)


def test_a_real_campaign_is_watched_without_a_screen_and_on_one(
    site: Site, sandbox: SandboxProcess
) -> None:
    nothing = site.call("watch")
    assert nothing.wait() == 0
    assert nothing.out.startswith("no campaigns yet: ")
    contacts = site.contacts(numbers(4))
    run = site.start("run", contacts, "--id", "c", "--max-duration", "60s")
    wait_until(lambda: len(sandbox.events("answered")) == 4)

    plain = site.call("watch", "c")
    record = site.call("watch", "--json").record
    site.env["NO_COLOR"] = "1"
    screen = Terminal(site, "watch", "c", "--refresh", "1s", own=True)
    screen.read_until("4 connected")
    screen.type("q")
    broken_off = Terminal(site, "watch")
    broken_off.read_until("4 connected")
    broken_off.process.terminate()

    assert screen.wait() == 0, screen.shown
    assert broken_off.wait() == 128 + signal.SIGTERM
    assert broken_off.shown.count(RESTORED) == screen.shown.count(RESTORED) == 1
    assert plain.wait() == 0, plain.err
    for text in (
        " slots in use",
        "live calls: 4",
        "connected",
        " placed  ",
        "sockets",
    ):
        assert text in plain.out
    assert numbers(1)[0] not in plain.out + screen.shown + str(record)
    assert record["account"]["slots"] == 4
    assert record["live"] == len(record["live_calls"]) == 4
    assert record["campaigns"][0]["calls"]["connected"] == 4
    assert {worker["version"] for worker in record["workers"]} == {version("callsched")}
    # 39 and 49 are the terminal's own colours.
    assert not re.search(r"\x1b\[(?:\d+;)*(?:[34][0-8]|9[0-7]|10[0-7])[;m]", screen.shown)
    for words, code in ((("nobody",), 1), (("--account", "other"), 1), (("--refresh", "0.1s"), 2)):
        refused = site.call("watch", *words)
        assert (refused.wait(), refused.out) == (code, "")
    run.interrupt()
    assert run.wait() == 130
