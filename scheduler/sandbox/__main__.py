"""Run the sandbox: `python -m scheduler.sandbox --port 0 --limit 20 --latency 0.05`.

Prints one line, the URL, once it listens. Each knob is an option, without its `_seconds`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from scheduler.sandbox.server import serve
from scheduler.sandbox.symbl.knobs import Knobs


def main() -> None:
    """Read the command line and serve."""
    parser = _parser()
    options = vars(parser.parse_args())
    host, port, journal_path = (options.pop(name) for name in ("host", "port", "journal"))
    try:
        knobs = Knobs.model_validate(options)
    except ValidationError as error:
        parser.error(str(error))
    try:
        serve(host, port, knobs, journal_path, on_ready=_say)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"the sandbox can't start: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scheduler.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free one")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="append every event to it")
    for name in Knobs.model_fields:
        parser.add_argument(
            "--" + name.removesuffix("_seconds").replace("_", "-"),
            dest=name,
            nargs=2 if name == "hangup_after_seconds" else None,
            metavar=("LEAST", "MOST") if name == "hangup_after_seconds" else name.upper(),
            default=argparse.SUPPRESS,
        )
    return parser


def _say(url: str) -> None:
    print(url, flush=True)


if __name__ == "__main__":
    main()
