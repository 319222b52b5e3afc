"""Odd requests by the description of the API: nothing breaks, no answer is outside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from redis import Redis

from scheduler.operations import access_tokens
from scheduler.rights import Scope
from scheduler.web import openapi
from tests.integration.ledger import everything
from tests.web import world
from tests.web.running import RunningSite

SEED = 20_261_128
EXAMPLES = 6
#: A stream has no end, and tests of its own.
STREAMS = "/api/v1/events"

bounded = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def kept_of(site: RunningSite) -> dict[str, object]:
    """Return all that is on record, but when a token was used."""
    url = site.settings.redis_url
    assert url is not None
    with Redis.from_url(
        url.get_secret_value(), decode_responses=True, encoding_errors="backslashreplace"
    ) as reader:
        found = everything(reader)
    return {key: value for key, value in found.items() if not key.startswith("callsched:web:")}


def each_case(tag: str, judge: Callable[[Any], None], examples: int = EXAMPLES) -> None:
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
        @settings(bounded, max_examples=examples)
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

        each_case(tag, judge)


def test_who_may_look_changes_nothing(site: RunningSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a token that may look sends is answered as described, and nothing is on record."""
    world.hurry(monkeypatch)
    world.fill(site)
    _, token = access_tokens.create(site.ledger, "viewer", Scope.LOOK, who="test")
    before = kept_of(site)

    def judge(case: Any) -> None:
        answer = case.call(
            base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=20
        )
        assert answer.status_code < 500, answer.text
        scope = case.operation.definition.raw["security"][0]["bearer"][0]
        if scope != Scope.LOOK:
            assert answer.status_code >= 400, answer.text

    for tag in openapi.TAGS:
        each_case(tag, judge, examples=3)
    assert kept_of(site) == before
