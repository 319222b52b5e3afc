"""A number of ours that the provider lets nobody call from, among others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from scheduler.errors import CallerIdFault, ProviderError
from scheduler.ledger import limits
from scheduler.providers import StartOrder
from tests.functional.campaign import Site, numbers
from tests.functional.rig import ACCOUNT, Open, Rig
from tests.functional.twilio_site import dialed, run, twilio_site, write
from tests.sandbox_process import SandboxProcess
from tests.toy_provider.ringing import RINGS, RingingToy

BAD, GOOD, OTHER = "+14155550161", "+14155550162", "+14155550163"
EVERYBODY = numbers(30)


def refuse_bad(order: StartOrder) -> ProviderError | None:
    if order.caller_id != BAD:
        return None
    return CallerIdFault("21210 not a number of the account", caller_id=BAD)


@pytest.fixture
def toy() -> RingingToy:
    toy = RingingToy()
    toy.answers = refuse_bad
    return toy


@pytest.fixture
def open_rig(opened: Open, toy: RingingToy) -> Callable[..., Rig]:
    return partial(opened, provider=toy, traits=RINGS, threads=0, ceiling=50)


def test_it_is_blocked_alone_and_whom_it_was_for_is_called_from_another(
    open_rig: Callable[..., Rig],
) -> None:
    rig = open_rig(caller_ids=(BAD, GOOD))
    rig.load(*EVERYBODY)
    rig.raise_limit(50)

    rig.dialer.dial()

    assert {record["state"] for record in rig.records()} == {"connected"}
    assert {record["attempts"] for record in rig.records()} == {1}
    assert rig.account().caller_blocks == {BAD: "21210 not a number of the account"}
    assert rig.account().blocks == {}


def test_nobody_asks_for_it_again(open_rig: Callable[..., Rig], toy: RingingToy) -> None:
    rig = open_rig(caller_ids=(BAD, GOOD))
    asked: list[str] = []

    def answer(order: StartOrder) -> ProviderError | None:
        asked.append(order.caller_id)
        return refuse_bad(order)

    toy.answers = answer
    rig.load(*EVERYBODY)
    rig.raise_limit(50)

    rig.dialer.dial()

    assert asked.count(BAD) == 1


def test_the_only_one_that_is_left_blocks_the_account(open_rig: Callable[..., Rig]) -> None:
    rig = open_rig(caller_ids=(BAD,))
    rig.load(*EVERYBODY[:2])

    rig.dialer.dial()

    assert list(rig.account().blocks) == [rig.provider.fingerprint]
    assert rig.account().caller_blocks == {}
    assert {record["state"] for record in rig.records()} == {"pending"}


def test_a_campaign_s_own_numbers_are_not_the_account_s(open_rig: Callable[..., Rig]) -> None:
    rig = open_rig(caller_ids=(GOOD,))
    rig.load(*EVERYBODY[:1], options={"caller_id": [BAD]})

    rig.dialer.dial()

    assert list(rig.account().blocks) == [rig.provider.fingerprint]


def test_who_starts_anew_tries_it_again(open_rig: Callable[..., Rig]) -> None:
    rig = open_rig(caller_ids=(BAD, GOOD))
    limits.block_caller(rig.ledger, ACCOUNT, GOOD, "21212")

    limits.unblock(rig.ledger, ACCOUNT)

    assert rig.account().caller_blocks == {}


# A whole campaign ---------------------------------------------------------------------------------


@pytest.fixture
def site(twilio: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    twilio.knobs(say_letters_per_second=500, callers=f"{GOOD},{OTHER}")
    with twilio_site(tmp_path, twilio, CALLSCHED_CALLER_ID=f"{BAD},{GOOD},{OTHER}") as site:
        yield site


def test_a_campaign_goes_on_from_the_others_and_says_so(site: Site, twilio: SandboxProcess) -> None:
    path = write(site, EVERYBODY[:12], retry={"busy": {"max": 1, "delays": ["1s"]}})

    done = run(site, path)

    assert done.process.returncode == 0, done.err
    assert sorted(dialed(twilio)) == sorted(EVERYBODY[:12])
    seen = {record["caller_id"] for record in site.results("c")}
    assert seen == {GOOD, OTHER}
    account = site.call("status", "c", "--json").record["account_view"]
    assert list(account["caller_blocks"]) == [BAD]
    assert "21210" in account["caller_blocks"][BAD]
    assert "nobody is called from …0161" in site.call("status", "c").out.replace("\n", " ")
    assert "nobody is called from …0161" in site.call("doctor").out


def test_retries_come_from_the_same_number(site: Site, twilio: SandboxProcess) -> None:
    twilio.knobs(busy_share=1)
    path = write(site, EVERYBODY[:6], retry={"busy": {"max": 1, "delays": ["1s"]}})

    run(site, path)

    callers: dict[str, set[str]] = {}
    for event in twilio.events("dialed"):
        callers.setdefault(event["phone_number"], set()).add(event["caller"])
    assert len(dialed(twilio)) == 12
    assert all(len(seen) == 1 for seen in callers.values())
