"""How many examples a property is tried with: all of them in the check, some in `make quick`."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

#: In `make quick` one of so many is tried.
SHARE = 5


def is_quick() -> bool:
    return settings.get_current_profile_name() == "quick"


def examples(most: int, **options: Any) -> settings:
    """Return the settings of a property that needs more, or fewer, examples than others."""
    return settings(max_examples=max(most // SHARE, 5) if is_quick() else most, **options)
