"""Commands that our output suggests, as they work in the shell in which they are printed."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from scheduler.settings import Settings, settings

_NAME = "callsched"


def suggested(*words: str) -> str:
    """Return a command of ours that a person can copy.

    Whoever called us, make or a script, may have found us where a shell does not look, and may
    have named a state folder that the shell does not know.
    """
    folder = _folder(settings())
    setting = [f"CALLSCHED_STATE_DIR={shlex.quote(folder)}"] if folder else []
    return " ".join([*setting, shlex.join([_program(sys.argv[0]), *words])])


def _folder(chosen: Settings) -> str:
    """Return the state folder in which the ledger is; "" for the one that is taken unsaid."""
    unsaid = Settings.model_fields["state_dir"].get_default(call_default_factory=True)
    if chosen.redis_url is not None or chosen.state_dir == unsaid:
        return ""
    return _short(chosen.state_dir)


def _program(called: str) -> str:
    found, path = shutil.which(_NAME), Path(called)
    if path.name != _NAME or not path.is_file():
        return _NAME
    return _NAME if found and path.samefile(found) else _short(path)


def _short(path: Path) -> str:
    """Return a path as seen from the working folder, where it is in it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
