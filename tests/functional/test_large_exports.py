"""What is made of a large campaign says how far it is."""

from __future__ import annotations

import pytest

from tests.functional.campaign import Site, numbers
from tests.functional.terminal import Terminal


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("results", "-o", "large.csv"), "writing large.csv"),
        (("results", "-o", "large.jsonl"), "writing large.jsonl"),
        (("report", "-o", "large.html"), "reading large"),
    ],
)
def test_on_a_terminal_a_command_shows_its_progress(
    site: Site, words: tuple[str, ...], what: str
) -> None:
    submitted = site.call("submit", site.contacts(numbers(150)), "--id", "large")
    assert submitted.process.returncode == 0, submitted.err

    terminal = Terminal(site, words[0], "large", *words[1:])

    assert terminal.wait() == 0, terminal.shown
    assert what in terminal.shown
    assert "100 calls" in terminal.shown


def test_results_that_are_read_elsewhere_show_no_progress(site: Site) -> None:
    site.call("submit", site.contacts(numbers(150)), "--id", "large")

    terminal = Terminal(site, "results", "large")

    assert terminal.wait() == 0
    assert "writing" not in terminal.shown
