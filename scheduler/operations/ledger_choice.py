"""Names the ledger of these settings, and doubts a private one if there seems to be a pool.

In a shell without CALLSCHED_REDIS_URL, a complaint would go into a private ledger, and the pool
would go on calling. Three things show that there is a pool: a .env file beside the campaign, one in
a folder above, and a note in the state folder that an earlier command has changed another Redis.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scheduler import private
from scheduler.errors import ConfigError
from scheduler.fields.dotenv import read_dotenv
from scheduler.ledger.redis.url import parse
from scheduler.settings import Settings

#: The file in the state folder that names the Redis which commands of this user changed last.
NOTE = "ledger.json"
_SETTING = "CALLSCHED_REDIS_URL"
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a private ledger may be the wrong one."""

    seen: str  #: what names another ledger, with a verb: ".env names"
    other: str  #: that ledger
    is_noted: bool  #: whether an earlier command changed it, and no file names it

    @property
    def why(self) -> str:
        """The reason, as the end of a sentence."""
        return f"{self.seen} {self.other}"


def name_of(settings: Settings, *, is_whole: bool = False) -> str:
    """Return the name of the ledger of these settings, without a password.

    For a person a path begins in the working folder; a program elsewhere needs the whole path.
    """
    if settings.redis_url is None:
        folder = settings.state_dir
        return f"private, in {folder.absolute() if is_whole else _short(folder)}"
    return _name(settings.redis_url.get_secret_value())


def doubt(settings: Settings, beside: Path | None = None) -> Doubt | None:
    """Return why the private ledger may be the wrong one; None if it is right, or none is used.

    It is right if somebody names a state folder, or sets CALLSCHED_REDIS_URL=private. `beside` is a
    file of the campaign: a .env file beside it belongs to it.
    """
    if settings.redis_url is not None or {"redis_url", "state_dir"} & settings.model_fields_set:
        return None
    for path in _env_files(beside):
        if url := _redis_in(path):
            return Doubt(f"{_short(path)} names", url, is_noted=False)
    if url := _noted(settings):
        return Doubt("an earlier command changed", url, is_noted=True)
    return None


def refusal(settings: Settings, found: Doubt) -> ConfigError:
    """Return the error for a doubt if there is nobody to ask."""
    return ConfigError(
        f"this would use the ledger that is {name_of(settings)}, but {found.why}: set {_SETTING}"
        f" to that Redis, or say {_SETTING}=private if you mean the private ledger"
    )


def remember(settings: Settings) -> None:
    """Note which Redis a command has changed, for the next one that names none."""
    if settings.redis_url is None:
        return
    url = _name(settings.redis_url.get_secret_value())
    with suppress(ConfigError, OSError):  # if the folder can't be written, go on without
        if _noted(settings) != url:
            folder = private.state_folder(settings.state_dir)
            with private.opened(folder / NOTE, anew=True) as file:
                file.write(json.dumps({"redis": url}).encode())


def forget(settings: Settings) -> None:
    """Remove the note, because somebody means the private ledger."""
    with suppress(OSError):
        (settings.state_dir / NOTE).unlink(missing_ok=True)


def _noted(settings: Settings) -> str:
    try:
        with (settings.state_dir / NOTE).open(encoding="utf-8") as file:
            known = json.loads(file.read(_MOST_BYTES))
        return str(known["redis"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _env_files(beside: Path | None) -> Iterator[Path]:
    """Yield the places of .env files that may belong to this command, the nearest first.

    Every command reads the one in the working folder anyway, as settings.
    """
    here = Path.cwd()
    folders = [] if beside is None else [_parent(beside), *_parent(beside).parents]
    for folder in dict.fromkeys((*folders, *here.parents)):
        if folder != here:
            yield folder / ".env"


def _parent(path: Path) -> Path:
    return path.absolute().parent


def _redis_in(path: Path) -> str:
    """Return the ledger that this user's .env file names; "" if it names none or can't be read."""
    try:
        info = path.stat()
        if info.st_uid != os.geteuid() or not stat.S_ISREG(info.st_mode):
            return ""
        url = read_dotenv(path).values.get(_SETTING, "")
        return _name(url) if url and url.strip().lower() != "private" else ""
    except (OSError, ConfigError, ValueError):
        return ""


def _name(url: str) -> str:
    parsed = parse(url)
    behind = f"?master={parsed.primary}" if parsed.primary else ""
    database = f"?db={parsed.database}" if parsed.scheme == "unix" else f"/{parsed.database}"
    return f"{parsed}{database}{behind}"


def _short(path: Path) -> str:
    """Return a path as a person writes it: from the working folder, or from home."""
    whole = path.absolute()
    for base, begin in ((Path.cwd(), ""), (Path.home(), "~/")):
        with suppress(ValueError):
            return f"{begin}{whole.relative_to(base)}"
    return str(whole)
