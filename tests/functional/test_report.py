"""`callsched report` of a campaign that was dialled: a page for people, figures for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.functional.campaign import Site, magic
from tests.functional.terminal import Terminal
from tests.sandbox_process import SandboxProcess
from tests.unit.test_report_page import Page

pytestmark = pytest.mark.timeout(120)

ANA, BEN = "+12025550143", "+12025550144"
REJECTED, UNKNOWN, REFUSED = magic(4), magic(50), magic(29)


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, answer_after=0.2, line_every=0.2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def over(running: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A campaign that is over, and its report beside it; no test changes them."""
    home = tmp_path_factory.mktemp("over")
    with Site(home, running.url, CALLSCHED_INSIGHTS_PATIENCE="3s") as site:
        path = site.contacts((ANA, BEN, ANA, REJECTED, UNKNOWN, REFUSED))
        ran = site.call("run", path, "--id", "over", "--max-duration", "2s")
        assert ran.wait() == 0, ran.err
        (site.home / "report.html").write_text("of yesterday")
        browser = site.home / "browser"
        browser.write_text('#!/bin/sh\necho "$1" >opened\n')
        browser.chmod(0o700)
        site.env["BROWSER"] = f"{browser} %s"
        words = ("-o", "report.html", "--json", "--transcripts", "--open")
        told = site.call("report", "over", *words)
        assert told.wait() == 0, told.err
        (site.home / "told.json").write_text(told.out)
        assert told.err == "report.html: 6 calls, masked numbers, 3 transcripts\n"
        assert (home / "opened").read_text() == (home / "report.html").as_uri() + "\n"
        yield site


def test_a_page_says_what_became_of_the_campaign(over: Site) -> None:
    page = Page((over.home / "report.html").read_text("utf-8"))

    # Twice a number that nobody answers for by name; the sandbox tells nothing of who listens.
    assert re.search(r"All 6 calls are over: .*2 not called and \d not known\.", page.text)
    assert "callsched reconcile over" in page.text
    assert "front desk of Harbour Street Dental" in page.text
    assert "appointment" in page.text
    # Every plot has something to draw: slots, lengths, lateness, and the 429s.
    assert len(page.plots) == 4
    assert all(number not in page.html for number in (ANA, BEN, REJECTED, UNKNOWN, REFUSED))


def test_the_figures_are_those_of_the_results_and_of_the_journal(
    over: Site, running: SandboxProcess
) -> None:
    told = json.loads((over.home / "told.json").read_text())
    records = over.results("over")
    lengths = [each["duration_seconds"] for each in records if each["duration_seconds"] is not None]

    assert (told["campaign_id"], told["is_over"], told["contacts"]) == ("over", True, 6)
    outcomes = {(each["disposition"], each["reason"]): each["calls"] for each in told["outcomes"]}
    assert outcomes == {
        ("stopped", None): 3,
        ("skipped", "duplicate"): 1,
        ("rejected", None): 1,
        ("unknown", "answer_lost"): 1,
    }
    assert (told["lengths"]["calls"], told["lengths"]["max_seconds"]) == (3, max(lengths))
    assert told["stops"]["stops"] == told["ends"]["calls"] == 3
    lates = [each["late_seconds"] for each in records if each["late_seconds"] is not None]
    assert told["ends"]["max_seconds"] == max(lates) > told["stops"]["p50_seconds"]
    # The account's ceiling, as long as nobody sets another.
    assert 0 < told["slots"]["peak"] <= 5
    assert 1 <= told["slots"]["limit_lowest"] <= told["slots"]["limit_highest"] <= 5
    refusals = [each for each in running.events("refused") if each["status"] == 429]
    assert 0 < told["refused"] <= len(refusals)
    assert told["said"]["transcripts"] >= 3
    assert {"text": "appointment", "calls": 3} in told["said"]["topics"]


def test_figures_alone_write_no_page(over: Site) -> None:
    before = sorted(over.home.iterdir())

    figures = over.start("report", "over", "--json")

    assert figures.wait() == 0, figures.err
    assert figures.record["contacts"] == 6
    assert figures.record["said"]["transcripts"] == 3
    assert "topics" not in figures.record["said"]
    assert sorted(over.home.iterdir()) == before


def test_a_page_goes_to_standard_output_or_where_it_can_not_be_written(over: Site) -> None:
    piped = over.start("report", "over", "-o", "-", "--numbers", "--rows", "1", "--no-transcripts")
    nowhere = over.start("report", "over", "-o", "missing/report.html")
    both = over.start("report", "over", "-o", "-", "--json")
    sent = over.start("report", "over", "-o", "sent.html")

    assert piped.wait() == 0, piped.err
    page = Page(piped.out)
    assert "1 of 6 calls are listed" in page.text
    assert UNKNOWN in page.text and "Harbour Street" not in page.text
    assert "warning: --no-transcripts is deprecated" in piped.err
    assert (sent.wait(), sent.err) == (0, "sent.html: 6 calls, masked numbers, no transcripts\n")
    on_terminal = Terminal(over, "report", "over", "-o", "there.html")
    assert on_terminal.wait() == 0
    assert f"open it: {(over.home / 'there.html').as_uri()} (--open" in on_terminal.shown
    assert (nowhere.wait(), nowhere.out) == (1, "")
    assert "missing/report.html can't be written" in nowhere.err
    assert both.wait() == 2
