"""What our output suggests to type is a command line that works, as it is printed, where it is."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from scheduler.cli import app, console
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.settings import settings_of_worker
from tests.functional.test_rubbish import environment
from tests.unit.test_suggested import modules, texts
from tests.unit.test_usage import parsed

CALLSCHED = Path(sys.executable).parent / "callsched"
TIMED = "contacts: people.csv\nschedule: {at: 2099-01-01T00:00Z}\n"
#: A word that is known only when it is printed.
ANY = "{}"


def templates() -> Iterator[str]:
    """Yield the words of each command that any message suggests, as the code has them."""
    for path in modules():
        if path.name in ("commands.py", "openapi.py"):  # a table that has its own test; a reference
            continue
        for text in texts(path):
            yield from re.findall("`callsched ([^`>]+?)(?: >[^`]*)?`", text)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "suggested":
                words = [arg.value if isinstance(arg, ast.Constant) else ANY for arg in node.args]
                yield " ".join(map(str, words))


@pytest.fixture(scope="module")
def suggested() -> list[str]:
    """Those that are printed with all of their words at once are held to it where that is."""
    return sorted({each.strip() for each in templates() if not each.startswith(ANY)})


#: What prints a command, which one that is, and the exit code of who types it; in this order.
SCRIPT: tuple[tuple[str, str, int], ...] = (
    ("status", "init --example reminders", 0),
    ("plan", "init --example reminders", 1),  # what is there by now is not replaced
    ("init --example bridges", "plan {} --sandbox", 0),
    ("init people.csv", "plan {}", 0),
    ("--json status", "status --json", 0),
    ("status nowhere", "status", 0),
    ("submit people.csv --id known --yes", "worker", -1),
    ("pause known", "", 0),
    ("status known", "resume {}", 0),
    ("stop known #1", "explain {} {}", 0),
    ("extend known nobody 5m", "results {}", 0),
    ("archive known", "status {}", 0),
    ("archive known", "cancel {}", 0),
    ("resume known", "retry {} --only skipped:cancelled", 0),
    ("schedule list", "schedule add FILE", 1),
    ("submit timed.yaml --yes", "schedule add {}", 0),
    ("schedule show nowhere", "schedule list", 0),
    ("schedule add timed.yaml --at 2098-01-01T00:00Z --timezone UTC", "schedule show {}", 0),
    ("schedule run-now timed", "schedule show {}", 0),
    ("schedule pause timed", "", 0),
    ("schedule next timed", "schedule resume {}", 0),
    ("token list", "token create NAME --scope look", 0),
    ("token create NAME --scope look", "token revoke {}", 0),
    ("token create other --scope look", "token revoke {}", 0),
    ("token revoke nobody", "token list", 0),
    ("user remove nobody", "user list", 0),
)
#: What stays, asks for a password, or needs a call that lives: which test types it instead.
TYPED_ELSEWHERE = {
    "status --all": "test_usage",  # of hundreds of campaigns
    "worker": "test_pool",
    "worker --accounts {}": "test_accounts",
    "sandbox": "test_sandbox",
    "schema": "test_campaign_schema",
    "schema campaign --provider {}": "test_submit_files",
    "web": "test_web",
    "web --callbacks-only": "test_callback_desk",
    "doctor": "test_doctor",
    "user add NAME --role admin": "test_users_commands",
    "user add NAME --role look": "test_users_commands",
    "user password {}": "test_users_commands",
    "user remove {}": "test_users_commands",
    "transcript {} --follow": "test_said",
    "run {} --sandbox": "test_run_sandbox",
    "init": "test_init",
    "plan {} --encoding {}": "test_init",
    "run {} --sandbox --encoding {}": "test_init",
    "dnc add {} --hang-up": "test_dnc",
    "history {} --archived FOLDER": "test_history",
    "reconcile {}": "test_reconcile",
    "reconcile {} CONTACT --attach CALL": "test_reconcile",
    "reconcile {} CONTACT --placed": "test_reconcile",
    "retry {} --only skipped:already_called": "test_repeats",
    "retry ID --only heard=silence": "test_heard",
}


def test_each_is_a_command_line_that_is_understood(suggested: list[str]) -> None:
    assert len(suggested) > 30
    for words in suggested:
        try:
            parsed([word.replace(ANY, "name") for word in words.split()])
        except Exception as error:
            error.add_note(f"callsched {words}")
            raise


def test_each_is_typed_by_a_test(suggested: list[str]) -> None:
    typed = {template for _, template, _ in SCRIPT if template} | set(TYPED_ELSEWHERE)

    assert set(suggested) - typed == set()
    tests = {path.stem for path in Path(__file__).parents[1].rglob("test_*.py")}
    assert set(TYPED_ELSEWHERE.values()) <= tests


@pytest.fixture
def machine(
    private: EmbeddedRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A machine on which no shell looks where `callsched` is."""
    for name, value in environment(private.url, tmp_path, PATH="/usr/bin:/bin").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("phone_number\n+12025550143\n")
    (tmp_path / "timed.yaml").write_text(TIMED)
    yield tmp_path
    settings_of_worker.cache_clear()


class Shell:
    """Runs what is typed, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def type(self, line: str) -> tuple[int, str]:
        """Return the exit code, and what was printed."""
        words = shlex.split(line)
        while "=" in words[0]:
            self._monkeypatch.setenv(*words.pop(0).split("=", 1))
        assert Path(words[0]).samefile(CALLSCHED)
        shown = StringIO()
        for name in ("out", "err"):
            plain = console._PlainConsole(width=500, file=shown, force_terminal=False)
            self._monkeypatch.setattr(console, name, plain)
        self._monkeypatch.setattr(sys, "argv", words)
        settings_of_worker.cache_clear()
        code = app._run_safely()
        captured = self._capsys.readouterr()
        return int(code or 0), shown.getvalue() + captured.out + captured.err


def printed_in(shown: str, template: str) -> str:
    """Return the command that was printed, from the program to its last word."""
    begins = rf"(?:CALLSCHED_STATE_DIR=\S+ )?{re.escape(str(CALLSCHED))} "
    words = r"\s+".join(
        r"('[^']*'|[^\s`]+)" if w == ANY else re.escape(w) for w in template.split()
    )
    found = re.search(rf"{begins}{words}(?=`|[ .,;)]|$)", shown, re.MULTILINE)
    assert found, f"{template} is not in\n{shown}"
    return found[0]


def test_each_works_as_it_is_printed(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(monkeypatch, capsys)

    for words, template, code in SCRIPT:
        _, shown = shell.type(f"{CALLSCHED} {words}")
        if not template:
            continue
        command = printed_in(shown, template)
        if code >= 0:
            assert shell.type(command)[0] == code, command
