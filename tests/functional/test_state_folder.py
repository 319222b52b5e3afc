"""The state folder: this user's alone, or refused in one line; and no lock that hangs a command."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from scheduler.errors import ConfigError, LedgerUnreachable
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.operations.pool import SandboxProcess
from tests.functional.campaign import Site, numbers, write_contacts
from tests.functional.forks import Forks
from tests.waiting import wait_until

#: Every command that makes the folder itself, or has it made.
WORDS = {
    "run": "run contacts.csv --yes",
    "run in the sandbox": "run contacts.csv --sandbox",
    "run beside another": "run contacts.csv --yes --if-running skip",
    "status": "status",
    "submit": "submit contacts.csv --yes",
    "worker": "worker",
}
NOBODY, SOMEBODY = 65534, 4711


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user can reach, with a contact file."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        write_contacts(folder / "contacts.csv", numbers(1)).chmod(0o644)
        yield folder


def a_file(folder: Path) -> Path:
    (folder / "state").touch()
    return folder / "state"


def below_a_file(folder: Path) -> Path:
    return a_file(folder) / "state"


def a_dangling_link(folder: Path) -> Path:
    (folder / "state").symlink_to(folder / "nowhere")
    return folder / "state"


def somebody_elses(folder: Path) -> Path:
    (folder / "state").mkdir()
    (folder / "state").chmod(0o777)
    os.chown(folder / "state", SOMEBODY, SOMEBODY)
    return folder / "state"


def a_link_to_somebody_elses(folder: Path) -> Path:
    (folder / "link").symlink_to(somebody_elses(folder))
    return folder / "link"


def not_writable(folder: Path) -> Path:
    return folder / "state"


def writable_by_nobody(folder: Path) -> Path:
    (folder / "state").mkdir()
    (folder / "state").chmod(0o555)
    return folder / "state"


def without_a_home(folder: Path) -> Path | None:
    return None


#: … with what is said, and the user to whom it happens.
BROKEN: dict[Callable[[Path], Path | None], tuple[str, int | None]] = {
    a_file: ("is a file", None),
    below_a_file: ("Not a directory", None),
    a_dangling_link: ("leads to a place that is not there", None),
    somebody_elses: ("belongs to the user with the id 4711", NOBODY),
    a_link_to_somebody_elses: ("belongs to the user with the id 4711", NOBODY),
    not_writable: ("Permission denied", NOBODY),
    writable_by_nobody: ("Permission denied", NOBODY),
    without_a_home: ("the home folder that it lies in is not known: name a folder", SOMEBODY),
}


def settings(**more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
        "CALLSCHED_CALLING_HOURS": "always",
        "CALLSCHED_SYMBL_BASE_URL": "http://127.0.0.1:1",
        "CALLSCHED_SYMBL_APP_ID": "app",
        "CALLSCHED_SYMBL_APP_SECRET": "hush-hush-secret",
        **more,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("broken", BROKEN)
def test_a_state_folder_that_can_t_be_used_is_told_in_one_line_by_every_command(
    common: Path, forks: Forks, broken: Callable[[Path], Path | None]
) -> None:
    state = broken(common)
    env = settings() if state is None else settings(CALLSCHED_STATE_DIR=str(state))
    said, user = BROKEN[broken]

    for name, words in WORDS.items():
        if name == "worker" and user is not None:
            continue  # another user may not be able to read what it imports
        ended = forks.call(common, env, words.split(), user)

        told = f"{name}: {ended.err}"
        assert ended.code == 1, told
        last = ended.err.splitlines()[-1]
        assert "CALLSCHED_STATE_DIR: " in last, told
        assert said in last, told
        assert "Traceback" not in ended.err, told
        assert len([line for line in ended.err.splitlines() if "STATE_DIR" in line]) == 1, told
    assert not (common / "nowhere").exists()


@pytest.fixture(params=["size=64k", "size=64k,ro"])
def stubborn(request: pytest.FixtureRequest, common: Path) -> Iterator[Path]:
    """A disk that is full, or that can only be read."""
    place = common / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a disk, and not in every container")
    with suppress(OSError), (place / "all").open("wb") as file:
        file.write(bytes(65_536))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_that_takes_no_write_is_told_in_one_line_by_every_command(
    stubborn: Path, common: Path, forks: Forks
) -> None:
    env = settings(CALLSCHED_STATE_DIR=str(stubborn / "state"))

    for name, words in WORDS.items():
        ended = forks.call(common, env, words.split())

        told = f"{name}: {ended.err}"
        assert ended.code == 1, told
        assert "can't be written: " in ended.err.splitlines()[-1], told
        assert "Traceback" not in ended.err, told


def test_with_a_redis_of_one_s_own_status_needs_no_home(common: Path, forks: Forks) -> None:
    with EmbeddedRedis(common / "redis") as private:
        (common / "redis").chmod(0o777)
        (common / "redis" / "redis.sock").chmod(0o777)
        env = settings(CALLSCHED_REDIS_URL=private.url)

        ended = forks.call(common, env, ["status"], SOMEBODY if os.geteuid() == 0 else None)

    assert (ended.code, ended.err) == (0, "")


def test_the_first_run_makes_everything_private_whatever_the_umask(site: Site) -> None:
    path = site.contacts(numbers(2))
    code = "import os, sys; os.umask(0o022); os.execv(sys.argv[1], sys.argv[1:])"
    words = ("-c", code, sys.executable, "-m", "scheduler.cli", "run", path, "--sandbox")

    command = site.start_python(*words, "--if-running", "fail", "--max-duration", "1s")

    assert command.wait() == 0, command.err
    found = {one for one in [site.state, *site.state.rglob("*")] if not one.is_socket()}
    assert {one.name for one in found} >= {"logs", "locks", "sandbox", "journal.jsonl"}
    assert {one.name for one in found} >= {"redis.log", "redis.conf", "worker-1.log"}
    wide = {one for one in found if stat.S_IMODE(one.stat().st_mode) & 0o077}
    assert wide == set()


def test_a_sandbox_that_says_nothing_is_not_waited_for(
    common: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.operations.pool.SANDBOX_SECONDS", 0.01)
    process = SandboxProcess("symbl", 1, common / "state" / "sandbox")

    with pytest.raises(ConfigError, match=r"sandbox\.log"), process:
        raise AssertionError("no sandbox starts as soon")

    assert process._process.poll() is not None
    os.close(process.needed_fd)


def test_a_lock_that_somebody_holds_lets_no_command_wait_for_ever(
    common: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.ledger.redis.embedded.LOCK_SECONDS", 0.1)
    state = common / "state"
    with EmbeddedRedis(state) as user, (state / "redis.start.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(LedgerUnreachable, match=r"redis\.start\.lock") as caught:
            EmbeddedRedis(state).open()

        assert f"process {os.getpid()}" in str(caught.value) or "another" in str(caught.value)
        assert not user.ensure(), "who is in needs no lock while the server answers"
        user.close()  # says that the server goes on running
    with EmbeddedRedis(state):
        pass


def test_a_tick_that_finds_the_server_gone_waits_for_no_lock(common: Path) -> None:
    state = common / "state"
    with EmbeddedRedis(state) as user:
        before = user.starts
        with (state / "redis.start.lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            user._client(1.0).shutdown(nosave=True)
            wait_until(lambda: not user._lives())

            with pytest.raises(LedgerUnreachable, match=r"redis\.start\.lock"):
                user.ensure(0.05)

        wait_until(lambda: not soon(user))
        assert user.starts == before + 1


def soon(user: EmbeddedRedis) -> bool:
    """Whether the server does not answer yet when it is given only a moment."""
    try:
        user.ensure(0.05)
    except LedgerUnreachable:
        return True
    return False
