"""What a shell completes, and which campaign is meant by an id that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.cli.light import OF_CAMPAIGNS, OF_CONTACTS
from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Contact, Policy, Row
from tests.functional.forks import Ended, shared
from tests.functional.test_rubbish import environment
from tests.reference.commands import CLI

IDS = ("nightly-2026-11-22", "nightly-2026-11-23", "bridges")


@pytest.fixture(scope="module")
def ledger(private: EmbeddedRedis) -> Ledger:
    ledger = Ledger(private.url)
    ledger.open()
    for each in IDS:
        campaigns.create(ledger, each, account="a", name="n", policy=Policy(), digest=each)
    people = [Contact(f"c-{n}", phone_number=f"+1202555014{n}") for n in (1, 2)]
    rows = [Row(each, line, has_id=True) for line, each in enumerate(people, 2)]
    campaigns.load(ledger, "bridges", "load", 1, rows)
    return ledger


def completed(folder: Path, line: str, **env: str) -> list[str]:
    asked = {"_CALLSCHED_COMPLETE": "complete_bash", "COMP_WORDS": f"callsched {line}"}
    asked |= {"COMP_CWORD": str(len(f"callsched {line}".split(" ")) - 1), **env}
    ended = shared().call(folder, asked, [])
    assert (ended.code, ended.err) == (0, ""), ended
    return ended.out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("st", ["status", "stop"]),
        ("dnc a", ["add"]),
        ("status --a", ["--account", "--all"]),
        ("status ", ["bridges", "nightly-2026-11-23", "nightly-2026-11-22"]),
        ("pause --note x bridges n", ["nightly-2026-11-23", "nightly-2026-11-22"]),
        ("explain br", ["bridges"]),
        ("explain bridges ", ["c-1", "c-2"]),
        ("stop bridges c-2", ["c-2"]),
        ("transcript nowhere ", []),
        ("run ", []),
        ("schedule show ", []),
    ],
)
def test_commands_options_campaigns_and_contacts_are_completed(
    ledger: Ledger, private: EmbeddedRedis, tmp_path: Path, line: str, offered: list[str]
) -> None:
    found = completed(tmp_path, line, **environment(private.url, tmp_path))

    assert sorted(found) == sorted(offered)


@pytest.mark.parametrize("name", sorted(OF_CAMPAIGNS | OF_CONTACTS))
def test_what_is_completed_without_a_command_is_what_the_command_takes(name: str) -> None:
    first, *others = (
        each for each in CLI.commands[name].params if each.param_type_name == "argument"
    )

    of_campaigns = CLI.commands["status"].params[0]._custom_shell_complete.__code__
    assert first._custom_shell_complete.__code__ is of_campaigns
    has_contacts = any(each._custom_shell_complete for each in others)
    assert has_contacts == (name in OF_CONTACTS)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense", ""])
def test_where_no_ledger_answers_nothing_is_offered_and_none_is_started(
    tmp_path: Path, url: str
) -> None:
    env = environment(url, tmp_path)
    if not url:
        del env["CALLSCHED_REDIS_URL"]

    assert completed(tmp_path, "status ", **env) == []
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("status nightly", "did you mean nightly-2026-11-23 or nightly-2026-11-22?"),
        ("pause bridge", "did you mean bridges?"),
        ("results nightly-2026-11-2", "did you mean nightly-2026-11-23 or nightly-2026-11-22?"),
        ("watch --once brdges", "did you mean bridges?"),
        ("explain other #1", "callsched status` names them all"),
    ],
)
def test_an_id_that_is_none_says_which_may_be_meant(
    ledger: Ledger, private: EmbeddedRedis, tmp_path: Path, words: str, meant: str
) -> None:
    ended: Ended = shared().call(tmp_path, environment(private.url, tmp_path), words.split())

    assert ended.code == 1
    assert f"there is no campaign {words.split()[-1].replace('#1', '')}"[:28] in ended.err
    assert meant in " ".join(ended.err.split())
