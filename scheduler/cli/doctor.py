"""`callsched doctor`: does everything hold that the promises rest on, and what mends it?"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import typer

from scheduler import private, providers
from scheduler.cli import console, options
from scheduler.errors import (
    AccountFault,
    AtLimit,
    ConfigError,
    MaybeDone,
    ProviderError,
    Refused,
    SchedulerError,
)
from scheduler.ledger.health import (
    Finding,
    Level,
    account_findings,
    fail,
    ok,
    redis_findings,
    warn,
)
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.news import owed_news
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.masking import mask_text
from scheduler.operations.guard import is_sandbox
from scheduler.settings import Settings, read_settings
from scheduler.worker import files

#: How long workers have for an answer.
PING_SECONDS = 1.0

#: A token of this length of life is asked for: a given one may end before a call does.
_CALL_SECONDS = 60.0

#: Free space in the state directory: what a million rows take, and what is too little to go on.
_TIGHT_BYTES, _FULL_BYTES = 2**30, 100 * 2**20


def doctor(json: options.Json = False) -> None:
    """Check Redis, the account, the API and this machine, and say what to mend.

    A line for each: `ok`; `warn`, which works but may go wrong; `fail`, which does not work, or
    breaks a promise. Nothing is changed and nobody is called. Exit code 1 when anything fails.

    Example: `callsched doctor --json`
    """
    found = list(_findings())
    if json:
        checks = [asdict(finding) for finding in found]
        console.emit({"ok": not _failed(found), "checks": checks})
    else:
        for finding in found:
            console.out.print(_line(finding), markup=False, style=_STYLES[finding.level])
    if _failed(found):
        raise typer.Exit(1)


_STYLES = {Level.OK: "", Level.WARN: "yellow", Level.FAIL: "red"}


def _failed(found: Iterable[Finding]) -> bool:
    return any(finding.level is Level.FAIL for finding in found)


def _line(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    told = " ".join(f"{finding.text}{remedy}".split())
    return f"{finding.level:<5} {finding.name:<12} {told}"


def _findings() -> Iterator[Finding]:
    try:
        chosen = read_settings()
    except ConfigError as error:
        yield fail("settings", str(error), "mend it")
        return
    yield ok("settings", "can be read")
    fingerprint = ""
    for finding, print_of in _api(chosen):
        fingerprint = print_of or fingerprint
        yield finding
    yield from _ledger(chosen, fingerprint)
    yield _files(chosen)
    yield from _state_folder(chosen)


# The API ------------------------------------------------------------------------------------------


def _api(chosen: Settings) -> Iterator[tuple[Finding, str]]:
    """Yield what is found, with the fingerprint of the credentials where there are any."""
    api = providers.of(chosen)
    url = api.address(chosen)
    if is_sandbox(url):
        yield ok("api", f"{url} is a sandbox: nobody is called"), ""
    elif url.startswith("http://"):
        told = f"{url} is not encrypted: token and numbers can be read on the way"
        yield warn("api", told, f"set {api.address_setting} to https://"), ""
    else:
        yield ok("api", url), ""
    try:
        provider = api.open(chosen, None)
    except ConfigError as error:
        yield fail("credentials", str(error), "set them"), ""
        return
    try:
        yield _credentials(api, provider), provider.fingerprint
    finally:
        provider.close()


def _credentials(api: providers.Kind, provider: providers.Provider) -> Finding:
    is_fetched = False
    try:
        provider.authorize(_CALL_SECONDS)
        is_fetched = True
        # A token that was given was not fetched: only a request tells whether it is taken.
        now = time.time()
        provider.find((), now - 1.0, now)
    except AccountFault as error:
        remedy = f"mend {api.credentials_settings}"
        return fail("credentials", mask_text(str(error)), remedy)
    except (Refused, AtLimit) as error:
        told = f"a token is at hand; the list of conversations is refused: {mask_text(str(error))}"
        return warn("credentials", told, "none, if nothing is read of calls; else ask the provider")
    except ProviderError as error:
        remedy = f"check {api.address_setting}, and the network"
        told = f"the API can't be asked: {mask_text(str(error))}"
        is_cut_off = not is_fetched or not isinstance(error, MaybeDone)
        return (fail if is_cut_off else warn)("credentials", told, remedy)
    return ok("credentials", "a token was fetched, and is accepted")


# The ledger ---------------------------------------------------------------------------------------


@contextmanager
def _redis_url(chosen: Settings) -> Iterator[str]:
    """Return where Redis is, and keep a private one for as long. Raises SchedulerError."""
    if chosen.redis_url is not None:
        yield chosen.redis_url.get_secret_value()
    else:
        with EmbeddedRedis(chosen.state_dir) as embedded:
            yield embedded.url


def _ledger(chosen: Settings, fingerprint: str) -> Iterator[Finding]:
    try:
        with _redis_url(chosen) as url:
            found = redis_findings(url, chosen.durability)
            yield from found
            if not _failed(one for one in found if one.name in ("redis", "rights")):
                yield from _account(chosen, url, fingerprint)
                yield _workers()
    except SchedulerError as error:
        remedy = "mend CALLSCHED_STATE_DIR, or set CALLSCHED_REDIS_URL"
        yield fail("redis", str(error), remedy)


def _account(chosen: Settings, url: str, fingerprint: str) -> list[Finding]:
    ledger = Ledger(url)
    try:
        found = account_findings(ledger, chosen.account, fingerprint)
        return [*found, *_webhooks(chosen, owed_news(ledger, chosen.account))]
    finally:
        ledger.close()


def _webhooks(chosen: Settings, owed: int) -> Iterator[Finding]:
    if chosen.webhook_secret is None and owed:
        told = f"{owed} messages wait, and without CALLSCHED_WEBHOOK_SECRET workers tell nothing"
        yield warn("webhooks", told, "set it for the workers")
    elif chosen.webhook_secret is not None:
        yield ok("webhooks", f"{owed} messages wait" if owed else "none waits")


def _workers() -> Finding:
    # Only now: the application reads the environment when it is imported.
    try:
        from scheduler.celery import app
    except SystemExit as error:
        return fail("workers", str(error).removeprefix("error: "), "mend it")

    try:
        answers = app.control.ping(timeout=PING_SECONDS)
    except Exception as error:
        # Whatever kombu and its transports raise; how we ask is no reason to end without a word.
        return warn("workers", f"can't be asked: {type(error).__name__}", "see the log of a worker")
    if not answers:
        told = "none answers: deadlines are kept by workers alone"
        return warn("workers", told, "start one before you `submit`; `run` starts its own")
    return ok("workers", f"{len(answers)} answer")


# This machine -------------------------------------------------------------------------------------


def _files(chosen: Settings) -> Finding:
    stops, dials, sockets = chosen.stop_threads, chosen.worker_threads, chosen.listener_sockets
    needed = files.needed(stops=stops, dials=dials, sockets=sockets)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= needed:
        return ok("files", f"a worker needs {needed}, and may open enough")
    told = f"a worker may open {most} files, and needs {needed}"
    return warn("files", told, "raise the limit (ulimit -Hn), or lower CALLSCHED_LISTENER_SOCKETS")


def _state_folder(chosen: Settings) -> Iterator[Finding]:
    try:
        place = private.located(chosen.state_dir).absolute()
    except ConfigError as error:
        yield fail("disk", str(error), "set CALLSCHED_STATE_DIR")
        return
    if exposure := private.exposure(place):
        remedy = "make it a folder of this user's own, with the mode 0700"
        yield warn("folder", exposure, remedy)
    yield _disk(chosen, place)


def _disk(chosen: Settings, place: Path) -> Finding:
    found = _nearest(place)
    free = shutil.disk_usage(found).free
    text = f"{free / 2**30:.1f} GB free in {place}"
    if free >= _TIGHT_BYTES:
        return ok("disk", text)
    # Without a private Redis only logs are there.
    judge = fail if free < _FULL_BYTES and chosen.redis_url is None else warn
    return judge("disk", text, "make room, or set CALLSCHED_STATE_DIR")


def _nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that is there."""
    # Not Path.exists, which raises for a name that is too long.
    return next((one for one in (path, *path.parents) if os.path.exists(one)), Path("/"))  # noqa: PTH110
