"""The questions of `callsched init` on a terminal; elsewhere options answer them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import typer

from scheduler.campaign.sample import Sample, sample
from scheduler.cli import console
from scheduler.fields.visible import visible
from scheduler.masking import mask_text
from scheduler.operations import starter
from scheduler.operations.starter import ASKED, Answers
from scheduler.providers import Kind
from scheduler.settings import read_settings


@dataclass(frozen=True, slots=True)
class Given:
    """The answers on the command line; None or empty: ask for it."""

    contacts: Path | None
    output: Path | None
    columns: list[str] | None
    region: str | None
    timezone: str | None
    hours: str | None
    says: str | None
    encoding: str


def answered(
    given: Given, max_duration: str | None, account: str | None, *, replaces: bool
) -> tuple[Path, Answers]:
    """Return the path and the content of the new file.

    Raises CampaignError for contacts that can't be read, ConfigError for a file that exists.
    """
    contacts = given.contacts or Path(_asked("Your file of contacts (.csv, .xlsx, .jsonl)"))
    begins = sample(contacts, given.encoding)
    path = given.output or contacts.with_suffix(".yaml")
    starter.expect_free(path, replaces=replaces)
    columns = _columns(begins, _pairs(given.columns))
    caller = starter.caller(account or "", read_settings())
    says = _says(caller.api) if given.says is None else given.says
    caller.expect_able(says)
    answers = Answers(
        contacts=contacts,
        name=_slug(path.stem),
        columns=columns,
        region=given.region or _region(begins, columns),
        hours=given.hours or _or_asked("When may people be called?", "9:00-17:00"),
        timezone=given.timezone or "",
        says=says,
        max_duration=max_duration or _or_asked("How long may a call last?", "5m"),
        account=account or "",
        provider=caller.api.name,
        is_named=caller.is_nobodys,
        encoding=given.encoding,
    )
    return path, answers


def _says(api: Kind) -> str:
    """Ask what each call says, if the provider can say anything."""
    question = "What does the call say? {{ name }} is a column"
    if not api.script_steps or not console.may_ask():
        return ""
    if not api.needs_script:
        return _asked(f"{question}; empty: nothing")
    while not (said := _asked(question)):
        console.say(f"calls by {api.name} need something to say")
    return said


def _columns(begins: Sample, given: dict[str, str]) -> dict[str, str]:
    """Return the names of the columns, which the user confirms."""
    found = {**starter.likely_columns(begins), **given}
    if not console.may_ask():
        return found
    _show(begins, found)
    if not given and typer.confirm("Are these columns right?", default=True, err=True):
        return found
    choices = [each.strip() for each in begins.columns]
    for key in ASKED:
        found[key] = _chosen(f"Which column is the {key}? Empty: none", choices, found.get(key))
    return {key: column for key, column in found.items() if column}


def _show(begins: Sample, found: dict[str, str]) -> None:
    key = {column: name for name, column in found.items()}
    first = begins.rows[0] if begins.rows else ("",) * len(begins.columns)
    rows = [
        (title, mask_text(cell), key.get(title.strip(), "a variable"))
        for title, cell in zip(begins.columns, first, strict=True)
    ]
    console.err.print(console.table("", ("column", "first row", "taken for"), rows))


def _chosen(question: str, choices: Iterable[str], default: str | None) -> str:
    known = {each.lower(): each for each in choices}
    while True:
        answer = _asked(question, default or "")
        if not answer or answer.lower() in known:
            return known.get(answer.lower(), "")
        console.say(f"there is no column {answer}: {', '.join(known.values())}")


def _region(begins: Sample, columns: dict[str, str]) -> str:
    """Ask for the country if a number has no plus sign. callsched never guesses it."""
    titles = [each.strip() for each in begins.columns]
    at = titles.index(columns["phone_number"]) if columns.get("phone_number") in titles else None
    if at is None or all(row[at].lstrip().startswith("+") for row in begins.rows):
        return ""
    question = "Which country's are numbers without a plus sign? US, GB, …; empty: refuse them"
    return _or_asked(question, "").upper()


def _pairs(written: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in written or ()]
    for key, sign, column in pairs:
        if not (key and sign and column):
            raise typer.BadParameter("expected KEY=COLUMN: id='Patient No'", param_hint="--column")
    return {key: column for key, _, column in pairs}


def _or_asked(question: str, default: str) -> str:
    """Ask on a terminal; elsewhere return the default."""
    return _asked(question, default) if console.may_ask() else default


def _asked(question: str, default: str | None = None) -> str:
    if not console.may_ask():
        raise typer.BadParameter("name your file of contacts, or --example", param_hint="CONTACTS")
    shown = visible(default) if default else ""
    answer: str = typer.prompt(question, default=shown, show_default=bool(shown), err=True)
    return answer.strip()


def _slug(stem: str) -> str:
    """Make the name of a campaign from that of a file."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:64] or "campaign"
