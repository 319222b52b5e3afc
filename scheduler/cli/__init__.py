"""What an operator can type: one file for each command, which parses, asks and shows.

Nobody calls in but the shell. What a command does beyond its terminal belongs in `operations/`.
"""

from scheduler.cli.app import main

__all__ = ["main"]
