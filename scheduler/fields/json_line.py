"""JSON on one line, without characters that break the line or act on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scheduler.fields.visible import ACTING


def json_line(record: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Return JSON without a line end; control characters are escaped, as JSON allows."""
    text = json.dumps(record, ensure_ascii=ascii_only)
    return ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
