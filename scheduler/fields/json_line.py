"""JSON on one line, which neither breaks it nor acts on a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

#: Controls that JSON lets pass, line ends that are none in JSON, what turns text around, and
#: halves of characters, which no encoding can write.
_ACTING = re.compile(
    "[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def json_line(record: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Return JSON without a line end; what would act is escaped, as JSON may have it."""
    text = json.dumps(record, ensure_ascii=ascii_only)
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
