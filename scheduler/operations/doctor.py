"""Checks everything on which the promises depend, and says what helps. It changes nothing.

Each check yields a finding: that something is well, or what is wrong and what to do.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scheduler import private
from scheduler.accounts import Account, Accounts
from scheduler.errors import (
    AccountFault,
    AtLimit,
    ConfigError,
    MaybeDone,
    NotDone,
    ProviderError,
    Refused,
    SchedulerError,
    Throttled,
)
from scheduler.fields.counts import counted
from scheduler.ledger import accounts as in_ledger
from scheduler.ledger import campaigns, census, deliveries, foremost, health, views
from scheduler.ledger.health import Finding, Level
from scheduler.ledger.identity import known_identity
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.masking import mask, mask_text
from scheduler.models import CallState
from scheduler.operations import ledger_choice
from scheduler.operations.guard import is_sandbox
from scheduler.operations.listening import behind
from scheduler.operations.serving import Serving
from scheduler.providers import (
    CallsBack,
    Finds,
    Provider,
    Sweeps,
    accounts_of,
    kind_of,
    open_provider,
    sharing,
)
from scheduler.providers.kind import NO_CALLER_ID
from scheduler.settings import Settings

#: The access token must live so long: one from the settings may expire before a call ends.
_CALL_SECONDS = 60.0

#: Free space in the state directory: enough for a million rows, and too little to go on.
_TIGHT_BYTES, _FULL_BYTES = 2**30, 100 * 2**20


def examine(
    settings: Settings,
    *,
    count_workers: Callable[[], int],
    files_needed: int,
    only: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Check Redis, the accounts, the APIs and this machine; yield a finding as it is made.

    It checks all accounts, or those that `only` names.

    `count_workers` asks the workers for an answer and returns how many gave one; it is called while
    the Redis of these settings runs, and raises ConfigError if it can't ask. `files_needed` is how
    many files a worker of these settings opens. Raises ConfigError if the settings name several
    APIs.
    """
    yield _settings(settings)
    every = accounts_of(settings)
    chosen = every.only(only)
    for warning in every.warnings:
        yield health.warn("accounts", warning, "")
    fingerprints: dict[str, str] = {}
    for account in chosen:
        is_public = settings.public_url is not None
        found, fingerprints[account.name] = _api(account, every.path, is_public=is_public)
        yield from _of(account.name, found, chosen)
    yield from _ledger(settings, every, fingerprints, count_workers)
    yield _files(files_needed)
    yield from of_this_machine(settings)


def of_this_machine(settings: Settings) -> Iterator[Finding]:
    """Check the folders that this process works in."""
    yield from _state_folder(settings)
    yield from _working_folder()


def has_failed(found: Iterable[Finding]) -> bool:
    """Whether something does not work, or a promise does not hold."""
    return any(finding.level is Level.FAIL for finding in found)


# The API ------------------------------------------------------------------------------------------


def _of(account: str, found: Iterable[Finding], accounts: Accounts) -> Iterator[Finding]:
    """Add the account's name to its findings, if there are several accounts."""
    for finding in found:
        if accounts.path is None:
            yield finding
            continue
        text = finding.text.removeprefix(f"account {account}: ").removeprefix(f"{account}: ")
        yield replace(finding, text=f"{account}: {text}")


@dataclass(frozen=True, slots=True)
class _Places:
    """Where to set an account's address, its credentials and its exclusive use."""

    address: str
    credentials: str
    exclusive: str

    @classmethod
    def of(cls, account: Account, path: Path | None) -> _Places:
        """Return the places in a file of accounts; without one the variables."""
        api = kind_of(account)
        if path is None:
            exclusive = "CALLSCHED_EXCLUSIVE=true"
            return cls(api.address_setting, api.credentials_settings, exclusive)
        where = f"of {account.name} in {path}"
        keys = f"{api.credentials_keys} {where}"
        return cls(f"the address {where}", keys, f"exclusive: true {where}")


def _api(account: Account, path: Path | None, *, is_public: bool) -> tuple[list[Finding], str]:
    """Return the findings of an account's API, and the fingerprint of its credentials, or ""."""
    places, url = _Places.of(account, path), account.credentials.address
    try:
        provider = open_provider(account)
    except ConfigError as error:
        text, _, remedy = str(error).partition(": ")
        if path is not None or not remedy:
            text, remedy = str(error), f"mend {places.credentials}"
        return [*_address(places, url, None), health.fail("credentials", text, remedy)], ""
    try:
        credentials, is_reached = _credentials(places, provider)
        found = [
            *_address(places, url, is_reached),
            credentials,
            *_sharing(account, places, provider),
            *_caller_ids(account),
            *_signatures(account, places, provider, is_public=is_public),
        ]
        return found, provider.fingerprint
    finally:
        provider.close()


def _address(places: _Places, url: str, is_reached: bool | None) -> Iterator[Finding]:
    """Yield the finding about an API's address; none if it was not asked."""
    if is_sandbox(url):
        yield health.ok("api", f"{url} is a sandbox: nobody is called")
    elif is_reached is False:
        remedy = f"check {places.address}, and the network"
        yield health.fail("api", f"{url} does not answer", remedy)
    elif url.startswith("http://"):
        text = f"{url} is not encrypted: token and numbers can be read on the way"
        yield health.warn("api", text, f"set {places.address} to https://")
    elif is_reached:
        yield health.ok("api", f"{url} answers")


def _sharing(account: Account, places: _Places, provider: Provider) -> Iterator[Finding]:
    """Yield whether an account, at a provider that lists calls, may be used by others too."""
    if not isinstance(provider, Sweeps) or is_sandbox(account.credentials.address):
        return
    if sharing.may_be_shared(account):
        yield health.warn("sharing", sharing.SHARED, sharing.remedy(places.exclusive))
    else:
        yield health.ok("sharing", sharing.ALONE)


def _caller_ids(account: Account) -> Iterator[Finding]:
    """Yield the account's caller ids, or that they are missing."""
    if account.caller_ids:
        shown = ", ".join(map(mask, account.caller_ids))
        yield health.ok("caller ids", f"callees see {shown}, unless their campaign says otherwise")
    elif kind_of(account).needs_caller_id:
        text = "there is no number to call from, unless a campaign has call.caller_id"
        yield health.warn("caller ids", text, NO_CALLER_ID)


def _signatures(
    account: Account, places: _Places, provider: Provider, *, is_public: bool
) -> Iterator[Finding]:
    """Yield whether callbacks can be verified, if the provider sends any."""
    if not isinstance(provider, CallsBack) or not is_public:
        return
    if provider.can_verify:
        yield health.ok("callbacks", "the provider's requests can be verified")
    else:
        text = "the provider's requests can't be verified, and are refused: a credential is missing"
        remedy = f"add {kind_of(account).signed_with} to {places.credentials}"
        yield health.fail("callbacks", text, remedy)


def _credentials(places: _Places, provider: Provider) -> tuple[Finding, bool | None]:
    """Return a finding, and whether the API was reached; None if that is unclear."""
    is_fetched = False
    try:
        provider.authorize(_CALL_SECONDS)
        is_fetched = True
        good = _tried(provider)
    except AccountFault as error:
        remedy = f"mend {places.credentials}"
        return health.fail("credentials", mask_text(str(error)), remedy), True
    except (Refused, AtLimit, Throttled) as error:
        listed = "calls" if isinstance(provider, Sweeps) else "conversations"
        text = (
            f"the API accepts the token, but refuses the list of {listed}: {mask_text(str(error))}"
        )
        remedy = "ignore it if you collect nothing from calls; otherwise ask the provider"
        return health.warn("credentials", text, remedy), True
    except ProviderError as error:
        remedy = f"check {places.address}, and the network"
        text = f"the API can't be asked: {mask_text(str(error))}"
        is_cut_off = not is_fetched or not isinstance(error, MaybeDone)
        judge = health.fail if is_cut_off else health.warn
        return judge("credentials", text, remedy), False if isinstance(error, NotDone) else None
    return health.ok("credentials", good), True


def _tried(provider: Provider) -> str:
    """Ask the API for a list, and return a sentence about what works.

    Only such a request shows whether the API accepts credentials: a token from the settings is not
    fetched, and other credentials go with each request.
    """
    if isinstance(provider, Finds):
        now = time.time()
        provider.find((), now - 1.0, now)
    elif isinstance(provider, Sweeps):
        live = len(provider.open_calls())
        return f"accepted; the account has {counted(live, 'call')} open"
    return "a token was fetched, and is accepted"


# The ledger ---------------------------------------------------------------------------------------


@contextmanager
def _redis_url(settings: Settings) -> Iterator[str]:
    """Return where Redis is, and keep a private one running meanwhile. Raises SchedulerError."""
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
                with closing(Ledger(url)) as ledger:
                    yield from _unserved(settings, ledger)
                    live = sum(len(views.live_calls(ledger, n)) for n in in_ledger.names(ledger))
                yield workers(count_workers, live)
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
        yield from _receiver(settings, ledger, accounts)
    finally:
        ledger.close()


def _settings(settings: Settings) -> Finding:
    if found := ledger_choice.doubt(settings):
        text = f"valid; the ledger is {ledger_choice.name_of(settings)}, but {found.why}"
        remedy = "set CALLSCHED_REDIS_URL, or say CALLSCHED_REDIS_URL=private"
        return health.warn("settings", text, remedy)
    return health.ok("settings", f"valid; the ledger is {ledger_choice.name_of(settings)}")


def _unserved(settings: Settings, ledger: Ledger) -> Iterator[Finding]:
    """Yield accounts that have due calls which nobody dials."""
    serving, due = Serving(ledger, settings), Counter[str]()
    ids = foremost.with_calls_to_make(ledger, in_ledger.names(ledger))
    for view in views.each_of(ledger, ids):
        if lack := serving.lack_by_name(view):
            waiting = campaigns.waiting(ledger, [view.campaign_id], ledger.time())
            due[lack] += waiting[view.campaign_id].due
    for lack, count in due.items():
        if count:
            text, _, remedy = lack.rpartition(": ")
            calls = counted(count, "call is due", "calls are due")
            yield health.warn("waiting", f"{calls}: {text}", remedy)


def _left_alone(ledger: Ledger, accounts: Accounts) -> Iterator[Finding]:
    """Yield accounts that have live calls but are no longer in the file."""
    for name in in_ledger.names(ledger):
        live = len(views.live_calls(ledger, name))
        if live and name not in accounts.by_name:
            text = (
                f"{name}: {counted(live, 'call is', 'calls are')} live, and {accounts.path}"
                f" does not have the account"
            )
            remedy = "put it back until they are over, or end them at the provider"
            yield health.fail("accounts", text, remedy)
        waiting = census.take(ledger, name).calls.get(CallState.PENDING, 0)
        if waiting and name not in accounts.by_name:
            text = (
                f"{name}: {counted(waiting, 'call waits', 'calls wait')}, and {accounts.path}"
                f" does not have the account"
            )
            yield health.warn("accounts", text, "put it back, or cancel its campaigns")


def _receiver(settings: Settings, ledger: Ledger, accounts: Accounts) -> Iterator[Finding]:
    """Yield who receives callbacks at the public URL."""
    url = settings.public_url
    if url is None or not any(CallsBack in kind_of(account).abilities for account in accounts):
        return
    found = behind(url)
    if found.ledger and found.ledger == known_identity(ledger):
        yield health.ok("callbacks", f"callbacks to {url} reach this ledger")
    elif found.ledger:
        text = f"callbacks to {url} reach another ledger"
        remedy = "have `callsched web` there use this Redis, or set CALLSCHED_PUBLIC_URL"
        yield health.fail("callbacks", text, remedy)
    else:
        remedy = "start `callsched web --callbacks-only` behind it, or mend CALLSCHED_PUBLIC_URL"
        # A run starts its own receiver, and polls suffice to end calls.
        judge = health.warn if found.is_none else health.fail
        yield judge("callbacks", f"callbacks to {url} reach no receiver: {found.why}", remedy)


def _webhooks(settings: Settings, owed: int) -> Iterator[Finding]:
    if settings.webhook_secret is None and owed:
        text = (
            f"{counted(owed, 'message waits', 'messages wait')}, and without"
            f" CALLSCHED_WEBHOOK_SECRET workers tell nothing"
        )
        yield health.warn("webhooks", text, "set it for the workers")
    elif settings.webhook_secret is not None:
        yield health.ok(
            "webhooks", counted(owed, "message waits", "messages wait") if owed else "none waits"
        )


def workers(count: Callable[[], int], live: int) -> Finding:
    """Say whether workers answer that end so many live calls at their deadlines."""
    try:
        answers = count()
    except ConfigError as error:
        return health.fail("workers", str(error), "fix it")
    except Exception as error:
        # Whatever kombu and its transports raise must not end `doctor` without a finding.
        return health.warn(
            "workers", f"can't be asked: {type(error).__name__}", "see the log of a worker"
        )
    if not answers and live:
        calls = counted(live, "call is", "calls are")
        text = f"none answers, and {calls} live that only workers end at their deadlines"
        return health.fail("workers", text, "start `callsched worker` now")
    if not answers:
        text = "none answers, and only workers end calls at their deadlines"
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
    """Yield whether others can write files here that decide what runs and where secrets go."""
    here = Path.cwd()
    files = [
        name for name in (".env", "celeryconfig.py") if private.writable_by_others(here / name)
    ]
    if files or private.writable_by_others(here):
        which = " and ".join(files) or "a .env file and a celeryconfig.py"
        text = f"others can write {which} in {here}, and workers that start there obey it"
        remedy = "start workers in a folder that only you can write to"
        yield health.warn("working folder", text, remedy)


def _disk(settings: Settings, place: Path) -> Finding:
    found = _nearest(place)
    free = shutil.disk_usage(found).free
    text = f"{free / 2**30:.1f} GB free in {place}"
    if free >= _TIGHT_BYTES:
        return health.ok("disk", text)
    # Without a private Redis there are only logs.
    judge = health.fail if free < _FULL_BYTES and settings.redis_url is None else health.warn
    return judge("disk", text, "make room, or set CALLSCHED_STATE_DIR")


def _nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    # Not Path.exists, which raises for a name that is too long.
    return next((one for one in (path, *path.parents) if os.path.exists(one)), Path("/"))  # noqa: PTH110
