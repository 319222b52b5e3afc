"""Several commands in one process, for those that only look: a program for `forks.py`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scheduler.cli import app
from tests.functional.forks import PATIENCE_SECONDS, Ended, Forks

#: Stands between what one command says and what the next one does.
_BETWEEN = "\0"


def main() -> None:
    """Run the command lines that the first argument has as JSON; print their exit codes last."""
    codes: list[object] = []
    for words in json.loads(sys.argv[1]):
        sys.argv = ["callsched", *words]
        try:
            app.main()
        except SystemExit as leaving:
            codes.append(leaving.code or 0)
        for stream in (sys.stdout, sys.stderr):
            print(end=_BETWEEN, file=stream, flush=True)
    print(json.dumps(codes))


def call_each(
    forks: Forks, folder: Path, env: dict[str, str], lines: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], Ended]:
    """Run them one after another; return what each left behind."""
    most = PATIENCE_SECONDS * len(lines)
    whole = forks.call(folder, env, [json.dumps(lines)], program=__name__, within_seconds=most)
    *out, codes = whole.out.split(_BETWEEN)
    *err, last = whole.err.split(_BETWEEN)
    assert (whole.code, last) == (0, ""), whole
    each = zip(lines, json.loads(codes), out, err, strict=True)
    return {line: Ended(code, said, warned) for line, code, said, warned in each}
