"""Fills texts of a campaign with the columns of a contact.

The campaign's text is compiled once; cells are only data. `jinja.py` says what a text may use.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from scheduler.masking import shown

if TYPE_CHECKING:
    from scheduler.fields.jinja import Template


def is_template(text: object) -> bool:
    """Whether a text of the campaign has placeholders; otherwise it is used unchanged."""
    return isinstance(text, str) and ("{{" in text or "{%" in text)


class Templates:
    """The templates of one file, each compiled once."""

    def __init__(self) -> None:
        self._known: dict[str, Template] = {}

    def add(self, text: str) -> None:
        """Compile a text. Raises ValueError that says what is wrong with it."""
        if text not in self._known:
            self._known[text] = _compiled(text)

    def __getitem__(self, text: str) -> Template:
        return self._known[text]

    def __reduce__(self) -> tuple[Callable[[list[str]], Templates], tuple[list[str]]]:
        """Pickle the texts only: compiled templates can't be pickled."""
        return _compiled_again, (list(self._known),)


def _compiled_again(texts: list[str]) -> Templates:
    templates = Templates()
    for text in texts:
        templates.add(text)
    return templates


def unknown_column(name: str, columns: Collection[str]) -> str:
    """Say that a template names a column that the file does not have."""
    known = {column.lower(): column for column in columns}
    near = difflib.get_close_matches(name.lower(), known, n=1)
    if near:
        return f"there is no column {shown(name)}: did you mean {known[near[0]]}?"
    listed = ", ".join(shown(column) for column in list(columns)[:10])
    return f"there is no column {shown(name)}: expected one of {listed}"


@lru_cache(maxsize=1024)  # a worker fills the templates of the campaigns that it dials
def compiled(text: str) -> Template:
    """Compile a text, or return it from the cache. Raises ValueError that says what is wrong."""
    return _compiled(text)


def _compiled(text: str) -> Template:
    from scheduler.fields import jinja  # most campaigns have no template, and no need of Jinja

    return jinja.compiled(text)
