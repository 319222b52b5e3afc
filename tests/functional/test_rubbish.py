"""No command ends in a traceback, whatever its environment, its `.env` file or a server says.

What is foreseen is said in a line of its own: the words for what nobody foresaw do not appear.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from scheduler.cli.commands import COMMANDS
from scheduler.cli.provider import names
from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.every import every
from tests.functional.forks import Ended, Forks
from tests.functional.rubbish import closing, page, serving, to_each
from tests.functional.several import call_each

#: Each command, so that it does something; `{folder}` has a contact file.
WORDS = {
    "init": "init contacts.csv --force",
    "plan": "plan contacts.csv",
    "run": "run contacts.csv --yes",
    "submit": "submit contacts.csv --id another --yes",
    "schedule": "schedule list",
    "retry": "retry known --only skipped --yes",
    "worker": "worker",
    "web": "web --callbacks-only",
    "status": "status",
    "watch": "watch --once",
    "results": "results",
    "report": "report known -o -",
    "explain": "explain known #1",
    "history": "history +12025550143",
    "pause": "pause known",
    "resume": "resume known",
    "cancel": "cancel known",
    "abort": "abort known --yes",
    "stop": "stop known #1",
    "extend": "extend known #1 5m",
    "limit": "limit show",
    "priority": "priority known 5",
    "transcript --follow": "transcript known --no-follow",
    "symbl": "symbl event known #1 started_speaking --user ana@example.com --name Ana",
    "transcript": "transcript known #1",
    "recordings": "recordings known",
    "erase": "erase --campaign known --remote --yes",
    "archive": "archive known -o .",
    "reconcile": "reconcile known",
    "dnc": "dnc list",
    "user": "user list",
    "token": "token list",
    "doctor": "doctor",
    "config": "config --all",
    "schema campaign": "schema campaign",
    "schema presets": "schema presets",
    "sandbox": "sandbox --port 99999",
}
#: They read no setting: nobody is called by them.
READ_NONE = {"schema campaign", "schema presets", "sandbox"}
READERS = [name for name in WORDS if name not in READ_NONE]
#: Who stays waits for a Redis that is away, and a plan needs none.
OF_LEDGER = [name for name in READERS if name not in ("worker", "web", "init", "plan", "config")]
#: What stands for the others, where it would take too long to try each.
SOME = ("run", "status", "doctor")

UNFORESEEN = ("Traceback", "unexpected", "Exception ignored")


@pytest.fixture(scope="module")
def ledger_url(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[str]:
    """A ledger that knows one campaign."""
    folder = tmp_path_factory.mktemp("r")
    with EmbeddedRedis(folder) as private:
        (folder / "contacts.csv").write_text("phone_number\n+12025550143\n")
        env = environment(private.url, folder)
        loaded = forks.call(folder, env, ["submit", "contacts.csv", "--id", "known", "--yes"])
        assert loaded.code == 0, loaded.err
        yield private.url


def environment(redis_url: str, folder: Path, **others: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TERM": "dumb",
        "CALLSCHED_REDIS_URL": redis_url,
        "CALLSCHED_STATE_DIR": str(folder / "state"),
        "CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:1",
        "CALLSCHED_SYMBL_APP_ID": "app",
        "CALLSCHED_SYMBL_APP_SECRET": "hush-hush-secret",
        "CALLSCHED_CALLING_HOURS": "always",
        **others,
    }


Call = Callable[..., Ended]


@pytest.fixture
def call(forks: Forks, ledger_url: str, tmp_path: Path) -> Call:
    """Run a command of WORDS, and look at what no command may do."""
    (tmp_path / "contacts.csv").write_text("phone_number\n+12025550143\n")

    def call(name: str, **others: str) -> Ended:
        env = environment(ledger_url, tmp_path, **others)
        present = {key: value for key, value in env.items() if value != ABSENT}
        ended = forks.call(tmp_path, present, WORDS[name].split())
        expect_plain(ended)
        return ended

    return call


CallAll = Callable[..., Mapping[str, Ended]]


@pytest.fixture
def call_all(forks: Forks, ledger_url: str, tmp_path: Path) -> CallAll:
    """Run some commands one after another in one process, which have an environment in common."""
    (tmp_path / "contacts.csv").write_text("phone_number\n+12025550143\n")

    def call_all(names: Sequence[str], **others: str) -> Mapping[str, Ended]:
        env = environment(ledger_url, tmp_path) | others
        lines = [tuple(WORDS[name].split()) for name in names]
        ended = call_each(forks, tmp_path, env, lines)
        with every() as case:
            for name, line in zip(names, lines, strict=True):
                with case(name):
                    expect_plain(ended[line])
        return {name: ended[line] for name, line in zip(names, lines, strict=True)}

    return call_all


ABSENT = "(absent)"


def expect_plain(ended: Ended) -> None:
    for words in UNFORESEEN:
        assert words not in ended.err + ended.out, ended.err
    assert 0 <= ended.code < 4, ended


def expect_refused(ended: Ended, told: str) -> None:
    """A line that says what is wrong; `doctor` has it among its own."""
    expect_plain(ended)
    assert ended.code == 1, ended
    lines = [line for line in (ended.err + ended.out).splitlines() if told in line]
    assert lines, ended
    assert lines[0].startswith(("error: ", "fail ")), lines


def expect_all_refused(ended: Mapping[str, Ended], told: str) -> None:
    with every() as case:
        for name, each in ended.items():
            with case(name):
                expect_refused(each, told)


def test_every_command_is_tried() -> None:
    assert {name.split()[0] for name in WORDS} == {*COMMANDS, *names()}


# The .env file ------------------------------------------------------------------------------------

ALLOWED = "CALLSCHED_ALLOWED_NUMBERS"
FILES: Mapping[str, tuple[bytes, str]] = {
    "latin-1": (b"# Z\xfcrich\nCALLSCHED_RESERVE=0\n", ".env:1: expected UTF-8"),
    "utf-16": ("CALLSCHED_RESERVE=0\n".encode("utf-16"), ".env:1: expected UTF-8"),
    "nul": (b"A=1\nB=\0\n", ".env:2: expected text"),
    "slip": (b"CALLSCHED_ALOWED_NUMBERS=+12025550143\n", f"did you mean {ALLOWED}?"),
    "colon": (f"{ALLOWED}: +12025550143\n".encode(), f".env:1: write {ALLOWED}=value"),
    "quote": (b'A="\n', ".env:1: expected NAME=value"),
    "number": (f"{ALLOWED}=202 555 0143\n".encode(), f"{ALLOWED}: expected"),
}
#: In these a worker starts, and only sends stops.
DOUBTFUL = {"slip", "colon", "quote", "number"}


def test_every_command_refuses_a_slip_in_the_name_of_a_setting(call_all: CallAll) -> None:
    names = [name for name in READERS if name != "worker"]

    ended = call_all(names, CALLSCHED_ALOWED_NUMBERS="+12025550143")

    told = f"unknown setting CALLSCHED_ALOWED_NUMBERS: did you mean {ALLOWED}?"
    expect_all_refused(ended, told)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_can_t_be_read_is_refused_in_a_line(
    kind: str, call: Call, tmp_path: Path
) -> None:
    content, told = FILES[kind]
    (tmp_path / ".env").write_bytes(content)

    for name in ("plan", *SOME, *(["worker"] if kind not in DOUBTFUL else [])):
        expect_refused(call(name), told)


@pytest.mark.parametrize("kind", ["latin-1", "colon", "number"])
def test_every_command_refuses_such_files(kind: str, call_all: CallAll, tmp_path: Path) -> None:
    content, told = FILES[kind]
    (tmp_path / ".env").write_bytes(content)

    ended = call_all([name for name in READERS if name != "worker"])

    expect_all_refused(ended, told)


def test_a_byte_order_mark_is_none_of_a_name(call: Call, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfCALLSCHED_ALOWED_NUMBERS=+12025550143\n")
    expect_refused(call("plan"), ".env:1: unknown setting CALLSCHED_ALOWED_NUMBERS: did you")

    (tmp_path / ".env").write_bytes(f"\ufeff{ALLOWED}=+1 202 555 0144\n".encode())
    assert "not_allowed" in call("plan").out.replace(" ", "_")


# The environment ----------------------------------------------------------------------------------

#: What each of some commands says of a value; nothing of one that it does not use.
VALUES: Mapping[tuple[str, str], str] = {
    ("CALLSCHED_WORKER_THREADS", "abc"): "CALLSCHED_WORKER_THREADS: ",
    ("CALLSCHED_WORKER_THREADS", ""): "",
    ("CALLSCHED_MAX_CONCURRENCY", "9" * 5000): "CALLSCHED_MAX_CONCURRENCY: ",
    ("CALLSCHED_MAX_DURATION_CEILING", "9" * 400 + "h"): "CALLSCHED_MAX_DURATION_CEILING: ",
    ("CALLSCHED_SYMBL_BASE_URL", "http://[::1"): "CALLSCHED_SYMBL_BASE_URL: ",
    ("CALLSCHED_SYMBL_APP_SECRET", "\udcff"): "CALLSCHED_SYMBL_APP_SECRET: ",
    ("CALLSCHED_SYMBL_ACCESS_TOKEN", "\u20ac"): "",
    ("CALLSCHED_SYMBL_ACCESS_TOKEN", "a.eyJ." + "W1tb" * 20_000): "",
    ("CALLSCHED_WEBHOOK_SECRET", "whsec_%%"): "",
    ("CALLSCHED_CELERY_CONFIG", "/"): "",
    ("CALLSCHED_CALLING_HOURS", "25:99"): "",
    ("CALLSCHED_SYMBL_COUNTRIES", "\u20ac"): "",
    ("CALLSCHED_STATE_DIR", "/dev/null/x"): "",
    ("CALLSCHED_STATE_DIR", "/tmp/" + "a" * 300): "",
    ("CALLSCHED_STATE_DIR", "~nobody-has-this-name"): "CALLSCHED_STATE_DIR: ",
    ("CALLSCHED_STATE_DIR", "/tmp/\udcff"): "CALLSCHED_STATE_DIR: ",
    ("CALLSCHED_REDIS_URL", "redis://127.0.0.1:" + "9" * 5000): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", "redis://127.0.0.1:1/" + "9" * 5000): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", f"redis://{'a' * 300}/0"): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", "redis://a..b/0"): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", "redis://[::1"): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", "redis://u:\u20ac%zz@127.0.0.1:1/0"): "CALLSCHED_REDIS_URL",
    ("CALLSCHED_REDIS_URL", "unix:///dev/null"): "CALLSCHED_REDIS_URL",
    ("TZ", "Rubbish/Nowhere"): "",
    ("XDG_STATE_HOME", "/dev/null"): "",
    ("LANG", "C"): "",
}


@pytest.mark.parametrize(("variable", "value"), VALUES, ids=lambda each: each[:40])
def test_a_value_that_can_t_be_used_is_refused_in_a_line(
    variable: str, value: str, call: Call
) -> None:
    told = VALUES[variable, value]
    for name in ("plan", "run"):
        ended = call(name, **{variable: value})
        if told and (name != "plan" or variable != "CALLSCHED_REDIS_URL"):
            expect_refused(ended, told)


@pytest.mark.parametrize(
    ("variable", "value"),
    [each for each, told in VALUES.items() if not told],
    ids=lambda each: each[:40],
)
def test_every_command_bears_what_some_do_not_use(
    variable: str, value: str, call_all: CallAll
) -> None:
    assert call_all(OF_LEDGER, **{variable: value}).keys() == {*OF_LEDGER}


@pytest.mark.parametrize(
    "folder", ["/dev/null", "/dev/null/x", "/tmp/" + "a" * 300, "/proc/1/x"], ids=lambda it: it[:12]
)
def test_a_state_folder_that_can_t_be_had_is_refused_in_a_line(folder: str, call: Call) -> None:
    for name in SOME:
        ended = call(name, CALLSCHED_REDIS_URL=ABSENT, CALLSCHED_STATE_DIR=folder)

        expect_refused(ended, "CALLSCHED_STATE_DIR")


def test_a_home_that_is_none_is_refused_in_a_line(call: Call) -> None:
    for name in SOME:
        ended = call(name, CALLSCHED_REDIS_URL=ABSENT, CALLSCHED_STATE_DIR=ABSENT, HOME="/dev/null")

        expect_refused(ended, "CALLSCHED_STATE_DIR")


@pytest.mark.parametrize(
    "text", ["syntax(", "import nothing_there", "1/0", "raise SystemExit(3)", "broker_url = 1"]
)
def test_settings_of_celery_that_can_t_be_run_are_a_finding(
    text: str, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "celeryconfig.py").write_text(text)

    ended = call("doctor")

    assert "settings     valid" in ended.out


# Redis --------------------------------------------------------------------------------------------


def test_every_command_says_that_there_is_no_such_database(
    call_all: CallAll, ledger_url: str
) -> None:
    ended = call_all(OF_LEDGER, CALLSCHED_REDIS_URL=ledger_url.replace("db=0", "db=99"))

    told = "CALLSCHED_REDIS_URL: Redis has no database of this number, use 0"
    expect_all_refused(ended, told)


def test_a_worker_says_so_too_and_leaves(call: Call, ledger_url: str) -> None:
    ended = call("worker", CALLSCHED_REDIS_URL=ledger_url.replace("db=0", "db=99"))

    expect_refused(ended, "CALLSCHED_REDIS_URL: Redis has no database of this number, use 0")


#: What something answers that is no Redis, or one that will not do what it is asked.
ANSWERS: Mapping[str, Callable[[bytes], bytes | None]] = {
    "closes": lambda _: None,
    "http": lambda _: page(b"", "400 Bad Request"),
    "bytes": lambda _: bytes(range(128, 256)) * 4,
    "no text": to_each(b"$2\r\n\xff\xfe\r\n"),
    **{
        reply[1:].split("\r\n")[0]: to_each(f"{reply}\r\n".encode())
        for reply in (
            *("+OK", ":1", "$-1", "*0", "%1\r\n+a\r\n+b"),
            *("-LOADING x", "-MASTERDOWN x", "-MISCONF x", "-OOM x", "-READONLY x", "-BUSY x"),
            *("-NOAUTH x", "-WRONGPASS x", "-NOPERM x", "-ERR x", "-MOVED 1 127.0.0.1:1"),
            *("-CLUSTERDOWN x", "-ERR max number of clients reached", "-NOSCRIPT x", "-x"),
        )
    },
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_whatever_redis_answers_is_said_in_a_line(kind: str, call: Call) -> None:
    with serving(ANSWERS[kind]) as port:
        place = f"127.0.0.1:{port}"
        for url in (f"redis://u:p@{place}/3", f"sentinel://{place}/0?master=mymaster"):
            expect_refused(call("status", CALLSCHED_REDIS_URL=url), "CALLSCHED_REDIS_URL")
        expect_refused(call("doctor", CALLSCHED_REDIS_URL=f"redis://{place}/0"), "redis ")


@pytest.mark.parametrize("kind", ["closes", "http", "OK", "MISCONF x", "NOPERM x", "ERR x"])
def test_every_command_says_in_a_line_what_redis_answers(kind: str, call_all: CallAll) -> None:
    with serving(ANSWERS[kind]) as port:
        ended = call_all(OF_LEDGER, CALLSCHED_REDIS_URL=f"redis://127.0.0.1:{port}/3")

    assert {name: each.code for name, each in ended.items()} == dict.fromkeys(OF_LEDGER, 1)


# The API ------------------------------------------------------------------------------------------

TOKEN = page(b'{"accessToken": "t", "expiresIn": 86400}')
BODIES = {
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "digits": b"9" * 5000,
    "deep": b"[" * 100_000,
    "no text": b"\xff\xfe{",
    "empty": b"",
    "object": b"{}",
    "no end": b'{"accessToken": "t", "expiresIn": 1' + b"0" * 400 + b"}",
    "odd token": b'{"accessToken": "\\ud800\\n", "expiresIn": -1}',
}
PAGES: Mapping[str, bytes] = {
    **{kind: page(body) for kind, body in BODIES.items()},
    "redis": b"-ERR x\r\n",
    "bytes": bytes(range(128, 256)) * 4 + b"\r\n",
    "status": b"HTTP/1.1 abc\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 500 + b"\r\n",
    "elsewhere": b"HTTP/1.1 302 x\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "charset": b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=x\r\n\r\n{}",
    "too many": page(b"{}", "429 x\r\nRetry-After: " + "9" * 5000),
    "broken": page(b"x", "500 x", "text/html"),
}


@pytest.mark.parametrize("kind", PAGES)
def test_whatever_the_api_answers_is_said_in_a_line(kind: str, call: Call) -> None:
    with serving(closing(PAGES[kind])) as port:
        url = f"http://127.0.0.1:{port}"
        expect_refused(call("run", CALLSCHED_SYMBL_BASE_URL=url), "CALLSCHED_SYMBL_BASE_URL")


@pytest.mark.parametrize("kind", PAGES)
def test_whatever_the_api_answers_is_a_finding_of_doctor(kind: str, call: Call) -> None:
    with serving(closing(PAGES[kind], first=(b"token:generate", TOKEN))) as port:
        found = call("doctor", CALLSCHED_SYMBL_BASE_URL=f"http://127.0.0.1:{port}").out

    assert "credentials  " in found
    assert "redis        answers" in found


# Streams and terminals: whole processes, for what is read before any of our lines runs ------------


def start(
    folder: Path, words: str, shell: str = "", **others: str
) -> subprocess.CompletedProcess[bytes]:
    env = environment("redis://127.0.0.1:1/0", folder, PYTHONPATH=":".join(sys.path), **others)
    line = f'exec "$PYTHON" -m scheduler.cli {words} {shell}'
    return subprocess.run(
        ["/bin/sh", "-c", line],
        env=env | {"PYTHON": sys.executable},
        cwd=folder,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "shell", "others", "code", "told"),
    [
        ("schema", ">/dev/full", {}, 1, "the output can't be written: No space left"),
        ("status", "<&- >&- 2>&-", {}, 1, ""),
        ("--help", "", {"COLUMNS": "0", "TERMINAL_WIDTH": "abc", "TERM": "rubbish"}, 0, ""),
        ("status", "", {"COLUMNS": "abc", "PYTHONIOENCODING": "ascii"}, 1, "CALLSCHED_REDIS_URL"),
    ],
)
def test_odd_streams_and_terminals_end_no_command_in_a_traceback(
    tmp_path: Path, words: str, shell: str, others: dict[str, str], code: int, told: str
) -> None:
    ended = start(tmp_path, words, shell, **others)

    said = ended.stderr.decode()
    expect_plain(Ended(ended.returncode, ended.stdout.decode(), said))
    assert (ended.returncode, told in said) == (code, True), said


def test_what_an_output_has_no_sign_for_is_escaped_for_people_and_refused_for_data(
    tmp_path: Path, forks: Forks
) -> None:
    with EmbeddedRedis(tmp_path / "r") as private:
        (tmp_path / "contacts.csv").write_text("phone_number,name\n+12025550143,Zoë\n")
        words = ["submit", "contacts.csv", "--id", "known", "--yes"]
        assert forks.call(tmp_path, environment(private.url, tmp_path), words).code == 0
        ascii_ = {"PYTHONIOENCODING": "ascii", "CALLSCHED_REDIS_URL": private.url}

        explained = start(tmp_path, "explain known '#1'", **ascii_)
        table = start(tmp_path, "results", **ascii_)
        lines = start(tmp_path, "results --format jsonl", **ascii_)

    assert b"\\u20260143" in explained.stdout
    assert table.returncode == 1
    assert b"the output can't write every character as ascii: set PYTHONIO" in table.stderr
    assert json.loads(lines.stdout)["name"] == "Zoë"


# What nobody foresaw ------------------------------------------------------------------------------

UNWELL = """
from scheduler.cli import app
def status(): raise ZeroDivisionError("a fault of ours, of +12025550143")
app.app.registered_commands.clear()
app.app.command()(status)
app.app.command()(lambda: None)
app.main()
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_what_nobody_foresaw_is_a_line_and_with_the_variable_a_traceback(
    tmp_path: Path, debug: str
) -> None:
    env = environment("", tmp_path, CALLSCHED_DEBUG=debug, PYTHONPATH=":".join(sys.path))
    ended = subprocess.run(
        [sys.executable, "-c", UNWELL, "status"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "error: unexpected ZeroDivisionError: a fault of ours, of …0143; " in ended.stderr
    assert "CALLSCHED_DEBUG=1" in ended.stderr
    assert ("Traceback" in ended.stderr) is bool(debug)


@pytest.mark.parametrize("place", ["#99999999999999999999999", "#" + "9" * 5000, "#0", "#\u0663"])
def test_a_place_that_no_contact_has_is_said_in_a_line(
    forks: Forks, ledger_url: str, tmp_path: Path, place: str
) -> None:
    (tmp_path / "contacts.csv").write_text("phone_number\n+12025550143\n")
    env = environment(ledger_url, tmp_path)

    for words in (
        "explain known",
        "transcript known --follow",
        "transcript known",
        "explain contacts.csv",
    ):
        ended = forks.call(tmp_path, env, [*words.split(), place])

        expect_plain(ended)
        assert ended.code == 1, ended
        assert len(ended.err) < 300, words
