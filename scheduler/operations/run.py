"""A whole campaign on this machine: loaded, called by its own workers, watched to its end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from scheduler.accounts import SANDBOX_ACCOUNT, Account
from scheduler.campaign.checked import CheckedCampaign
from scheduler.errors import ConfigError, NotDone
from scheduler.ledger import campaigns, insights, limits, views
from scheduler.ledger.identity import identity
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState, Policy
from scheduler.operations import launch
from scheduler.operations.listening import bound
from scheduler.operations.pool import Pool, SandboxProcess
from scheduler.operations.progress import Count
from scheduler.operations.receiver import Receiver, is_needed
from scheduler.operations.supervision import Ending, How, Supervision, Watcher
from scheduler.providers import accounts_of, kind_of, open_provider
from scheduler.providers.posting import Poster
from scheduler.settings import Overrides, Settings, read_settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run calls."""

    settings: Settings
    account: Account
    overrides: Overrides  #: by which its workers read the same settings
    is_sandbox: bool = False
    keep_fds: tuple[int, ...] = ()  #: what must not close before the last worker is gone
    #: Where callbacks come to, where that is taken already.
    listening: socket.socket | None = None


@dataclass(frozen=True, slots=True)
class RunWish:
    """The campaign to run, and how."""

    checked: CheckedCampaign
    policy: Policy  #: the file's, or what overrides it
    campaign_id: str | None  #: None: its name and a hash of its content
    again: bool  #: a finished campaign is followed by a new one, and everybody is called
    workers: int
    wait: bool  #: also for calls that are due only later
    control: Control  #: who is on record for an interruption
    command: tuple[str, ...]  #: the words of the command that goes on with it


class Host(Watcher, Protocol):
    """The caller of a run, who is asked and gets reports."""

    def counting(self, what: str, unit: str) -> AbstractContextManager[Count]:
        """Show what is being done, for the length of a `with`."""

    def api_is_away(self, why: str) -> None:
        """Learn that workers start although the API does not answer, because calls are live."""

    def intended(self, intent: launch.Intent) -> None:
        """Learn whom it calls; an error that this raises ends the run before anybody is called."""

    def loaded(self, campaign: CampaignView) -> None:
        """Learn how the campaign stands before anybody is called."""


def expect_secret(policy: Policy, settings: Settings) -> None:
    """Raise ConfigError unless webhooks can be signed: without a secret our workers send none."""
    secret = settings.webhook_secret
    if not policy.webhooks:
        return
    if secret is None:
        raise ConfigError(
            "the campaign has webhooks: set CALLSCHED_WEBHOOK_SECRET, which signs what they are"
            ' told; make one with: echo "whsec_$(openssl rand -base64 32)"'
        )
    Poster(secret.get_secret_value())


@contextmanager
def placed(
    checked: CheckedCampaign, settings: Settings, overrides: Overrides, *, in_sandbox: bool
) -> Iterator[Place]:
    """Yield where a run calls. A sandbox lives for as long as a worker of the run.

    It has an account of its own, with the ceiling and the pace of the file's. Raises ConfigError
    when it does not start.
    """
    if not in_sandbox:
        yield Place(settings, checked.account, overrides)
        return
    own = checked.account
    kind, folder = kind_of(own), settings.state_dir / "sandbox"
    # A port of its own: others on this machine may call in a sandbox of theirs, or for real.
    with (
        SandboxProcess(kind.name, own.max_concurrency, folder) as process,
        bound("127.0.0.1", 0) as listening,
    ):
        there = {
            **overrides,
            **kind.at_sandbox(process.url),
            "CALLSCHED_ACCOUNTS": None,
            "CALLSCHED_ACCOUNT": SANDBOX_ACCOUNT,
            "CALLSCHED_MAX_CONCURRENCY": str(own.max_concurrency),
            "CALLSCHED_RESERVE": str(own.reserve),
            "CALLSCHED_MAX_STARTS_PER_SECOND": str(own.starts_per_second),
            "CALLSCHED_PUBLIC_URL": None,
            "CALLSCHED_WEB_HOST": "127.0.0.1",
            "CALLSCHED_WEB_PORT": str(listening.getsockname()[1]),
        }
        at = read_settings(there)
        account = accounts_of(at).named(None)
        yield Place(at, account, there, True, (process.needed_fd,), listening)


def run(
    ledger: Ledger, embedded: EmbeddedRedis | None, place: Place, wish: RunWish, host: Host
) -> Ending:
    """Call every contact of a checked file, and return how that ended.

    Raises ConfigError when the settings are wrong, or when the workers can't be kept alive.
    """
    settings, logs = place.settings, place.settings.state_dir / "logs"
    if place.is_sandbox:
        limits.forget(ledger, place.account.name)  # each run's sandbox is a new one
    fingerprint = _try_account(ledger, place.account, wish.policy.max_duration_seconds, host)
    intent = launch.intent(
        ledger,
        wish.checked,
        place.account.name,
        settings,
        wanted=wish.campaign_id,
        again=wish.again,
        counting=host.counting,
    )
    intent = replace(intent, goes_on=wish.command)
    host.intended(intent)
    if place.is_sandbox:  # the conversations of an earlier run ended with that run's sandbox
        insights.give_up(ledger, place.account.name, intent.campaign_id)
    supervision = Supervision(
        ledger,
        embedded,
        intent.campaign_id,
        host,
        wish.control,
        fingerprint=fingerprint,
        wait=wish.wait,
    )
    with host.interruptible(supervision), _receiving(ledger, place, wish, intent) as receiver:
        view = launch.carry_out(ledger, wish.checked, intent, wish.policy, host.counting)
        host.loaded(view)
        if intent.is_finished and view.state is CampaignState.FINISHED:
            return Ending(How.WAS_FINISHED, view)
        # A campaign that stopped itself, or that an operator has paused, goes on when somebody
        # resumes it, not when cron runs the command again.
        if not view.stopped_itself and not view.paused_by:
            campaigns.resume(ledger, view.campaign_id)
        serves = (view.campaign_id, view.account)
        command = (*serves, wish.workers, logs, place.overrides, place.keep_fds)
        with Pool(*command, receiver) as pool:
            return supervision.watch(pool)


@contextmanager
def _receiving(
    ledger: Ledger, place: Place, wish: RunWish, intent: launch.Intent
) -> Iterator[Receiver | None]:
    """Have callbacks received for a run whose provider calls back. Raises ConfigError."""
    settings = place.settings
    if intent.is_finished or not is_needed(place.account, settings, wish.policy):
        yield None
        return
    with Receiver(settings, identity(ledger), place.overrides, place.listening) as receiver:
        yield receiver


def _try_account(ledger: Ledger, account: Account, max_duration_seconds: float, host: Host) -> str:
    """Fetch a token before anything is loaded, so that wrong settings show at once.

    An earlier block of these credentials is forgotten: its cause is gone, or blocks them again.
    Returns their fingerprint.
    """
    provider = open_provider(account)
    try:
        provider.authorize(max_duration_seconds)
        limits.unblock(ledger, account.name)
    except NotDone as error:
        address, mend = account.credentials.address, kind_of(account).address_setting
        why = f"{address} does not answer, check {mend}: {error}"
        # If calls must be stopped, the workers start all the same, and go on trying.
        if not views.live_calls(ledger, account.name):
            raise ConfigError(why) from error
        host.api_is_away(why)
    finally:
        provider.close()
    return provider.fingerprint
