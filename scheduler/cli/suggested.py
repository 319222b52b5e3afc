"""Writes commands in messages so that they work when copied into this shell.

Commands of the command line itself go through `suggested`; commands in backticks in messages of
the rooms below go through `as_typed`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from scheduler.errors import ConfigError

_NAME = "callsched"
_QUOTED = re.compile(rf"`{_NAME} ([^`]+)`")


def suggested(*words: str) -> str:
    """Return a callsched command that a person can copy.

    The program may have been started by make or a script, from a path that is not on the shell's
    PATH, and with a state folder that the shell does not know.
    """
    return f"{_beginning()} {shlex.join(words)}"


def as_typed(text: str) -> str:
    """Return a message with the commands in it, `callsched …` in backticks, as they can be typed.

    The rooms below also serve programs and pages, and know no shell.
    """
    if f"`{_NAME} " not in text:
        return text
    beginning = _beginning()
    return _QUOTED.sub(lambda found: f"`{beginning} {found[1]}`", text)


def here(command: str) -> str:
    """Return a whole command `callsched …` as it can be typed in this shell."""
    return f"{_beginning()}{command.removeprefix(_NAME)}"


def _beginning() -> str:
    folder = _folder()
    setting = [f"CALLSCHED_STATE_DIR={shlex.quote(folder)}"] if folder else []
    return " ".join([*setting, shlex.quote(program())])


def _folder() -> str:
    """Return the state folder in which the ledger is; "" for the default one."""
    # `--help` does not need it, and it takes longer to import than everything that help needs.
    from scheduler.settings import Settings, settings

    try:
        chosen = settings()
    except ConfigError:  # the message is about these settings anyway
        return ""
    unsaid = Settings.model_fields["state_dir"].get_default(call_default_factory=True)
    if chosen.redis_url is not None or chosen.state_dir == unsaid:
        return ""
    return _short(chosen.state_dir)


def program() -> str:
    """Return how this shell can start callsched: by its name, or by its path."""
    found, path = shutil.which(_NAME), Path(sys.argv[0])
    if path.name != _NAME or not path.is_file():
        return _NAME
    return _NAME if found and path.samefile(found) else _short(path)


def _short(path: Path) -> str:
    """Return a path, relative if it is in the working folder."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
