"""How calls end and what a result has, as the models have it."""

from __future__ import annotations

import re
from pathlib import Path

import scheduler.models
from scheduler.models import Disposition, Reason
from scheduler.operations.export_columns import COLUMNS
from scheduler.web.api.contacts_models import Result
from tests.reference.tables import code, table

#: Fields that are several columns.
_APART = {"answers": "one for each step", "variables": "one for each"}

_SOURCE = Path(scheduler.models.__file__).read_text("utf-8")


def _comments(name: str) -> dict[str, str]:
    """Return what the comment `#:` says of each word of an enumeration."""
    body = _SOURCE.split(f"class {name}(StrEnum):")[1].split("\nclass ")[0]
    found = re.findall(r'"(\w+)"\s+#: (.+)', body)
    return dict(found)


def dispositions() -> str:
    """Return every disposition with what it means."""
    said = _comments("Disposition")
    return table(("disposition", "what happened"), ((code(one), said[one]) for one in Disposition))


def reasons() -> str:
    """Return every reason, with the disposition that it belongs to."""
    said = _comments("Reason")
    rows = sorted((*said[one].split(": ", 1), one) for one in Reason)
    return table(
        ("disposition", "reason", "why"),
        sorted((code(of), code(one), why) for of, why, one in rows),
    )


def result_fields() -> str:
    """Return every field of a result."""
    rows = (
        (code(name), "yes" if name in COLUMNS else _APART.get(name, ""), field.description or "")
        for name, field in Result.model_fields.items()
    )
    return table(("field", "in CSV", "what it says"), rows)
