"""What an operator types, what the answer looks like, and what a mistake costs: nobody a call."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scheduler.cli.commands import RENAMED
from tests.functional.campaign import Command, Judge, Site, magic, numbers
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(90)

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, latency=0.01) as sandbox:
        yield sandbox


class Api(ThreadingHTTPServer):
    """Gives out tokens as the API does, and knows of nothing else: it is no sandbox.

    With `page` it answers everything with a web page, as a wrong base URL does.
    """

    def __init__(self, *, page: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.page = page
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        if self.path.startswith("/oauth2"):
            self._answer(200, {"accessToken": "a-token", "expiresIn": 86400})
        else:
            self._answer(402, {"message": "Payment Required"})

    def _answer(self, status: int, said: object) -> None:
        body = b"<html>welcome</html>" if self.server.page else json.dumps(said).encode()
        self.send_response(200 if self.server.page else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    thread = threading.Thread(target=api.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        thread.join()
        api.server_close()


def assert_refused(command: Command, *expected: str) -> None:
    """It ended with 1 and said why in plain words on standard error."""
    assert command.wait() == 1, command.err
    assert command.out == ""
    assert "Traceback" not in command.err
    for text in expected:
        assert text in command.err


def run_words(site: Site, phone_numbers: list[str], *more: str) -> tuple[str, ...]:
    path = site.contacts(phone_numbers)
    return ("run", path, "--id", "c", "--max-duration", "1s", "--json", *more)


# Usage


BAD_USAGE = (
    ("run",),
    ("call", "contacts.csv"),
    ("run", "contacts.csv", "--fast"),
    ("run", "contacts.csv", "--workers", "0"),
    ("run", "contacts.csv", "--first", "-1"),
    ("run", "contacts.csv", "--max-duration", "5 minutes"),
    ("run", "contacts.csv", "--max-duration", "5h"),
    ("submit", "contacts.csv", "--id", "a campaign"),
    ("results", "--format", "xls"),
    ("results", "--format", "jsonl", "--excel"),
    ("sandbox", "--latency", "soon"),
)


def test_bad_usage_exits_with_2(site: Site) -> None:
    site.contacts(numbers(1))

    asked = {words: site.start(*words) for words in BAD_USAGE}

    assert {words: command.wait() for words, command in asked.items()} == dict.fromkeys(asked, 2)
    assert not [words for words, command in asked.items() if "Traceback" in command.err]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--json status", "options come after their command"),
        ("run a.csv --id ü", "Invalid value for --id"),
        ("archive --older-than x", "Invalid value for --older-than"),
        ("results --format table", "'--format': 'table' is not one of"),
    ],
)
def test_bad_usage_says_which_option_and_where_it_belongs(
    site: Site, words: str, said: str
) -> None:
    used = site.call(*words.split())

    assert used.process.returncode == 2
    assert said in used.err


def test_of_a_number_that_nobody_called_history_says_no_more(site: Site) -> None:
    assert site.call("history", "+12025550199").out.startswith("+12025550199: never dialled\n")


def test_an_old_name_answers_with_the_new_one(site: Site) -> None:
    asked = {name: site.start(name, "c") for name in RENAMED}

    for name, command in asked.items():
        assert command.wait() == 2
        assert f"callsched {RENAMED[name]}" in " ".join(command.err.replace("│", "").split())


def test_what_is_not_there_is_said_in_plain_words(site: Site) -> None:
    assert_refused(site.call("results"), "no campaigns yet")
    assert_refused(site.call("results", "nobody"), "no campaign nobody")
    assert_refused(site.call("status", "nobody"), "no campaign nobody")
    assert "no campaigns yet" in site.call("status").out


# Files

BAD_FILES: dict[str, tuple[bytes, list[str]]] = {
    "empty.csv": (b"", ["empty.csv"]),
    "unnamed.csv": (b"nummer,name\n+12025550101,Ada\n", ["unnamed.csv:1", "phone_number"]),
    "latin.csv": (b"phone_number,name\n+12025550101,Andr\xe9\n", ["latin.csv:2:18", "--encoding"]),
    "nobody.csv": (b"phone_number\n+1202\nada\n", ["nobody.csv:2:phone_number", "nobody.csv:3:"]),
    "typo.yaml": (
        b"contacts: []\nmax_concurency: 3\n",
        ["typo.yaml:2:1: unknown key 'max_concurency': did you mean max_concurrency?"],
    ),
    "long.yaml": (
        b"contacts:\n  - {phone_number: +12025550101}\nmax_duration: 5 minutes\n",
        ["long.yaml:3:15: max_duration: expected a duration"],
    ),
    "tag.yaml": (b"contacts: !!python/object:os.system []\n", ["tag.yaml:1:"]),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_wrong_is_refused_with_its_place(
    site: Site, sandbox: SandboxProcess, name: str
) -> None:
    content, expected = BAD_FILES[name]
    (site.home / name).write_bytes(content)

    command = site.call("run", name, "--json")

    assert_refused(command, *expected)
    assert sandbox.journal() == []


def test_a_file_that_can_t_be_read_is_refused(site: Site, sandbox: SandboxProcess) -> None:
    (site.home / "folder.csv").mkdir()

    missing, folder = site.start("run", "missing.csv"), site.start("submit", "folder.csv")

    assert_refused(missing, "missing.csv")
    assert_refused(folder, "folder.csv")
    assert sandbox.journal() == []


def test_a_bad_row_is_refused_alone_unless_it_is_to_be_strict(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, [*numbers(2), "+1202555"])

    assert_refused(site.call(*words, "--strict"), "contacts.csv:4:phone_number")
    assert sandbox.journal() == []

    command = site.call(*words)

    assert command.wait() == 0, command.err
    assert command.record["dispositions"] == {"skipped:invalid_number": 1, "stopped": 2}


def test_the_first_are_called_and_then_only_the_rest(site: Site, sandbox: SandboxProcess) -> None:
    words = run_words(site, numbers(5))

    first = site.call(*words, "--first", "2")

    assert first.wait() == 0, first.err
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(2), 1)

    rest = site.call(*words)

    assert rest.wait() == 0, rest.err
    assert rest.record["total"] == 5
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(5), 1)


# Settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CALLSCHED_SYMBL_APP_SECRET", ""),
        ("CALLSCHED_SYMBL_BASE_URL", f"http://{NOBODY_LISTENS}"),
        ("CALLSCHED_SYMBL_BASE_URL", "api.symbl.ai"),
        ("CALLSCHED_REDIS_URL", f"redis://{NOBODY_LISTENS}/0"),
        ("CALLSCHED_REDIS_URL", "unix:///nowhere/redis.sock"),
        ("CALLSCHED_REDIS_URL", "127.0.0.1:6379"),
        ("CALLSCHED_STATE_DIR", "/proc/nowhere"),
        ("CALLSCHED_MAX_CONCURRENCY", "many"),
        ("CALLSCHED_CALLING_HOURS", "nine to five"),
    ],
)
def test_the_variable_to_mend_is_named(
    site: Site, sandbox: SandboxProcess, variable: str, value: str
) -> None:
    words = run_words(site, numbers(1))

    assert_refused(site.call(*words, env={variable: value}), variable)
    assert sandbox.journal() == []


def test_a_web_page_in_place_of_the_api_is_recognized(site: Site) -> None:
    with serving(Api(page=True)) as api:
        words = run_words(site, numbers(1))
        command = site.call(*words, env={"CALLSCHED_SYMBL_BASE_URL": api.url})

    assert_refused(command, "CALLSCHED_SYMBL_BASE_URL", api.url)
    assert api.asked == ["/oauth2/token:generate"]


def test_wrong_credentials_are_told_before_anything_is_loaded(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(app_id="somebody", app_secret="else")

    assert_refused(site.call(*run_words(site, numbers(1))), "CALLSCHED_SYMBL_APP_ID")
    assert "no campaigns yet" in site.call("status").out


@pytest.mark.parametrize(
    "mended_by",
    [
        "the provider",
        "other credentials",
    ],
)
def test_an_account_that_is_refused_in_mid_run_goes_on_when_it_is_mended(
    site: Site, sandbox: SandboxProcess, mended_by: str
) -> None:
    words = run_words(site, numbers(10), "--max-concurrency", "4")
    run = site.start(*words)
    wait_until(lambda: len(sandbox.events("answered")) >= 4)
    sandbox.knobs(start_fault="401")

    assert run.wait() == 1, run.err
    assert "CALLSCHED_SYMBL_APP_ID" in run.err
    assert run.record["calls"]["pending"] == 10 - len(sandbox.events("accepted"))
    assert Judge(sandbox).live == set()

    sandbox.knobs(start_fault=None)
    mended = {"CALLSCHED_SYMBL_APP_ID": "app" if mended_by == "the provider" else "new-app"}
    again = site.call(*words, env=mended)

    assert again.wait() == 0, again.err
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(10), 1)


def test_calls_that_are_due_later_are_left_when_it_is_not_to_wait(
    site: Site, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(retry_after="60")
    began_at = time.monotonic()

    command = site.call(*run_words(site, [*numbers(2), magic(29)], "--no-wait"))

    assert command.wait() == 3, command.err
    assert time.monotonic() - began_at < 30
    assert command.record["calls"]["pending"] == 1
    assert command.record["exit_code"] == 3
    assert "1 call left for later, the first due" in command.err


# The live guard


def test_on_a_terminal_it_asks_before_real_calls(site: Site) -> None:
    with serving(Api()) as api:
        site.env |= {"CALLSCHED_SYMBL_BASE_URL": api.url, "NO_COLOR": "1"}
        terminal = Terminal(site, "run", site.contacts(numbers(40)), "--max-duration", "90s")
        terminal.read_until("Call them?")
        terminal.type("n\n")

        assert terminal.wait() == 1
        assert api.asked == ["/oauth2/token:generate"]
    assert api.url in terminal.shown
    assert "40 contacts" in terminal.shown
    assert "60 minutes of calls at worst, 12 minutes on the clock with 5" in terminal.shown
    assert "nobody was called" in terminal.shown
    assert not re.search(r"\x1b\[[\d;]*3[1-7]", terminal.shown), "NO_COLOR is set"


def test_on_a_terminal_submit_asks_as_well(site: Site) -> None:
    with serving(Api()) as api:
        site.env["CALLSCHED_SYMBL_BASE_URL"] = api.url
        terminal = Terminal(site, "submit", site.contacts(numbers(2)))
        terminal.read_until("Call them?")
        terminal.type("n\n")

        assert terminal.wait() == 1
    assert "no campaigns yet" in site.call("status").out


def test_on_a_terminal_the_sandbox_is_called_without_a_question(
    site: Site, sandbox: SandboxProcess
) -> None:
    terminal = Terminal(site, *run_words(site, numbers(6)))

    assert terminal.wait() == 0, terminal.shown
    assert "Call them?" not in terminal.shown
    for word in ("pending", "slots", "ended", "6/6"):
        assert word in terminal.shown
    assert len(Judge(sandbox).accepted) == 6


def test_off_a_terminal_it_never_asks(site: Site) -> None:
    with serving(Api()) as api:
        site.env["CALLSCHED_SYMBL_BASE_URL"] = api.url
        command = site.call(*run_words(site, numbers(2)))

    assert command.wait() == 1
    assert "Call them?" not in command.err
    assert "the account can't pay" in command.err
    assert command.record["calls"]["pending"] == 2
    assert "/v1/endpoint:connect" in api.asked


# What is said, and what is not


def test_no_number_and_no_secret_is_in_any_log(site: Site, sandbox: SandboxProcess) -> None:
    called = [*numbers(3), magic(4), magic(20), magic(29), magic(50)]
    sandbox.knobs(stop_fault="500", stop_fault_count=2)

    command = site.call(*run_words(site, [*called, "+4479460", "303 555 0123 4567"]))

    assert command.wait() == 0, command.err
    logged = site.logged() + (site.state / "redis.log").read_text()
    assert "callsched.dial" in logged
    for number in [*called, "+4479460", "303 555 0123 4567"]:
        assert number.lstrip("+") not in logged
    assert "hush-hush-secret" not in logged
    assert "eyJ" not in logged, "a token begins so"
