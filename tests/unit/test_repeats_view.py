"""What a command says of people whom an earlier campaign of the same name has called."""

from __future__ import annotations

import pytest

from scheduler.cli import console, repeats_view
from scheduler.ledger.repeats import Repeats
from scheduler.operations.repeats import Because, Earlier, Window


@pytest.mark.parametrize(
    ("campaign_id", "why"),
    [
        ("autumn", "because you named this campaign with --id"),
        ("a-1-sandbox-any-hour", "because --any-hour makes a campaign of its own"),
    ],
)
def test_it_names_the_option_by_which_everybody_is_called(
    monkeypatch: pytest.MonkeyPatch, campaign_id: str, why: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(console, "say", lambda *lines: said.extend(lines))
    window = Window(None, 3600.0, Because.NAMED)

    repeats_view.tell(campaign_id, Earlier(window, 2, (Repeats("a-0", 2, None, 0),)))

    assert why in said[0]
