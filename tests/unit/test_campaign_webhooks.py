"""The key `webhooks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.campaign.loader import load
from scheduler.errors import CampaignError
from scheduler.models import Event, Webhook

URL = "https://crm.example.com/hooks/callsched"


def webhooks(folder: Path, written: str) -> tuple[Webhook, ...]:
    """Return the rules of a campaign file that says this."""
    path = folder / "c.yaml"
    path.write_text(f"contacts: [{{phone_number: +12025550100}}]\nwebhooks: {written}\n")
    with load(path, max_duration_ceiling_seconds=14_400.0) as checked:
        return checked.policy.webhooks


@pytest.mark.parametrize(
    "written", [URL, f"[{URL}]", f"{{url: {URL}}}", f"[{{url: {URL}}}]"], ids=str.strip
)
def test_one_that_is_told_of_everything_may_be_said_briefly(tmp_path: Path, written: str) -> None:
    assert webhooks(tmp_path, written) == (Webhook(URL, tuple(Event)),)


def test_each_may_be_told_of_some_events(tmp_path: Path) -> None:
    written = f"[{{url: {URL}, events: [call.ended, call.ended]}}, {URL}/all]"

    some, every = webhooks(tmp_path, written)

    assert some == Webhook(URL, (Event.CALL_ENDED,))
    assert every.events == tuple(Event)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("crm.example.com/hooks", "an address such as https://"),
        ("ftp://crm.example.com/", "an address such as https://"),
        ("https://ana:secret@crm.example.com/", "each message is signed"),
        (f"{{url: {URL}, events: []}}", "webhooks"),
        (f"{{url: {URL}, events: [call.began]}}", "call.ended, campaign.finished"),
        (f"{{url: {URL}, secret: x}}", "secret"),
        (f"[{', '.join([URL] * 6)}]", "webhooks"),
    ],
)
def test_what_can_not_be_told_refuses_the_file(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(CampaignError, match=said) as caught:
        webhooks(tmp_path, written)

    assert "ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_warned"),
    [
        (URL, False),
        ("http://127.0.0.1:9000/hook", False),
        ("http://localhost/hook", False),
        ("http://[::1]/hook", False),
        ("http://crm.example.com/secret-path?key=secret", True),
        ("http://192.0.2.7/secret", True),
        ("http://127.0.0.1.example.com/secret", True),
    ],
)
def test_who_is_told_in_the_clear_is_named_without_the_secret(
    tmp_path: Path, url: str, is_warned: bool
) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f'contacts: [{{phone_number: +12025550100}}]\nwebhooks: "{url}"\n')

    with load(path, max_duration_ceiling_seconds=14_400.0) as checked:
        text = " ".join(checked.warnings)

    assert ("is not encrypted" in text) == is_warned
    assert "secret" not in text
