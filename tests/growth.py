"""By how much a process grows that does one thing, and nothing else.

`python -m tests.growth MODULE:FUNCTION ARGUMENT…` does it; Linux alone says what it took.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

#: What an answer of somebody else's may make a process grow by.
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Grown:
    """What became of it."""

    said: str  #: what the function returned
    bytes: int  #: the most that the process had, beyond what it had before


def grown(what: str, *arguments: str) -> Grown:
    """Do `module:function` in a new process."""
    command = [sys.executable, "-m", "tests.growth", what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return Grown(**json.loads(done.stdout.splitlines()[-1]))


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    function = getattr(import_module(module), name)
    # Not getrusage: its peak begins with that of the process that started this one.
    before = _memory("VmRSS")
    said = function(*sys.argv[2:])
    print(json.dumps({"said": said, "bytes": _memory("VmHWM") - before}))
