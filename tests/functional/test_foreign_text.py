"""What the API, files and operators have written is text: it acts on no terminal, marks up nothing.

Every command is given it, in ids, names, notes and errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from scheduler.cli.commands import COMMANDS
from scheduler.cli.provider import names
from scheduler.ledger import calls, keys, limits
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Attempt, Disposition, Reason
from tests.functional.forks import Ended, Forks
from tests.functional.test_rubbish import environment, expect_plain

#: As a person may well write it, or not: markup of Rich, an emoji's name.
MARKUP = "[/red] [bold]x[/bold] [link=x]y[/link] :smile:"
ACTING = "\x1b]0;title\x07\x1b[31m \x9b1m \u202e \r\nerror: forged\u2028\x85 \ud800"
SHOWN = r"\x1b]0;title\x07\x1b[31m \x9b1m \u202e \r\nerror: forged\u2028\x85"
#: Redis takes no half of a character, so nothing that is kept has one.
SAID = f"{MARKUP} {ACTING[:-2]}"

CONTACTS = f"""\
phone_number,id,name
+12025550143,{MARKUP},{MARKUP}
+12025550144,\u202eturned {MARKUP},x
+12025550146,waits,
+12025550145,"a\x1b[31m\u2028{MARKUP}",x
"""
CAMPAIGN = f"""\
name: known
contacts: [{{phone_number: +12025550143, id: "{MARKUP}"}}]
schedule: {{cron: "0 9 * * *", timezone: UTC}}
"""

#: The words of each command, and what of the above it shows.
WORDS = {
    "init": (["init", f"{ACTING[:-2]} {MARKUP}.csv"], f"{SHOWN} {MARKUP}"),
    "plan": (["plan", "contacts.csv"], MARKUP),
    "run": (["run", f"{ACTING[:-2]} {MARKUP}.csv"], f"{SHOWN} {MARKUP}"),
    "submit": (["submit", "escapes.yaml"], f"{SHOWN}x.csv"),
    "schedule": (["schedule", "show", "sch"], f"{MARKUP} {SHOWN}"),
    "retry": (["retry", "known", "--only", ACTING[:-2]], SHOWN[:24]),
    "status": (["status", "known"], f"{MARKUP} {SHOWN}"),
    "watch": (["watch", "--once"], "[/red] [bold]x"),
    "results": (["results", "known"], f"{MARKUP} {SHOWN}"),
    "report": (["report", "known", "-o", "-"], "[/red] [bold]x[/bold]"),
    "explain": (["explain", "known", "#1"], f"{MARKUP} {SHOWN}"),
    "history": (["history", "+12025550143"], MARKUP),
    "pause": (["pause", "known", "--note", SAID], "paused"),
    "resume": (["resume", f"{MARKUP}{ACTING[:-2]}"], f"{MARKUP}{SHOWN}"),
    "cancel": (["cancel", f"{MARKUP}{ACTING[:-2]}"], f"{MARKUP}{SHOWN}"),
    "abort": (["abort", f"{MARKUP}{ACTING[:-2]}", "--yes"], f"{MARKUP}{SHOWN}"),
    "stop": (["stop", "known", MARKUP], "[/red]"),
    "extend": (["extend", "known", f"{MARKUP}{ACTING[:-2]}", "5m"], f"{MARKUP}{SHOWN}"),
    "limit": (["limit", ACTING[:-2]], SHOWN[:24]),
    "priority": (["priority", f"{MARKUP}{ACTING[:-2]}", "5"], f"{MARKUP}{SHOWN}"),
    "transcript --follow": (
        ["transcript", "known", f"{MARKUP}{ACTING[:-2]}", "--follow"],
        f"{MARKUP}{SHOWN}",
    ),
    "symbl": (
        ["symbl", "event", "known", MARKUP, "started_speaking", "--user", "ana@example.com"],
        "live",
    ),
    "transcript": (["transcript", "known", f"{MARKUP}{ACTING[:-2]}"], f"{MARKUP}{SHOWN}"),
    "recordings": (["recordings", "known", f"{MARKUP}{ACTING[:-2]}"], ""),
    "erase": (["erase", "--campaign", f"{MARKUP}{ACTING[:-2]}", "--yes"], f"{MARKUP}{SHOWN}"),
    "archive": (["archive", f"{MARKUP}{ACTING[:-2]}", "-o", "."], ""),
    "reconcile": (["reconcile", "known", "--no-lookup"], MARKUP),
    "dnc": (["dnc", "list"], MARKUP),
    "user": (["user", "remove", f"{MARKUP}{ACTING[:-2]}"], f"{MARKUP}{SHOWN}"),
    "token": (["token", "revoke", f"{MARKUP}{ACTING[:-2]}"], f"{MARKUP}{SHOWN}"),
    "schema": (["schema", "presets", f"{MARKUP}{ACTING[:-2]}"], ""),
    "config": (["config"], "environment"),
    "doctor": (["doctor"], "valid; the ledger is"),
    "sandbox": (["sandbox", "--port", f"{MARKUP}{ACTING[:-2]}"], "valid integer"),
}
#: Other words for some of them.
OTHERS = {"erase a number": (["erase", f"{MARKUP}{ACTING[:-2]}", "--yes"], "")}
#: They take nothing of what is foreign.
GIVEN_NOTHING = {"worker", "web"}

Call = Callable[[list[str]], Ended]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Call]:
    folder = tmp_path_factory.mktemp("r")
    (folder / "contacts.csv").write_text(CONTACTS)
    (folder / "campaign.yaml").write_text(CAMPAIGN)
    (folder / "escapes.yaml").write_text(f'name: x\ncontacts: "{_yaml(ACTING[:-2])}x.csv"\n')
    with EmbeddedRedis(folder) as private:

        def call(words: list[str]) -> Ended:
            return forks.call(folder, environment(private.url, folder), words)

        for words in (
            ["submit", "contacts.csv", "--id", "known", "--yes"],
            ["schedule", "add", "campaign.yaml", "--id", "sch"],
            ["dnc", "add", "+12025550199", "--why", MARKUP],
        ):
            ended = call(words)
            assert ended.code == 0, ended
            expect_text(ended)
        _let_the_api_say_it(private.url)
        yield call


def _yaml(text: str) -> str:
    return "".join(f"\\u{ord(one):04x}" if not one.isprintable() else one for one in text)


def _let_the_api_say_it(url: str) -> None:
    """Refuse one call, lose the answer of another, block the account, and fail a schedule."""
    ledger = Ledger(url)
    try:
        ledger.open()
        account = "default"
        for disposition in (Disposition.REJECTED, Disposition.UNKNOWN):
            attempt = _begun(ledger, account)
            reason = Reason.ANSWER_LOST if disposition is Disposition.UNKNOWN else None
            calls.finish(ledger, account, attempt, disposition, reason=reason, message=SAID)
        limits.block(ledger, account, "fingerprint", SAID)
        limits.block_caller(ledger, account, "+12025550199", SAID)
        ledger.redis.hset(keys.campaign("known", "meta"), "paused_by", SAID)
        ledger.redis.hset(keys.schedule("sch"), "error", SAID)
    finally:
        ledger.close()


def _begun(ledger: Ledger, account: str) -> Attempt:
    token = uuid4().hex
    claim = calls.claim(ledger, account, calls.Bid(token, ceiling=5))
    assert claim is not None and not isinstance(claim, float)
    assert calls.begin(ledger, account, claim.attempt, token, max_duration_seconds=60.0)
    return claim.attempt


def expect_text(ended: Ended) -> None:
    """Nothing but printable characters and line ends, and no line that somebody forged."""
    expect_plain(ended)
    for written in (ended.out, ended.err):
        acting = re.sub(
            r"[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]|\n", "", written
        )
        assert not acting, (acting, written)
        assert not re.search("^error: forged", written, re.MULTILINE), written
        assert "😄" not in written


def test_every_command_is_tried() -> None:
    assert {name.split()[0] for name in WORDS} | GIVEN_NOTHING == {*COMMANDS, *names()}


@pytest.mark.parametrize(
    ("words", "shown"), [*WORDS.values(), *OTHERS.values()], ids=[*WORDS, *OTHERS]
)
def test_nothing_foreign_acts_or_is_markup(words: list[str], shown: str, call: Call) -> None:
    ended = call(words)

    expect_text(ended)
    assert shown in ended.out + ended.err, ended
