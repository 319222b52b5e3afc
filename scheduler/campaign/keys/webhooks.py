"""The key `webhooks`: which addresses get messages when calls and the campaign have ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from scheduler.fields.urls import is_read_on_the_way
from scheduler.models import Event, Webhook

URL_EXPECTED = "an address such as https://crm.example.com/hooks/callsched"
WEBHOOKS_EXPECTED = f"{URL_EXPECTED}, or a list of them, or of url and events"
EVENTS_EXPECTED = f"a list of {', '.join(Event)}"


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected {URL_EXPECTED}")
    if parts.username or parts.password:
        raise ValueError("a login in it would be kept with the campaign: each message is signed")
    return url


def _once(events: list[Event]) -> list[Event]:
    return list(dict.fromkeys(events))


class WebhookKeys(BaseModel):
    """A receiver of webhooks, and the events that it gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(max_length=2000), AfterValidator(_address)] = Field(
        description=URL_EXPECTED
    )
    events: Annotated[list[Event], Field(min_length=1), AfterValidator(_once)] = Field(
        default=list(Event), description=EVENTS_EXPECTED
    )

    def rule(self) -> Webhook:
        """Return the rule."""
        return Webhook(self.url, tuple(self.events))


def _listed(value: object) -> object:
    """Return a list for one address, or for one with its events."""
    listed = value if isinstance(value, list) else [value]
    return [{"url": each} if isinstance(each, str) else each for each in listed]


Webhooks = Annotated[list[WebhookKeys], BeforeValidator(_listed), Field(max_length=5)]


def warnings(receivers: Iterable[WebhookKeys]) -> Iterator[str]:
    """Yield a warning for each address without TLS, with only its host: a path may be secret."""
    for each in receivers:
        if is_read_on_the_way(each.url):
            host = urlsplit(each.url).hostname
            yield (
                f"webhooks: http://{host} is not encrypted: numbers, and what was said where it is"
                " collected, can be read on the way; use https://"
            )
