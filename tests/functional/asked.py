"""What a process of ours asks of servers of others, each by its name; for `tests.growth`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from scheduler.cli.guard import is_sandbox
from scheduler.errors import ProviderError
from scheduler.models import Connection, Insight
from scheduler.providers import Order, SpeakerEvent, Symbl
from scheduler.providers.posting import Poster
from scheduler.settings import Settings
from scheduler.store.collecting import _compact

_SECRET = "whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg=="


def api(what: str, url: str) -> str:
    """Ask one thing of the API, and return what it comes to."""
    given = None if what == "token" else SecretStr("token")
    account = Symbl(
        Settings(
            symbl_base_url=url,
            symbl_app_id="app" if given is None else None,
            symbl_app_secret=SecretStr("secret") if given is None else None,
            symbl_access_token=given,
        )
    )
    asking: dict[str, Callable[[], object]] = {
        "token": lambda: account.authorize(1.0),
        "start": lambda: account.start(Order("+12025550143", session_name="c:1:1"), lambda: None),
        "stop": lambda: account.stop("c-1"),
        "event": lambda: account.tell(Connection("c-1"), SpeakerEvent("joined", "ana")),
        "transcript": lambda: account.collect("51", Insight.TRANSCRIPT),
        "entities": lambda: account.collect("51", Insight.ENTITIES),
        "list": lambda: account.find(("c",), 0.0, 1.0),
        "erase": lambda: account.erase("51"),
    }
    try:
        answered = asking[what]()
    except ProviderError as error:
        return f"{type(error).__name__}: {error}"
    return f"{len(answered) if isinstance(answered, list) else answered}"


def conversation(url: str) -> str:
    """Read all that the API has of a conversation, and write it down as the ledger does."""
    account = Symbl(Settings(symbl_base_url=url, symbl_access_token=SecretStr("token")))
    said: dict[str, Any] = {insight: account.collect("51", insight) for insight in Insight}
    return f"{len(zlib.compress(_compact(said), 9)) > 0}"


def webhook(url: str) -> str:
    """Send a message to a receiver, and return the status."""
    return str(Poster(_SECRET).post(url, "1", datetime.now(UTC), b"{}"))


def sandbox(url: str) -> str:
    """Ask whether a server is a sandbox."""
    return str(is_sandbox(url))
