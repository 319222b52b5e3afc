"""Does everything hold that the promises rest on, and what mends it? Nothing here changes anything.

Each check is a finding: that something is well, or what is wrong with it and what mends it.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scheduler import private
from scheduler.accounts import Account, Accounts
from scheduler.errors import (
    AccountFault,
    AtLimit,
    ConfigError,
    MaybeDone,
    ProviderError,
    Refused,
    SchedulerError,
)
from scheduler.ledger import accounts as in_ledger
from scheduler.ledger import deliveries, health, views
from scheduler.ledger.health import Finding, Level
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.masking import mask_text
from scheduler.operations.guard import is_sandbox
from scheduler.providers import Finds, Kind, Provider, accounts_of, kind_of, open_provider
from scheduler.settings import Settings

#: A token of this length of life is asked for: a given one may end before a call does.
_CALL_SECONDS = 60.0

#: Free space in the state directory: what a million rows take, and what is too little to go on.
_TIGHT_BYTES, _FULL_BYTES = 2**30, 100 * 2**20


def examine(
    settings: Settings,
    *,
    count_workers: Callable[[], int],
    files_needed: int,
    only: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Check Redis, the accounts, the APIs and this machine; yield a finding as it is made.

    Of the accounts `only` those that are named, if any is.

    `count_workers` asks the workers that live for an answer and returns how many gave one; it is
    called while the Redis of these settings runs, and raises ConfigError where nobody can be asked.
    `files_needed` is how many files a worker of these settings opens. Raises ConfigError when the
    settings name several APIs.
    """
    yield health.ok("settings", "can be read")
    every = accounts_of(settings)
    chosen = every.only(only)
    for warning in every.warnings:
        yield health.warn("accounts", warning, "")
    fingerprints: dict[str, str] = {}
    for account in chosen:
        found, fingerprints[account.name] = _api(account)
        yield from _of(account.name, found, chosen)
    yield from _ledger(settings, every, fingerprints, count_workers)
    yield _files(files_needed)
    yield from _state_folder(settings)
    yield from _working_folder()


def has_failed(found: Iterable[Finding]) -> bool:
    """Whether something does not work, or a promise does not hold."""
    return any(finding.level is Level.FAIL for finding in found)


# The API ------------------------------------------------------------------------------------------


def _of(account: str, found: Iterable[Finding], accounts: Accounts) -> Iterator[Finding]:
    """Say of each finding whose it is, where that is a question."""
    for finding in found:
        is_plain = accounts.path is None
        yield finding if is_plain else replace(finding, text=f"{account}: {finding.text}")


def _api(account: Account) -> tuple[list[Finding], str]:
    """Return what is found, and the fingerprint of the credentials; "" where there are none."""
    api = kind_of(account)
    address = _address(api, account.credentials.address)
    try:
        provider = open_provider(account)
    except ConfigError as error:
        return [address, health.fail("credentials", str(error), "set them")], ""
    try:
        return [address, _credentials(api, provider)], provider.fingerprint
    finally:
        provider.close()


def _address(api: Kind, url: str) -> Finding:
    if is_sandbox(url):
        return health.ok("api", f"{url} is a sandbox: nobody is called")
    if url.startswith("http://"):
        text = f"{url} is not encrypted: token and numbers can be read on the way"
        return health.warn("api", text, f"set {api.address_setting} to https://")
    return health.ok("api", url)


def _credentials(api: Kind, provider: Provider) -> Finding:
    is_fetched = False
    try:
        provider.authorize(_CALL_SECONDS)
        is_fetched = True
        # A token that was given was not fetched: only a request tells whether it is taken.
        if isinstance(provider, Finds):
            now = time.time()
            provider.find((), now - 1.0, now)
    except AccountFault as error:
        remedy = f"mend {api.credentials_settings}"
        return health.fail("credentials", mask_text(str(error)), remedy)
    except (Refused, AtLimit) as error:
        text = f"a token is at hand; the list of conversations is refused: {mask_text(str(error))}"
        return health.warn(
            "credentials", text, "none, if nothing is read of calls; else ask the provider"
        )
    except ProviderError as error:
        remedy = f"check {api.address_setting}, and the network"
        text = f"the API can't be asked: {mask_text(str(error))}"
        is_cut_off = not is_fetched or not isinstance(error, MaybeDone)
        return (health.fail if is_cut_off else health.warn)("credentials", text, remedy)
    return health.ok("credentials", "a token was fetched, and is accepted")


# The ledger ---------------------------------------------------------------------------------------


@contextmanager
def _redis_url(settings: Settings) -> Iterator[str]:
    """Return where Redis is, and keep a private one for as long. Raises SchedulerError."""
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
    else:
        with EmbeddedRedis(settings.state_dir) as embedded:
            yield embedded.url


def _ledger(
    settings: Settings,
    accounts: Accounts,
    fingerprints: Mapping[str, str],
    count_workers: Callable[[], int],
) -> Iterator[Finding]:
    try:
        with _redis_url(settings) as url:
            found = health.of_redis(url, settings.durability)
            yield from found
            if not has_failed(one for one in found if one.name in ("redis", "rights")):
                yield from _accounts(settings, url, accounts, fingerprints)
                yield _workers(count_workers)
    except SchedulerError as error:
        remedy = "mend CALLSCHED_STATE_DIR, or set CALLSCHED_REDIS_URL"
        yield health.fail("redis", str(error), remedy)


def _accounts(
    settings: Settings, url: str, accounts: Accounts, fingerprints: Mapping[str, str]
) -> Iterator[Finding]:
    ledger = Ledger(url)
    try:
        for name, fingerprint in fingerprints.items():
            found = health.of_account(ledger, name, fingerprint)
            owed = _webhooks(settings, deliveries.owed(ledger, name))
            yield from _of(name, (*found, *owed), accounts)
        if accounts.path is not None:
            yield from _left_alone(ledger, accounts)
    finally:
        ledger.close()


def _left_alone(ledger: Ledger, accounts: Accounts) -> Iterator[Finding]:
    """Yield accounts of which calls are live, and that the file has no more."""
    for name in in_ledger.names(ledger):
        live = len(views.live_calls(ledger, name))
        if live and name not in accounts.by_name:
            text = f"{name}: {live} calls are live, and {accounts.path} does not have the account"
            remedy = "put it back until they are over, or end them at the provider"
            yield health.fail("accounts", text, remedy)


def _webhooks(settings: Settings, owed: int) -> Iterator[Finding]:
    if settings.webhook_secret is None and owed:
        text = f"{owed} messages wait, and without CALLSCHED_WEBHOOK_SECRET workers tell nothing"
        yield health.warn("webhooks", text, "set it for the workers")
    elif settings.webhook_secret is not None:
        yield health.ok("webhooks", f"{owed} messages wait" if owed else "none waits")


def _workers(count: Callable[[], int]) -> Finding:
    try:
        answers = count()
    except ConfigError as error:
        return health.fail("workers", str(error), "mend it")
    except Exception as error:
        # Whatever kombu and its transports raise; how we ask is no reason to end without a word.
        return health.warn(
            "workers", f"can't be asked: {type(error).__name__}", "see the log of a worker"
        )
    if not answers:
        text = "none answers: deadlines are kept by workers alone"
        return health.warn("workers", text, "start one before you `submit`; `run` starts its own")
    return health.ok("workers", f"{answers} answer")


# This machine -------------------------------------------------------------------------------------


def _files(needed: int) -> Finding:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= needed:
        return health.ok("files", f"a worker needs {needed}, and may open enough")
    text = f"a worker may open {most} files, and needs {needed}"
    return health.warn(
        "files", text, "raise the limit (ulimit -Hn), or lower CALLSCHED_LISTENER_SOCKETS"
    )


def _state_folder(settings: Settings) -> Iterator[Finding]:
    try:
        place = private.located(settings.state_dir).absolute()
    except ConfigError as error:
        yield health.fail("disk", str(error), "set CALLSCHED_STATE_DIR")
        return
    if exposure := private.exposure(place):
        remedy = "make it a folder of this user's own, with the mode 0700"
        yield health.warn("folder", exposure, remedy)
    yield _disk(settings, place)


def _working_folder() -> Iterator[Finding]:
    """Yield that others can say in it what is run here, and where secrets are sent."""
    here = Path.cwd()
    files = [
        name for name in (".env", "celeryconfig.py") if private.writable_by_others(here / name)
    ]
    if files or private.writable_by_others(here):
        which = " and ".join(files) or "a .env file and a celeryconfig.py"
        text = f"others can write {which} in {here}: workers that start there obey it"
        remedy = "start workers in a folder that only you can write to"
        yield health.warn("working folder", text, remedy)


def _disk(settings: Settings, place: Path) -> Finding:
    found = _nearest(place)
    free = shutil.disk_usage(found).free
    text = f"{free / 2**30:.1f} GB free in {place}"
    if free >= _TIGHT_BYTES:
        return health.ok("disk", text)
    # Without a private Redis only logs are there.
    judge = health.fail if free < _FULL_BYTES and settings.redis_url is None else health.warn
    return judge("disk", text, "make room, or set CALLSCHED_STATE_DIR")


def _nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that is there."""
    # Not Path.exists, which raises for a name that is too long.
    return next((one for one in (path, *path.parents) if os.path.exists(one)), Path("/"))  # noqa: PTH110
