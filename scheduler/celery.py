"""The Celery application: `celery -A scheduler worker`.

Its settings are those of the top level's `celeryconfig.py`, which an installed wheel carries inside
the package; an operator's own file overrides them name by name.
"""

from __future__ import annotations

import runpy
import ssl
from pathlib import Path
from typing import Any

from celery import Celery

from scheduler.errors import ConfigError
from scheduler.fields.visible import visible_lines
from scheduler.ledger.redis import broker
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.redis.url import RedisUrl, parse
from scheduler.settings import Settings, be_a_worker, settings_of_worker

_PACKAGE = Path(__file__).parent


def shipped_config() -> Path:
    """Return the file of settings that belongs to this package: in a wheel, or in a checkout."""
    inside = _PACKAGE / "celeryconfig.py"
    return inside if inside.exists() else _PACKAGE.parent / "celeryconfig.py"


def _read(path: Path) -> dict[str, Any]:
    try:
        names = runpy.run_path(str(path))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{path}: it can't be run: {type(error).__name__}: {error}") from error
    return {name: value for name, value in names.items() if name.islower() and name[0] != "_"}


def configuration(chosen: Settings) -> dict[str, Any]:
    """Return Celery's settings: the shipped ones, then the operator's."""
    config = _read(shipped_config())
    address = parse(chosen.redis_url.get_secret_value()) if chosen.redis_url else None
    url = config["broker_url"] = address.broker_url if address else _private_url(chosen)
    if address is not None and address.tls is not None:
        config["broker_use_ssl"] = _shown_of_tls(address)
    if chosen.celery_config is not None and not chosen.celery_config.is_file():
        raise ConfigError(f"CALLSCHED_CELERY_CONFIG: there is no file {chosen.celery_config}")
    for own in (Path.cwd() / "celeryconfig.py", chosen.celery_config):
        if own is not None and own.exists() and not own.samefile(shipped_config()):
            config |= _read(own)
    if address is not None and config["broker_url"] == url:
        config["broker_transport_options"] = config["broker_transport_options"] | _options(address)
    for read in ("settings", "settings_of_worker"):  # by such a file; they are no names of Celery
        config.pop(read, None)
    return config


def _options(address: RedisUrl) -> dict[str, Any]:
    """Return what tells our channels where the broker is; the name is for Flower."""
    named = {"master_name": address.primary} if address.primary else {}
    return {"address": address} | named


def _shown_of_tls(address: RedisUrl) -> dict[str, Any]:
    """Return the TLS options for kombu, which shows them to anybody who asks a worker."""
    options = dict(address.tls or {})
    options.pop("ssl_password", None)
    checks = {"required": ssl.CERT_REQUIRED, "none": ssl.CERT_NONE}
    return options | {"ssl_cert_reqs": checks[options["ssl_cert_reqs"]]}


def _private_url(chosen: Settings) -> str:
    try:
        return EmbeddedRedis(chosen.state_dir).broker_url
    except OSError:
        # It listens on a port that is known once it has started; a worker starts it first.
        return "redis://127.0.0.1:0/0"


be_a_worker()
broker.register()
app = Celery("scheduler")
try:
    app.config_from_object(configuration(settings_of_worker()))
except ConfigError as error:
    # Of anything else Celery's own command shows a traceback.
    raise SystemExit(f"error: {visible_lines(error.args)}") from None
