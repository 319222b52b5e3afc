"""What holds for every test."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# A busy machine makes anything slow, and no test asserts a speed.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `make quick`, while somebody works: `--hypothesis-profile quick`.
settings.register_profile("quick", settings.get_profile("any"), max_examples=20)
settings.load_profile("any")


def pytest_collection_finish() -> None:
    """Have no garbage collection look through the thousands of tests that are yet to come."""
    gc.collect()
    gc.freeze()
