"""`callsched init` asks on a terminal for what a campaign needs; elsewhere options say it."""

from __future__ import annotations

from tests.functional.campaign import Site
from tests.functional.terminal import Terminal

PATIENTS = "Patient No,Mobile,First\n0042,(202) 555-0100,Ana\n0043,+12025550101,Ben\n"


def test_on_a_terminal_it_asks_and_what_it_writes_passes_plan(site: Site) -> None:
    (site.home / "patients.csv").write_text(PATIENTS)

    asked = Terminal(site, "init", "--max-duration", "2m")
    for question, answer in (
        ("file of contacts", "patients.csv"),
        ("columns right", "n"),
        ("is the phone_number", "Mobile"),
        ("is the id", "nowhere"),
        ("there is no column nowhere", "patient no"),
        ("is the name", ""),
        ("is the timezone", ""),
        ("without a plus sign", "us"),
        ("may people be called", "always"),
    ):
        asked.read_until(question)
        asked.type(answer + "\n")

    assert asked.wait() == 0, asked.shown
    last = asked.shown.split("\n")[-2].strip()
    assert last.endswith("callsched plan patients.yaml")
    planned = site.call("plan", "patients.yaml", "--json")
    assert planned.record["contacts"] == 2, planned.err


def test_it_counts_whom_a_run_would_call(site: Site) -> None:
    rows = "phone_number\n+12025550100\n+12025550100\n12\n"
    (site.home / "twice.csv").write_text(rows)

    assert "1 contact can be called." in site.call("init", "twice.csv").err


def test_off_a_terminal_it_asks_nothing(site: Site) -> None:
    (site.home / "patients.csv").write_text(PATIENTS)

    nothing = site.call("init")
    words = ("init", "patients.csv", "--column", "name=First", "--region", "US")
    written, again = site.call(*words), site.call(*words)
    text = (site.home / "patients.yaml").read_text()
    wrong = site.call(*words, "--hours", "late", "--force")
    mute = site.call(*words, "--force", "--say", "Hello.")
    (site.home / "old.csv").write_text("Telefon,Name\n(202) 555-0100,Änne\n", "latin-1")
    old = ("init", "old.csv", "--encoding", "latin-1", "--hours", "always", "--max-duration", "1s")
    nobodys = site.call(*old)
    legacy = site.call(*old, "--region", "US", "--force")
    legacy_plan = site.call("plan", "old.yaml", "--encoding", "latin-1")
    tried = site.call("run", "old.yaml", "--sandbox", "--encoding", "latin-1")

    assert nothing.process.returncode == 2 and "--example" in nothing.err
    assert written.process.returncode == 0, written.err
    assert "name: First\n" in text and 'id: "Patient No"' in text
    assert again.process.returncode == 1 and "--force" in again.err
    assert wrong.process.returncode == 1 and "calling_hours" in wrong.err
    assert mute.process.returncode == 1 and "can't speak" in mute.err
    assert nobodys.process.returncode == 1 and "add --region" in nobodys.err  # none is guessed
    assert legacy.process.returncode == 0, legacy.err
    assert legacy_plan.process.returncode == 0, legacy_plan.err
    assert tried.process.returncode == 0, tried.err
    assert legacy.out.rstrip().endswith("callsched plan old.yaml --encoding latin-1")
    assert "--sandbox --encoding latin-1`" in (site.home / "old.yaml").read_text()


def test_a_newcomer_is_asked_until_the_call_says_something(site: Site) -> None:
    for name in [each for each in site.env if each.startswith("CALLSCHED_SYMBL")]:
        del site.env[name]
    (site.home / "new.csv").write_text("phone_number\n+12025550100\n")

    asked = Terminal(site, "init", "new.csv", "--hours", "always", "--max-duration", "2m")
    for question, answer in (
        ("columns right", "y"),
        ("What does the call say", ""),
        ("need something to say", "Hello."),
    ):
        asked.read_until(question)
        asked.type(answer + "\n")

    assert asked.wait() == 0, asked.shown
    text = (site.home / "new.yaml").read_text()
    assert "\nprovider: twilio " in text and "- say: Hello.\n" in text
