"""What a draft of the console is made of: the file that was uploaded, and what a form says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from scheduler.campaign.file.formats import stem
from scheduler.campaign.file.json_campaign import cut
from scheduler.campaign.file.source import open_file, read_whole, whole_text
from scheduler.campaign.reading import Reading
from scheduler.errors import CampaignError, Problem, refusal
from scheduler.fields import document
from scheduler.ledger.views import CampaignView
from scheduler.operations import copies, drafts
from scheduler.operations.drafts import Draft
from scheduler.plan.rules import rules
from scheduler.web.intake import expect_policy

#: The keys to which a form can map a column.
MAPPED = ("phone_number", "id", "name", "timezone", "dtmf", "max_duration")
#: Encodings of tables that a form offers, and what is saved in them.
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows, Western Europe (cp1252)",
    "latin-1": "Western Europe (latin-1)",
    "cp1250": "Windows, Central Europe (cp1250)",
    "mac-roman": "Mac OS Roman",
    "utf-16": "UTF-16: Unicode text of Excel",
}
NOTHING: Mapping[str, object] = {}
#: Rules that a copy has.
_COPIED = frozenset({"max_duration", "max_concurrency", "max_starts_per_second"})
_GZIP = b"\x1f\x8b"


class Fields(BaseModel):
    """What the form of a draft says; an empty field says nothing."""

    csrf: str = ""
    encoding: str = Field(default="", max_length=40)
    name: str = Field(default="", max_length=200)
    campaign_id: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$")
    account: str = Field(default="", max_length=64)
    max_duration: str = Field(default="", max_length=40)
    default_region: str = Field(default="", max_length=2)
    calling_hours: str = Field(default="", max_length=2000)
    caller_id: str = Field(default="", max_length=40)
    say: str = Field(default="", max_length=4000)
    call: str = Field(default="", max_length=16_000)
    policy: str = Field(default="", max_length=16_000)
    insights: str = Field(default="", max_length=400)
    first: int | None = Field(default=None, ge=1)
    strict: bool = False
    again: bool = False
    column_phone_number: str = Field(default="", max_length=400)
    column_id: str = Field(default="", max_length=400)
    column_name: str = Field(default="", max_length=400)
    column_timezone: str = Field(default="", max_length=400)
    column_dtmf: str = Field(default="", max_length=400)
    column_max_duration: str = Field(default="", max_length=400)

    def columns(self) -> dict[str, str]:
        """Return the chosen columns: the campaign's key -> the column in the file."""
        chosen = {key: getattr(self, f"column_{key}") for key in MAPPED}
        return {key: column for key, column in chosen.items() if column}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a draft keeps beside its file: who uploaded it, and what file and form say."""

    owner: str
    filename: str
    contacts: str  #: the name of their file in the draft
    policy: dict[str, Any]  #: what the file says of it
    fields: Fields | None  #: None until the form was sent
    notes: tuple[str, ...] = ()  #: what the page tells about where the draft comes from

    @property
    def encoding(self) -> str:
        """How the table of contacts is encoded."""
        return (self.fields.encoding if self.fields else "") or "utf-8"

    @property
    def says_nothing(self) -> bool:
        """Whether neither the file nor the form says what the call says."""
        return not (self.fields and self.fields.say) and not _mapping(self.policy.get("call"))

    def write(self, draft: Draft) -> None:
        """Write it into the draft's folder."""
        draft.note(
            {
                "owner": self.owner,
                "filename": self.filename,
                "contacts": self.contacts,
                "policy": self.policy,
                "fields": self.fields and self.fields.model_dump(exclude={"csrf"}),
                "notes": list(self.notes),
            }
        )

    @classmethod
    def read(cls, draft: Draft) -> Kept:
        """Read it from the draft's folder. Raises NoSuchDraft while nothing was uploaded."""
        found: dict[str, Any] = draft.noted()
        if "contacts" not in found:
            raise drafts.NoSuchDraft("nothing was uploaded here: begin again")
        fields = found["fields"] and Fields.model_validate(found["fields"])
        return cls(
            found["owner"],
            found["filename"],
            found["contacts"],
            found["policy"],
            fields,
            tuple(found["notes"]),
        )

    def reading(self, account: str | None) -> Reading:
        """Return how to read the contacts."""
        asked = self.fields or Fields()
        return Reading(
            self.encoding, strict=asked.strict, first=asked.first, account=account, beside=True
        )

    def whole_policy(self) -> dict[str, Any]:
        """Return the policy of the file with what the form says. Raises CampaignError."""
        asked = self.fields or Fields()
        policy = dict(self.policy)
        policy.setdefault("name", stem(Path(self.filename)))
        policy |= _keys("policy", asked.policy)
        for key in ("name", "account", "max_duration", "default_region"):
            if written := getattr(asked, key).strip():
                policy[key] = written
        if asked.calling_hours.strip():
            policy["calling_hours"] = _yaml("calling_hours", asked.calling_hours)
        if asked.insights.strip():
            words = [word.strip() for word in asked.insights.split(",") if word.strip()]
            policy["insights"] = [] if words == ["none"] else words
        if call := self._call(policy, asked):
            policy["call"] = call
        if columns := asked.columns():
            policy["columns"] = {**_mapping(policy.get("columns")), **columns}
        expect_policy(policy)
        return policy

    def _call(self, policy: Mapping[str, Any], asked: Fields) -> dict[str, Any]:
        call = dict(_mapping(policy.get("call")))
        call |= _keys("call", asked.call)
        if asked.say.strip():
            call["script"] = [{"say": asked.say.strip()}]
        if asked.caller_id.strip():
            call["caller_id"] = asked.caller_id.strip()
        return call


def take_in(draft: Draft, owner: str, path: Path, filename: str) -> Kept:
    """Make a draft of what was uploaded. Raises CampaignError."""
    if drafts.begins(path).startswith(_GZIP):
        raise refusal("file", "this is packed with gzip: let its name end in .gz, or unpack it")
    policy: dict[str, Any] = {}
    contacts = draft.path("contacts" + path.suffix)
    match path.suffix:
        case ".json":
            contacts = draft.path("contacts.jsonl")
            with path.open("rb") as file, contacts.open("wb") as lines:
                policy = cut(file, lines)
        case ".yaml" | ".yml":
            contacts = draft.path("contacts.jsonl")
            policy = _of_yaml(path, contacts)
        case _:
            path.rename(contacts)
    path.unlink(missing_ok=True)
    expect_policy(policy)
    kept = Kept(owner, filename, contacts.name, policy, None)
    kept.write(draft)
    return kept


def take_copy(
    draft: Draft, owner: str, view: CampaignView, contacts: Iterable[dict[str, Any]]
) -> None:
    """Make a draft of a campaign; its notes say which of the campaign's rules it lacks."""
    with draft.path("contacts.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in contacts)
    left = "; ".join(
        f"{each['rule']}: {each['says']}"
        for each in rules(view.policy)
        if each["rule"] not in _COPIED
    )
    notes = (
        f"This is a copy of campaign {view.campaign_id}: its contacts, what a call says, and its"
        " account. Its other rules are not copied; write those that are to hold under the keys of"
        f" the policy, or leave them to this installation. It had {left}",
    )
    name = f"{view.campaign_id}.jsonl"
    Kept(owner, name, "contacts.jsonl", copies.policy_of(view), None, notes).write(draft)


def _of_yaml(path: Path, contacts: Path) -> dict[str, Any]:
    """Write the contacts of a document as JSON Lines; return its other keys."""
    with open_file(path) as file:
        data = read_whole(file, "campaign")
    root = document.compose(whole_text(data, "campaign", "utf-8"), "campaign")
    found = document.plain(root) if root is not None else None
    if not isinstance(found, dict):
        raise refusal("campaign", "expected keys and values, with a list of contacts", code="yaml")
    listed = found.pop("contacts", None)
    if not isinstance(listed, list):
        raise _wrong(
            "contacts", "expected a list of contacts in the file: upload a file of contacts alone"
        )
    with contacts.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in listed)
    return found


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}


def _keys(key: str, written: str) -> Mapping[str, Any]:
    """Read the YAML mapping in a field of the form. Raises CampaignError."""
    found = _yaml(key, written) or {}
    if not isinstance(found, Mapping) or "contacts" in found:
        raise _wrong(key, "expected keys and values, as in YAML")
    return found


def _yaml(key: str, written: str) -> object:
    try:
        root = document.compose(written.replace("\r\n", "\n"), key)
    except CampaignError as error:
        raise _wrong(key, error.problems[0].message) from None
    return document.plain(root) if root is not None else ""


def _wrong(key: str, message: str) -> CampaignError:
    return CampaignError([Problem("campaign", f"{key}: {message}", column=key)])
