"""Signed-in browsers, and wrong passwords. The ledger has digests of cookies, never a cookie."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from scheduler.ledger import keys
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import reaching

#: A session ends after this long without a request, and after this long in any case.
IDLE_SECONDS, LONGEST_SECONDS = 12 * 3600, 7 * 24 * 3600
#: A session's last use is written no more often than this.
NOTED_SECONDS = 60
#: How long wrong passwords count, from the first one on.
TRIES_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    digest: str  #: of its cookie
    user: str
    generation: str  #: of the user when they signed in; "" for who came with a one-time key
    started_at: float
    seen_at: float

    @property
    def ends_at(self) -> float:
        """When it is over at the latest."""
        return self.started_at + LONGEST_SECONDS


def start(ledger: Ledger, session: Session) -> None:
    """Keep a session until nobody has used it for a while."""
    key, index = keys.web("session", session.digest), keys.web("sessions", session.user)
    record = {
        "user": session.user,
        "generation": session.generation,
        "started_at": repr(session.started_at),
        "seen_at": repr(session.seen_at),
    }
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.hset(key, mapping=record)
        pipe.expire(key, IDLE_SECONDS)
        pipe.zremrangebyscore(index, "-inf", session.started_at)
        pipe.zadd(index, {session.digest: session.ends_at})
        pipe.expire(index, LONGEST_SECONDS)
        pipe.execute()


def find(
    ledger: Ledger, digest: str, now: float | None = None, *, is_used: bool = True
) -> Session | None:
    """Return a session that is not over, and note its use unless `is_used` is False; else None."""
    key = keys.web("session", digest)
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(key)
        pipe.time()
        kept, answered = pipe.execute()
    now = ledger.time_of(answered, now)
    session = _read(digest, kept) if kept else None
    if session is None or now >= min(session.ends_at, session.seen_at + IDLE_SECONDS):
        return None
    if is_used and now - session.seen_at >= NOTED_SECONDS:
        _note(ledger, session, now)
    return session


def of(ledger: Ledger, user: str) -> list[Session]:
    """Return the sessions of a user that are not over, the newest first."""
    with reaching():
        digests = ledger.redis.zrange(keys.web("sessions", user), 0, -1)
    with reaching(), ledger.redis.pipeline(transaction=False) as pipe:
        for digest in digests:
            pipe.hgetall(keys.web("session", digest))
        found = pipe.execute() if digests else []
    sessions = [_read(*pair) for pair in zip(digests, found, strict=True) if pair[1]]
    return sorted(sessions, key=lambda each: each.started_at, reverse=True)


def end(ledger: Ledger, session: Session) -> None:
    """End a session."""
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.delete(keys.web("session", session.digest))
        pipe.zrem(keys.web("sessions", session.user), session.digest)
        pipe.execute()


def end_every(ledger: Ledger, user: str, but: str = "") -> None:
    """End the sessions of a user, except for the one with the digest `but`."""
    for session in of(ledger, user):
        if session.digest != but:
            end(ledger, session)


def note_try(ledger: Ledger, subject: str) -> tuple[int, float]:
    """Count a try to sign in; return how many count now, and for how many seconds.

    `subject` is what is limited: a user, or an address.
    """
    key = _tries(subject)
    with reaching(), ledger.redis.pipeline(transaction=True) as pipe:
        pipe.set(key, 0, nx=True, ex=TRIES_SECONDS)
        pipe.incr(key)
        pipe.pttl(key)
        _, tries, left = pipe.execute()
    return int(tries), max(0.0, left / 1000)


def forgive_try(ledger: Ledger, subject: str) -> None:
    """Take back one try, because its password was right."""
    key = _tries(subject)
    with reaching():
        if ledger.redis.exists(key):
            ledger.redis.decr(key)


def forget_tries(ledger: Ledger, subject: str) -> None:
    """Set the number of tries to zero."""
    with reaching():
        ledger.redis.delete(_tries(subject))


def _note(ledger: Ledger, session: Session, now: float) -> None:
    key = keys.web("session", session.digest)
    # A plain HSET would bring back a session that was ended meanwhile.
    ledger.run(ledger.do.swap, *_seen(session.digest), repr(session.seen_at), repr(now))
    with reaching():
        ledger.redis.expire(key, IDLE_SECONDS)


def _seen(digest: str) -> tuple[str, str]:
    return f"web:session:{digest}", "seen_at"


def _tries(subject: str) -> str:
    # Anybody may type a user name of any length.
    return keys.web("tries", sha256(subject.encode()).hexdigest())


def _read(digest: str, kept: dict[str, str]) -> Session:
    return Session(
        digest,
        kept["user"],
        kept["generation"],
        float(kept["started_at"]),
        float(kept["seen_at"]),
    )
