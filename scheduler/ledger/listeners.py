"""Which listener has the lease of which live connection, and what is said on these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduler.ledger import connections, keys
from scheduler.ledger.calls import ListenerLease, StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching
from scheduler.models import Attempt, Connection, Contact, Policy
from scheduler.records import decode, decode_policy

#: How many live lines to keep of a call, and of a campaign, until its conversation is collected.
CALL_LINES = 1000
CAMPAIGN_LINES = 10_000
LINES_SECONDS = 24 * 3600

#: How much of a line's text to keep: then a call's lines take some 1 MB at most, a campaign's 12.
LINE_BYTES = 1000
#: How much to keep of a speaker's name, and of the API's kind of a line.
NAME_BYTES = 200

#: How many lines to record in one round trip.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ListenedCall:
    """A live connection of which a listener has the lease."""

    attempt: Attempt
    connection: Connection
    contact: Contact
    policy: Policy
    was_open: bool  #: whether an earlier listener had a socket of it open


@dataclass(frozen=True, slots=True)
class LiveLine:
    """One line of what is said on a live connection, or of what the API makes of it."""

    attempt: Attempt
    kind: str  #: message, transcript, topic, action_item, follow_up, question, intent, …
    text: str
    speaker: str = ""
    said_at: float | None = None  #: epoch seconds, by the API's clock

    def __post_init__(self) -> None:
        for name, most_bytes in (
            ("text", LINE_BYTES),
            ("speaker", NAME_BYTES),
            ("kind", NAME_BYTES),
        ):
            object.__setattr__(self, name, _cut(getattr(self, name), most_bytes))

    def fields(self) -> dict[str, str]:
        """Return the line as a stream keeps it."""
        said_at = "" if self.said_at is None else repr(self.said_at)
        known = {"k": self.kind, "x": self.text, "s": self.speaker, "t": said_at}
        return {"r": str(self.attempt.row)} | {
            # JSON may contain lone surrogates, which UTF-8 can't encode.
            key: value.encode(errors="replace").decode()
            for key, value in known.items()
            if value
        }


def _cut(text: str, most_bytes: int) -> str:
    """Cut a text that is too long, and mark the cut with "…"."""
    # JSON may contain lone surrogates, which UTF-8 can't encode.
    written = text[:most_bytes].encode(errors="replace")
    if len(written) <= most_bytes and len(text) <= most_bytes:
        return text
    return f"{written[: most_bytes - 3].decode(errors='ignore')}…"


def listen(
    ledger: Ledger,
    account: str,
    lease: ListenerLease,
    *,
    room: int,
    held: Mapping[Attempt, bool],
    now: float | None = None,
) -> tuple[list[Attempt], list[ListenedCall], list[Attempt]]:
    """Renew the leases `held`, and take up to `room` connections that nobody has.

    `held` says for each attempt whether a socket is open. Returns the leases that this listener has
    lost; the calls that it has taken; and, of the lost ones, those of whose connection the ledger
    has no record, because it has lost its data.
    """
    sockets = [
        part for attempt, is_open in held.items() for part in (str(attempt), _socket(is_open))
    ]
    args = (account, lease.listener, lease.seconds, room, ledger.clock(now), *sockets)
    lost, taken, forgotten = ledger.run(ledger.do.listen, *args)
    each = list(zip(*(iter(taken),) * 7, strict=True))
    return (
        [*map(Attempt.parse, lost)],
        _listened_calls(ledger, each),
        [*map(Attempt.parse, forgotten)],
    )


def _socket(is_open: bool) -> str:
    return "open" if is_open else "shut"


def _listened_calls(ledger: Ledger, taken: list[tuple[str, ...]]) -> list[ListenedCall]:
    attempts = [Attempt.parse(attempt) for attempt, *_ in taken]
    if not attempts:
        return []
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            entry = f"{attempt.row}-0"
            pipe.hget(keys.campaign(attempt.campaign_id, "meta"), "policy")
            pipe.xrange(keys.campaign(attempt.campaign_id, "contacts"), entry, entry)
        found = iter(pipe.execute())
    calls = []
    for attempt, (_, *fields, heard) in zip(attempts, taken, strict=True):
        policy, contacts = next(found), next(found)
        if policy and contacts:  # else it was erased
            connection = connections.of_attempt(*fields)
            contact = decode(contacts[0][1]["c"])[0]
            was_open = heard == "1"
            calls.append(
                ListenedCall(attempt, connection, contact, decode_policy(policy), was_open)
            )
    return calls


def release(ledger: Ledger, account: str, listener: str, held: Iterable[Attempt]) -> None:
    """Release these leases, so that other listeners can take the connections at once."""
    ledger.run(ledger.do.release, account, listener, *map(str, held))


def hint(
    ledger: Ledger, account: str, attempt: Attempt, why: str, now: float | None = None
) -> bool:
    """Make a connection's stop due now; False if it was. `why`: hung_up, machine or not_reached."""
    patience = ledger.leases.stop_patience
    return bool(ledger.run(ledger.do.hint, account, str(attempt), why, patience, ledger.clock(now)))


def hint_and_take(
    ledger: Ledger,
    account: str,
    attempt: Attempt,
    why: str,
    *,
    delays: Sequence[float],
    now: float | None = None,
) -> StopOrder | None:
    """Do the same and, in the same step, take the stop: send it at once. None if it was due before.

    It is due again after the delay for its next sending. Until then the same hint returns it again,
    because its answer may have been lost.
    """
    args = (account, str(attempt), why, ledger.leases.stop_patience, ledger.clock(now))
    found = ledger.run(ledger.do.hint, *args, *delays)
    return StopOrder.read(found) if found else None


def is_being_stopped(ledger: Ledger, attempt: Attempt) -> bool:
    """Whether a stop or the end of this connection is on record: then we close its sockets."""
    with reaching():
        known = ledger.redis.hmget(keys.attempt(str(attempt)), "stop_why", "over_at")
    return any(value is not None for value in known)


def note(ledger: Ledger, heard: Iterable[LiveLine]) -> None:
    """Keep live lines for followers, and drop the oldest; lines of erased calls are not kept."""
    lines = list(heard)
    erased = _erased(ledger, {line.attempt for line in lines})
    kept = [line for line in lines if line.attempt not in erased]
    for at in range(0, len(kept), _PAGE):
        _note(ledger, kept[at : at + _PAGE])


def _note(ledger: Ledger, lines: list[LiveLine]) -> None:
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for line in lines:
            campaign_id, row = line.attempt.campaign_id, line.attempt.row
            of_campaign = keys.campaign(campaign_id, "said")
            of_call = f"{keys.call(campaign_id, row)}:said"
            fields: Any = line.fields()
            pipe.xadd(of_call, fields, maxlen=CALL_LINES, approximate=True)
            pipe.xadd(of_campaign, fields, maxlen=CAMPAIGN_LINES, approximate=True)
            pipe.expire(of_call, LINES_SECONDS)
            pipe.expire(of_campaign, LINES_SECONDS)
        pipe.execute()


def _erased(ledger: Ledger, attempts: set[Attempt]) -> set[Attempt]:
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for attempt in attempts:
            pipe.hexists(keys.attempt(str(attempt)), "erased")
        found = pipe.execute()
    return {attempt for attempt, is_erased in zip(attempts, found, strict=True) if is_erased}


def lines(
    ledger: Ledger,
    campaign_id: str,
    row: int | None = None,
    *,
    after: str = "0",
    block_seconds: float = 1.0,
) -> list[tuple[str, LiveLine]]:
    """Return the live lines after a place, each with its place; wait for one up to `block_seconds`.

    Without a row, it returns those of all calls of the campaign. Their attempts have the number 0,
    because the ledger does not keep it.
    """
    key = _said_key(campaign_id, row)
    with reaching():
        # Redis takes 0 for "wait forever".
        block = max(1, int(block_seconds * 1000)) if block_seconds > 0 else None
        found = ledger.redis.xread({key: after}, count=500, block=block)
    entries = next(iter(found.values()))[0] if isinstance(found, dict) and found else None
    if entries is None:
        entries = found[0][1] if found else []
    return [(place, _heard(campaign_id, fields)) for place, fields in entries]


def last_place(ledger: Ledger, campaign_id: str, row: int | None = None) -> str:
    """Return the place of the newest live line, from which `lines` can go on."""
    with reaching():
        newest = ledger.redis.xrevrange(_said_key(campaign_id, row), count=1)
    return newest[0][0] if newest else "0"


def _said_key(campaign_id: str, row: int | None) -> str:
    if row is None:
        return keys.campaign(campaign_id, "said")
    return f"{keys.call(campaign_id, row)}:said"


def _heard(campaign_id: str, fields: dict[str, str]) -> LiveLine:
    said_at = fields.get("t")
    return LiveLine(
        Attempt(campaign_id, int(fields["r"]), 0),
        fields["k"],
        fields.get("x", ""),
        fields.get("s", ""),
        float(said_at) if said_at else None,
    )
