"""The Celery application: `celery -A scheduler worker`.

Its settings are those of the top level's `celeryconfig.py`, which an installed wheel carries inside
the package; an operator's own file overrides them name by name.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from celery import Celery

from scheduler import broker
from scheduler.embedded import EmbeddedRedis
from scheduler.errors import ConfigError
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
    if chosen.celery_config is not None and not chosen.celery_config.is_file():
        raise ConfigError(f"CALLSCHED_CELERY_CONFIG: there is no file {chosen.celery_config}")
    for own in (Path.cwd() / "celeryconfig.py", chosen.celery_config):
        if own is not None and own.exists() and not own.samefile(shipped_config()):
            config |= _read(own)
    config.pop("settings", None)  # what the file reads, and none of Celery's names
    return config


def _broker_url(chosen: Settings) -> str:
    if chosen.redis_url is not None:
        return _in_kombus_words(chosen.redis_url.get_secret_value())
    try:
        return EmbeddedRedis(chosen.state_dir).broker_url
    except OSError:
        # It listens on a port that is known once it has started; a worker starts it first.
        return "redis://127.0.0.1:0/0"


def _in_kombus_words(url: str) -> str:
    """Return the URL that names for kombu what this one names for redis-py.

    They differ on sockets and on where the database stands, and of `rediss` kombu checks no
    certificate unless it is told to.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    login, at, _ = parts.netloc.rpartition("@")
    if parts.scheme == "unix":
        if "password" in options:
            login, at = f"{options.get('username', '')}:{quote(options['password'], safe='')}", "@"
        return f"redis+socket://{login}{at}{parts.path}?virtual_host={options.get('db', 0)}"
    if parts.scheme not in ("redis", "rediss"):
        return url
    database = options.get("db") or parts.path.strip("/") or "0"
    of_ssl = {name: value for name, value in options.items() if name.startswith("ssl_")}
    if parts.scheme == "rediss":
        of_ssl.setdefault("ssl_cert_reqs", "required")
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", urlencode(of_ssl), ""))


broker.register()
app = Celery("scheduler")
app.config_from_object(configuration(settings()))
