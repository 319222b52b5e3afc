"""What a piece of news of a call means, whichever way it came: the only place that decides.

A socket's frame, a poll's answer and a callback are three ways to here. Each may be lost, come
twice, or come in any order: doing twice what they ask for is harmless, and news only move a call
forward. These functions are pure: their callers do what the news ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scheduler.calls.outcomes import Ending, Standing, ending
from scheduler.heard import OPT_OUT, OURS
from scheduler.ledger.listeners import LiveLine
from scheduler.models import Attempt, OnMachine
from scheduler.opt_outs import asks_not_to_be_called
from scheduler.providers import CallReport, Heard, News, Stage


class Act(StrEnum):
    """What news ask for."""

    HUNG_UP = "hung_up"  #: stop it: the answer to the stop proves that it is over
    MACHINE = "machine"  #: stop it
    NOT_REACHED = "not_reached"  #: the same
    SPEAK = "speak"  #: have it say the steps for a machine
    DO_NOT_CALL = "do not call"  #: put the callee on the list
    READ = "read"  #: a callback says that it is over: read it for proof


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a piece of news means for its call. A field about which it says nothing is empty."""

    stage: Stage | None = None  #: how far the call has come; None if known before, or not told
    act: Act | None = None
    answered_by: str = ""  #: to be kept
    intents: tuple[str, ...] = ()  #: to be kept; with DO_NOT_CALL the callee goes on the list
    ending: Ending | None = None  #: it is certainly over, and has ended so


_LIVE = (Stage.QUEUED, Stage.RINGING, Stage.ANSWERED)


def meaning(item: News | Heard | CallReport, standing: Standing) -> Meaning:
    """Return what a piece of news means for a call in this standing.

    News comes from a socket, Heard from a callback; a CallReport was read, and is proof.
    """
    match item:
        case News():
            return _news(item, standing)
        case Heard():
            return _heard(item, standing)
    return _read(item, standing)


def _news(news: News, standing: Standing) -> Meaning:
    if news.kind == "completed":
        return Meaning(act=Act.HUNG_UP)
    if who := news.answered_by:
        return Meaning(act=_verdict(who, standing, may_speak=False), answered_by=who)
    intents = _intents(news, standing)
    return Meaning(act=Act.DO_NOT_CALL if OPT_OUT in intents else None, intents=intents)


def _intents(news: News, standing: Standing) -> tuple[str, ...]:
    """Return what somebody meant, by the provider's word or by a whole sentence of the callee."""
    if news.intent:
        return (news.intent,)
    is_callees = news.kind == "message" and news.speaker != OURS
    is_asked = standing.hears_opt_outs and is_callees and asks_not_to_be_called(news.text)
    return (OPT_OUT,) if is_asked else ()


def _heard(heard: Heard, standing: Standing) -> Meaning:
    report = heard.report
    words = [_news(each, standing) for each in heard.news]
    verdicts = (heard.answered_by, report.answered_by if report else "")
    answered_by = next(filter(None, (*verdicts, *(each.answered_by for each in words))), "")
    if report is not None and report.stage is Stage.OVER:
        return Meaning(Stage.OVER, Act.READ, answered_by)
    act = _verdict(answered_by, standing, may_speak=heard.may_speak)
    intents = tuple(name for each in words for name in each.intents)
    acts = (each.act for each in words)
    stage = _stage(report, standing) if report else None
    return Meaning(stage, act or next(filter(None, acts), None), answered_by, intents)


def _read(report: CallReport, standing: Standing) -> Meaning:
    if report.stage is Stage.OVER:
        answered_by = report.answered_by
        return Meaning(Stage.OVER, answered_by=answered_by, ending=ending(report, standing))
    # A verdict that can be read is final: the greeting is over by then.
    act = _verdict(report.answered_by, standing, may_speak=True)
    return Meaning(_stage(report, standing), act, report.answered_by)


def _stage(report: CallReport, standing: Standing) -> Stage | None:
    is_news = standing.tells_stages and not standing.is_answered
    return report.stage if is_news and report.stage in _LIVE else None


def _verdict(answered_by: str, standing: Standing, *, may_speak: bool) -> Act | None:
    """Return what to do after an answer; everything but a machine counts as a person."""
    if answered_by != "machine":
        return None
    if standing.has_machine_script:
        return Act.SPEAK if may_speak else None
    return {OnMachine.STOP: Act.MACHINE, OnMachine.NOT_REACHED: Act.NOT_REACHED}.get(
        standing.on_machine
    )


def line_of(attempt: Attempt, news: News) -> LiveLine | None:
    """Return the line to keep of a piece of news; None if it has no text."""
    if not news.text:
        return None
    return LiveLine(attempt, news.kind, news.text, news.speaker, news.said_at)
