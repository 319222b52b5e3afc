"""How the API asks an address of its customer's: signed, and sent again as that address says.

See https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides and
https://www.twilio.com/docs/usage/security#validating-requests. Only this machine is ever asked.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from random import Random
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3
from urllib3.util import parse_url

from scheduler.sandbox.journal import Journal
from scheduler.sandbox.twilio.knobs import Board

Fields = Sequence[tuple[str, str]]

#: For one connection, and for one answer.
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 15.0
_MOST_RETRIES = 5
_USUAL_RETRIES = 1
_AGAIN_SECONDS = 0.2
_LATE_SECONDS = 0.7  #: by which one at most is late that others overtake
_THREADS = 32


@dataclass(frozen=True, slots=True)
class Reply:
    """What the address has answered; 0 for nothing."""

    status: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a request is wished, and how."""

    address: str
    method: str = "POST"  #: with any other one, fields go into the query

    @property
    def url(self) -> str:
        """What is asked, without how it is to be sent."""
        return self.address.partition("#")[0]

    @property
    def overrides(self) -> dict[str, list[str]]:
        """How it is to be sent, as the address says."""
        return parse_qs(self.address.partition("#")[2])

    def filled(self, fields: Fields) -> tuple[str, Fields]:
        """Return what is asked with these fields, and which of them are left for a form."""
        if self.method != "GET":
            return self.url, fields
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(fields)}", ()


def signature(token: str, url: str, fields: Fields) -> str:
    """Return what `X-Twilio-Signature` says of a form to an address."""
    names = sorted({name for name, _ in fields})
    values = {name: sorted({value for other, value in fields if other == name}) for name in names}
    written = url + "".join(name + value for name in names for value in values[name])
    made = hmac.new(token.encode(), written.encode(), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()


class Sender:
    """Sends requests on threads of its own; the answers come back on the loop."""

    def __init__(self, board: Board, journal: Journal) -> None:
        self._board = board
        self._journal = journal
        self._pool = urllib3.PoolManager(maxsize=_THREADS, block=False, retries=False)
        self._places = asyncio.Semaphore(_THREADS)
        self._last: dict[str, asyncio.Task[None]] = {}  #: of each call, in whose order they leave
        self._tasks: set[asyncio.Task[None]] = set()
        self.lots = Random(0)
        self.tokens: dict[str, str] = {}  #: of accounts, as they have proved themselves

    def reset(self) -> None:
        """Send nothing more of what waits."""
        for task in self._tasks:
            task.cancel()
        self._last.clear()
        self.lots = Random(self._board.knobs.seed)

    def tell(self, call_sid: str, topic: str, wish: Wish, fields: Fields) -> None:
        """Send news to an address, in the order of their call; some may be lost on the way."""
        knobs = self._board.knobs
        if self.lots.random() < knobs.callbacks_lost:
            self._note(topic, wish, fields, "lost")
            return
        late = self.lots.random() < knobs.callbacks_shuffled
        seconds = self.lots.uniform(0.0, _LATE_SECONDS if late else knobs.callbacks_delay_seconds)
        times = 2 if self.lots.random() < knobs.callbacks_doubled else 1
        before = None if late else self._last.get(call_sid)
        task = self._begin(self._told(before, seconds, times, topic, wish, fields))
        if not late:
            self._last[call_sid] = task
            task.add_done_callback(partial(self._drop, call_sid))

    def _drop(self, call_sid: str, task: asyncio.Task[None]) -> None:
        if self._last.get(call_sid) is task:
            del self._last[call_sid]

    def ask(
        self, topic: str, wish: Wish, fields: Fields, on_reply: Callable[[Reply], object]
    ) -> None:
        """Ask an address for what a call does next."""

        async def asked() -> None:
            on_reply(await self._sent(topic, wish, fields, _new_token()))

        self._begin(asked())

    def _begin(self, work: Awaitable[None]) -> asyncio.Task[None]:
        async def done() -> None:
            await work

        task = asyncio.get_running_loop().create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _told(
        self,
        before: asyncio.Task[None] | None,
        seconds: float,
        times: int,
        topic: str,
        wish: Wish,
        fields: Fields,
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(seconds)
        token = _new_token()
        for _ in range(times):
            await self._sent(topic, wish, fields, token)

    async def _sent(self, topic: str, wish: Wish, fields: Fields, token: str) -> Reply:
        if not _is_here(wish.url):
            self._note(topic, wish, fields, "refused: only this machine is asked")
            return Reply(0)
        wanted = wish.overrides.get("rp", ["ct"])[0].split(",")
        for number in range(1 + _retries(wish)):
            reply, failure = await self._once(wish, fields, token)
            outcome = str(reply.status) if reply.status else failure
            self._note(topic, wish, fields, outcome, number + 1)
            if not _is_sent_again(reply, failure, wanted):
                return reply
            await asyncio.sleep(_AGAIN_SECONDS)
        return reply

    async def _once(self, wish: Wish, fields: Fields, token: str) -> tuple[Reply, str]:
        url, form = wish.filled(fields)
        account = dict(fields).get("AccountSid", "")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self._signature(account, url, form),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }
        send = partial(
            self._pool.request,
            wish.method,
            url,
            body=urlencode(form).encode() or None,
            headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            redirect=False,
        )
        try:
            async with self._places:
                answer = await _on_a_thread(send)
        except urllib3.exceptions.NewConnectionError:
            return Reply(0), "ct"
        except urllib3.exceptions.HTTPError:
            return Reply(0), "rt"
        return Reply(answer.status, answer.data.decode("utf-8", "replace")), ""

    def _signature(self, account: str, url: str, fields: Fields) -> str:
        knobs = self._board.knobs
        token = knobs.auth_token or self.tokens.get(account, "")
        if knobs.callbacks_forged:
            return signature(f"not {token}", url, fields)
        return signature(
            token, with_other_port(url) if knobs.callbacks_signed_port else url, fields
        )

    def _note(self, topic: str, wish: Wish, fields: Fields, outcome: str, times: int = 0) -> None:
        known = dict(fields)
        self._journal.record(
            "callback",
            topic=topic,
            url=wish.address,
            method=wish.method,
            connection_id=known.get("CallSid"),
            fields=known,
            outcome=outcome,
            times=times,
        )


def _new_token() -> str:
    return str(uuid.uuid4())


async def _on_a_thread(send: Callable[[], urllib3.BaseHTTPResponse]) -> urllib3.BaseHTTPResponse:
    """Send on a thread for which no end of the process waits, unlike those of an executor."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[urllib3.BaseHTTPResponse] = loop.create_future()

    def settle(answer: urllib3.BaseHTTPResponse | Exception) -> None:
        if answered.done():
            return
        if isinstance(answer, Exception):
            answered.set_exception(answer)
        else:
            answered.set_result(answer)

    def work() -> None:
        answer: urllib3.BaseHTTPResponse | Exception
        try:
            answer = send()
        except Exception as error:
            answer = error
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, answer)

    Thread(target=work, name="callback", daemon=True).start()
    return await answered


def _is_here(url: str) -> bool:
    # Read by whoever connects: of some addresses others read another host.
    try:
        host = (parse_url(url).host or "").strip("[]")
    except urllib3.exceptions.LocationParseError:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _retries(wish: Wish) -> int:
    wished = wish.overrides.get("rc", [""])[0]
    return min(_MOST_RETRIES, int(wished)) if wished.isdecimal() else _USUAL_RETRIES


def with_other_port(url: str) -> str:
    """Return an address without the port that it says, or with the one that goes unsaid."""
    parts = urlsplit(url)
    place = parts.netloc
    if parts.port is None:
        place += ":443" if parts.scheme == "https" else ":80"
    else:
        place = place.rpartition(":")[0]
    return parts._replace(netloc=place).geturl()


def _is_sent_again(reply: Reply, failure: str, wanted: Sequence[str]) -> bool:
    """Whether the policy of the address has such an outcome sent again."""
    kind = failure or ("4xx" if 400 <= reply.status < 500 else "5xx" if reply.status >= 500 else "")
    return bool(kind) and ("all" in wanted or kind in wanted)
