"""Nobody prints around the console, which shows what came from outside as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.source import dotted, nodes

#: What writes to a terminal, or reads markup, and who may use it all the same, with words of ours.
USES = {
    "print": {"cli/app.py", "sandbox/__main__.py"},
    "typer.echo": {"cli/app.py", "cli/console.py", "cli/schema.py"},
    "typer.secho": set[str](),
    "rich.print": set[str](),
    "Console": {"cli/console.py"},
    "Panel": set[str](),
    "sys.stdout.write": {
        *("campaign/file/xlsx_process.py", "worker/load_process.py"),  # to the process that asks
        *("web/openapi.py", "web/welcome.py"),
    },
    "sys.stderr.write": {"campaign/file/xlsx_process.py"},
    # What they ask is ours, or made visible.
    "typer.confirm": {"cli/access.py", "cli/init_questions.py", "cli/questions.py"},
    "typer.prompt": {"cli/init_questions.py", "cli/passwords.py"},
    "Markdown": set[str](),
    "Static": {"cli/screen/app.py", "cli/screen/details.py", "cli/screen/question.py"},
    "Text.from_markup": set[str](),
    "traceback.print_exc": set[str](),
    "traceback.print_exception": set[str](),
}
#: Who makes Text, and sees to it that what is foreign in it is visible or cleaned.
STYLED = {"cli/console.py", "cli/doctor_view.py", "cli/progress.py", "cli/transcript_live.py"}


@cache
def calls() -> tuple[tuple[str, str, ast.Call], ...]:
    return tuple(_calls())


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path, node in nodes():
        if isinstance(node, ast.Call):
            yield path, dotted(node.func), node


def test_only_the_console_prints() -> None:
    found = {(path, called) for path, called, _ in calls() if path not in USES.get(called, {path})}

    assert not found
    used = {called for _, called, _ in calls()}
    assert {"print", "typer.echo", "Text"} <= used


def test_nothing_is_printed_as_markup() -> None:
    asking = {
        (path, word.arg)
        for path, _, call in calls()
        for word in call.keywords
        if word.arg in ("markup", "emoji", "highlight")
        and not (isinstance(word.value, ast.Constant) and word.value.value is False)
    }

    assert not asking


def test_what_a_screen_shows_is_no_markup() -> None:
    strings = [
        (path, ast.unparse(call))
        for path, called, call in calls()
        if called in ("Static", "Label")
        for first in call.args[:1]
        if not (isinstance(first, ast.Call) and dotted(first.func) in ("Text", "_keys"))
    ]

    assert not strings


def test_few_make_text_of_their_own() -> None:
    making = {path for path, called, _ in calls() if called in ("Text", "Text.assemble")}

    assert {path for path in making if not path.startswith("cli/screen/")} <= STYLED
