"""`callsched dnc add`, `remove` and `check`: entries that are named one by one."""

from __future__ import annotations

import typer

from scheduler.cli import console, dnc_view, options, questions
from scheduler.cli.access import changed_ledger, opened_ledger
from scheduler.cli.dnc_options import Entries, Why, read
