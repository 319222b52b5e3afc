"""How a call has ended, by the report that proves its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scheduler.models import Contact, Disposition, OnMachine, Policy, Reason
from scheduler.providers import CallReport, Outcome, Stage

#: How a call ends, and why.
Ending = tuple[Disposition, Reason | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """What we know of a call besides the piece of news at hand."""

    stop_why: str = ""  #: why its stop is on record; "" if nobody has ordered one
    is_answered: bool = False  #: a read has shown that it was answered
    tells_stages: bool = True  #: its provider says whether it rings, or was answered
    #: How long it may last from the answer. A call that lasts longer was ended: by the provider at
    #: its own limit, or by a stop that could not be put on record.
    may_last_seconds: float = float("inf")
    on_machine: OnMachine = OnMachine.GO_ON
    has_machine_script: bool = False  #: the campaign has steps for machines
    hears_opt_outs: bool = False  #: search its words for a wish not to be called again

    @property
    def is_stopped_for_machine(self) -> bool:
        """Whether it counts as stopped for a machine, although a hint of its end came first."""
        return self.stop_why == "hung_up" and self.on_machine is OnMachine.STOP

    @classmethod
    def under(cls, policy: Policy, contact: Contact | None = None) -> Self:
        """Return how a call of a campaign stands, by its policy."""
        return cls(
            on_machine=policy.on_machine,
            has_machine_script=bool(policy.machine_script),
            hears_opt_outs=contact is not None and policy.hears_opt_outs(contact),
        )


#: How a call ended that nobody answered, by the provider's word alone.
_NOT_ANSWERED: dict[Outcome, Ending] = {
    Outcome.BUSY: (Disposition.NOT_REACHED, Reason.BUSY),
    Outcome.NO_ANSWER: (Disposition.NOT_REACHED, Reason.NO_ANSWER),
    Outcome.FAILED: (Disposition.NOT_REACHED, Reason.FAILED),
}

#: Orders that decide the end, whatever the final status is.
_ASKED: dict[str, Ending] = {
    "aborted": (Disposition.ABORTED, None),
    "machine": (Disposition.STOPPED, Reason.MACHINE),
    "not_reached": (Disposition.NOT_REACHED, Reason.MACHINE),
}

#: Stops on record that did not end the call: none, or one after a hint that it was over.
_NO_STOP = ("", "hung_up")

_NO_ANSWER: Ending = (Disposition.NOT_REACHED, Reason.NO_ANSWER)
_STOPPED: Ending = (Disposition.STOPPED, None)


def ending(report: CallReport, standing: Standing) -> Ending | None:
    """Return how the call has ended; None while it is, or may be, live."""
    if report.stage is not Stage.OVER:
        return None
    if asked := _ASKED.get(standing.stop_why):
        return asked
    if report.outcome in _NOT_ANSWERED:
        return _NOT_ANSWERED[report.outcome]
    if report.outcome is Outcome.CANCELED:
        return _NO_ANSWER if standing.stop_why else (Disposition.SKIPPED, Reason.EXPIRED)
    return _after_the_answer(report, standing)


def _after_the_answer(report: CallReport, standing: Standing) -> Ending:
    seconds = report.duration_seconds or 0.0
    # If a ringing call is stopped, its final status may be that of an answered one.
    if standing.stop_why == "no_answer" and not (standing.is_answered or seconds > 0):
        return _NO_ANSWER
    if report.answered_by == "machine" and standing.on_machine is OnMachine.NOT_REACHED:
        return Disposition.NOT_REACHED, Reason.MACHINE
    if report.answered_by == "machine" and standing.is_stopped_for_machine:
        return Disposition.STOPPED, Reason.MACHINE
    if standing.stop_why not in _NO_STOP or seconds >= standing.may_last_seconds:
        return _STOPPED
    return Disposition.COMPLETED, None


def never_rang(report: CallReport) -> bool:
    """Whether a report proves that the call was cancelled in the queue: no phone has rung."""
    return (
        report.stage is Stage.OVER
        and report.outcome is Outcome.CANCELED
        and report.started_at is None
        and not report.duration_seconds
    )
