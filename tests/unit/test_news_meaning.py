from __future__ import annotations

import pytest

from scheduler.calls.news import Meaning, meaning
from scheduler.models import OnMachine, Policy
from scheduler.providers import News

MACHINE = News("intent", intent="answering_machine", answered_by_machine=True)


@pytest.mark.parametrize(
    ("news", "on_machine", "expected"),
    [
        (News("completed"), OnMachine.GO_ON, Meaning.HUNG_UP),
        (News("message", "Goodbye."), OnMachine.STOP, None),
        (MACHINE, OnMachine.GO_ON, None),
        (MACHINE, OnMachine.STOP, Meaning.MACHINE),
        (MACHINE, OnMachine.NOT_REACHED, Meaning.NOT_REACHED),
        (News("intent", intent="do_not_call"), OnMachine.GO_ON, Meaning.DO_NOT_CALL),
        (News("intent", intent="greeting"), OnMachine.STOP, None),
    ],
)
def test_news_mean_the_same_whichever_way_they_come(
    news: News, on_machine: OnMachine, expected: Meaning | None
) -> None:
    policy = Policy(max_duration_seconds=60.0, on_machine=on_machine)

    assert meaning(news, policy) is expected
