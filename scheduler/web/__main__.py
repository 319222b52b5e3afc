"""`python -m scheduler.web`, by which `callsched web` and `run` start it."""

from __future__ import annotations

import argparse
import sys

from scheduler.errors import SchedulerError
from scheduler.fields.visible import visible_lines
from scheduler.settings import read_settings
from scheduler.web.process import serve


def main() -> None:
    """Read the command line and the settings, and serve."""
    parser = argparse.ArgumentParser(prog="python -m scheduler.web", description=__doc__)
    parser.add_argument("--callbacks-only", action="store_true")
    parser.add_argument("--fd", type=int, help="a socket that is bound already")
    parser.add_argument("--until-fd", type=int, help="a pipe: leave when its other end is closed")
    parser.add_argument("--called-as", default="callsched", help="how a shell calls us")
    parser.add_argument("--unset", action="append", default=[], metavar="NAME")
    options = parser.parse_args()
    try:
        # The .env file may have it as well, which the environment of a child can't say.
        settings = read_settings(dict.fromkeys(options.unset))
        code = serve(
            settings,
            options.fd,
            options.until_fd,
            callbacks_only=options.callbacks_only,
            called_as=options.called_as,
        )
    except SchedulerError as error:
        sys.exit(f"error: {visible_lines(error.args)}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code)


if __name__ == "__main__":
    main()
