"""The JSON Schema of a campaign file: what an editor takes for right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scheduler.campaign.jsonschema import campaign_schema
from scheduler.campaign.schema import Campaign

SAMPLES = Path(__file__).parents[2] / "samples"
SCHEMA = SAMPLES / "campaign.schema.json"
HEAD = "# yaml-language-server: $schema=campaign.schema.json\n"


def check(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def faults(folder: Path, written: list[str]) -> list[str]:
    """Return where the first fault of each file is; "" for one that is right."""
    paths = [folder / f"{number:03}.yaml" for number in range(len(written))]
    for path, text in zip(paths, written, strict=True):
        path.write_text(text)
    done = check("--schemafile", str(SCHEMA), "--output-format", "json", *map(str, paths))
    errors = json.loads(done.stdout).get("errors", [])
    told = {fault["filename"]: fault["path"] for fault in reversed(errors)}
    return [told.get(str(path), "") for path in paths]


def test_the_committed_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == campaign_schema(), (
        "callsched schema campaign --provider symbl > samples/campaign.schema.json"
    )


def test_it_is_a_schema() -> None:
    done = check("--check-metaschema", str(SCHEMA))

    assert done.returncode == 0, done.stdout


def test_it_has_every_key_that_is_read_and_none_that_is_not() -> None:
    keys = campaign_schema()["properties"]

    assert set(keys) == set(Campaign.model_fields)
    assert [key for key, part in keys.items() if not part.get("description")] == []


def test_every_sample_names_it_and_is_right_by_it(tmp_path: Path) -> None:
    paths = [path for path in sorted(SAMPLES.glob("*.yaml")) if path.name != "accounts.yaml"]
    written = [path.read_text("utf-8") for path in paths]

    assert [text for text in written if not text.startswith(HEAD)] == []
    assert faults(tmp_path, written) == [""] * len(written)


RIGHT = [
    "contacts: a.csv\nmax_duration: 90s\ncall: {languages: en-US, dtmf: '{{ pin }}#'}",
    "contacts: a.csv\ncall: {languages: '{{ x }}', intents: interested, users: [{user_id: a}]}",
    "contacts: a.csv\ncall: {intents: [interested, {intent: do_not_call}], idle_timeout: never}",
    "contacts: a.csv\ncall: {users: {user_id: a}, audio: {encoding: PCMU}}",
    "contacts: a.csv\ncall: {script: [{say: Hi.}, {say: {text: Hi., voice: a}}, hangup]}",
    "contacts: a.csv\ncall: {script: {pause: 2s}, on_machine: [{say: Hi.}], caller_id: '{{ x }}'}",
    "contacts: a.csv\ncall: {script: [{gather: {name: a, digits: 1, say: x, branches:"
    " {'1': [{say: x}], '9': do_not_call}}}]}",
    "contacts: a.csv\ncall: {script: [{gather: {name: a, finish: '#', say: [x, {text: y}],"
    " timeout: 9s, tries: 3, otherwise: hangup}}, {say: x}], on_machine: {say: x},"
    " transcribe: true}",
    "contacts: a.csv\nretry: {busy: {max: 1, delays: [5m]}, total: 2}",
    "contacts: a.csv\ncolumns: {phone_number: 'Cell #', call.languages: Language}",
    "contacts: a.csv\ndo_not_call: list.txt\npreset: us-tcpa",
    "contacts: [{phone_number: +12025550100, pin: 4401, vip: true, call.languages: [en]}]",
    "contacts: [{mobile: 202 555 0100, call: {languages: [en-US]}, dtmf: 12}]",
]
WRONG = [
    ("name: a", "$"),
    ("contacts: a.csv\nmax_duraton: 90s", "$"),
    ("contacts: a.csv\nmax_duration: 90", "$.max_duration"),
    ("contacts: a.csv\nmax_duration: 5 minutes", "$.max_duration"),
    ("contacts: a.csv\nmax_concurrency: 0", "$.max_concurrency"),
    ("contacts: a.csv\non_unknown: retry", "$.on_unknown"),
    ("contacts: a.csv\ninsights: [tropics]", "$.insights[0]"),
    ("contacts: a.csv\ncall: {summary_on: never}", "$.call.summary_on"),
    ("contacts: a.csv\ncall: {script: [{sya: Hi.}]}", "$.call.script"),
    ("contacts: a.csv\ncall: {script: [{say: Hi., pause: 1s}]}", "$.call.script"),
    ("contacts: a.csv\ncall: {script: Hello}", "$.call.script"),
    ("contacts: a.csv\ncall: {on_machine: hang_up}", "$.call.on_machine"),
    ("contacts: a.csv\ncall: {on_machine: []}", "$.call.on_machine"),
    ("contacts: a.csv\ncall: {script: [{gather: {name: a, tries: 9}}]}", "$.call.script"),
    ("contacts: a.csv\nretry: {bussy: {max: 1, delays: [5m]}}", "$.retry"),
    ("contacts: a.csv\ncolumns: {fone: a}", "$.columns"),
    ("contacts: []", "$.contacts"),
    ("contacts: [{phone: 1, call: {dtmf: 1}}]", "$.contacts"),
    ("contacts: [{phone: 1, city: [Rome]}]", "$.contacts"),
]


def test_what_is_read_is_right_and_what_is_refused_is_wrong(tmp_path: Path) -> None:
    written, places = [*RIGHT, *(text for text, _ in WRONG)], [""] * len(RIGHT)

    assert faults(tmp_path, written) == [*places, *(place for _, place in WRONG)]
