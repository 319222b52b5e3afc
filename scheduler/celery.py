"""The Celery application: `celery -A scheduler worker`.

Its settings are those of the top level's `celeryconfig.py`, which an installed wheel carries inside
the package; an operator's own file overrides them name by name.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from celery import Celery

from scheduler.embedded import EmbeddedRedis
from scheduler.settings import Settings, settings

_PACKAGE = Path(__file__).parent


def shipped_config() -> Path:
    """Return the file of settings that belongs to this package: in a wheel, or in a checkout."""
    inside = _PACKAGE / "celeryconfig.py"
    return inside if inside.exists() else _PACKAGE.parent / "celeryconfig.py"


def _read(path: Path) -> dict[str, Any]:
    names = runpy.run_path(str(path))
    return {name: value for name, value in names.items() if name.islower() and name[0] != "_"}


def configuration(chosen: Settings) -> dict[str, Any]:
    """Return Celery's settings: the shipped ones, then the operator's."""
    config = _read(shipped_config())
    config["broker_url"] = _broker_url(chosen)
    for own in (Path.cwd() / "celeryconfig.py", chosen.celery_config):
        if own is not None and own.exists() and not own.samefile(shipped_config()):
            config |= _read(own)
    return {name: value for name, value in config.items() if name not in ("settings",)}


def _broker_url(chosen: Settings) -> str:
    if chosen.redis_url is not None:
        return chosen.redis_url.get_secret_value()
    try:
        return EmbeddedRedis(chosen.state_dir).broker_url
    except OSError:
        # It listens on a port that is known once it has started; a worker starts it first.
        return "redis://127.0.0.1:0/0"


app = Celery("scheduler")
app.config_from_object(configuration(settings()))
