"""How long a command waits when it asked the API for too much at once."""

from __future__ import annotations

import pytest

from scheduler.errors import AtLimit
from scheduler.operations.patience import patiently


@pytest.mark.parametrize(("wish", "least", "most"), [(40.0, 40.0, 40.0), (None, 0.0, 8.0)])
def test_a_command_waits_as_long_as_the_api_wishes_or_by_its_own_pace(
    wish: float | None, least: float, most: float
) -> None:
    waits: list[float] = []

    def refused() -> None:
        raise AtLimit("429", retry_after_seconds=wish)

    with pytest.raises(AtLimit):
        patiently.copy(sleep=waits.append)(refused)

    assert len(waits) == 5
    assert all(least <= wait <= most for wait in waits)
