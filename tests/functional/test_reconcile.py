"""What an operator finds out, and says, about calls of which nobody learned what became of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from scheduler.errors import MaybeDone
from scheduler.providers.symbl import Symbl
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.settings import Settings
from tests.functional.campaign import Command, Judge, Site, magic, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import Client, SandboxProcess

pytestmark = pytest.mark.timeout(120)

#: Rings, and its answer is lost; the same; does not ring, and is answered 500 all the same.
PLACED, CUT, NOT_PLACED = magic(50), magic(20), magic(51)
(ANSWERED,) = numbers(1)

#: Nothing is read of these calls.
SILENT = "insights: []\n"


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Any) -> Iterator[Site]:
    with Site(tmp_path, sandbox.url, CALLSCHED_INSIGHTS_PATIENCE="2s") as site:
        yield site


def run(site: Site, contacts: str, *more: str) -> Command:
    """Run a campaign to its end."""
    path = site.home / "c.yaml"
    path.write_text(f"name: trial\nmax_duration: 1500ms\n{contacts}")
    ran = site.call("run", str(path), "--id", "c", "--max-concurrency", "1", *more)
    assert ran.process.returncode == 0, ran.err
    return ran


def listed(*phone_numbers: str, more: str = "") -> str:
    rows = "".join(f"  - {{phone_number: {one}, id: {one[-2:]}}}\n" for one in phone_numbers)
    return f"{more}contacts:\n{rows}"


Lose = Callable[..., None]


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a state directory with a campaign each of whose calls is lost; made once for each."""

    @cache
    def lost(url: str, *phone_numbers: str) -> Path:
        with Site(tmp_path_factory.mktemp("lost"), url) as site:
            run(site, listed(*phone_numbers, more=SILENT))
            assert {record["disposition"] for record in site.results("c")} == {"unknown"}
            return site.home

    return lost


@pytest.fixture
def lose(site: Site, sandbox: SandboxProcess, lost: Callable[..., Path]) -> Lose:
    """Have had a campaign whose starts place no call, and are answered 500 all the same."""

    def lose(*phone_numbers: str) -> None:
        sandbox.knobs(start_fault="500_not_placed", start_fault_count=len(phone_numbers))
        home = lost(sandbox.url, *phone_numbers)
        sandbox.reset()
        shutil.copy(home / "c.yaml", site.home)
        shutil.copytree(
            home / "state", site.state, ignore=shutil.ignore_patterns("*.sock", "*.pid")
        )

    return lose


def endings(site: Site) -> dict[str, tuple[str | None, str | None]]:
    return {
        record["phone_number"]: (record["disposition"], record["reason"])
        for record in site.results("c")
    }


def assert_refused(command: Command, code: int, *expected: str) -> None:
    assert command.wait() == code, command.err
    assert "Traceback" not in command.err
    said = " ".join(command.err.replace("│", " ").split())
    for text in expected:
        assert text in said


# Conversations that are found -----------------------------------------------------------------


def test_a_call_that_was_placed_is_found_and_what_was_said_in_it_is_read(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(hangup_after_seconds=[1, 1], line_every_seconds=0.2)
    more = 'call:\n  session_name: "Dr. {{ id }}, 3 pm"\n'
    run(site, listed(PLACED, NOT_PLACED, CUT, ANSWERED, more=more))

    told = site.call("reconcile", "c", "--json")

    assert told.process.returncode == 0, told.err
    outcomes = {call["contact_id"]: call["outcome"] for call in told.record["calls"]}
    assert outcomes == {"50": "found", "51": "not_found", "20": "found"}
    assert told.record["calls"][0]["name"] == "Dr. 50, 3 pm c:1:1"
    assert endings(site) | {ANSWERED: None} == {
        PLACED: ("unknown", "placed"),
        CUT: ("unknown", "placed"),
        NOT_PLACED: ("unknown", "answer_lost"),
        ANSWERED: None,
    }
    records = {record["phone_number"]: record for record in site.results("c")}
    for number in (PLACED, CUT):
        record = records[number]
        ours = sandbox.conversation(record["conversation_id"])
        assert ours["request"]["endpoint"]["phoneNumber"] == number
        assert record["transcript"] and record["insights"]["summary"]
        assert record["duration_seconds"] > 0.5

    again = site.call("reconcile", "c", "--json")

    outcomes = {call["contact_id"]: call["outcome"] for call in again.record["calls"]}
    assert outcomes == {"50": "known", "51": "not_found", "20": "known"}
    assert Judge(sandbox).rung_twice == []


def test_what_was_found_is_told_to_a_person(site: Site, sandbox: SandboxProcess) -> None:
    sandbox.knobs(hangup_after_seconds=[0.5, 0.5])
    run(site, listed(PLACED, NOT_PLACED))

    told = site.call("reconcile", "c")

    assert "found: it was placed" in told.out
    assert "not found: that proves nothing" in told.out
    assert "callsched reconcile c CONTACT --placed" in told.err
    assert PLACED not in told.out + told.err


def test_a_call_that_may_be_live_is_read_later(site: Site, sandbox: SandboxProcess) -> None:
    path = site.home / "c.yaml"
    path.write_text(f"max_duration: 1m\n{listed(PLACED)}")
    assert site.call("run", str(path), "--id", "c").process.returncode == 0

    live = site.call("reconcile", "c", "--json").record["calls"][0]
    assert (live["outcome"], live["may_be_live"]) == ("found", True)
    assert "transcript" not in site.results("c")[0]

    (event,) = sandbox.events("accepted")
    Client(sandbox.url).stop(event["connection_id"])

    over = site.call("reconcile", "c", "--json").record["calls"][0]
    assert (over["outcome"], over["may_be_live"]) == ("known", False)
    assert "transcript" in site.results("c")[0]


# What the operator says -----------------------------------------------------------------------


def test_who_was_not_called_is_called_when_the_operator_says_so(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    one, other = numbers(2)
    lose(one, other)

    told = site.call("reconcile", "c", one[-2:], "--not-placed", "--redial", "--json")
    assert told.process.returncode == 0, told.err
    assert (told.record["unknown"], told.record["settled"]) == (1, 1)
    assert told.record["verdict"] == "redial"

    again = site.call("run", str(site.home / "c.yaml"), "--id", "c")

    assert again.process.returncode == 0, again.err
    assert endings(site) == {one: ("stopped", None), other: ("unknown", "answer_lost")}
    assert Judge(sandbox).accepted == {one: 1}
    assert site.results("c")[0]["attempts"] == 1


def test_all_are_settled_at_once_and_settled_only_once(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    one, other = numbers(2)
    lose(one, other)

    told = site.call("reconcile", "c", "--all", "--not-placed", "--json")

    assert told.record["settled"] == 2
    assert set(endings(site).values()) == {("skipped", "not_placed")}
    assert site.call("reconcile", "c", "--json").record["unknown"] == 0
    assert site.call("reconcile", "c").out.strip() == "campaign c has no unknown calls"
    again = site.call("run", str(site.home / "c.yaml"), "--id", "c")
    assert again.process.returncode == 1
    assert not Judge(sandbox).accepted


def test_a_call_that_is_found_is_not_settled_as_not_placed(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(hangup_after_seconds=[0.5, 0.5])
    run(site, listed(PLACED, NOT_PLACED))

    told = site.call("reconcile", "c", "--all", "--not-placed", "--redial", "--json")

    outcomes = {call["contact_id"]: call["outcome"] for call in told.record["calls"]}
    assert outcomes == {"50": "found", "51": "settled"}
    assert endings(site)[PLACED] == ("unknown", "placed")
    assert endings(site)[NOT_PLACED] == (None, None)


def test_on_a_terminal_it_asks_before_anybody_is_called_again(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    lose(ANSWERED)

    terminal = Terminal(site, "reconcile", "c", "--all", "--not-placed", "--redial")
    terminal.read_until("call them again?")
    terminal.type("n\r")

    assert terminal.wait() == 1
    assert "nothing was settled" in terminal.shown
    assert endings(site) == {ANSWERED: ("unknown", "answer_lost")}


# When it cannot be done -----------------------------------------------------------------------


def test_without_the_api_nobody_is_settled_as_not_placed(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    lose(ANSWERED)
    nowhere = {"CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:1"}

    looked = site.call("reconcile", "c", "--json", env=nowhere)
    refused = site.call("reconcile", "c", "--all", "--not-placed", env=nowhere)
    assert endings(site) == {ANSWERED: ("unknown", "answer_lost")}
    settled = site.call("reconcile", "c", "--all", "--not-placed", "--no-lookup", env=nowhere)

    assert looked.process.returncode == 1
    assert looked.record["calls"][0]["outcome"] == "not_looked_up"
    assert_refused(looked, 1, "the list of conversations can't be read")
    assert_refused(refused, 1, "nobody was settled as not placed", "--no-lookup")
    assert settled.process.returncode == 0, settled.err
    assert endings(site) == {ANSWERED: ("skipped", "not_placed")}


def test_without_the_api_a_call_can_be_settled_as_placed(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    lose(ANSWERED)
    nowhere = {"CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:1"}

    told = site.call("reconcile", "c", ANSWERED[-2:], "--placed", env=nowhere)

    assert_refused(told, 1, "can't be read")
    assert "settled: it was placed" in told.out
    assert endings(site) == {ANSWERED: ("unknown", "placed")}


def test_whoever_is_not_unknown_is_told(site: Site) -> None:
    run(site, listed(ANSWERED, more=SILENT))

    told = site.call("reconcile", "c", ANSWERED[-2:], "--not-placed", "--redial")

    assert_refused(told, 1, f"{ANSWERED[-2:]} is not unknown: stopped")
    assert endings(site) == {ANSWERED: ("stopped", None)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--placed"], "say which calls you settle"),
        (["--not-placed"], "say which calls you settle"),
        (["a", "--all", "--placed"], "either contacts or --all"),
        (["--all"], "--all goes with"),
        (["--all", "--placed", "--not-placed"], "either --placed or --not-placed"),
        (["--all", "--redial"], "--redial needs --not-placed"),
    ],
)
def test_wrong_words_settle_nobody(site: Site, words: list[str], expected: str) -> None:
    assert_refused(site.call("reconcile", "c", *words), 2, expected)


def test_a_campaign_of_another_account_is_not_looked_up(
    site: Site, sandbox: SandboxProcess, lose: Lose
) -> None:
    lose(ANSWERED)

    told = site.call("reconcile", "c", env={"CALLSCHED_ACCOUNT": "other"})

    assert_refused(told, 1, "CALLSCHED_ACCOUNT=default")


# on_unknown: redial ---------------------------------------------------------------------------


def test_a_campaign_that_wants_it_dials_an_unknown_call_again(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(start_fault="500_not_placed", start_fault_count=1)

    run(site, listed(ANSWERED, more=f"{SILENT}on_unknown: redial\n"))

    (record,) = site.results("c")
    assert (record["disposition"], record["attempts"]) == ("stopped", 2)
    first, second = sandbox.events("start")
    assert second["at"] - first["at"] >= 1.5
    assert Judge(sandbox).accepted == {ANSWERED: 1}


def test_it_does_so_once(site: Site, sandbox: SandboxProcess) -> None:
    run(site, listed(PLACED, more=f"{SILENT}on_unknown: redial\n"))

    (record,) = site.results("c")
    assert (record["disposition"], record["reason"]) == ("unknown", "answer_lost")
    assert record["attempts"] == 2
    assert Judge(sandbox).accepted == {PLACED: 2}


# The list of conversations --------------------------------------------------------------------


class _Listing(BaseHTTPRequestHandler):
    """Lists eleven conversations, four at a time whatever is asked for."""

    server: _ListServer

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        offset = int(query["offset"]) if self.server.heeds_offset else 0
        every = [{"id": str(n), "name": f"name {n % 10}"} for n in range(11)]
        said = json.dumps(self.server.said or {"conversations": every[offset:][:4]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _ListServer(ThreadingHTTPServer):
    heeds_offset = True
    said: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Listing)
        self.asked: list[dict[str, str]] = []


@contextmanager
def listing(**how: Any) -> Iterator[tuple[Symbl, _ListServer]]:
    server = _ListServer()
    for name, value in how.items():
        setattr(server, name, value)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    provider = Symbl(
        SymblCredentials.of(
            Settings(
                symbl_base_url=f"http://127.0.0.1:{server.server_port}",
                symbl_app_id=None,
                symbl_app_secret=None,
                symbl_access_token=SecretStr("given"),
            )
        )
    )
    try:
        yield provider, server
    finally:
        provider.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_every_page_of_the_list_is_read() -> None:
    with listing() as (provider, server):
        found = provider.find({"name 0", "name 7"}, 1_800_000_000.0, 1_800_000_060.0)

    assert [each.conversation_id for each in found] == ["0", "7", "10"]
    assert [query["offset"] for query in server.asked] == ["0", "4", "8", "11"]
    assert server.asked[0]["startTime"] == "2027-01-15T08:00:00.000Z"
    assert server.asked[0]["endTime"] == "2027-01-15T08:01:00.000Z"


def test_a_list_that_knows_no_pages_is_read_once() -> None:
    with listing(heeds_offset=False) as (provider, server):
        found = provider.find({"name 3", "name 4"}, 0.0, 1.0)

    assert [each.conversation_id for each in found] == ["3"]
    assert len(server.asked) == 2


@pytest.mark.parametrize("said", [[1], {"message": "welcome"}, {"conversations": "none"}])
def test_what_is_no_list_is_told_from_an_empty_one(said: object) -> None:
    with listing(said=said) as (provider, _), pytest.raises(MaybeDone):
        provider.find({"x"}, 0.0, 1.0)


def test_the_list_is_of_what_began_within_the_time(sandbox: SandboxProcess) -> None:
    client = Client(sandbox.url)
    client.started("+12025550143", data={"session": {"name": "mine"}})
    (event,) = sandbox.events("accepted")
    provider = Symbl(
        SymblCredentials.of(
            Settings(
                symbl_base_url=sandbox.url,
                symbl_app_id="app",
                symbl_app_secret=SecretStr("app-secret"),
                symbl_access_token=None,
            )
        )
    )
    try:
        (found,) = provider.find(["mine"], event["at"] - 60, event["at"] + 60)
        assert (found.name, found.ended_at) == ("mine", None)
        assert found.started_at == pytest.approx(event["at"], abs=0.01)
        assert provider.find(["min"], event["at"] - 60, event["at"] + 60) == []
        assert provider.find(["mine"], event["at"] - 60, event["at"] - 30) == []
    finally:
        provider.close()
