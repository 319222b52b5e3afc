"""The package's own source, as tests of its habits read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import scheduler

PACKAGE = Path(scheduler.__file__).parent


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield the files of the package, by their paths below it, as trees.

    Not kept: the garbage collector would look through millions of nodes again and again.
    """
    for path in PACKAGE.rglob("*.py"):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield each node of each file."""
    for path, tree in trees():
        for node in ast.walk(tree):
            yield path, node


def dotted(node: ast.AST) -> str:
    """Return what a node calls something, `a.b.c`; "" for what is no plain name.

    `ast.unparse` says the same, and takes fifty times as long.
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name) if of := dotted(owner):
            return f"{of}.{name}"
    return ""
