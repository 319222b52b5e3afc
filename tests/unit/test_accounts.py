"""How much of an account the settings let callsched use."""

from __future__ import annotations

import pytest

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
