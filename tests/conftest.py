"""What holds for every test."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import NO_CHROMIUM

# A busy machine makes anything slow, and no test asserts a speed.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `make quick`, while somebody works: `--hypothesis-profile quick`.
settings.register_profile("quick", settings.get_profile("any"), max_examples=20)
settings.load_profile("any")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have no garbage collection look through what is collected: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Have no garbage collection look through the thousands of tests that are yet to come."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out for want of a browser."""
    skipped = terminalreporter.stats.get("skipped", ())
    if any(NO_CHROMIUM in str(report.longrepr) for report in skipped):
        terminalreporter.write_sep("!", f"the console was not tested: {NO_CHROMIUM}", red=True)
