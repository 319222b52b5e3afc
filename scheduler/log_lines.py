"""Log lines as JSON, one object each."""

from __future__ import annotations

import logging
import os
from typing import Any

from pythonjsonlogger.json import JsonFormatter

_FIELDS = (
    *("time", "level", "logger", "message", "account", "campaign_id", "call", "attempt"),
    *("worker", "pid", "thread", "exception", "stack"),
)
_NAMES = {
    "levelname": "level",
    "name": "logger",
    "threadName": "thread",
    "exc_info": "exception",
    "stack_info": "stack",
}


class JsonLines(JsonFormatter):
    """Writes these fields alone: what else is in a record may be anything, and is not masked."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Pick the fields, in this order."""
        return {name: log_data[name] for name in _FIELDS if name in log_data}


def json_lines(worker: str) -> logging.Formatter:
    """Return what writes a worker's lines; instants are those of ISO 8601, in UTC."""
    return JsonLines(
        ["levelname", "name", "message", "threadName"],
        timestamp="time",
        rename_fields=_NAMES,
        static_fields={"worker": worker, "pid": os.getpid()},
    )
