"""A machine whose settings name Twilio's sandbox, as an operator's would name Twilio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.functional.campaign import Command, Event, Site
from tests.sandbox_process import SandboxProcess

SID = "AC" + "0123456789abcdef" * 2
CALLER = "+15005550006"

#: Spoken, and over: the sandbox says hundreds of letters a second where a test asks for it.
SPOKEN = [{"say": "Hello {{ name or 'there' }}."}, {"pause": "1s"}, {"say": "Goodbye."}]
#: It goes on until somebody ends it.
ENDLESS = [{"pause": "10m"}]


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice: a campaign file may have no aliases."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def twilio_site(home: Path, sandbox: SandboxProcess, **env: object) -> Site:
    """Return a machine on which what Twilio's own tools read is set, and a number to call from."""
    site = Site(home, "", **env)
    for name in ("BASE_URL", "APP_ID", "APP_SECRET"):
        site.env.pop(f"CALLSCHED_SYMBL_{name}")
    here = {
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": "hush-hush-token",
        "CALLSCHED_CALLER_ID": CALLER,
        "CALLSCHED_TWILIO_BASE_URL": sandbox.url,
        "CALLSCHED_MAX_STARTS_PER_SECOND": "50",
    }
    site.env = here | site.env
    return site


def write(site: Site, phone_numbers: list[str], name: str = "c", **keys: Any) -> str:
    """Write a campaign of these numbers that says something; return its path."""
    keys = {"max_duration": "30s", "call": {"script": SPOKEN}} | keys
    contacts = [
        {"phone_number": number, "id": f"c-{at}", "name": f"N{at}"}
        for at, number in enumerate(phone_numbers, start=1)
    ]
    path = site.home / f"{name}.yaml"
    path.write_text(yaml.dump({"name": name, "contacts": contacts, **keys}, Dumper=_Plain))
    return str(path)


def run(site: Site, path: str, *words: str, **options: Any) -> Command:
    """Run a campaign file to its end, under the name of the file."""
    return site.call("run", path, "--id", Path(path).stem, "--json", *words, **options)


def by_number(site: Site, campaign_id: str) -> dict[str, Event]:
    """Return the record of each contact, by its number."""
    return {one["phone_number"]: one for one in site.results(campaign_id)}


def dialed(sandbox: SandboxProcess) -> list[str]:
    """Return whose phones rang, in order; calls that somebody else has placed are left out."""
    return [event["phone_number"] for event in sandbox.events("dialed") if not event["foreign"]]
