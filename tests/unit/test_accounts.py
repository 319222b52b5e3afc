"""How much of an account the settings let callsched use."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.operations.ceilings import ceilings
from scheduler.providers import accounts_of
from scheduler.settings import Settings


@pytest.mark.parametrize(
    ("most", "reserve", "ceiling"), [(5, 0, 5), (5, 2, 3), (5, 5, 1), (2, 9, 1)]
)
def test_what_is_left_to_others_is_not_used_but_for_one_slot(
    most: int, reserve: int, ceiling: int
) -> None:
    settings = Settings(account="a", max_concurrency=most, reserve=reserve)

    account = accounts_of(settings).named(None)

    assert (account.name, account.ceiling, account.reserve) == ("a", ceiling, reserve)


def test_without_a_file_each_account_has_the_ceiling_that_the_providers_give_it() -> None:
    settings = Settings(account="a", max_concurrency=7, reserve=2)

    ceiling_of = ceilings(settings)

    for name in ("a", "another"):
        assert ceiling_of(name) == accounts_of(settings).ceiling_of(name) == 7


def test_a_file_says_the_ceiling_of_its_accounts(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(
        "a: {provider: symbl, app_id: x, app_secret: x, max_concurrency: 3}\n"
        "b: {provider: symbl, app_id: y, app_secret: y}\n"
    )

    ceiling_of = ceilings(Settings(accounts=file, max_concurrency=20))

    assert [ceiling_of(name) for name in ("a", "b", "another")] == [3, 20, 0]
