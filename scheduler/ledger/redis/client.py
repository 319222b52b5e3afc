"""Makes the clients of Redis, each with its own timeouts and retries, and translates errors.

By default redis-py 8 sends a command, or a script, whose reply was lost up to ten times more, and
waits 5 s for each. We replace both.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import uuid4

from redis import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from scheduler.errors import LedgerFault, LedgerShut, LedgerUnreachable, SchedulerError
from scheduler.ledger.redis.connections import (
    SentinelFault,
    Tcp,
    Tls,
    ToPrimary,
    ToPrimaryTls,
    primary_pool,
)
from scheduler.ledger.redis.url import parse

#: A verb takes well under a millisecond, so a server that is silent for longer than this is away.
TIMEOUT_SECONDS = 3.0

#: More than the threads of any process: a connection is opened when each of the others is in use.
MOST_CONNECTIONS = 10_000

#: Codes of errors that pass: Redis can't run the command now, and could later.
_AWAY = ("LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOREPLICAS", "OOM", "READONLY")


def connect(url: str) -> Redis:
    """Return a client that sends a command at most twice more; every verb allows for that."""
    return _client(url, Retry(ExponentialBackoff(cap=0.2, base=0.02), 2), TIMEOUT_SECONDS)


def connect_once(url: str) -> Redis:
    """Return a client that never sends a command twice, for `begin`, and gives up soon."""
    return _client(url, Retry(NoBackoff(), 0), 1.5)


def connect_briefly(url: str) -> Redis:
    """Return a client that hardly waits, for shell completion."""
    return _client(url, Retry(NoBackoff(), 0), 0.2)


def _client(url: str, retry: Retry, timeout_seconds: float) -> Redis:
    named = parse(url)
    options: dict[str, Any] = named.login | {
        "db": named.database,
        "decode_responses": True,
        "socket_timeout": timeout_seconds,
        "health_check_interval": 30,
        "max_connections": MOST_CONNECTIONS,
        "retry": retry,
        "driver_info": _driver(),
    }
    if named.path:
        options |= {"connection_class": UnixDomainSocketConnection, "path": named.path}
        return Redis.from_pool(ConnectionPool(**options))
    options["socket_connect_timeout"] = timeout_seconds
    if named.primary:
        options["connection_class"] = ToPrimaryTls if named.tls else ToPrimary
        return Redis.from_pool(primary_pool(named, **options))
    ((host, port),) = named.hosts
    options |= {"connection_class": Tls if named.tls else Tcp, "host": host, "port": port}
    return Redis.from_pool(ConnectionPool(**options))


@cache
def _driver() -> DriverInfo:
    # Without it redis-py reads its own version from the disk for each connection.
    return DriverInfo()


@contextmanager
def reaching() -> Iterator[None]:
    """Turn redis-py's errors into ours.

    LedgerUnreachable: Redis is away, or can't write now. LedgerShut: an operator has to mend login,
    certificates, rights or database. LedgerFault: any other refusal.
    """
    try:
        yield
    except (OutOfMemoryError, ReadOnlyError) as error:
        raise LedgerUnreachable(f"Redis can't write: {error}") from error
    except (ConnectionError, TimeoutError) as error:
        if shut := _why_shut(error):
            raise LedgerShut(shut) from error
        raise LedgerUnreachable(f"Redis does not answer: {error}") from error
    except ResponseError as error:
        raise _refusal(error) from error
    except InvalidResponse as error:
        raise LedgerUnreachable(f"{_NO_REDIS}: {error}") from error
    except RedisError as error:
        raise LedgerUnreachable(str(error)) from error


def _refusal(error: ResponseError) -> SchedulerError:
    """Return our error for an error that Redis answered."""
    text = str(error)
    # redis-py removes the code from the text of errors that it knows.
    code = getattr(error, "status_code", None)
    # Look anywhere in the text: Redis 6.2 puts words in front of an error inside a script.
    if code in _AWAY or any(f"{word} " in text for word in _AWAY):
        return LedgerUnreachable(f"Redis can't write: {text}")
    if isinstance(error, NoPermissionError) or any(words in text for words in _DENIED):
        return LedgerShut(f"{_DENIAL}: {text}")
    if any(words in text for words in _NO_DATABASE):
        return LedgerShut(f"{_OTHER_DATABASE}: {text}")
    return LedgerFault(f"{_REFUSES}: {type(error).__name__}: {text}")


def expect_redis(client: Any) -> None:
    """Raise LedgerUnreachable unless the server answers ECHO.

    Another server may have the port, and we would misread its answers.
    """
    token = uuid4().hex
    with reaching():
        try:
            heard = client.echo(token)
        except NoPermissionError:
            return  # only Redis answers so; the first command shows whether we may do enough
    if heard != token:
        raise LedgerUnreachable(f"{_NO_REDIS}: it does not repeat what it is told")


def _why_shut(error: BaseException) -> str:
    """Return what an operator has to mend before Redis lets us in; "" if it is just away."""
    link: BaseException | None = error
    while link is not None:
        match link:
            case SentinelFault():
                return str(link)
            case AuthenticationError():
                return _LOGIN.format(link)
            case ssl.SSLCertVerificationError():
                return _CERTIFICATE.get(link.verify_code, _BAD_CERTIFICATE.format(link))
            case ssl.SSLError() if link.reason in _TLS:
                return _TLS[link.reason]
        link = link.__cause__ or link.__context__
    return ""


_LOGIN = "Redis refuses the login, check user and password: {}"
_OTHER_DATABASE = "Redis has no database of this number, use 0, or one below its `databases`"
_NO_DATABASE = ("DB index is out of range", "invalid DB index", "SELECT is not allowed")
_REFUSES = "Redis refuses what callsched asks, `callsched doctor` says what it lacks"
_NO_REDIS = "what answers there is no Redis"
_DENIAL = "the user lacks a right in Redis, `callsched doctor` says which"
_DENIED = ("ACL failure in script", "The user executing the script can't")
_BAD_CERTIFICATE = "the certificate of Redis is not accepted: {0.verify_message}"
_OTHER_NAME = (
    "the certificate of Redis is for another name than the one by which it is reached:"
    " use a name that the certificate has"
)
_UNKNOWN_CA = (
    "the certificate of Redis is signed by somebody whom this machine does not know:"
    " name the file of that CA with ssl_ca_certs"
)
#: OpenSSL's number of an error -> our message.
_CERTIFICATE = {
    10: "the certificate of Redis has expired: renew it",
    **dict.fromkeys((18, 19, 20, 21), _UNKNOWN_CA),
    **dict.fromkeys((62, 64), _OTHER_NAME),
}
_WANTS_OURS = "Redis wants a certificate of ours: name it with ssl_certfile and ssl_keyfile"
#: OpenSSL's name of an error -> our message.
_TLS = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS: use redis:// or sentinel://",
    "RECORD_LAYER_FAILURE": "the server does not speak TLS: use redis:// or sentinel://",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_OURS,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _WANTS_OURS,
    "TLSV1_ALERT_UNKNOWN_CA": "Redis does not know who signed our certificate (ssl_certfile)",
}
