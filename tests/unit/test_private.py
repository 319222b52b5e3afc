"""What nobody else may look into, made, narrowed and refused; and locks that are not given up."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH
from pathlib import Path

import pytest

from scheduler import private
from scheduler.errors import ConfigError, LedgerUnreachable

#: Holds the lock of a file until its standard input ends.
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""

NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def user(uid: int, owner: int, folder: Path) -> Iterator[None]:
    """Be another user for a while, and have a folder belong to a third one."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    os.chown(folder, owner, owner)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def held(path: Path) -> Iterator[int]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process.pid
        process.kill()


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077, 0o277, 0o777])
def test_whatever_the_umask_folders_and_files_are_of_this_user_alone(
    tmp_path: Path, mask: int
) -> None:
    state = tmp_path / "above" / "state"

    with umask(mask):
        logs = private.state_folder(state, "logs")
        private.opened(logs / "worker.log").close()

    assert [mode(one) for one in (state.parent, state, logs)] == [0o700] * 3
    assert mode(logs / "worker.log") == 0o600


def test_what_was_wider_is_narrowed_with_one_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state"
    for folder in (state, state / "logs"):
        folder.mkdir()
        folder.chmod(0o755)
    (state / "redis.log").touch(mode=0o644)
    caplog.set_level(logging.WARNING)

    for _ in range(2):
        private.state_folder(state, "logs")
        with private.opened(state / "redis.log") as file:
            file.write(b"x")

    assert [mode(state), mode(state / "logs"), mode(state / "redis.log")] == [0o700, 0o700, 0o600]
    assert (state / "redis.log").read_bytes() == b"xx"
    assert [str(state) in line for line in caplog.messages] == [True, True]


def test_a_folder_that_others_have_a_use_for_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "of-somebody-else").touch()

    private.state_folder(tmp_path, "logs")

    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / "logs") == 0o700
    assert "other users" in private.exposure(tmp_path)
    assert private.exposure(tmp_path / "logs") == ""


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_of_another_user_is_refused_also_behind_a_link(common: Path) -> None:
    theirs, link, roots = common / "theirs", common / "link", common / "roots"
    for folder in (theirs, roots):
        folder.mkdir()
        folder.chmod(0o777)
    link.symlink_to(theirs)

    with user(NOBODY, 4711, theirs):
        for folder in (theirs, link):
            with pytest.raises(ConfigError, match="belongs to the user with the id 4711") as caught:
                private.state_folder(folder)
            assert "\n" not in str(caught.value)
        private.state_folder(roots)  # a volume of a container
        assert "belongs to the user root" in private.exposure(roots)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("a file", "is a file"),
        ("below a file", "Not a directory"),
        ("a dangling link", "leads to a place that is not there"),
        ("below a dangling link", "leads to a place that is not there"),
        ("a circle", "Too many levels of symbolic links"),
        ("a NUL byte", "embedded null"),
        ("too long", "File name too long"),
    ],
)
def test_what_can_be_no_folder_is_told_in_one_line(tmp_path: Path, kind: str, said: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    state = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "state",
        "a dangling link": tmp_path / "dangling",
        "below a dangling link": tmp_path / "dangling" / "state",
        "a circle": tmp_path / "circle",
        "a NUL byte": tmp_path / "a\0b",
        "too long": tmp_path / ("x" * 300),
    }[kind]

    with pytest.raises(ConfigError, match=f"^CALLSCHED_STATE_DIR: .*{said}") as caught:
        private.state_folder(state)

    assert "\n" not in str(caught.value)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder"])
def test_a_file_of_ours_is_never_something_else(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "redis.log"
    (tmp_path / "target").write_text("kept")
    if kind == "a link":
        path.symlink_to(tmp_path / "target")
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()

    with pytest.raises(ConfigError, match=r"redis\.log"):
        private.opened(path)

    assert (tmp_path / "target").read_text() == "kept"


@pytest.mark.parametrize("how", [LOCK_EX, LOCK_SH])
def test_a_lock_that_is_not_given_up_is_named_with_who_holds_it(tmp_path: Path, how: int) -> None:
    path = tmp_path / "redis.start.lock"
    began_at = time.monotonic()

    with (
        held(path) as pid,
        private.opened(path) as file,
        pytest.raises(LedgerUnreachable) as caught,
    ):
        private.lock(file, path, how, 0.05)

    assert str(path) in str(caught.value)
    assert f"process {pid}" in str(caught.value) or "another process" in str(caught.value)
    assert time.monotonic() - began_at < 10


def test_a_long_wait_is_said_while_it_lasts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private, "_SAID_AFTER_SECONDS", 0.01)
    path = tmp_path / "redis.start.lock"

    with held(path), private.opened(path) as file, pytest.raises(LedgerUnreachable):
        private.lock(file, path, LOCK_EX, 0.2)

    assert [str(path) in line for line in caplog.messages] == [True]


def test_of_a_long_log_the_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "redis.log"
    assert private.last_lines(log) == []
    log.write_bytes(b"x" * 100_000 + b"\n" + b"\n".join(b"%d" % at for at in range(9)) + b"\n")

    assert private.last_lines(log) == ["4", "5", "6", "7", "8"]
