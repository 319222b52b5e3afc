"""Turns a draft into a checked campaign, and launches that: for the API and the console."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from scheduler.accounts import Accounts
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.reading import Reading
from scheduler.errors import Alike, CampaignError, ConfigError, LedgerError, Problem
from scheduler.ledger import controls, views
from scheduler.ledger.views import CampaignView
from scheduler.masking import mask_text
from scheduler.operations import launch
from scheduler.operations.drafts import Draft
from scheduler.operations.guard import is_sandbox
from scheduler.operations.launch import Intent, OtherContent
from scheduler.operations.progress import uncounted
from scheduler.plan.plan_hash import plan_hash
from scheduler.plan.rules import Record
from scheduler.plan.whole import Asked, whole
from scheduler.rights import Visitor
from scheduler.web.masks import as_seen_by, id_of
from scheduler.web.problems import Failure, Fault, Kind, faults_of, kinds_of
from scheduler.web.site import Site, order_by

Found = TypeVar("Found", bound=Fault)

#: Keys that a campaign may not have when it comes in over HTTP, and what to do instead.
_REFUSED = {
    "schedule": "a campaign that is sent this way starts at once: add a schedule for it, which"
    " launches a file at its times, or leave the key out",
    "do_not_call": "no file of the server is read for whoever sends a campaign: put the numbers on"
    " the ledger's do-not-call list, which holds for everybody, and leave the key out",
}
#: Messages advise a command-line option for the encoding. Over HTTP they advise something else.
_OF_COMMANDS = re.compile(r"say --encoding (\S+)")
BY_CHARSET = r"say charset=\1 in its Content-Type"
#: Finds the key that a message is about.
_KEY = re.compile(r"(?:unknown key ')?([a-z_]+(?:\.\w+)*)(?:: |')")
_SHOWN_IN_DETAIL = 3


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """How to launch a campaign: what the request says besides the campaign itself."""

    campaign_id: str | None  #: None: its name and a hash of its content
    again: bool = False
    plan: str | None = None  #: the hash that its plan must have; None: any


def expect_policy(policy: Mapping[str, object]) -> None:
    """Raise CampaignError for keys that need a file of this machine, or a worker to launch it."""
    problems = [
        Problem("campaign", f"{key}: {why}", column=key, code="refused_key")
        for key, why in _REFUSED.items()
        if key in policy
    ]
    if problems:
        raise CampaignError(problems)


def account_for(visitor: Visitor, policy: Mapping[str, object]) -> str | None:
    """Return the account for a policy that names none: the only one that the visitor may use.

    None: leave it to the campaign. Raises Failure (403) for an account that the visitor may not
    see, whether it exists or not.
    """
    named = policy.get("account")
    if named and isinstance(named, str):
        _expect_visible(visitor, named)
        return None
    accounts = visitor.accounts
    return next(iter(accounts)) if accounts is not None and len(accounts) == 1 else None


def _expect_visible(visitor: Visitor, account: str) -> None:
    if not visitor.may_see(account):
        allowed = ", ".join(sorted(visitor.accounts or ())) or "none"
        raise Failure(403, "account", f"you may call on these accounts alone: {allowed}")


@contextmanager
def checked(
    site: Site, visitor: Visitor, draft: Draft, document: Path, reading: Reading
) -> Iterator[CheckedCampaign]:
    """Read and check a draft as `callsched submit` does, for the `with` block.

    Raises CampaignError, whose messages name no folder of this machine, and Failure when the
    visitor may not see its account.
    """
    accounts: Accounts = site.accounts()
    try:
        found = launch.read(document, site.settings, reading, accounts=accounts)
    except CampaignError as error:
        problems, alike = _as_sender_knows(error.problems, draft), _kinds_known(error.alike, draft)
        raise CampaignError(problems, error.total, alike) from None
    with found:
        _expect_visible(visitor, found.account.name)
        found.problems = tuple(_as_sender_knows(found.problems, draft))
        found.problems_alike = _kinds_known(found.problems_alike, draft)
        found.warnings = tuple(_without_folder(each, draft) for each in found.warnings)
        yield found


def _as_sender_knows(problems: tuple[Problem, ...], draft: Draft) -> list[Problem]:
    return [_placed(each, draft) for each in problems]


def _kinds_known(alike: tuple[Alike, ...], draft: Draft) -> tuple[Alike, ...]:
    return tuple(
        replace(
            each,
            first=tuple(_as_sender_knows(each.first, draft)),
            last=_placed(each.last, draft),
        )
        for each in alike
    )


def _placed(problem: Problem, draft: Draft) -> Problem:
    """Return a problem with a place that its sender knows: a contact's line, or a policy's key."""
    message, name = _without_folder(problem.message, draft), Path(problem.path).stem
    if name != "campaign" or problem.path == "campaign":
        return replace(problem, message=message, path=name)
    # callsched wrote the document itself: its line numbers mean nothing to the sender.
    key = _KEY.match(message)
    return replace(problem, message=message, path=name, line=None, column=key[1] if key else None)


def _without_folder(text: str, draft: Draft) -> str:
    return text.replace(f"{draft.folder}/", "")


def expect_plan(site: Site, found: CheckedCampaign, reading: Reading, wanted: str | None) -> None:
    """Raise Failure (409) when the campaign's plan hash is not the one that is wanted."""
    if wanted is None:
        return
    now = plan_hash(found, found.policy, site.settings, reading)
    if now != wanted:
        raise Failure(
            409,
            "plan_changed",
            f"the plan {wanted} has changed: its hash is now {now}. The campaign, a setting"
            " or a parameter has changed since. Nobody was called: look at the plan again",
        )


def planned(site: Site, visitor: Visitor, found: CheckedCampaign, asked: Asked) -> Record:
    """Return the plan of a campaign as the visitor may see it."""
    record, _ = whole(found, found.policy, site.settings, asked)
    del record["problems"]  # they are in `errors`
    if not visitor.sees_numbers:
        record["first"] = [_masked(each) | id_of(each) for each in record["first"]]
    for example in record["cleaned"]["examples"]:
        example["phone_number"] = example.pop("number")
        if not visitor.sees_numbers:
            del example["written"]
    address = found.account.credentials.address
    seen: Record = as_seen_by(visitor, record)
    there = {"address": address, "is_sandbox": is_sandbox(address)}
    return seen | refusals(visitor, found) | there


def _masked(value: Any) -> Any:
    """Mask what looks like a number in every text: an id or a target of a transfer may be one."""
    match value:
        case dict():
            return {key: _masked(each) for key, each in value.items()}
        case list():
            return [*map(_masked, value)]
        case str():
            return mask_text(value)
    return value


def refusals(visitor: Visitor, found: CheckedCampaign) -> Record:
    """Return how many rows are refused, and what is wrong with the first hundred."""
    return {
        "refused": found.refused_count,
        "errors": faults(visitor, found.problems),
        "kinds": kinds(visitor, found.problems_alike),
    }


def intended(
    site: Site, visitor: Visitor, found: CheckedCampaign, options: LaunchOptions
) -> Intent:
    """Return the campaign's id and the contacts that earlier campaigns have called.

    Raises Failure (409) when the id is taken by a campaign of another account.
    """
    if options.campaign_id is not None:
        _expect_free(site, visitor, options.campaign_id)
    try:
        return launch.intent(
            site.ledger,
            found,
            found.account.name,
            site.settings,
            wanted=options.campaign_id,
            again=options.again,
            counting=uncounted,
        )
    except ConfigError as error:  # the id exists on another account
        raise Failure(409, "campaign_exists", str(error)) from None


def _expect_free(site: Site, visitor: Visitor, campaign_id: str) -> None:
    try:
        standing = views.campaign(site.ledger, campaign_id)
    except LedgerError:
        return
    if not visitor.may_see(standing.account):
        raise Failure(409, "campaign_exists", f"the id {campaign_id} is taken: choose another one")


def launched(
    site: Site, visitor: Visitor, found: CheckedCampaign, intent: Intent, first: int | None
) -> tuple[CampaignView, bool]:
    """Load a campaign once; return its view, and whether anything was loaded.

    Raises Failure (409) when the id is that of a campaign with another content.
    """
    content = launch.content_of(found, found.policy, first)
    try:
        view, is_new = launch.hand_over(
            site.ledger, found, intent, found.policy, uncounted, content=content
        )
    except OtherContent as error:
        faults = [
            Fault(key="content", code="standing", message=error.standing),
            Fault(key="content", code="sent", message=error.sent),
        ]
        raise Failure(409, "campaign_exists", str(error), errors=faults) from None
    _put_on_record(site, visitor, view)
    return view, is_new


def _put_on_record(site: Site, visitor: Visitor, view: CampaignView) -> None:
    """Record who launched it, once: also if an earlier process died before it could."""
    known = controls.of_campaign(site.ledger, view.campaign_id)
    if not any(each.what == "launch" for each in known):
        controls.note(site.ledger, view.campaign_id, "launch", order_by(visitor))


def faults(
    visitor: Visitor, problems: tuple[Problem, ...], encoding: str = BY_CHARSET
) -> list[Fault]:
    """Return problems as the visitor may see them; `encoding`: how they can set an encoding."""
    return _seen(visitor, faults_of(problems), encoding)


def kinds(visitor: Visitor, alike: Sequence[Alike]) -> list[Kind]:
    """Return kinds of problems as the visitor may see them."""
    return _seen(visitor, kinds_of(alike))


def _seen(visitor: Visitor, found: list[Found], encoding: str = BY_CHARSET) -> list[Found]:
    return [
        each.model_copy(update={"message": _message(visitor, each.message, encoding)})
        for each in found
    ]


def _message(visitor: Visitor, message: str, encoding: str) -> str:
    message = _OF_COMMANDS.sub(encoding, message)
    return message if visitor.sees_numbers else mask_text(message)


def failure(visitor: Visitor, error: CampaignError) -> Failure:
    """Return what a campaign that is wrong is over HTTP."""
    found = faults(visitor, error.problems)
    shown = [
        f"{' '.join(['line', str(each.line)]) + ': ' if each.line else ''}{each.message}"
        for each in found[:_SHOWN_IN_DETAIL]
    ]
    more = error.total - len(shown)
    detail = "; ".join(shown) + (f"; and {more:,} more" if more > 0 else "")
    of_a_kind = kinds(visitor, error.alike)
    return Failure(422, "campaign", detail, errors=found, total=error.total, kinds=of_a_kind)
