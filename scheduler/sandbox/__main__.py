"""Run a sandbox: `python -m scheduler.sandbox --provider symbl --port 0 --limit 20 --latency 0.05`.

Prints one line, the URL, once it listens. Each knob is an option, without its `_seconds`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from scheduler.sandbox.boxes import BOXES, Box
from scheduler.sandbox.knobs import Knobs
from scheduler.sandbox.server import serve


def main() -> None:
    """Read the command line and serve."""
    chosen = _provider()
    provider = chosen.parse_known_args()[0].provider
    box = BOXES[provider]
    parser = _parser(chosen, box)
    options = vars(parser.parse_args())
    del options["provider"]
    host, port, journal_path = (options.pop(name) for name in ("host", "port", "journal"))
    try:
        knobs = box.knobs.model_validate(options)
    except ValidationError as error:
        parser.error(str(error))
    try:
        serve(box, knobs, host, port, journal_path, on_ready=_say)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"the sandbox can't start: {error}")


def _provider() -> argparse.ArgumentParser:
    """What reads which sandbox is meant, on which the other options depend."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--provider", choices=sorted(BOXES), default="symbl")
    return parser


def _parser(chosen: argparse.ArgumentParser, box: Box) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scheduler.sandbox", description=__doc__, parents=[chosen]
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free one")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="append every event to it")
    for name in box.knobs.model_fields:
        _add_knob(parser, box.knobs, name)
    return parser


def _add_knob(parser: argparse.ArgumentParser, knobs: type[Knobs], name: str) -> None:
    is_range = name in knobs.ranges()
    parser.add_argument(
        "--" + name.removesuffix("_seconds").replace("_", "-"),
        dest=name,
        nargs=2 if is_range else None,
        metavar=("LEAST", "MOST") if is_range else name.upper(),
        default=argparse.SUPPRESS,
    )


def _say(url: str) -> None:
    print(url, flush=True)


if __name__ == "__main__":
    main()
