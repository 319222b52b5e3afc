"""Says how `callsched run` ended, and chooses the exit code."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli import console, late_view, results_view
from scheduler.cli.notices import left_for_later
from scheduler.cli.suggested import suggested
from scheduler.errors import ConfigError
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState, Disposition
from scheduler.operations.export import expect_library
from scheduler.operations.reach import reach
from scheduler.operations.supervision import Ending, How, Rest
from scheduler.reached import IN_WORDS, Reached

INTERRUPTED = 130

_CODES = {
    How.FINISHED: 0,
    How.STOPPED_ITSELF: 1,
    How.BLOCKED: 1,
    How.LEFT_FOR_LATER: 3,
    How.INTERRUPTED: INTERRUPTED,
}


def expect_writable(path: Path | None) -> None:
    """Before anybody is called, check that the results can be written."""
    if path is None:
        return
    expect_library(results_view.format_of(path))
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"--results {path}: the folder can't be written, or is not there")


def tell(ledger: Ledger, ending: Ending, path: Path | None, *, json: bool, quiet: bool) -> int:
    """Show how a run ended, and write its results to a path; return the exit code.

    Raises ConfigError if the campaign was finished before and nobody was called.
    """
    if ending.how is How.WAS_FINISHED:
        raise ConfigError(_refusal(ending.campaign.campaign_id))
    view, code = views.campaign(ledger, ending.campaign.campaign_id), _CODES[ending.how]
    with _written_first(ledger, view.campaign_id, path):
        if json:
            console.emit(
                {
                    **view.as_record(),
                    "exit_code": code,
                    "peak_slots": ending.peak_slots,
                    "seconds": round(ending.seconds, 3),
                    "results": str(path) if path else None,
                }
            )
        elif code or not quiet:
            _show(view, ending, path, reach(ledger, view))
        if lines := list(_ways_on(ending)):
            console.say(*lines)
    return code


@contextmanager
def _written_first(ledger: Ledger, campaign_id: str, path: Path | None) -> Iterator[None]:
    """Write the results before anything is printed: printing may fail without a reader or room.

    Raises ConfigError at the end if writing failed.
    """
    fault = None
    try:
        if path is not None:
            view = views.campaign(ledger, campaign_id)
            every = views.results(ledger, campaign_id)
            with results_view.counted(every, path, view.total) as records:
                layout = results_view.layout_of(ledger, view, results_view.format_of(path))
                results_view.export(records, path, layout=layout)
    except ConfigError as error:
        fault = error
    yield
    if fault is not None:
        raise fault


def _refusal(campaign_id: str) -> str:
    return (
        f"campaign {campaign_id} is finished, and nobody is called twice:"
        f" see `{suggested('results', campaign_id)}`, or say --again to call everyone again"
    )


def _show(
    view: CampaignView, ending: Ending, path: Path | None, reached: Counter[Reached] | None
) -> None:
    rows = [(count, *_explained(label)) for label, count in view.dispositions.items()]
    rows += [
        (count, state, "") for state, count in view.calls.items() if count and state != "ended"
    ]
    title = f"{view.campaign_id}: {counted(view.total, 'contact')} in {ending.seconds:.1f} s"
    console.out.print(console.table(title, ("calls", "ended as", "reason"), rows))
    where = path or suggested("results", view.campaign_id)
    console.out.print("")
    if reached:
        groups = (f"{reached[each]:,} {IN_WORDS[each]}" for each in Reached if reached[each])
        console.out.print(", ".join(groups))
        if unnamed := answered_by_nobody_known(view, reached):
            console.out.print(
                f"of {unnamed:,} nothing says who answered: pressed keys, a transcript or"
                " on_machine would"
            )
    console.out.print(
        f"at most {counted(ending.peak_slots, 'slot')} in use; results: {where}", markup=False
    )
    for line in late_view.lines(view.late):
        console.out.print(line)


def answered_by_nobody_known(view: CampaignView, reached: Counter[Reached]) -> int:
    """Return how many calls ended in the ordinary way, and may have reached a person or nobody."""
    lost = sum(
        count
        for label, count in view.dispositions.items()
        if _explained(label)[0] == Disposition.UNKNOWN
    )
    return reached[Reached.UNKNOWN] - lost


def _explained(label: str) -> tuple[str, str]:
    disposition, _, reason = label.partition(":")
    return disposition, reason.replace("_", " ")


def _ways_on(ending: Ending) -> Iterator[str]:
    """Yield why calls are left, and what continues only while a worker runs."""
    campaign, again = ending.campaign, "the same command continues, and calls nobody twice"
    left = f"{counted(campaign.calls[CallState.PENDING], 'call')} left"
    if ending.how is How.FINISHED:
        yield from _rest(ending.rest, in_sandbox=campaign.account == SANDBOX_ACCOUNT)
    elif ending.how is How.INTERRUPTED and not campaign.calls[CallState.PENDING]:
        yield "interrupted: no call is left to be made"
    elif ending.how is How.INTERRUPTED:
        yield f"interrupted: {left}; {again}"
    elif ending.how is How.LEFT_FOR_LATER:
        yield f"{left}{left_for_later(campaign)}; {again}"
    elif ending.how is How.BLOCKED:
        yield from (f"error: {visible(ending.block)}", f"{left}; {again}")
    else:
        yield f"error: the campaign stopped itself: {visible(campaign.stopped_itself)}"
        resume = suggested("resume", campaign.campaign_id)
        yield f"{left}; `{resume}`, then the same command, continues"


def _rest(rest: Rest, *, in_sandbox: bool) -> Iterator[str]:
    """Yield what is not over yet; a worker continues it, or in the sandbox another run."""
    worker = "`run --sandbox`" if in_sandbox else "worker"
    start = "" if in_sandbox else f": {suggested('worker')}"
    if rest.unconfirmed:
        calls = counted(rest.unconfirmed, "call")
        yield (
            f"warning: the API never confirmed the end of {calls}; while a {worker} runs, the"
            " stops are repeated for 24 hours"
        )
    if rest.live_elsewhere:
        calls = counted(rest.live_elsewhere, "call of another campaign", "calls of other campaigns")
        yield (
            f"warning: {calls} may be live on this account; deadlines are kept only while a"
            f" {worker} runs{start}"
        )
    if rest.owed_news:
        news = counted(rest.owed_news, "message to webhooks was", "messages to webhooks were")
        yield (
            f"warning: {news} not taken yet; while a {worker} runs, this is tried again for three"
            f" days{start}"
        )
