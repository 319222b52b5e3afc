"""What docs/explanation/security.md says is held by a test is held by one that there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text("utf-8")


def named() -> list[tuple[str, str]]:
    """Return each file that the page names, with a test of it or none."""
    found, file = [], ""
    for path, test in re.findall(
        r"`((?:unit|integration|functional|web|browser)/\w+\.py)?(?:::(\w+))?`", PAGE
    ):
        if path or test:
            file = path or file
            found.append((file, test))
    return found


def test_each_test_that_is_named_is_there() -> None:
    missing = [
        (path, test)
        for path, test in named()
        if not (ROOT / "tests" / path).is_file()
        or (test and f"def {test}(" not in (ROOT / "tests" / path).read_text("utf-8"))
    ]

    assert len(named()) > 40
    assert missing == []
