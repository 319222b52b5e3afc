"""What `callsched watch` makes of what it reads: guesses, order, alarms, and how it is drawn."""

from __future__ import annotations

import re
import time
from dataclasses import fields, replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli.screen import chart, drawing, events
from scheduler.cli.screen.cells import bar, cut, percent
from scheduler.ledger.accounts import Happening, Load
from scheduler.ledger.campaigns import Waiting
from scheduler.ledger.lateness import NEVER_LATE, Lateness
from scheduler.ledger.live_calls import LiveCall
from scheduler.ledger.views import AccountView, CampaignView
from scheduler.ledger.workers import WorkerView
from scheduler.live.pace import Expected, Pace, clock, expected, roughly
from scheduler.live.people import person_of
from scheduler.live.picture import (
    Picture,
    ShownCall,
    ShownCampaign,
    alarms_of,
    in_order,
    overdue_by_campaign,
    shown_call,
)
from scheduler.models import Attempt, CallState, CampaignState, Contact

NOW = 1_800_000_000.0
NOTHING_WAITS = Waiting(0, None)


def campaign(**changes: Any) -> CampaignView:
    """Return a campaign of a hundred calls, of which some states are given by their names."""
    states = {state: changes.pop(state.value, 0) for state in CallState}
    known: dict[str, Any] = {field.name: None for field in fields(CampaignView)}
    known |= {"late": NEVER_LATE}
    known |= {"campaign_id": "c", "account": "acme", "state": CampaignState.ACTIVE, "total": 100}
    known |= {"calls": states, "dispositions": {}, "created_at": NOW - 60, "collecting": 0}
    known |= {"paused_by": "", "cancelled_by": "", "stopped_itself": ""}
    return CampaignView(**known | changes)


def account(**changes: Any) -> AccountView:
    return replace(AccountView("acme", 5, 10, 5, 0, 0.0, {}, False, 0), **changes)


def worker(silent_seconds: float = 0.5) -> WorkerView:
    return WorkerView("desk:1", silent_seconds, NOW - 90, "1.0", 26, 1, 0, 5, 0, "", "")


def text_of(drawn: RenderableType, width: int = 80, **options: Any) -> str:
    file = StringIO()
    Console(file=file, width=width, force_terminal=True, **options).print(drawn)
    return file.getvalue()


# The pace, and what it says of the end


def test_there_is_no_pace_before_something_was_seen_for_a_while() -> None:
    pace = Pace()
    assert pace.per_second() is None
    pace.note(NOW, 10)
    pace.note(NOW + 4, 20)
    assert pace.per_second() is None
    pace.note(NOW + 8, 26)
    assert pace.per_second() == pytest.approx(2.0)


def test_a_campaign_in_which_nothing_ends_has_no_pace() -> None:
    pace = Pace()
    for second in range(60):
        pace.note(NOW + second, 7)

    assert pace.per_second() is None


def test_the_pace_is_that_of_the_last_minutes() -> None:
    pace = Pace()
    for second in range(1000):
        pace.note(NOW + second, 10 * second if second < 500 else 5000 + second - 500)

    assert pace.per_second() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("view", "waits", "text", "seconds"),
    [
        (campaign(pending=40, connected=10, ended=50), Waiting(40, NOW - 9), "about 25 s", 25),
        (campaign(pending=100), Waiting(100, NOW), "about 50 s", 50),
        (campaign(connected=2, ended=98), NOTHING_WAITS, "about 1 s", 1),
        (campaign(total=100_000, pending=100_000), Waiting(1, NOW), "about 14 h", 50_000),
    ],
)
def test_the_end_is_guessed_from_the_pace_and_what_is_left(
    view: CampaignView, waits: Waiting, text: str, seconds: float
) -> None:
    guess = expected(view, waits, 2.0, NOW)

    assert guess.text == text
    assert guess.seconds == pytest.approx(seconds)


def test_a_campaign_is_not_expected_to_end_before_its_last_call_is_due() -> None:
    last = NOW + 7200
    guess = expected(campaign(pending=50, ended=50), Waiting(49, last), 2.0, NOW)

    assert guess == Expected(f"after {clock(last, NOW)}", 7200.0)


@pytest.mark.parametrize(
    ("changes", "text", "is_held"),
    [
        ({"pending": 9, "next_due_at": NOW + 60}, f"waits: {clock(NOW + 60, NOW)}", False),
        ({"pending": 9, "next_due_at": NOW + 60, "connected": 1}, "no pace yet", False),
        ({"pending": 9, "next_due_at": NOW - 60}, "no pace yet", False),
        ({"state": CampaignState.LOADING}, "loading", False),
        ({"state": CampaignState.PAUSED, "paused_by": "ana@desk"}, "paused by ana@desk", True),
        ({"state": CampaignState.PAUSED}, "paused", True),
        (
            {"state": CampaignState.PAUSED, "stopped_itself": "canary: 1 of 9"},
            "stopped itself: canary: 1 of 9",
            True,
        ),
        ({"cancelled_by": "ana@desk", "connected": 1}, "cancelled by ana@desk", False),
        ({"state": CampaignState.FINISHED, "collecting": 3}, "reading 3", False),
        (
            {"state": CampaignState.FINISHED, "finished_at": NOW - 9},
            f"at {clock(NOW - 9, NOW)}",
            False,
        ),
    ],
)
def test_what_keeps_a_campaign_from_ending_is_said_instead_of_a_guess(
    changes: dict[str, Any], text: str, is_held: bool
) -> None:
    guess = expected(campaign(**changes), NOTHING_WAITS, None, NOW)

    assert (guess.text, guess.seconds, guess.is_held) == (text, None, is_held)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (5999, "100 min"), (7200, "2 h")],
)
def test_a_guess_is_only_as_precise_as_it_deserves(seconds: float, text: str) -> None:
    assert roughly(seconds) == text


def test_an_instant_of_another_day_has_its_date() -> None:
    assert clock(NOW, NOW, time.gmtime) == "08:00:00"
    assert clock(NOW + 86_400, NOW, time.gmtime) == "01-16 08:00"


# Order, marks and alarms


def test_what_goes_on_comes_first_then_what_is_not_finished_and_the_newest_of_it() -> None:
    views = [
        campaign(campaign_id="runs", connected=1, created_at=NOW - 40),
        campaign(campaign_id="due", next_due_at=NOW - 1, created_at=NOW - 30),
        campaign(campaign_id="waits", next_due_at=NOW + 1, created_at=NOW - 4),
        campaign(campaign_id="done", state=CampaignState.FINISHED, created_at=NOW),
        campaign(campaign_id="old", created_at=NOW - 9),
        campaign(campaign_id="paused", state=CampaignState.PAUSED, created_at=NOW - 5),
        campaign(campaign_id="older", state=CampaignState.FINISHED, created_at=NOW - 20),
        campaign(campaign_id="new", created_at=NOW - 1),
    ]

    listed = [view.campaign_id for view in in_order(views, NOW)]

    assert listed == ["paused", "due", "runs", "new", "waits", "old", "done", "older"]


def test_only_stops_that_take_more_than_a_moment_are_overdue() -> None:
    live = [("a:1:1", NOW - 60), ("a:2:1", NOW - 2.1), ("a:3:2", NOW - 1), ("b:1:1", NOW + 9)]

    assert overdue_by_campaign(live, NOW) == {"a": 2}


@pytest.mark.parametrize(
    ("changes", "workers", "due", "texts"),
    [
        ({}, [worker()], 7, []),
        ({"live": 0}, [], 0, []),
        (
            {"live": 1},
            [],
            0,
            ["no worker runs: nobody ends 1 live call on time: `callsched worker`"],
        ),
        ({"live": 0}, [], 7, ["no worker runs, and 7 calls are due: `callsched worker`"]),
        (
            {"live": 0, "account": SANDBOX_ACCOUNT},
            [],
            7,
            ["7 calls are due, and nobody dials: a sandbox ends with its run"],
        ),
        (
            {},
            [worker(60)],
            0,
            ["no worker runs: nobody ends 5 live calls on time: `callsched worker`"],
        ),
        ({}, [worker(), worker(14)], 0, ["worker desk:1: silent for 14 s"]),
        ({"overdue": 2, "oldest_overdue_seconds": 2.0}, [worker()], 0, []),
        (
            {"overdue": 1, "oldest_overdue_seconds": 2.1},
            [worker()],
            0,
            ["1 live call past the deadline, the oldest by 2 s"],
        ),
        (
            {"overdue": 2, "oldest_overdue_seconds": 61.0, "outage": True},
            [worker()],
            0,
            [
                "2 live calls past the deadline, the oldest by 61 s",
                "the provider does not answer: one probe goes out at a time",
            ],
        ),
        (
            {"blocks": {"f": "401"}, "held": 1},
            [worker()],
            0,
            [
                "the account can't dial: 401",
                "1 slot is held by starts whose answer was lost: `reconcile` settles them",
            ],
        ),
        (
            {"orphans": 2, "caller_blocks": {"+12025550199": "21210"}},
            [worker()],
            0,
            [
                "2 live calls at the provider that no attempt has: `callsched doctor`",
                "the provider lets nobody call from …0199: `callsched doctor`",
            ],
        ),
    ],
)
def test_what_is_wrong_with_an_account_is_said_the_worst_first(
    changes: dict[str, Any], workers: list[WorkerView], due: int, texts: list[str]
) -> None:
    found = alarms_of(account(**changes), workers, due)

    assert [alarm.text for alarm in found] == texts


@pytest.mark.parametrize(
    ("contact", "name", "number", "who"),
    [
        (Contact("ana", "+12025550143"), "ana", "…0143", "ana …0143"),
        (
            Contact("p-1", "+12025550143", name="Ana Berg"),
            "p-1",
            "…0143",
            "p-1 Ana Berg …0143",
        ),
        (Contact("+12025550143", "+12025550143"), "#7 …0143", "…0143", "#7 …0143"),
        (
            Contact("sip:a@b.example", sip_uri="sip:a@b.example"),
            "#7 sip:a@b.example",
            "",
            "#7 sip:a@b.example",
        ),
    ],
)
def test_a_live_call_shows_the_id_and_name_of_its_contact_and_no_whole_number(
    contact: Contact, name: str, number: str, who: str
) -> None:
    attempt = Attempt("c", 7, 1)
    call = shown_call(attempt, NOW, LiveCall(attempt, CallState.CONNECTED, contact))

    assert (call.name, call.number, call.who, call.state) == (name, number, who, "connected")
    assert shown_call(attempt, NOW, None).who == "#7"


# Slots over time


def loads(*seen: tuple[float, int, int]) -> list[Load]:
    return [Load(NOW - ago, slots, limit, slots, 0) for ago, slots, limit in seen]


def test_what_was_seen_last_holds_until_something_else_is_seen() -> None:
    found = chart.columns(loads((95, 2, 4), (50, 7, 8), (45, 3, 8)), NOW, 100.0, 10)

    assert found[0] == chart.Column(2, 4)
    assert found[4] == chart.Column(2, 4)
    assert found[5] == chart.Column(7, 8)
    assert found[6:] == [chart.Column(3, 8)] * 4


def test_what_lies_before_the_chart_counts_and_nothing_is_drawn_of_what_nobody_knows() -> None:
    assert chart.columns(loads((900, 2, 4)), NOW, 100.0, 4) == [chart.Column(2, 4)] * 4
    assert chart.columns(loads((40, 2, 4)), NOW, 100.0, 10)[:6] == [None] * 6
    assert chart.columns([], NOW, 100.0, 3) == [None] * 3


@pytest.mark.parametrize(
    ("slots", "limit", "lines"),
    [
        (4, 4, ["╌", "█", "█"]),
        (2, 4, ["╌", " ", "█"]),
        (1, 4, ["╌", " ", "▄"]),
        (0, 4, ["╌", " ", " "]),
        (8, 4, [" ", "█", "█"]),
        (0, 0, [" ", " ", "╌"]),
    ],
)
def test_a_column_is_as_high_as_the_slots_in_use_and_the_limit_lies_above_it(
    slots: int, limit: int, lines: list[str]
) -> None:
    assert chart.drawn([chart.Column(slots, limit)], 3) == lines


def test_a_chart_has_a_scale_and_says_what_time_it_spans() -> None:
    shown = [chart.Column(10, 10)] * 50

    low, left = chart.with_axes(shown, 600, 3)
    high, left = chart.with_axes(shown, 600, 6)

    assert [line[:left] for line in low] == ["   │", "10 ┤", " 0 ┤"]
    assert [line[:left] for line in high] == ["   │", "10 ┤", "   │", "   │", " 0 ┤", "   └"]
    assert high[-1].split()[1:4] == ["10", "min", "ago"]
    assert high[-1].endswith(" now ")
    assert {len(line) for line in high} == {50 + left}


@pytest.mark.parametrize(("ago", "seconds"), [(5, 60), (70, 120), (500, 600), (9000, 600)])
def test_a_chart_spans_what_is_known(ago: float, seconds: float) -> None:
    assert chart.span(loads((ago, 1, 4)), NOW) == seconds


# How it is drawn


EVIL = "\x1b[2J\x9b31m\u202eevil[red]\r\n"


def test_a_worker_is_missed_only_where_one_can_be_started() -> None:
    def drawn(**changes: Any) -> str:
        picture = Picture(NOW, account=account(**changes))
        return text_of(drawing.workers(picture), color_system=None)

    assert "worker starts one" in drawn()
    assert drawn(account=SANDBOX_ACCOUNT).startswith("none: a run in the sandbox has its own")


def test_nothing_that_comes_from_a_file_or_the_ledger_acts_on_the_terminal() -> None:
    view = campaign(campaign_id=EVIL, paused_by=EVIL, dispositions={f"skipped:{EVIL}": 1})
    view = replace(view, late=Lateness(2, 71.4, f"{EVIL}:1:1", said=EVIL))
    assert "; 2 calls ended late, the worst" in drawing.in_detail(
        ShownCampaign(view, Expected("soon"), 0)
    )
    shown = ShownCampaign(view, Expected(f"paused by {EVIL}", is_held=True), 1)
    attempt = Attempt(EVIL, 1, 1)
    person = Contact(EVIL, "+12025550143", name=EVIL)
    call = shown_call(attempt, NOW + 9, LiveCall(attempt, CallState.CONNECTED, person))
    drawn: list[RenderableType] = [
        drawing.campaigns([shown]),
        drawing.in_detail(shown),
        drawing.calls([call], NOW),
        events.happenings([Happening(NOW, EVIL, f"{EVIL}:1:1", EVIL)], NOW, 3, width=200),
        events.ends(shown, [Happening(NOW, "ended", f"{EVIL}:1:1", EVIL)], NOW, 100),
        drawing.workers(Picture(NOW, workers=(replace(worker(), name=EVIL, version=EVIL),))),
        drawing.alarms(alarms_of(account(blocks={"f": EVIL}), [worker()], 0), 3),
    ]

    for each in drawn:
        shown_text = text_of(each, width=200, color_system=None)
        assert "evil[red]" in shown_text
        assert not set(shown_text) & set("\x1b\x9b\u202e\r")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_campaign_keeps_to_one_line_and_its_id_is_cut_in_the_middle(width: int) -> None:
    view = campaign(
        campaign_id="reminders-of-the-clinic-of-cardiology-2026-11-28",
        total=123_456,
        ended=12_345,
        connected=99,
    )
    shown = [ShownCampaign(view, Expected("stopped itself: canary"), 3)]
    drawn = text_of(drawing.campaigns(shown, "other", width=width), width, color_system=None)
    lines = drawn.splitlines()

    assert len(lines) == 2
    assert all(len(line) <= width for line in lines)
    name = lines[1].split()[1]
    assert lines[1].startswith("! remi" if width > 60 else "! ")
    assert name.endswith("28")
    assert "10 %" in lines[1]
    assert "12,345/123,456" in lines[1]


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("evening", 7, "evening"),
        ("reminders-2026-11-28", 13, "remind…-11-28"),
        ("reminders-2026-11-28", 3, "re…"),
        ("日本語日本語日本語", 9, "日本…本語"),
        ("x", 0, ""),
    ],
)
def test_a_text_is_cut_in_its_middle(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


@pytest.mark.parametrize(
    ("done", "total", "drawn", "words"),
    [
        (0, 500, "╌╌╌╌╌╌╌╌", "0 %"),
        (1, 500, "╸╌╌╌╌╌╌╌", "<1 %"),
        (40, 500, "╸╌╌╌╌╌╌╌", "8 %"),
        (499, 500, "━━━━━━━╸", ">99 %"),
        (500, 500, "━━━━━━━━", "100 %"),
        (0, 0, "━━━━━━━━", ""),
    ],
)
def test_a_bar_is_empty_before_anything_is_done_and_full_when_all_is(
    done: int, total: int, drawn: str, words: str
) -> None:
    assert (bar(done, total, 8).plain, percent(done, total)) == (drawn, words)


def test_no_colour_is_needed_to_see_what_is_chosen_and_what_is_overdue() -> None:
    late, chosen = Attempt("c", 1, 1), Attempt("c", 2, 1)
    calls = [ShownCall(late, NOW - 75), ShownCall(chosen, NOW + 3700)]

    drawn = text_of(drawing.calls(calls, NOW, chosen), color_system=None)

    assert [line.split()[:3] for line in drawn.splitlines()[1:]] == [
        ["!", "-01:15", "#1"],
        ["▸", "1:01:40", "#2"],
    ]


def test_the_chosen_line_has_one_colour_and_inverts_it() -> None:
    shown = [ShownCampaign(campaign(ended=50), Expected("about 9 s"), 0)]

    line = text_of(drawing.campaigns(shown, "c"), color_system="standard").splitlines()[1]

    assert re.findall(r"\x1b\[([\d;]+)m", line.replace("\x1b[0m", "")) == ["7"] * line.count(
        "\x1b[7m"
    )


def test_events_name_contacts_as_live_calls_do_and_campaigns_where_there_are_several() -> None:
    person = person_of(Contact("p-1", "+12025550143", name="Ana Berg"), 12)
    told = [
        Happening(NOW, "placed", "c:12:1", ""),
        Happening(NOW, "ended", "c:12:1", "not_reached:busy"),
        Happening(NOW, "refused", "c:13:1", "429 for +12025550143"),
        Happening(NOW, "control", "c", "pause by ana@desk"),
    ]
    now = clock(NOW, NOW)

    def lines(told: list[Happening]) -> list[str]:
        drawn = events.happenings(told, NOW, 9, people={("c", 12): person}, width=100)
        return [
            " ".join(line.split()) for line in text_of(drawn, 100, color_system=None).splitlines()
        ]

    assert lines(told) == [
        f"{now} placed p-1 Ana Berg …0143",
        f"{now} not reached (busy) p-1 Ana Berg …0143",
        f"{now} refused: 429 for …0143 #13",
        f"{now} pause by ana@desk c",
    ]
    assert lines([*told, Happening(NOW, "answered", "evening:1:1", "")])[-1].endswith("#1 evening")


def test_ends_are_counted_over_time() -> None:
    view = campaign(ended=4, dispositions={"hung_up": 1, "stopped": 3})
    seen = [Happening(NOW - ago, "ended", "c:1:1", "stopped") for ago in (590, 100, 1)]
    seen += [Happening(NOW - 1, "ended", "other:1:1", "stopped")]

    drawn = events.ends(ShownCampaign(view, Expected(""), 0), seen, NOW, 60)
    header, first, second = text_of(drawn, 60, color_system=None).splitlines()

    assert header.split() == ["end", "calls", "share", "last", "10", "min"]
    assert first.split()[:4] == ["stopped", "3", "75", "%"]
    assert first.count("█") == 3
    assert second.split() == ["hung", "up", "1", "25", "%"]
