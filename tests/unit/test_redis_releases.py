"""Which servers are told to have faults of scripting, by their number."""

from __future__ import annotations

import pytest

from scheduler.ledger.redis.releases import mended_in


@pytest.mark.parametrize(
    ("server", "number", "mended"),
    [
        ("Redis", "6.2.14", "6.2.20"),
        ("Redis", "6.2.19", "6.2.20"),
        ("Redis", "6.2.20", ""),
        ("Redis", "6.2.24", ""),
        ("Redis", "7.0.15", "7.2.11"),  # a line that gets no release any more
        ("Redis", "7.2.4", "7.2.11"),
        ("Redis", "7.4.6", ""),
        ("Redis", "8.0.3", "8.0.4"),
        ("Redis", "8.2.1", "8.2.2"),
        ("Redis", "8.6.0", ""),
        ("Redis", "255.255.255", ""),  # as builds of what is not released call themselves
        ("Valkey", "7.2.11", "7.2.12"),
        ("Valkey", "8.0.7", ""),
        ("Valkey", "9.0.1", "9.0.2"),
        ("Valkey", "9.1.0", ""),
        ("KeyDB", "6.3.4", ""),
    ],
)
def test_a_release_is_told_which_one_mends_it(server: str, number: str, mended: str) -> None:
    assert mended_in(server, number) == mended


@pytest.mark.parametrize("number", ["", "unknown", "7"])
def test_a_number_that_is_none_says_nothing_good(number: str) -> None:
    assert mended_in("Redis", number) == "6.2.20"
