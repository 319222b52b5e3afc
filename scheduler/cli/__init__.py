"""What an operator can do: one file for each command."""

from scheduler.cli.app import main

__all__ = ["main"]
