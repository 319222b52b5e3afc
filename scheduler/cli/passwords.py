"""Gets the password for a command: asks for it twice, or reads it from standard input."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scheduler.cli import console
from scheduler.errors import ConfigError
from scheduler.operations.users import SHORTEST_PASSWORD, expect_password

FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        help="Read the password from the first line of standard input instead of asking.",
    ),
]


def read(*, from_stdin: bool) -> str:
    """Return a password that is long enough. Raises ConfigError if there is no terminal."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif console.may_ask():
        question = f"Password (at least {SHORTEST_PASSWORD} characters)"
        password = typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise ConfigError(
            "there is no terminal to ask for a password: pipe it in, and say --password-stdin"
        )
    expect_password(password)
    return password
