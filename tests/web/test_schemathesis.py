"""Odd requests by the description of the API: nothing breaks, no answer is outside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from scheduler.web import openapi
from tests.web import world
from tests.web.running import RunningSite

SEED = 20_261_128
EXAMPLES = 10
#: A stream has no end, and tests of its own.
STREAMS = "/api/v1/events"

bounded = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def each_case(site: RunningSite, tag: str, judge: Callable[[Any], None]) -> None:
    """Judge the answers to requests of each operation: good ones, odd ones, and wrong ones."""
    # Here: it takes half a second, which those who run other tests should not wait for.
    from schemathesis import GenerationMode
    from schemathesis import openapi as descriptions
    from schemathesis.core.result import Ok

    schema = descriptions.from_dict(openapi.description())
    for found in schema.include(tag=tag).exclude(path=STREAMS).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        places = world.PLACES | (world.LIVE if tag == "live" else {})
        there = places.keys() & {each.name for each in operation.path_parameters}
        known = operation.as_strategy(path_parameters={name: places[name] for name in there})
        cases = [known, operation.as_strategy(), operation.as_strategy(GenerationMode.NEGATIVE)]

        @seed(SEED)
        @bounded
        @given(case=st.one_of(cases))
        def holds(case: Any) -> None:
            judge(case)

        holds()


@pytest.mark.parametrize("tag", openapi.TAGS)
def test_every_answer_is_as_described(
    site: RunningSite, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schemathesis.checks import not_a_server_error, positive_data_acceptance

    world.hurry(monkeypatch)
    world.fill(site)
    with requests.Session() as session:

        def judge(case: Any) -> None:
            answer = case.call_and_validate(
                base_url=site.url,
                session=session,
                headers=world.ADMIN,
                timeout=20,
                # A campaign may fit the schema and be wrong all the same: its own words say how.
                # And the provider that some ask is away.
                excluded_checks=[positive_data_acceptance, not_a_server_error],
            )
            assert answer.status_code < 500 or answer.status_code == 502, answer.text

        each_case(site, tag, judge)
