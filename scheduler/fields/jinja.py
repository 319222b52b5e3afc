"""The part of Jinja in which the texts of a campaign may be written.

It can neither run for long nor reach anything else: it has names, filters and conditions, but no
calls, loops, assignments or attributes, and the output grows no faster than the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from scheduler.masking import mask_text, shown

LONGEST_TEXT = 1000  #: characters, of a template and of what it renders to
_CONTACT, _CAMPAIGN = "contact", "campaign"  # names that are not columns
_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If)
_VALUES = (nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.List)
_STEPS = (nodes.Filter, nodes.Keyword, nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand)
_OPERATORS = (nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg)
_ALLOWED = frozenset((*_STATEMENTS, *_VALUES, *_STEPS, *_OPERATORS, nodes.Tuple))
# No filter that repeats, pads or formats: `round` and `divisibleby` alone could run for hours.
_FILTERS = (
    *("capitalize", "d", "default", "first", "float", "int", "last", "length", "lower"),
    *("replace", "string", "title", "trim", "truncate", "upper", "urlencode"),
)
_TESTS = ("defined", "in", "lower", "number", "string", "undefined", "upper")
_EXPECTED = "expected columns in {{ }}, with filters, and {% if %}"


class _Jinja(ImmutableSandboxedEnvironment):
    """An environment in which values have items and no attributes."""

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text."""

    columns: frozenset[str]  #: the columns that it names
    _compiled: jinja2.Template

    def render(self, cells: Mapping[str, str], campaign: str) -> str:
        """Fill the placeholders. Raises ValueError that says why it can't for this contact."""
        names = {**cells, _CONTACT: cells, _CAMPAIGN: campaign}
        text = ""
        try:
            for piece in self._compiled.generate(names):
                text += piece
                if len(text) > LONGEST_TEXT:
                    break
        except Exception as error:  # any error that a filter raises over a cell
            raise ValueError(self._explained(error, cells)) from None
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"expected at most {LONGEST_TEXT:,} characters, got more")
        return text

    def _explained(self, error: Exception, cells: Mapping[str, str]) -> str:
        missing = sorted(self.columns - cells.keys())
        if missing and isinstance(error, jinja2.UndefinedError):
            return f"expected a cell {shown(missing[0])}, which this contact does not have"
        return f"expected a template that this contact can fill: {mask_text(str(error))[:200]}"


def compiled(text: str) -> Template:
    """Compile a text. Raises ValueError that says what is wrong with it."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"expected a template of at most {LONGEST_TEXT:,} characters")
    try:
        tree = _JINJA.parse(text)
        columns = frozenset(_columns(tree))
        return Template(columns, _JINJA.from_string(tree))
    except jinja2.TemplateSyntaxError as error:
        line = f" (in its line {error.lineno})" if "\n" in text else ""
        raise ValueError(f"this is no template: {mask_text(error.message or '')}{line}") from None
    except (RecursionError, SyntaxError, MemoryError):
        raise ValueError("expected a template that is not nested so deeply") from None


def _columns(node: nodes.Node) -> Iterator[str]:
    """Yield the columns that a template names. Raises ValueError for syntax that is not allowed."""
    if type(node) not in _ALLOWED:
        raise ValueError(_refused(node))
    column = _column(node)
    if column is not None:
        yield column
        return
    for child in node.iter_child_nodes():
        yield from _columns(child)


def _column(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name="contact" | "self" as name):
            raise ValueError(f"{name} is no column: write contact['column']")
        case nodes.Name(name=name) if name != _CAMPAIGN:
            return str(name)
        case nodes.Getattr(node=nodes.Name(name="contact"), attr=name):
            return str(name)
        case nodes.Getitem(node=nodes.Name(name="contact"), arg=nodes.Const(value=str(name))):
            return name
        case nodes.Getattr(attr=name):
            raise ValueError(f"a cell has no {shown(name)}: use a filter such as | upper")
        case nodes.Filter(name=name) if name not in _JINJA.filters:
            listed = ", ".join(_FILTERS)
            raise ValueError(f"there is no filter {shown(name)}: expected one of {listed}")
        case nodes.Test(name=name) if name not in _JINJA.tests:
            listed = ", ".join(_TESTS)
            raise ValueError(f"there is no test {shown(name)}: expected one of {listed}")
    return None


def _refused(node: nodes.Node) -> str:
    if isinstance(node, nodes.Call):
        return f"{_EXPECTED}; nothing can be called: use a filter such as | upper"
    return f"{_EXPECTED}, got {type(node).__name__.lower()}"


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    """Replace as Jinja does. Raises ValueError if the result would be too long."""
    text, old, new = str(text), str(old), str(new)
    if len(text) + (text.count(old) + 1) * len(new) > 200 * LONGEST_TEXT:
        raise ValueError("too much to replace")
    return text.replace(old, new, count)


def _finished(value: object) -> object:
    """Let a placeholder yield only texts and numbers."""
    if value is None or isinstance(value, list | tuple | dict):
        raise ValueError("a hole can be filled with one text only")
    return value


def _environment() -> _Jinja:
    jinja = _Jinja(undefined=jinja2.StrictUndefined, autoescape=False, finalize=_finished)
    jinja.globals.clear()
    jinja.filters = {name: jinja.filters[name] for name in _FILTERS} | {"replace": _replace}
    jinja.tests = {name: jinja.tests[name] for name in _TESTS}
    return jinja


_JINJA = _environment()
