"""What a day at a clinic leaves in a ledger: campaigns that ended, that run, that wait."""

from __future__ import annotations

from typing import Any

import yaml

from tests.browser.machine import Machine
from tests.functional.campaign import magic, numbers

#: Ask, and do by the key; nothing takes longer than a sandbox needs.
REMINDER: list[dict[str, Any]] = [
    {"say": "Hello {{ name }}. This is the {{ office }} clinic. We expect you {{ appointment }}."},
    {
        "gather": {
            "name": "confirm",
            "say": "Press 1 to confirm, 2 to be called back, or 9 if we should never call again.",
            "digits": 1,
            "timeout": "1s",
            "branches": {
                "1": [{"say": "Thank you. We expect you."}],
                "2": [{"say": "We will call you back today."}],
                "9": [{"say": "We will not call you again."}, "do_not_call"],
            },
            "otherwise": [{"say": "We did not get that. Please call us."}],
        }
    },
    {"say": "Goodbye."},
]
#: Goes on until somebody or its deadline ends it.
ENDLESS: list[dict[str, Any]] = [{"say": "Please hold."}, {"pause": "10m"}]

#: What a page must show as it is written.
SCRIPT = "<script>alert('run')</script>"
MARKUP = "<img src=x onerror=alert('run')>"

FIRST = ("Ada", "Ben", "Chloé", "Dmitri", "Eve", "Femi", "Grace", "Hugo", "Inés", "Jonas", "Kofi")
LAST = ("Abara", "Berg", "Costa", "Duval", "Eriksen", "Flores", "Green", "Haas")
OFFICES = ("Whitehorse", "Yellowknife")
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
DAYS = ("on Monday at nine", "on Tuesday at half past two", "on Wednesday at ten")
#: Presses 1, 2, 9, nothing; a machine; busy; does not answer; out of order.
ODD = [magic(one) for one in (30, 31, 32, 33, 40, 70, 78, 72)]


def people(phone_numbers: list[str]) -> list[dict[str, Any]]:
    """Return somebody for each number."""
    return [
        {
            "id": f"p-{at + 101}",
            "phone_number": number,
            "name": f"{FIRST[at % len(FIRST)]} {LAST[at * 5 % len(LAST)]}",
            "office": OFFICES[at % 2],
            "appointment": DAYS[at % 3],
            "timezone": ZONES[at * 3 % 4],
        }
        for at, number in enumerate(phone_numbers)
    ]


def submit(here: Machine, name: str, contacts: list[dict[str, Any]], **keys: Any) -> None:
    """Hand a campaign to the worker, under this id."""
    path = here.site.home / f"{name}.yaml"
    body = {"name": name, "contacts": contacts, **keys}
    path.write_text(yaml.safe_dump(body, allow_unicode=True))
    done = here.site.call("submit", str(path), "--id", name)
    assert done.process.returncode == 0, done.err


def finished(here: Machine, count: int = 40) -> None:
    """Have one that went to its end, with every kind of outcome."""
    here.sandbox.knobs(keys="1,1,1,2")
    contacts = people([*ODD, *numbers(count - len(ODD))])
    call = {
        "script": REMINDER,
        "transcribe": True,
        "record": True,
        "on_machine": [{"say": "Please call us."}],
    }
    submit(here, "spring-reminders", contacts, max_duration="2m", call=call)
    here.wait_for_end("spring-reminders")


def lost(here: Machine) -> None:
    """Have calls of which nobody learned whether they rang."""
    here.sandbox.knobs(start_fault="500_not_placed", start_fault_count=2)
    contacts = people([*numbers(200)[150:153], magic(51)])
    # One by one: three lost answers in a row would have the account wait.
    keys = {"max_duration": "2m", "max_concurrency": 1, "call": {"script": [{"say": "Call us."}]}}
    submit(here, "lab-results", contacts, **keys)
    here.wait_for_end("lab-results")


def running(here: Machine, count: int = 60) -> None:
    """Have one with live calls, most of which are yet to come."""
    contacts = people(numbers(200)[40 : 40 + count])
    call = {"script": ENDLESS}
    submit(here, "flu-clinic", contacts, max_duration="18m", max_concurrency=12, call=call)
    here.wait_for("flu-clinic", "connected", 12)


def paused(here: Machine) -> None:
    """Have one that somebody has paused before it began."""
    keys = {"not_before": "2027-03-01T09:00:00-05:00", "call": {"script": REMINDER}}
    submit(here, "annual-survey", people(numbers(140)[100:130]), max_duration="3m", **keys)
    paused = here.site.call("pause", "annual-survey", "--note", "the wording is being changed")
    assert paused.process.returncode == 0, paused.err


def hostile(here: Machine) -> None:
    """Have one whose every text is written by somebody who means harm."""
    person = {"id": f"x{MARKUP}", "phone_number": numbers(200)[199], "name": SCRIPT, "note": MARKUP}
    call = {"script": [{"say": "Hello {{ name }}."}]}
    path = here.site.home / "hostile.yaml"
    body = {"name": f"odd {MARKUP}", "contacts": [person], "max_duration": "1m", "call": call}
    path.write_text(yaml.safe_dump(body))
    done = here.site.call("submit", str(path), "--id", "hostile")
    assert done.process.returncode == 0, done.err
    here.site.call("pause", "hostile", "--note", SCRIPT)


def standing(here: Machine) -> None:
    """Have a schedule, and numbers that nobody calls."""
    path = here.site.home / "weekly.yaml"
    when = {"cron": "0 9 * * mon-fri", "timezone": "America/New_York"}
    call = {"script": REMINDER}
    body = {"name": "weekly", "contacts": people(numbers(5)), "schedule": when, "call": call}
    path.write_text(yaml.safe_dump(body, allow_unicode=True))
    for words in (
        ("limit", "set", "40"),
        ("schedule", "add", str(path)),
        ("dnc", "add", "+12025550190", "--why", "asked by mail"),
    ):
        done = here.site.call(*words)
        assert done.process.returncode == 0, done.err


def busy(here: Machine) -> None:
    """Have one that goes on for a while, some of whose calls are over."""
    contacts = people([*numbers(400)[200:320]])
    call = {"script": [*REMINDER, {"pause": "3s"}]}
    submit(here, "dental-recall", contacts, max_duration="2m", max_concurrency=9, call=call)
    here.wait_for("dental-recall", "ended", 30)


def seed(here: Machine, *, count: int = 40) -> None:
    """Have all of it, and texts of somebody who means harm."""
    here.sandbox.knobs(callee_says=f"Yes, this is me.|{MARKUP} I will be there.")
    standing(here)
    here.site.call("dnc", "add", "+12025550191", "--why", f"asked {MARKUP}")
    finished(here, count)
    lost(here)
    paused(here)
    hostile(here)
    running(here, 16)


def show(here: Machine) -> None:
    """Have what is good to look at."""
    here.sandbox.knobs(callee_says="Yes, this is me.|I will be there.")
    standing(here)
    finished(here)
    lost(here)
    paused(here)
    running(here)
    busy(here)
