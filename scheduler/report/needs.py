"""What somebody has to decide or do after a campaign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.fields.counts import counted
from scheduler.models import CampaignState, Disposition
from scheduler.report import captions
from scheduler.report.figures import Figures
from scheduler.report.wording import UNKNOWN, label


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do, with commands that do it: (command, what it does) of each."""

    text: str
    commands: tuple[tuple[str, str], ...] = ()


def needs(figures: Figures, campaign_id: str) -> Iterator[Need]:
    """Yield what somebody has to decide or do, the most urgent first."""
    if figures.header.state == CampaignState.PAUSED:
        resume = (f"callsched resume {campaign_id}", "resumes it")
        yield Need("The campaign is paused.", (resume,))
    if figures.unknown:
        yield _unknown(figures, campaign_id)
    if late := captions.ended_late(figures):
        yield Need(late)
    yield from _ends(figures, campaign_id)
    if unread := figures.insights.unread:
        yield Need(f"Something that was said in {counted(unread, 'call')} could not be read.")


def _unknown(figures: Figures, campaign_id: str) -> Need:
    calls = sum(figures.unknown.values())
    why = " ".join(
        f"{calls:,} {label(('', reason))}. {UNKNOWN.get(reason, '')}".strip()
        for reason, calls in figures.unknown.items()
    )
    reconcile = f"callsched reconcile {campaign_id}"
    return Need(
        f"For {counted(calls, 'call')} it is unknown whether the phone rang, or how the call ended:"
        f" {why} None is dialled again by itself, unless the campaign says so, because that could"
        " call somebody twice.",
        (
            (reconcile, "looks them up at the API"),
            (f"{reconcile} CONTACT --placed", "settles one of which you learned that it rang"),
            (f"{reconcile} CONTACT --not-placed", "one that did not; --redial calls it again"),
        ),
    )


def _ends(figures: Figures, campaign_id: str) -> Iterator[Need]:
    counts = {word: 0 for word in (Disposition.REJECTED, Disposition.NOT_REACHED)}
    for (disposition, _), calls in figures.ends.items():
        if disposition in counts:
            counts[Disposition(disposition)] += calls
    if rejected := counts[Disposition.REJECTED]:
        text = f"The API rejected {counted(rejected, 'call')}: the table of calls says why."
        yield Need(text)
    if (missed := counts[Disposition.NOT_REACHED]) and figures.header.is_over:
        again = (f"callsched retry {campaign_id} --only not_reached", "calls them again")
        yield Need(f"{counted(missed, 'call')} reached nobody.", (again,))
