"""What an operator can type: one file for each command, which parses, asks and shows.

Only the shell calls it. What a command does beyond the terminal belongs in `operations/`.
"""

from scheduler.cli.app import main

__all__ = ["main"]
