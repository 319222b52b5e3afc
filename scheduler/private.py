"""Folders and files of ours that nobody else may look into, and locks whose wait has an end.

The umask has no say in it: folders are 0700 and files 0600. What an earlier release or somebody
else made wider is narrowed, with a line in the log.
"""

from __future__ import annotations

import logging
import os
import pwd
import stat
import time
from contextlib import suppress
from fcntl import LOCK_NB, flock
from io import FileIO
from pathlib import Path

from scheduler.errors import ConfigError, LedgerUnreachable

logger = logging.getLogger(__name__)

#: Between two looks at a lock that another process holds.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.002, 0.05
#: A wait that is longer is said.
_SAID_AFTER_SECONDS = 3.0
_TAIL_BYTES = 16_384
#: Of every access to a file by others than its owner.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

#: What is in a state folder, besides the files of its Redis.
_OURS = {
    *("appendonlydir", "dump.rdb", "incoming", "ledger.json", "locks", "logs", "lost+found"),
    "sandbox",
}


def located(path: Path) -> Path:
    """Return the state folder with ~ written out. Raises ConfigError where no home is known."""
    try:
        return path.expanduser()
    except RuntimeError:  # no HOME, and a user of no name
        raise ConfigError(
            "CALLSCHED_STATE_DIR: the home folder that it lies in is not known: name a folder"
        ) from None


def state_folder(path: Path, *below: str) -> Path:
    """Make the state folder, and a folder below it, for this user alone; return the last one.

    Raises ConfigError when it can't be used, or belongs to another user.
    """
    found = located(path)
    info = _made(found)
    if _has_only_ours(found):
        _narrow(found, info)
    for name in below:
        found /= name
        _narrow(found, _made(found))
    return found


def _has_only_ours(path: Path) -> bool:
    """Whether nobody else has use for a folder: /var/lib, or a home, is not narrowed."""
    try:
        return all(_is_ours(one.name) for one in path.iterdir())
    except OSError:
        return False


def _is_ours(name: str) -> bool:
    return name.startswith("redis.") or name in _OURS


def _made(path: Path) -> os.stat_result:
    try:
        for parent in (*reversed(path.parents), path):
            with suppress(FileExistsError):
                _make_one(parent)
        info = path.stat()
    except FileNotFoundError:
        # Made anew where it leads, the ledger would be empty, and everybody would be called again.
        text = "leads to a place that is not there: mount it, or make the folder it leads to"
        raise ConfigError(f"CALLSCHED_STATE_DIR: {path} {text}") from None
    except (OSError, ValueError) as error:
        raise unusable(path, error) from error
    if not stat.S_ISDIR(info.st_mode):
        text = "is a file: name a folder, or move the file away"
        raise ConfigError(f"CALLSCHED_STATE_DIR: {path} {text}")
    _expect_ours(path, info)
    return info


def _make_one(path: Path) -> None:
    # Looked at first: where nothing may be written, mkdir does not always say that it is there.
    if not os.path.lexists(path):
        path.mkdir(mode=0o700)
        path.chmod(0o700)  # the umask may have taken even our own rights away


def _expect_ours(path: Path, info: os.stat_result) -> None:
    """Refuse the folder of another user, who could take files out of it and put others in.

    One of root's is used, for containers get such volumes; and root uses any, for there the volume
    is often a folder of the host's user. `doctor` tells of both.
    """
    us = os.geteuid()
    if info.st_uid not in (us, 0) and us != 0:
        raise ConfigError(
            f"CALLSCHED_STATE_DIR: {path} belongs to {_user(info.st_uid)}, who could change what"
            " is in it: name a folder of your own, or have its owner changed to you"
        )


def _narrow(path: Path, info: os.stat_result) -> None:
    """Take the rights of others from a folder of ours."""
    if not info.st_mode & _OTHERS or info.st_uid != os.geteuid():
        return
    with suppress(OSError):  # a read-only disk says so when something is written
        path.chmod(0o700)
        logger.warning("other users could look into %s: now it is this user's alone", path)


def exposure(path: Path) -> str:
    """Say who else than this user has rights in a folder that is there; "" when nobody has."""
    try:
        info = path.stat()
    except OSError:
        return ""
    if info.st_uid != os.geteuid():
        return f"{path} belongs to {_user(info.st_uid)}"
    return f"other users have rights in {path}" if info.st_mode & _OTHERS else ""


def writable_by_others(path: Path) -> bool:
    """Whether somebody else than this user and root can write a file or folder that is there."""
    try:
        info = path.stat()
    except OSError:
        return False
    is_sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
    may_others = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not is_sticky
    return info.st_uid not in (0, os.geteuid()) or bool(may_others)


def _user(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user with the id {uid}"


def unusable(path: Path, error: Exception) -> ConfigError:
    """Return the error for a file or folder of the state folder that can't be used."""
    reason = getattr(error, "strerror", None) or error
    return ConfigError(f"CALLSCHED_STATE_DIR: {path} can't be written: {reason}")


def opened(path: Path, *, anew: bool = False) -> FileIO:
    """Open a file to append to it, or empty (`anew`); it is made, or narrowed, to 0600.

    A symbolic link is not followed. Raises ConfigError when it can't be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    flags |= os.O_TRUNC if anew else os.O_APPEND
    flags |= os.O_NONBLOCK  # opening a pipe would wait for its reader
    try:
        file = FileIO(os.open(path, flags, 0o600), "w" if anew else "a")
    except OSError as error:
        raise unusable(path, error) from error
    try:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise ConfigError(f"CALLSCHED_STATE_DIR: {path} is no plain file: move it away")
        if info.st_mode & 0o777 != 0o600:
            with suppress(OSError):  # another user's, in a volume that is shared
                os.fchmod(file.fileno(), 0o600)
    except BaseException:
        file.close()
        raise
    return file


def last_lines(path: Path) -> list[str]:
    """Return the last five lines of a log, however long it is; none when it can't be read."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-5:]
    return []


def lock(file: FileIO, path: Path, how: int, seconds: float) -> None:
    """Lock a file, or give up after a time. Raises LedgerUnreachable, which says who holds it."""
    began_at = time.monotonic()
    pause_seconds, is_said = _FIRST_PAUSE_SECONDS, False
    while not is_locked(file, how):
        waited_seconds = time.monotonic() - began_at
        if waited_seconds >= seconds:
            raise LedgerUnreachable(f"waited {seconds:g} s for {path}, which {holder(path)} holds")
        if waited_seconds > _SAID_AFTER_SECONDS and not is_said:
            is_said = True
            logger.warning("waiting for %s, which %s holds", path, holder(path))
        time.sleep(min(pause_seconds, max(0.0, seconds - waited_seconds)))
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


def is_locked(file: FileIO, how: int) -> bool:
    """Lock a file without a wait; False when another process holds its lock."""
    try:
        flock(file, how | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(path: Path) -> str:
    """Say which process holds the lock of a file, as far as the kernel tells it."""
    with suppress(OSError, ValueError):
        info = path.stat()
        place = f"{os.major(info.st_dev):02x}:{os.minor(info.st_dev):02x}:{info.st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1:2] == ["FLOCK"] and words[5] == place and int(words[4]) > 0:
                return f"process {words[4]}"
    return "another process"
