"""`callsched dnc import`: the entries of a whole file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scheduler.cli import console, dnc_import_view, options, questions
from scheduler.cli.access import changed_ledger
from scheduler.cli.dnc_options import Why
