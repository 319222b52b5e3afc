"""What is documented is what there is; an undocumented command or setting fails the build."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import yaml

from scheduler.campaign.loader import load
from scheduler.errors import SchedulerError
from scheduler.late import LateCause
from scheduler.ledger import keys
from scheduler.ledger.lateness import Lateness
from scheduler.live.late import in_full
from scheduler.models import TRANSITIONS, Insight
from scheduler.operations.launch import new_id
from scheduler.providers.accounts_file import AccountKeys
from scheduler.providers.symbl import conversations, sockets, start
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.settings import READ_ELSEWHERE, Settings
from scheduler.web.api.contacts_models import Result
from tests.reference.commands import every_command
from tests.reference.pages import PAGES, TABLES, made, tables_of

ROOT = Path(__file__).parent.parent
ALL_PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
INTERNALS = (ROOT / "docs" / "developing" / "internals.md").read_text("utf-8")
CODE_MAP = ROOT / "docs" / "developing" / "code-map.md"
ACCOUNTS = (ROOT / "docs" / "reference" / "accounts.md").read_text("utf-8")
SYMBL = (ROOT / "docs" / "reference" / "symbl.md").read_text("utf-8")
TWILIO = (ROOT / "docs" / "reference" / "twilio.md").read_text("utf-8")


def test_the_readme_shows_the_id_that_its_sample_gets() -> None:
    with load(ROOT / "samples" / "first-campaign.yaml", max_duration_ceiling_seconds=3600) as found:
        shown = new_id(found, in_sandbox=True)

    assert f"\n{shown}: 58 contacts in" in (ROOT / "README.md").read_text("utf-8")


def test_the_reference_is_what_the_code_says() -> None:
    old = [page.name for page in PAGES if (text := page.read_text("utf-8")) != made(text)]

    assert old == [], "`make reference` writes them"


def test_the_reference_has_every_table() -> None:
    shown = [name for page in PAGES for name in tables_of(page.read_text("utf-8"))]

    assert sorted(shown) == sorted(TABLES)


def test_every_help_has_an_example_and_says_what_each_option_is() -> None:
    alone = [(words, each) for words, each in every_command() if not hasattr(each, "commands")]

    assert [words for words, each in alone if "Example: `" not in (each.help or "")] == []
    assert [
        f"{words} {option.name}"
        for words, each in alone
        for option in each.params
        if option.name != "help" and not option.help and not getattr(option, "hidden", False)
    ] == []


def test_every_setting_and_every_field_of_a_result_says_what_it_is() -> None:
    fields = Settings.model_fields | Result.model_fields

    assert [name for name, field in fields.items() if not field.description] == []


#: Which a page shows as a slip, and those that Kubernetes sets.
_NO_SETTINGS = (
    "CALLSCHED_ALOWED_NUMBERS",
    "CALLSCHED_REDIS_PORT",
    "CALLSCHED_REDIS_SERVICE_HOST",
)


def test_no_page_names_a_setting_that_there_is_not() -> None:
    there = {f"CALLSCHED_{name.upper()}" for name in Settings.model_fields}
    named = {
        name
        for page in ALL_PAGES
        for name in re.findall(r"CALLSCHED_[A-Z_]+[A-Z](?![A-Z_])", page.read_text("utf-8"))
    }

    assert named <= there | {*READ_ELSEWHERE, *_NO_SETTINGS}


def test_the_picture_of_a_calls_life_is_the_table_of_transitions() -> None:
    section = INTERNALS.split("## The life of a call")[1].split("The table is")[0]
    drawn = set(re.findall(r"^\| (\w+) \| (\w+) \|", section, re.MULTILINE)) - {("from", "to")}

    assert drawn == {(before, after) for before, then in TRANSITIONS.items() for after in then}


def test_the_tree_of_errors_names_every_class() -> None:
    import scheduler.errors as module

    classes = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, SchedulerError)
    }

    assert [name for name in classes if name not in (module.__doc__ or "")] == []


@cache
def headings(page: Path) -> set[str]:
    """Return what a link may name behind the #, as GitHub makes it of headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def links_of(page: Path) -> list[tuple[Path, str]]:
    """Return the files that a page links to, each with the heading or an empty text."""
    found = re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", page.read_text("utf-8"))
    return [
        ((page.parent / path).resolve() if path else page, heading)
        for path, heading in found
        if "://" not in path and not path.startswith("mailto:")
    ]


@pytest.mark.parametrize(
    "page", [*ALL_PAGES, ROOT / "deploy" / "README.md"], ids=lambda page: page.name
)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    lost = [
        f"{target}#{heading}"
        for target, heading in links_of(page)
        if not target.exists() or (heading and heading not in headings(target))
    ]

    assert lost == []


def test_no_page_of_the_site_links_to_what_is_not_on_it() -> None:
    assert [
        f"{page}: {target}"
        for page in ROOT.glob("docs/**/*.md")
        for target, _ in links_of(page)
        if not target.is_relative_to(ROOT / "docs")
    ] == []


def test_the_crash_table_has_every_row() -> None:
    section = INTERNALS.split("## The crash table")[1].split("### What remains")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)

    assert rows[2:8] == [
        "claim",
        "begin",
        "the API's answer, before it is stored",
        "connect",
        "stop was sent",
        "end",
    ]


def test_the_store_says_which_keys_there_are() -> None:
    scripts = (ROOT / "scheduler" / "ledger" / "lua").glob("*.lua")
    used = {
        found
        for script in scripts
        for found in re.findall(r'(?:account|campaign)_key\(\w+, "(\w+)', script.read_text("utf-8"))
    }

    assert len(used) > 20
    assert [part for part in used if f":{part}" not in (keys.__doc__ or "")] == []


def rows_of(page: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words_of(cells: list[str]) -> set[str]:
    """Return every word that is written as code."""
    return {
        word
        for cell in cells
        for code in re.findall(r"`([^`]+)`", cell)
        for word in re.findall(r"[\w-]+", code)
    }


def test_every_field_that_a_start_sends_has_a_row() -> None:
    source = Path(start.__file__).read_text("utf-8")
    sent = set(re.findall(r'"(\w+)":', source))

    assert {"operation", "phoneNumber", "silenceTimeout", "idleTimeout"} <= sent
    assert sorted(sent - words_of([row[0] for row in rows_of(SYMBL)])) == []


def test_every_message_that_a_socket_may_bring_has_a_row() -> None:
    understood = {*sockets._READERS, "conversation_completed"}
    section = SYMBL.split("## Live messages")[1].split("\n## ")[0]

    assert sorted(understood - words_of([row[0] for row in rows_of(section)])) == []


def test_everything_that_is_read_of_a_conversation_has_a_row() -> None:
    section = SYMBL.split("## What was said")[1].split("\n## ")[0]
    told = {tuple(row[:2]) for row in rows_of(section)}

    assert {(f"`{conversations.PATHS[one]}`", f"`{one}`") for one in Insight} <= told


def test_every_file_of_code_that_a_page_names_is_there() -> None:
    ours = [
        path for place in ("scheduler", "tests", "benchmarks") for path in (ROOT / place).rglob("*")
    ]
    there = [f"/{path.relative_to(ROOT).as_posix()}" for path in (*ours, *ROOT.glob("*.py"))]
    named = {
        name
        for page in ALL_PAGES
        for name in re.findall(r"`([\w./]+\.(?:py|lua))`", page.read_text("utf-8"))
        if "NAME" not in name
    }

    assert len(named) > 30
    assert [
        name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in there)
    ] == []


@pytest.mark.parametrize("page", [SYMBL, TWILIO], ids=["symbl", "twilio"])
def test_every_test_and_setting_that_is_named_for_an_api_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:unit|integration|functional)/[^`]+)`", page))
    settings = set(re.findall(r"CALLSCHED_([A-Z_]+[A-Z])", page))

    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []
    assert settings <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("path", sorted(ROOT.glob("samples/*.yaml")))
def test_every_sample_is_well_formed(path: Path) -> None:
    named = "accounts" if path.name == "accounts.yaml" else "name"
    assert yaml.safe_load(path.read_text("utf-8"))[named]


def test_the_page_of_accounts_shows_the_sample() -> None:
    sample = (ROOT / "samples" / "accounts.yaml").read_text("utf-8")

    head, _, body = sample.partition("accounts:\n")
    assert f"accounts:\n{body}```" in ACCOUNTS
    assert head.startswith("# yaml-language-server: $schema=accounts.schema.json\n")


def test_every_key_of_an_account_is_on_its_page() -> None:
    keys = [*AccountKeys.model_fields, *SymblCredentials.model_fields]

    told = words_of([row[0] for row in rows_of(ACCOUNTS)])
    assert [key for key in keys if key not in told] == []


def test_the_page_of_an_outage_shows_what_status_says_of_it() -> None:
    page = (ROOT / "docs" / "how-to" / "line-was-down.md").read_text("utf-8")
    since, until = 1_795_356_131.0, 1_795_356_760.0
    late = Lateness(12, until - since, "c:31:1", since, until, {LateCause.UNREACHABLE: 12})

    shown = in_full(late, lambda at: f"{datetime.fromtimestamp(at, UTC):%F %T} UTC")
    assert "```\n" + "\n".join(shown) + "\n```" in page


# The map ------------------------------------------------------------------------------------------

PACKAGE = ROOT / "scheduler"


def rooms() -> set[str]:
    """Return every folder with code in it, and every module that stands in none."""
    folders = {
        f"{path.parent.relative_to(PACKAGE)}/"
        for path in PACKAGE.rglob("__init__.py")
        if path.parent != PACKAGE
    }
    return folders | {path.name for path in PACKAGE.glob("[!_]*.py")}


def test_the_map_has_a_line_for_each_room_and_none_for_what_is_not_there() -> None:
    table = CODE_MAP.read_text("utf-8").split("## To add")[0]

    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == rooms()


def test_the_map_names_no_file_that_is_not_there() -> None:
    named = re.findall(r"`((?:scheduler|tests|docs|deploy)/[\w./]+)`", CODE_MAP.read_text("utf-8"))

    assert [path for path in named if not (ROOT / path).exists() and "NAME" not in path] == []


@pytest.mark.parametrize("room", sorted(room for room in rooms() if room.endswith("/")))
def test_a_room_says_what_it_is_for_and_what_it_may_not_know(room: str) -> None:
    told = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))) or ""

    assert 2 <= len(told.splitlines()) <= 7
