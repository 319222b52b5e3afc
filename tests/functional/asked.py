"""What a process of ours asks of servers of others, each by its name; for `tests.growth`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from scheduler.errors import ProviderError
from scheduler.ledger.insights import _compact
from scheduler.models import Connection, Insight
from scheduler.operations.guard import is_sandbox
from scheduler.providers import SpeakerEvent, StartOrder
from scheduler.providers.posting import Poster
from scheduler.providers.symbl import Symbl
from scheduler.providers.symbl.credentials import SymblCredentials
from scheduler.providers.twilio import Twilio, TwilioCredentials
from scheduler.script import Say
from scheduler.settings import Settings
from tests.functional.rig import Rig, number
from tests.waiting import wait_until

_SECRET = "whsec_c2VjcmV0IG9mIHNpeHRlZW4gYg=="


def api(*asked: str) -> str:
    """Ask each thing of each API, given as `what url`; return what they come to, line by line."""
    return "\n".join(_ask(*one.split(" ")) for one in asked)


def _ask(what: str, url: str) -> str:
    given = None if what == "token" else SecretStr("token")
    account = Symbl(
        SymblCredentials.of(
            Settings(
                symbl_base_url=url,
                symbl_app_id="app" if given is None else None,
                symbl_app_secret=SecretStr("secret") if given is None else None,
                symbl_access_token=given,
            )
        )
    )
    asking: dict[str, Callable[[], object]] = {
        "token": lambda: account.authorize(1.0),
        "start": lambda: account.start(
            StartOrder("+12025550143", session_name="c:1:1"), lambda: None
        ),
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
    finally:
        account.close()
    return f"{len(answered) if isinstance(answered, list) else answered}"


def conversation(url: str) -> str:
    """Read all that the API has of a conversation, and write it down as the ledger does."""
    account = Symbl(
        SymblCredentials.of(Settings(symbl_base_url=url, symbl_access_token=SecretStr("token")))
    )
    said: dict[str, Any] = {insight: account.collect("51", insight) for insight in Insight}
    return f"{len(zlib.compress(_compact(said), 9)) > 0}"


def twilio(*asked: str) -> str:
    """Ask each thing of an account at Twilio, given as `what url`; return what they come to."""
    return "\n".join(_ask_twilio(*one.split(" ")) for one in asked)


def _ask_twilio(what: str, url: str) -> str:
    given = {"base_url": url, "account_sid": "AC" + "0" * 32, "auth_token": "token"}
    account = Twilio(TwilioCredentials.model_validate(given))
    order = StartOrder("+12025550143", session_name="c:1:1", caller_id="+15005550006")
    asking: dict[str, Callable[[], object]] = {
        "start": lambda: account.start(replace(order, script=(Say("Hi"),)), lambda: None),
        "stop": lambda: account.stop("CA1"),
        "look": lambda: account.look("CA1"),
        "why": lambda: account.why_failed("CA1"),
        "prolong": lambda: account.prolong("CA1", 60.0),
        "open": account.open_calls,
        "ended": lambda: account.ended_calls(1e9),
        "to": lambda: account.calls_to("+12025550143", 1e9),
    }
    try:
        answered = asking[what]()
    except ProviderError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        account.close()
    return f"{len(answered) if isinstance(answered, list) else answered}"


def listening(ledger_url: str, api_url: str, count: str, seconds: str = "2") -> str:
    """Call so many for so long and listen to them; return how they ended."""
    rig = Rig(ledger_url, api_url, sockets=10)
    try:
        rig.load(*map(number, range(int(count))), max_duration_seconds=float(seconds))
        rig.start()
        wait_until(rig.all_ended)
        return " ".join(str(disposition) for disposition, _ in rig.endings())
    finally:
        rig.close()


def webhook(*urls: str) -> str:
    """Send a message to each receiver, and return the statuses."""
    poster = Poster(_SECRET)
    return " ".join(str(poster.post(url, "1", datetime.now(UTC), b"{}")) for url in urls)


def sandbox(*urls: str) -> str:
    """Ask each server whether it is a sandbox."""
    return " ".join(str(is_sandbox(url)) for url in urls)
