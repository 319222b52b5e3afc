"""How a campaign file gets into the ledger: it is read, checked, loaded and sealed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from scheduler.accounts import SANDBOX_ACCOUNT, Accounts
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.loader import load
from scheduler.campaign.reading import Reading
from scheduler.campaign.route import ASKS_NOTHING, Asked, Route
from scheduler.errors import ConfigError, LedgerError
from scheduler.fields.durations import positive_seconds, written
from scheduler.hours.weeks import Week, read_week
from scheduler.ledger import campaigns, retries, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState, Policy
from scheduler.operations.progress import Counting
from scheduler.operations.repeats import Earlier, look, window_of
from scheduler.providers import (
    accounts_of,
    at_provider,
    callback_address,
    can_verify,
    is_nobodys,
    kind_of,
    taking,
)
from scheduler.records import encode_policy
from scheduler.settings import Settings

#: Any worker of its account continues a campaign that is handed to a pool.
BY_A_WORKER = ("worker",)


def route_of(
    accounts: Accounts,
    settings: Settings,
    name: str | None,
    asked: Asked = ASKS_NOTHING,
    *,
    in_sandbox: bool = False,
) -> Route:
    """Return the route of a campaign that names an account. Raises ConfigError.

    The provider that the file names counts in a sandbox, and where nothing says of an account whose
    it is; elsewhere it is the account's, or the file is refused. Where nothing at all says it, it
    is one that takes the file's keys.
    """
    account = accounts.named(name)
    if is_nobodys(account, accounts, settings):
        account = at_provider(account, asked.provider or taking(asked.keys), settings)
    elif in_sandbox:
        account = at_provider(account, asked.provider, settings)
    callbacks = callback_address(account, settings, in_sandbox=in_sandbox)
    is_verified = in_sandbox or callbacks is None or can_verify(account)
    countries = account.credentials.called_countries()
    return Route(account, kind_of(account), countries, callbacks, is_verified)


def hours_of(settings: Settings) -> Week:
    """Return the hours of campaigns that name none. Raises ConfigError."""
    try:
        return read_week(settings.calling_hours)
    except ValueError as error:
        raise ConfigError(f"CALLSCHED_CALLING_HOURS: {error}") from None


def read(
    path: Path,
    settings: Settings,
    reading: Reading,
    on_progress: Callable[[int], None] | None = None,
    *,
    accounts: Accounts | None = None,
) -> CheckedCampaign:
    """Read and check a campaign file by the rules of these settings, as `campaign.load` does.

    It is dialled on one of `accounts`; None: those of the settings.
    """
    return load(
        path,
        reading,
        max_duration_ceiling_seconds=settings.max_duration_ceiling,
        route_of=partial(
            route_of,
            accounts or accounts_of(settings),
            settings,
            in_sandbox=reading.in_sandbox,
        ),
        allowed=frozenset(settings.allowed_numbers),
        default_hours=hours_of(settings),
        on_progress=on_progress,
    )


def policy_of(checked: CheckedCampaign, max_duration: str | None, settings: Settings) -> Policy:
    """Return the file's policy, with another length of a call if one is given.

    Raises ValueError for what is no length, or longer than the settings allow.
    """
    if max_duration is None:
        return checked.policy
    seconds = positive_seconds(max_duration)
    if seconds > settings.max_duration_ceiling:
        longest = written(settings.max_duration_ceiling)
        raise ValueError(f"longer than {longest}, which CALLSCHED_MAX_DURATION_CEILING allows")
    return replace(checked.policy, max_duration_seconds=seconds)


@dataclass(frozen=True, slots=True)
class Intent:
    """Which campaign a checked file becomes, and whom it calls."""

    campaign_id: str
    account: str
    is_finished: bool  #: it exists already, and all its calls have ended
    earlier: Earlier
    #: The words of the command that continues it if nobody dials it.
    goes_on: tuple[str, ...] = BY_A_WORKER


def intent(
    ledger: Ledger,
    checked: CheckedCampaign,
    account: str,
    settings: Settings,
    *,
    wanted: str | None,
    again: bool,
    counting: Counting,
) -> Intent:
    """Choose the campaign's id, and find contacts that an earlier one has called; write nothing.

    `wanted` is the id that was given. With `again` everybody is called once more. Raises
    ConfigError if the campaign exists already on another account; LedgerError if it is a retry of
    some contacts, and the file has others.
    """
    campaign_id = choose_id(ledger, checked, wanted, account, again=again)
    _expect_account(ledger, campaign_id, account)
    _expect_those_of_a_retry(ledger, checked, campaign_id)
    is_named = wanted is not None
    window = window_of(ledger, campaign_id, settings, is_named=is_named, again=again)
    with counting("looking for earlier calls", "rows") as counted:
        earlier = look(ledger, checked, campaign_id, account, window, counted)
    return Intent(campaign_id, account, _is_finished(ledger, campaign_id), earlier)


def _expect_account(ledger: Ledger, campaign_id: str, account: str) -> None:
    try:
        known = views.campaign(ledger, campaign_id)
    except LedgerError:
        return
    if known.account != account:
        raise ConfigError(
            f"campaign {campaign_id} is dialled on account {known.account}, not on {account}: say"
            f" --account {known.account} to go on with it, or --id for another campaign, which"
            " calls everybody"
        )


def _expect_those_of_a_retry(ledger: Ledger, checked: CheckedCampaign, campaign_id: str) -> None:
    """Raise LedgerError if a file would add contacts to a retry that leaves them out."""
    origin = retries.origin_of(ledger, campaign_id)
    if origin is None:
        return
    rows = (packed for _, packed in checked.chunks())
    if not retries.has_all_of(ledger, campaign_id, rows):
        raise LedgerError(
            f"campaign {campaign_id} calls some contacts of {origin} again, and this file has"
            " others, who would be called as well: leave out --id to call the file as a campaign of"
            f" its own; workers go on with {campaign_id} without the file"
        )


def carry_out(
    ledger: Ledger,
    checked: CheckedCampaign,
    intent: Intent,
    policy: Policy,
    counting: Counting,
    *,
    content: str | None = None,
) -> CampaignView:
    """Load the intended campaign, and seal it; return how it then stands.

    With `content` nothing is added to a campaign of another content. Raises OtherContent.
    """
    with counting("loading", "rows") as counted:
        submit(
            ledger,
            checked,
            intent.campaign_id,
            policy,
            intent.account,
            lambda loaded: counted(loaded, checked.row_count),
            intent.earlier.window.of_campaign,
            content=content,
            goes_on=intent.goes_on,
        )
    return views.campaign(ledger, intent.campaign_id)


def hand_over(
    ledger: Ledger,
    checked: CheckedCampaign,
    intent: Intent,
    policy: Policy,
    counting: Counting,
    *,
    content: str,
) -> tuple[CampaignView, bool]:
    """Have exactly this content called under the intended id: load it, unless it is loaded.

    Returns how the campaign stands, and whether anything was loaded. It compares the result of
    `content_of` with the content of the campaign at its creation: sending the same again changes
    nothing, and completes a load that broke off. Raises OtherContent.
    """
    ledger.open()  # a command that starts calls raises an older schema
    campaign_id = intent.campaign_id
    if (standing := campaigns.digest_of(ledger, campaign_id)) is not None:
        _expect_same(campaign_id, standing, content)
        view = views.campaign(ledger, campaign_id)
        if view.state is not CampaignState.LOADING:
            return view, False
    view = carry_out(ledger, checked, intent, policy, counting, content=content)
    return view, True


class OtherContent(LedgerError):
    """The id is that of a campaign with another content. It has both hashes."""

    def __init__(self, campaign_id: str, standing: str, sent: str) -> None:
        self.standing, self.sent = standing, sent
        super().__init__(
            f"there is already a campaign {campaign_id} with another content: its hash is"
            f" {standing}, and the hash of what you sent is {sent}"
        )


def content_of(checked: CheckedCampaign, policy: Policy, first: int | None) -> str:
    """Return a hash of everything that decides whom a campaign calls, and what it says to them."""
    if first is None and policy == checked.policy:
        return checked.digest
    parts = json.dumps([checked.digest, first, encode_policy(policy)])
    return sha256(parts.encode()).hexdigest()


def _expect_same(campaign_id: str, standing: str, content: str) -> None:
    if standing != content:
        raise OtherContent(campaign_id, standing, content)


def choose_id(
    ledger: Ledger, checked: CheckedCampaign, wanted: str | None, account: str, *, again: bool
) -> str:
    """Return the campaign's id: the wanted one, else its name and a hash of its content.

    A trial in the sandbox is a campaign of its own, so that the real one can follow it. With
    `again` a new, numbered one follows a finished campaign; without it the last of these is meant.
    """
    base = wanted or new_id(checked, in_sandbox=account == SANDBOX_ACCOUNT)
    latest, number = base, 1
    # With a plus sign, which no given id may contain, so that it is nobody else's campaign.
    while _state(ledger, following := f"{base}+{number + 1}") is not None:
        latest, number = following, number + 1
    if again and _is_finished(ledger, latest):
        return f"{base}+{number + 1}"
    return latest


def new_id(checked: CheckedCampaign, *, in_sandbox: bool = False) -> str:
    """Return the id of a campaign without a given one: its name and a hash of its content."""
    return f"{checked.slug}-{checked.digest[:8]}" + "-sandbox" * in_sandbox


def _is_finished(ledger: Ledger, campaign_id: str) -> bool:
    return _state(ledger, campaign_id) is CampaignState.FINISHED


def _state(ledger: Ledger, campaign_id: str) -> CampaignState | None:
    try:
        return views.campaign(ledger, campaign_id).state
    except LedgerError:
        return None


def submit(
    ledger: Ledger,
    checked: CheckedCampaign,
    campaign_id: str,
    policy: Policy,
    account: str,
    on_progress: Callable[[int], None],
    repeat_window: float | None = None,
    *,
    content: str | None = None,
    goes_on: Sequence[str] = BY_A_WORKER,
) -> CampaignState:
    """Load a checked file into the ledger and seal it; known rows change nothing.

    With a `repeat_window`, in seconds, a new campaign calls nobody whom another one of its name has
    called within this time, or has yet to call.
    """
    campaigns.create(
        ledger,
        campaign_id,
        account=account,
        name=checked.name,
        policy=policy,
        digest=content or checked.digest,
        repeat_window=repeat_window,
        columns=checked.columns,
        launch=goes_on,
    )
    if content is not None:  # somebody else may have created it at this very moment
        _expect_same(campaign_id, campaigns.digest_of(ledger, campaign_id) or "", content)
    load_id = uuid4().hex
    loaded = 0
    for number, (count, packed) in enumerate(checked.chunks(), start=1):
        campaigns.load_packed(ledger, campaign_id, load_id, number, packed)
        loaded += count
        on_progress(loaded)
    return campaigns.seal(ledger, campaign_id, load_id)
