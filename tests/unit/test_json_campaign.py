"""A campaign as one JSON value, cut in pieces that break it anywhere."""

from __future__ import annotations

import io
import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scheduler.campaign.file import json_campaign
from scheduler.campaign.file.json_campaign import cut
from scheduler.errors import CampaignError

_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
_policies = some.dictionaries(
    some.text(max_size=9).filter(lambda key: key != "contacts"), _values, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(
    policy=_policies,
    contacts=some.lists(some.dictionaries(some.text(max_size=9), _values, max_size=3), max_size=4),
    ascii_=some.booleans(),
    indent=some.none() | some.integers(0, 2),
    piece=some.integers(1, 40),
)
def test_it_is_cut_the_same_wherever_its_pieces_end(
    policy: dict[str, Any],
    contacts: list[dict[str, Any]],
    ascii_: bool,
    indent: int | None,
    piece: int,
) -> None:
    whole = {**policy, "contacts": contacts}
    text = json.dumps(whole, ensure_ascii=ascii_, indent=indent).encode("utf-8", "surrogatepass")
    lines = io.BytesIO()
    with mock.patch.object(json_campaign, "_PIECE_BYTES", piece):
        assert cut(io.BytesIO(text), lines) == policy
    assert [*map(json.loads, lines.getvalue().decode().split("\n")[:-1])] == contacts


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"name": "a",\n "contacts": [{},\n   {"a" 1}]}', 3, 9),
        ('{"name": "a",\n\n "contacts": 1}', 3, 14),
        ('{"contacts": [{}]}\n]', 2, 1),
    ],
)
@pytest.mark.parametrize("piece", [3, 1000])  # and with what follows, or without
def test_what_is_wrong_says_its_place(
    text: str, line: int, column: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_campaign, "_PIECE_BYTES", piece)
    after = ", " + "[1], " * 1000 if text.endswith("}") and piece > 3 else ""
    with pytest.raises(CampaignError) as refused:
        cut(io.BytesIO((text + after).encode()), io.BytesIO())
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (line, column)
