"""What `callsched plan` tells a person and a program, and what its hash holds others to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from scheduler.campaign.keys.presets import NO_LEGAL_ADVICE, SILENT_CALL
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(120)

PEOPLE = numbers(4)
CAMPAIGN = """\
name: autumn
contacts: people.csv
do_not_call: never.txt
preset: us-fl
max_duration: 30m
calling_hours: 9:00-17:00
retry: {not_reached: {max: 2, delays: [15m]}}
call: {session_name: "for {{ name }}, {{ phone_number }}", languages: en-US}
insights: []
"""
AT = ("--at", "2026-11-23T16:30-05:00")
PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "plan.md").read_text("utf-8")


@pytest.fixture
def campaign(site: Site) -> Site:
    """Four people, of whom one stands twice and one is not to be called."""
    rows = [f"{number},,{name}" for number, name in zip(PEOPLE, "ABCD", strict=True)]
    rows += [f"{PEOPLE[0]},,A", "+1202,,E"]
    (site.home / "people.csv").write_text("\n".join(["phone_number,dtmf,name", *rows, ""]))
    (site.home / "never.txt").write_text(f"{PEOPLE[3]}\n")
    (site.home / "autumn.yaml").write_text(CAMPAIGN)
    return site


def planned(site: Site, *words: str) -> Command:
    told = site.call("plan", "autumn.yaml", *words)
    assert told.process.returncode == 0, told.err
    return told


# What it tells --------------------------------------------------------------------------------


def test_a_plan_tells_whom_when_what_and_by_which_rules(campaign: Site) -> None:
    told = planned(campaign, "--max-concurrency", "1", *AT).out

    for line in (
        r"autumn: 6 contacts in autumn.yaml, on account default; a plan calls nobody",
        r"campaign autumn-[0-9a-f]{8}",
        r"columns: phone_number; dtmf; name",
        r"3 +will be called",
        r"1 +skipped: duplicate",
        r"#5 …\d{4} +6 +the same number or address as #1 in line 2",
        r"1 +skipped: do not call",
        r"1 +skipped: invalid number",
        r"entries +do-not-call list",
        r"1 +never.txt",
        r"3 +America/New_York",
        r"calling_hours +9:00-17:00",
        r'opt_outs +listens for words such as "do not call me again" .*',
        r"us-fl +8:00-20:00",
        r"us-fl +3 in 24h to one party",
        r"retry.not_reached +at most 2, after 15m",
        r"3 dials, the first Mon 2026-11-23 .*; the last call has ended by Tue 2026-11-24 .*",
        r"90.0 minutes at worst, without retries, 270.0 with every retry",
        r"assumed: 1 slot, each call lasts as long as it may .*",
        r"- retries: .*",
        r"- calls that a cap holds back: .*",
        r"preset us-fl, as of 2026-09: https://.*",
        re.escape(NO_LEGAL_ADVICE),
        re.escape(SILENT_CALL),
        r"  CALLSCHED_STATE_DIR=\S+ callsched run autumn.yaml .*1 --plan [0-9a-f]{16}",
    ):
        assert re.search(f"^{line} *$", told, re.MULTILINE), line


def test_who_is_never_called_does_not_count_as_called(campaign: Site) -> None:
    ends = ("", "2026-11-01T09:00Z", "2026-11-01T09:00Z")
    rows = [f"{number},A,{end}" for number, end in zip(PEOPLE, ends, strict=False)]
    text = "\n".join(("phone_number,name,not_after", *rows, ""))
    (campaign.home / "people.csv").write_text(text)

    told = planned(campaign, *AT).out

    assert re.search(r"^1 +will be called *$", told, re.MULTILINE)
    assert re.search(r"^2 +never called: their not_after has passed *$", told, re.MULTILINE)
    assert "are never called" not in told


def test_a_plan_shows_the_first_rows_as_they_are_sent_without_whole_numbers(
    campaign: Site,
) -> None:
    told = planned(campaign, "--id", "nightly").out

    assert f"session_name: for A, …{PEOPLE[0][-4:]} nightly:1:1" in told
    assert 'languages: ["en-US"]' in told
    assert "and is stopped after 30m" in told
    assert [number for number in PEOPLE if number in told] == []


def test_a_program_reads_the_same_plan_in_whole(campaign: Site) -> None:
    words = ("--id", "nightly", "--max-duration", "10m", "--max-concurrency", "1", *AT)

    record = planned(campaign, *words, "--json").record

    assert (record["rows"], record["contacts"], record["dials"]) == (6, 3, 3)
    assert record["do_not_call"] == [{"name": "never.txt", "entries": 1}]
    assert record["campaign_id"] == "nightly"
    assert {each["column"]: each["taken_for"] for each in record["columns"]}["name"] == "name"
    (twin,) = record["duplicates"]
    assert (twin["row"], twin["line"], twin["of_row"], twin["of_line"]) == (5, 6, 1, 2)
    assert (twin["phone_number"], twin["shares"]) == (PEOPLE[0], "party")
    assert record["skipped"] == {"duplicate": 1, "do_not_call": 1, "invalid_number": 1}
    assert record["time_zones"] == [{"zones": ["America/New_York"], "contacts": 3}]
    assert {name: count for name, count in record["zone_sources"].items() if count} == {"number": 3}
    assert record["hours"] == [
        {"at": 1795467600.0, "dials": 3, "in_use": 0.5, "left": 0},
    ]
    assert (record["first_dial_at"], record["ends_at"]) == (1795469400.0, 1795471200.0)
    assert record["worst_case_minutes"] == 30
    assert record["first"][0] == {
        "row": 1,
        "contact_id": PEOPLE[0],
        "phone_number": PEOPLE[0],
        "sip_uri": None,
        "dtmf": "",
        "session_name": f"for A, {PEOPLE[0]} nightly:1:1",
        "caller_id": None,
        "ring_seconds": None,
        "max_duration_seconds": 600.0,
        "record": False,
        "transcribe": False,
        "on_machine": "go_on",
        "script": [],
        "estimated_seconds": None,
        "machine_script": [],
        "machine_seconds": None,
        "options": {
            "languages": ["en-US"],
            "intents": [{"intent": "do_not_call"}, {"intent": "answering_machine"}],
        },
    }
    assert record["command"] == (
        "callsched run autumn.yaml --id nightly --max-duration 10m --max-concurrency 1"
        f" --plan {record['plan']}"
    )
    assert len(record["problems"]) == 2


def test_a_likelier_length_of_a_call_has_the_same_hash(campaign: Site) -> None:
    worst = planned(campaign, *AT, "--json").record
    likely = planned(campaign, *AT, "--expect-duration", "2m", "--json").record

    assert likely["ends_at"] < worst["ends_at"]
    assert likely["plan"] == worst["plan"]


def test_nothing_is_written_and_nothing_is_started(campaign: Site) -> None:
    planned(campaign)

    assert not campaign.state.exists()


def test_a_plan_says_what_is_missing_before_anybody_can_be_called(
    campaign: Site, private: EmbeddedRedis, redis: Redis
) -> None:
    env = {"CALLSCHED_REDIS_URL": private.url, "CALLSCHED_SYMBL_APP_SECRET": ""}

    told = campaign.call("plan", "autumn.yaml", *AT, env=env)

    assert told.process.returncode == 0, told.err
    assert "account default has no credentials" in told.out
    assert "no worker serves account default: " in told.out
    assert redis.keys("*campaign*") == []
    away = {"CALLSCHED_REDIS_URL": "redis://127.0.0.1:9/0"}
    record = campaign.call("plan", "autumn.yaml", *AT, "--json", env=away).record
    assert record["nobody_dials"].startswith("nobody can tell whether a worker serves account")
    assert record["advice"] == planned(campaign, *AT, "--json").record["advice"]


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_no_colour_and_no_line_too_long_where_none_is_wanted(
    campaign: Site, environment: dict[str, str]
) -> None:
    told = campaign.call("plan", "autumn.yaml", *AT, env={"COLUMNS": "80", **environment})

    chart = [line for line in told.out.splitlines() if "━" in line]
    assert told.process.returncode == 0, told.err
    assert not re.search("\x1b\\[[0-9;]*3[0-9]m", told.out)
    assert chart
    assert max(len(line.rstrip()) for line in chart) <= 80


def test_on_a_terminal_the_chart_is_drawn_as_well(campaign: Site) -> None:
    terminal = Terminal(campaign, "plan", "autumn.yaml", *AT)

    assert terminal.wait() == 0
    assert "━" in terminal.shown


def test_a_campaign_of_many_hours_is_drawn_by_the_day(site: Site) -> None:
    site.contacts(numbers(200))

    told = site.call("plan", "contacts.csv", "--max-concurrency", "1", *AT, env={"TZ": "UTC"})

    assert re.search(r"^day +dials", told.out, re.MULTILINE)
    assert re.search(r"^Tue 2026-11-24 +48 +1.0 +", told.out, re.MULTILINE)


# Refusals -------------------------------------------------------------------------------------


def test_a_call_in_the_night_and_a_doubtful_zone_are_seen(site: Site) -> None:
    (site.home / "night.yaml").write_text(
        "contacts:\n- {phone_number: +13645550142}\n"
        "- {phone_number: +12125550142, timezone: Asia/Tokyo}\ncalling_hours: always\n",
    )
    words = ("plan", "night.yaml", "--at", "2027-01-11T23:30-05:00")

    record = site.call(*words, "--json").record

    assert record["local_times"] == {
        "earliest": {"time": "13:30", "zone": "Asia/Tokyo"},
        "latest": {"time": "23:30", "zone": "America/New_York"},
    }
    assert record["zone_sources"]["several"] == record["zone_sources"]["held_twice"] == 1
    said = site.call(*words).out
    assert "the latest at 23:30 in America/New_York" in said
    assert "whom the number contradicts: hours must be open in both" in said


def test_a_file_that_is_refused_has_no_plan(site: Site) -> None:
    (site.home / "autumn.yaml").write_text("contacts: nowhere.csv\n")

    told = site.call("plan", "autumn.yaml", "--json")

    assert told.process.returncode == 1
    assert told.out == ""
    assert "autumn.yaml:1:11: contacts: " in told.err


@pytest.mark.parametrize(
    "words",
    [
        ("--expect-duration", "soon"),
        ("--at", "tomorrow"),
        ("--at", "2026-11-23T16:30"),
        ("--first", "0"),
    ],
)
def test_what_cannot_be_read_is_bad_usage(campaign: Site, words: tuple[str, ...]) -> None:
    told = campaign.call("plan", "autumn.yaml", *words)

    assert told.process.returncode == 2
    assert words[0] in told.err
    assert "Traceback" not in told.err


# --plan ---------------------------------------------------------------------------------------


def test_run_and_submit_do_what_was_planned(campaign: Site, sandbox: SandboxProcess) -> None:
    text = CAMPAIGN.replace("9:00-17:00", "always").replace("preset: us-fl\n", "")
    (campaign.home / "autumn.yaml").write_text(text)
    words = ("--max-duration", "1s", "--id", "c")
    hashed = planned(campaign, *words, "--json").record["plan"]

    submitted = campaign.call("submit", "autumn.yaml", *words, "--plan", hashed)
    ran = campaign.call("run", "autumn.yaml", *words, "--plan", hashed, "--json")

    assert submitted.process.returncode == 0, submitted.err
    assert ran.process.returncode == 0, ran.err
    assert set(Judge(sandbox).accepted) == set(PEOPLE[:3])


def change_file(site: Site) -> None:
    people = site.home / "people.csv"
    people.write_text(people.read_text() + f"{numbers(5)[4]},,F\n")


def change_list(site: Site) -> None:
    (site.home / "never.txt").write_text(f"{PEOPLE[2]}\n")


def change_policy(site: Site) -> None:
    (site.home / "autumn.yaml").write_text(CAMPAIGN.replace("9:00-17:00", "9:00-18:00"))


def change_setting(site: Site) -> None:
    site.env["CALLSCHED_ALLOWED_NUMBERS"] = PEOPLE[0]


def change_nothing(site: Site) -> None:
    pass


@pytest.mark.parametrize(
    ("command", "change", "words"),
    [
        ("run", change_file, ()),
        ("submit", change_file, ()),
        ("submit", change_list, ()),
        ("submit", change_policy, ()),
        ("submit", change_setting, ()),
        ("submit", change_nothing, ("--max-duration", "5m")),
        ("submit", change_nothing, ("--first", "2")),
    ],
)
def test_what_has_changed_since_is_refused_and_nobody_is_called(
    campaign: Site,
    sandbox: SandboxProcess,
    command: str,
    change: Callable[[Site], None],
    words: tuple[str, ...],
) -> None:
    hashed = planned(campaign, "--json").record["plan"]

    change(campaign)
    refused = campaign.call(command, "autumn.yaml", "--plan", hashed, *words)

    assert refused.process.returncode == 1
    assert refused.out == ""
    assert f"--plan {hashed}: the plan has changed" in refused.err
    assert "callsched plan autumn.yaml" in refused.err
    assert Judge(sandbox).accepted == {}
    assert not campaign.state.exists()


def test_the_hours_of_the_settings_are_a_part_of_the_plan(site: Site) -> None:
    path = site.contacts(PEOPLE)
    hashed = site.call("plan", path, "--json").record["plan"]

    refused = site.call(
        "submit", path, "--plan", hashed, env={"CALLSCHED_CALLING_HOURS": "9:00-17:00"}
    )

    assert refused.process.returncode == 1
    assert f"--plan {hashed}" in refused.err


@pytest.mark.parametrize("written", ["", "nightly", "0123456789abcdeF0"])
def test_a_hash_that_is_none_is_bad_usage(campaign: Site, written: str) -> None:
    refused = campaign.call("submit", "autumn.yaml", "--plan", written)

    assert refused.process.returncode == 2
    assert "that `plan` prints" in re.sub(r"[│\s]+", " ", refused.err)


# Its page -------------------------------------------------------------------------------------


def on_page(language: str) -> str:
    """Return the first block of the page that is written so."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, language
    return found[1]


def lines_of(text: str) -> list[str]:
    """Return its lines; any hash stands for the others, for it is another one in each release."""
    return [re.sub(r"\b[0-9a-f]{16}\b", "<hash>", line.rstrip()) for line in text.splitlines()]


def test_the_example_of_the_page_is_what_is_told(site: Site) -> None:
    (site.home / "reminders.yaml").write_text(on_page("yaml"))
    (site.home / "people.csv").write_text(on_page("csv"))
    command, _, told = on_page("console").removeprefix("$ callsched ").partition("\n")

    found = site.call(*command.split(), env={"TZ": "America/New_York"})

    assert found.process.returncode == 0, found.err
    assert lines_of(found.out.replace("CALLSCHED_STATE_DIR=state ", "")) == lines_of(told)


def test_an_api_that_is_asked_in_the_clear_is_warned_of(site: Site) -> None:
    contacts = site.contacts(numbers(1))
    elsewhere = {"CALLSCHED_SYMBL_BASE_URL": "http://api.example.com"}

    assert (
        "http://api.example.com is not encrypted" in site.call("plan", contacts, env=elsewhere).err
    )
    assert "is not encrypted" not in site.call("plan", contacts).err
