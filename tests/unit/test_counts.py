"""A count has its noun from one function, so that nobody reads "1 calls"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from scheduler.fields.counts import counted
from tests.source import trees

#: What is counted, behind at most one word that says which of them.
NOUNS = (
    "accounts|attempts|calls|campaigns|contacts|conversations|dials|entries|firings|keys|lines"
    "|messages|minutes|numbers|recordings|records|replicas|results|rows|slots|starts|stops"
    "|tokens|transcripts|users|workers"
)
COUNTED = re.compile(rf" (?:(?:live|open|other|unknown|hidden|refused|more) )?(?:{NOUNS})\b")
#: Who does something; and bounds, for nobody is told that at most 1 rows are read.
NO_COUNT = re.compile(
    r"_?(?:MOST|LONGEST|SHORTEST)_\w+|(?:_id|account|name|path|url|whose|taker)\)?$|counted\(|suggested\("
)


@pytest.mark.parametrize(
    ("written", "as_"),
    [
        (counted(1, "call"), "1 call"),
        (counted(0, "call"), "0 calls"),
        (counted(1200, "entry"), "1,200 entries"),
        (counted(2, "day"), "2 days"),
        (counted(1, "live call is", "live calls are"), "1 live call is"),
        (counted(2, "live call is", "live calls are"), "2 live calls are"),
    ],
)
def test_a_count_agrees_with_its_noun(written: str, as_: str) -> None:
    assert written == as_


def uncounted(tree: ast.AST) -> Iterator[str]:
    """Yield where an f-string puts a noun in the plural behind a value."""
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for value, text in pairwise(parts):
            if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            behind = str(text.value)
            if not COUNTED.match(behind):
                continue
            name = ast.unparse(value.value)
            is_fraction = (
                value.format_spec is not None and "f" in ast.unparse(value.format_spec)[2:]
            )
            if not NO_COUNT.search(name) and not is_fraction:
                yield f"line {value.lineno}: {{{name}}}{behind}"


def test_nothing_else_puts_a_noun_behind_a_number() -> None:
    assert list(uncounted(ast.parse("f'{count:,} live calls'")))
    found = [
        f"{path} {place}"
        for path, tree in trees()
        if "sandbox" not in Path(path).parts
        for place in uncounted(tree)
    ]

    assert not found, "write it with scheduler.fields.counts.counted"
