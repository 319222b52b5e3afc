"""The JSON Schema of the accounts' file: what an editor takes for right, and the sample of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.schema import schema
from scheduler.providers import PROVIDERS, accounts_of, accounts_schema
from scheduler.providers.accounts_file import AccountKeys
from scheduler.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
SCHEMA, SAMPLE = SAMPLES / "accounts.schema.json", SAMPLES / "accounts.yaml"

WRONG = [
    ("max_concurrency: 20", "max_concurency: 20", "$.accounts.north"),
    ("max_concurrency: 20", "max_concurrency: many", "$.accounts.north.max_concurrency"),
    ("provider: symbl", "provider: acme", "$.accounts.north.provider"),
    ("default: true", "default: perhaps", "$.accounts.north.default"),
    ("  north:", "  n o:", "$.accounts"),
    ("accounts:\n", "acounts:\n", "$"),
]


def check(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def faults(paths: list[Path]) -> list[str]:
    """Return where the first fault of each file is; "" for one that is right."""
    done = check("--schemafile", str(SCHEMA), "--output-format", "json", *map(str, paths))
    errors = json.loads(done.stdout).get("errors", [])
    found = {fault["filename"]: fault["path"] for fault in reversed(errors)}
    return [found.get(str(path), "") for path in paths]


def test_the_committed_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == accounts_schema(), (
        "callsched schema accounts > samples/accounts.schema.json"
    )


def test_it_is_a_schema() -> None:
    done = check("--check-metaschema", str(SCHEMA))

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("number", range(len(PROVIDERS)))
def test_it_has_every_key_that_is_read_and_says_what_it_is(number: int) -> None:
    account = accounts_schema()["properties"]["accounts"]["additionalProperties"]
    keys = account["allOf"][number]["then"]["properties"]

    own = PROVIDERS[number].credentials.model_fields
    assert set(keys) == {*AccountKeys.model_fields, *own}
    assert [key for key, part in keys.items() if not part.get("description")] == []


def test_the_sample_is_right_by_it_and_a_misspelt_key_is_not(tmp_path: Path) -> None:
    text = SAMPLE.read_text("utf-8")
    paths = [SAMPLE]
    for number, (right, wrong, _) in enumerate(WRONG):
        assert right in text
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text.replace(right, wrong, 1))

    assert faults(paths) == ["", *(place for _, _, place in WRONG)]


def test_the_sample_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A secret of the machine is not here: it is a file beside the copy.
    path = place / "accounts.yaml"
    path.write_text(SAMPLE.read_text("utf-8").replace("/run/secrets/south", "south"))
    (place / "south").write_text("of-the-south\n")
    monkeypatch.setenv("NORTH_SECRET", "of-the-north")

    accounts = accounts_of(Settings(accounts=path))

    assert [(one.name, one.fault) for one in accounts] == [("north", ""), ("south", "")]
    assert (accounts.named(None).name, accounts.named(None).ceiling) == ("north", 18)
    assert accounts.named("south").starts_per_second == 5
    assert accounts.warnings == ()


def test_the_command_prints_it() -> None:
    printed = CliRunner().invoke(schema, ["accounts"])

    assert json.loads(printed.output) == accounts_schema()
