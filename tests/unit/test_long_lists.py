"""Thousands of rows on a terminal: aligned, and nobody else's bytes come through."""

from __future__ import annotations

import pytest

from scheduler.cli import console


def test_rows_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"c-{at}", "東京", "active") for at in range(1, 1200)]

    console.long_list(("campaign", "account", "state"), rows)

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["campaign  account  state", "c-1       東京     active"]
    assert lines[-1] == "c-1199    東京     active"
    assert len(lines) == 1200


def test_what_would_move_the_cursor_is_shown_and_markup_is_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.long_list(("campaign",), [("a\x1b[2Jb",), ("[red]c[/red]",)])

    _, first, second = capsys.readouterr().out.splitlines()
    assert "\x1b" not in first
    assert second == "[red]c[/red]"
