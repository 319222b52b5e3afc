"""One cell is mended, and the same command is said again: whom it calls, what it says before."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.functional.campaign import Command, Judge, Site, numbers
from tests.functional.terminal import Terminal
from tests.functional.test_cli import Api, serving
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.timeout(90)

ANN, BEN, CLEO = numbers(3)


def run(site: Site, people: list[str], *more: str) -> Command:
    path = site.contacts(people, "three.csv")
    return site.call("run", path, "--max-duration", "1s", "--json", *more)


def submit(site: Site, people: list[str], *more: str) -> tuple[str, str]:
    """Hand a campaign over; return its id, and what was said."""
    command = site.call("submit", site.contacts(people, "three.csv"), *more)
    assert command.process.returncode == 0, command.err
    return command.out.strip(), command.err


def ends(site: Site, campaign_id: str) -> list[tuple[str, str | None]]:
    return [(call["state"], call["reason"]) for call in site.results(campaign_id)]


def test_when_a_cell_was_mended_only_who_is_new_is_called(
    site: Site, sandbox: SandboxProcess
) -> None:
    first = run(site, [ANN, BEN])

    mended = run(site, [ANN, CLEO])

    assert mended.process.returncode == 0, mended.err
    assert mended.record["dispositions"] == {"skipped:already_called": 1, "stopped": 1}
    assert Judge(sandbox).accepted == Counter([ANN, BEN, CLEO])
    earlier = first.record["campaign_id"]
    assert re.search(
        rf"warning: 1 of 2 contacts .*\n  {earlier}: 1 called, the last at 2\d{{3}}-\d\d-\d\d"
        r" \d\d:\d\d \w+\n",
        mended.err,
    ), mended.err
    assert f"Use --again to call them anyway, or --id {earlier}" in mended.err
    (called, _) = site.results(mended.record["campaign_id"])
    assert re.fullmatch(rf"called 2\d{{3}}-.* by campaign {earlier}", called["error"])

    nobody = run(site, [CLEO, BEN])
    assert (nobody.process.returncode, nobody.record["state"]) == (0, "finished")
    assert "Nobody is left to call" in nobody.err
    assert Judge(sandbox).accepted == Counter([ANN, BEN, CLEO])

    again, said = submit(site, [CLEO, BEN], "--again")
    assert again == nobody.record["campaign_id"] + "+2"
    assert "they are called anyway, because you said --again" in said
    assert ends(site, again) == [("pending", None)] * 2


def test_who_still_waits_is_not_taken_over_unless_it_is_said(site: Site) -> None:
    first, said = submit(site, [ANN, BEN])
    assert "earlier" not in said and "skipped" not in said

    second, said = submit(site, [ANN, CLEO])
    assert ends(site, second) == [("ended", "already_called"), ("pending", None)]
    assert f"  {first}: 1 waiting or live\n" in said
    assert f"callsched cancel {first}` cancels its remaining calls" in said

    same, said = submit(site, [ANN, CLEO], "--again")
    assert (same, len(ends(site, same))) == (second, 2)
    assert f"callsched retry {second} --only skipped:already_called" in said

    third, _ = submit(site, [ANN, CLEO, BEN], "--again")
    assert {state for state, _ in ends(site, third)} == {"pending"}
    dated, said = submit(site, [ANN], "--id", "nightly-{date}")
    assert ends(site, dated) == [("pending", None)]
    assert "because you named this campaign with --id" in said

    # The way out that is named: the first one goes on, with who is new.
    meant, said = submit(site, [ANN, "+12025550177"], "--id", first)
    assert meant == first and "earlier campaigns" not in said
    assert ends(site, first) == [("pending", None)] * 3


def test_the_window_can_be_turned_off(site: Site) -> None:
    site.env["CALLSCHED_REPEAT_WINDOW"] = "0s"
    submit(site, [ANN])

    second, said = submit(site, [ANN, BEN])

    assert "earlier" not in said and "skipped" not in said
    assert ends(site, second) == [("pending", None)] * 2


def test_the_question_counts_whom_it_calls(site: Site) -> None:
    submit(site, [ANN, BEN])
    with serving(Api()) as api:
        site.env["CALLSCHED_SYMBL_BASE_URL"] = api.url
        path = site.contacts([ANN, CLEO, BEN], "three.csv")
        terminal = Terminal(site, "submit", path, "--max-duration", "60s")
        terminal.read_until("Call them?")
        terminal.type("n\n")
        assert terminal.wait() == 1
    before, _, question = terminal.shown.partition("This calls 1 contact ")
    assert "2 of 3 contacts" in before
    assert "1 minute of calls at worst, 1 minute on the clock" in question
    assert len(site.call("status", "--json").record["campaigns"]) == 1
