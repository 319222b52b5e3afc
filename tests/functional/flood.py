"""Send so many messages that say that an account has calls to dial: a program for `forks.py`."""

from __future__ import annotations

import sys


def main() -> None:
    from scheduler.tasks import dial  # which reads the settings

    for _ in range(int(sys.argv[1])):
        dial.apply_async(("default",), queue="dial.default")
