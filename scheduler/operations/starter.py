"""Writes a first campaign file with comments, from answers or as one of the examples."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scheduler.campaign.likely import likely
from scheduler.campaign.names import likely_numbers
from scheduler.campaign.sample import Sample
from scheduler.errors import ConfigError
from scheduler.providers import Kind, accounts_of, for_newcomers, is_nobodys, kind_of
from scheduler.settings import Settings

_FOLDER = Path(__file__).parent / "starters"
#: The examples: each has a campaign file and contacts, and calls only the sandbox's callees.
EXAMPLES = ("reminders", "bridges", "survey")
#: The keys for whose columns `init` asks.
ASKED = ("phone_number", "id", "name", "timezone")
_NOT_PLAIN = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_EVERY_DAY = "mon-sun"


@dataclass(frozen=True, slots=True)
class Answers:
    """What to write into a campaign file."""

    contacts: Path
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)  #: key -> column of the file
    region: str = ""  #: of national numbers; "": all numbers have a plus sign
    hours: str = "9:00-17:00"
    timezone: str = ""  #: of contacts whose time zone is not known otherwise
    says: str = ""  #: what each call says; "" for nothing
    max_duration: str = "5m"
    account: str = ""
    provider: str = ""  #: whose calls they are
    is_named: bool = False  #: the file names the provider, because no account tells it
    encoding: str = "utf-8"  #: of the contacts' file


def likely_columns(sample: Sample) -> dict[str, str]:
    """Return our names with the columns of the file that are likely meant by them."""
    found = {key: column for key, column in sample.guessed.items() if key in ASKED}
    if not sample.guessed.keys() & {"phone_number", "sip_uri"}:
        numbers = likely_numbers(sample.columns)
        found |= {"phone_number": numbers[0]} if len(numbers) == 1 else {}
    return likely(sample.columns, found)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes the calls of a file that is to be written."""

    api: Kind
    account: str
    is_nobodys: bool  #: nothing says yet whose account it is, so that the file names the provider

    def expect_able(self, says: str) -> None:
        """Raise ConfigError when its calls can't say this, or need something to say."""
        if says and not self.api.script_steps:
            raise ConfigError(
                f"calls of account {self.account} can't speak: leave --say out, or name another"
                " --account"
            )
        if self.api.needs_script and not says:
            raise ConfigError(f"calls by {self.api.name} need something to say: use --say TEXT")


def caller(account: str, settings: Settings) -> Caller:
    """Return who calls: the account of this name, or the default one if there is none.

    Without an account it is the provider that is proposed to newcomers. Raises ConfigError.
    """
    accounts = accounts_of(settings)
    chosen = accounts.named(account or None)
    nobodys = is_nobodys(chosen, accounts, settings)
    return Caller(for_newcomers() if nobodys else kind_of(chosen), chosen.name, nobodys)


def write(answers: Answers, path: Path, *, replaces: bool = False) -> None:
    """Write a campaign file. Raises ConfigError if the file exists, unless it `replaces` that."""
    beside = os.path.relpath(answers.contacts, path.parent)
    _put(
        path, "".join(f"{line}\n" for line in _lines(answers, beside, path.name)), replaces=replaces
    )


def write_example(name: str, path: Path, *, replaces: bool = False) -> None:
    """Write an example and, beside it, its contacts. Raises ConfigError as `write` does."""
    contacts = path.with_suffix(".csv")
    for each in (path, contacts):
        expect_free(each, replaces=replaces)
    text = (_FOLDER / f"{name}.yaml").read_text("utf-8")
    for old, new in ((f"{name}.csv", contacts.name), (f"{name}.yaml", path.name)):
        text = text.replace(old, new)
    _put(contacts, (_FOLDER / f"{name}.csv").read_text("utf-8"), replaces=replaces)
    _put(path, text, replaces=replaces)


def expect_free(path: Path, *, replaces: bool) -> None:
    """Raise ConfigError if the file exists, unless it `replaces` that."""
    if not replaces and os.path.lexists(path):
        raise ConfigError(f"{path} exists: --force replaces it, --output names another file")


def _put(path: Path, text: str, *, replaces: bool) -> None:
    try:
        with path.open("w" if replaces else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        expect_free(path, replaces=False)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from None
    except UnicodeEncodeError:
        raise ConfigError("half a character can't be written: answer without it") from None


def _lines(answers: Answers, contacts: str, own: str) -> Iterator[str]:
    run = f"`callsched run {shlex.quote(own)} --sandbox`"
    if answers.encoding != "utf-8":
        codec = shlex.quote(answers.encoding)
        run = f"`callsched run {shlex.quote(own)} --sandbox --encoding {codec}`"
    schema = f"`callsched schema campaign --provider {answers.provider} > campaign.schema.json`"
    yield "# Whom to call, when, and what each call does."
    yield f"# To try it without calling anybody: {run}"
    yield f"# For editors that complete and check it: {schema}"
    yield f"name: {_quoted(answers.name)}"
    yield f"contacts: {_quoted(contacts)}   # a path, from this file's folder"
    yield from _about_columns(answers)
    if answers.account:
        yield f"account: {_quoted(answers.account)}"
    if answers.is_named:
        yield f"provider: {answers.provider}   # who calls; leave it out once you have an account"
    yield ""
    yield f"max_duration: {_quoted(answers.max_duration)}   # no call lasts longer than this"
    yield "# Nobody is called outside these hours, in the contact's own time."
    yield f"calling_hours: {_hours(answers)}"
    yield "# holidays: [US]   # nor on these days"
    yield ""
    yield from _about_call(answers)
    yield ""
    yield "# Whom to call again, how often, and after how long:"
    yield "# retry:"
    yield "#   not_reached: {max: 2, delays: [30m, 2h]}"
    yield "#   total: 3"


def _about_columns(answers: Answers) -> Iterator[str]:
    renamed = {key: column for key, column in answers.columns.items() if key != column}
    if renamed:
        yield "columns:   # callsched's name for a column: its name in that file"
        yield from (f"  {key}: {_quoted(column)}" for key, column in renamed.items())
    if answers.region:
        yield f"default_region: {answers.region}   # numbers without a plus sign are this country's"


def _about_call(answers: Answers) -> Iterator[str]:
    if not answers.says:
        yield "# The call says nothing: it listens, and records if the provider can."
        return
    yield "call:"
    yield "  ring_time: 30s"
    yield "  script:   # step by step; {{ … }} is a column of the contact: {{ name }}"
    yield "    - pause: 1s"
    yield f"    - say: {_quoted(answers.says)}"
    yield "    # A question, answered by a key. It needs CALLSCHED_PUBLIC_URL:"
    yield "    # - gather:"
    yield "    #     name: confirm"
    yield '    #     say: "Press 1 to confirm, or 9 if we should never call again."'
    yield '    #     branches: {"1": [{say: "Thank you."}], "9": do_not_call}'
    yield "    - hangup"


def _hours(answers: Answers) -> str:
    if not answers.timezone or answers.hours.strip() == "always":
        return _quoted(answers.hours)
    days: dict[str, object] = {}
    for part in answers.hours.split(";"):
        first, _, rest = part.strip().partition(" ")
        name, times = (_EVERY_DAY, part) if first[:1].isdigit() else (first, rest)
        days[name] = [each.strip() for each in times.split(",")]
    return json.dumps({**days, "timezone": answers.timezone})


def _quoted(text: str) -> str:
    """Return a text as YAML, unquoted if possible, else quoted as in JSON."""
    if re.fullmatch(r"[A-Za-z][\w./-]*|[0-9]+(ms|s|m|h)", text) and text.lower() not in _NOT_PLAIN:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
