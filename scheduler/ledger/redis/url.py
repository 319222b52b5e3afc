"""Which Redis does a URL name: one server, or the primary that Sentinels know by a name?

    redis://[user:password@]host[:6379][/db]
    rediss://…                                      the same over TLS
    unix://[user:password@]/path/of/socket[?db=0]
    sentinel://[user:password@]host[:26379],host,…[/db]?master=name
    sentinels://…                                   the same over TLS, Sentinels and primary

Ledger and broker read the same URL. Messages about a wrong one quote no part of it that may belong
to a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote, unquote

from scheduler.errors import ConfigError

#: The ports of URLs without one.
REDIS_PORT, SENTINEL_PORT = 6379, 26379

_SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_TLS = (*_FILES, "ssl_ca_path", "ssl_password", "ssl_ciphers", "ssl_cert_reqs")
_OF_SENTINEL = ("master", "sentinel_username", "sentinel_password", "sentinel_ssl")
_OTHERS = ("db", "username", "password", "ssl_check_hostname")
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A parsed URL. Its `str` and `repr` show no passwords."""

    scheme: str
    hosts: tuple[tuple[str, int], ...] = ()  #: the server; or the Sentinels, if any
    path: str = ""  #: of a socket
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Mapping[str, Any] | None = field(default=None, repr=False)  #: None: it is not encrypted
    primary: str = ""  #: the primary's name at the Sentinels; "": there are none
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    sentinel_tls: Mapping[str, Any] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        where = self.path or ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{where}"

    def __json__(self) -> str:
        # `celery inspect stats` shows this of a broker.
        return str(self)

    @property
    def is_local(self) -> bool:
        """Whether the connection stays on this machine."""
        return all(host in ("localhost", "::1") or host[:4] == "127." for host, _ in self.hosts)

    @property
    def login(self) -> dict[str, Any]:
        """User, password and TLS options, under redis-py's names."""
        record = {"username": self.username or None, "password": self.password or None}
        return record | dict(self.tls or {})

    @property
    def sentinel_login(self) -> dict[str, Any]:
        """The same for the Sentinels, which have their own users."""
        username, password = self.sentinel_username or None, self.sentinel_password or None
        record: dict[str, Any] = {"username": username, "password": password}
        if self.sentinel_tls is not None:
            record |= {"ssl": True} | dict(self.sentinel_tls)
        return record

    @property
    def broker_url(self) -> str:
        """The URL for kombu and Flower. That of a Unix socket has no password."""
        if self.scheme == "unix":
            return f"redis+socket://{quote(self.path)}?virtual_host={self.database}"
        # Only the first Sentinel: kombu would show the others' URLs with their passwords.
        host, port = self.hosts[0]
        login = quote(self.username, safe="")
        login += f":{quote(self.password, safe='')}" if self.password else ""
        at = "@" if login else ""
        scheme = self.scheme.removesuffix("s") if self.primary else self.scheme
        return f"{scheme}://{login}{at}{_bracketed(host)}:{port}/{self.database}"


def parse(url: str) -> RedisUrl:
    """Parse a URL. Raises ConfigError that says what to mend."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in _SCHEMES:
        _wrong(f"expected a URL that starts with {', '.join(f'{one}://' for one in _SCHEMES)}")
    place, _, query = rest.partition("?")
    if "#" in rest:
        _wrong(_ENCODE)
    options = _options(query, is_sentinel=scheme.startswith("sentinel"))
    login, _, place = ("", "", place) if place.startswith("/") else place.rpartition("@")
    username, _, password = login.partition(":")
    address, slash, path = place.partition("/")
    tls = _tls(options)
    asks_over_tls = _yes(options, "sentinel_ssl", default=scheme == "sentinels")
    return RedisUrl(
        scheme,
        _hosts(address, scheme),
        path=_socket(slash + path) if scheme == "unix" else "",
        database=_database(options.get("db") or ("" if scheme == "unix" else path.strip("/"))),
        username=unquote(username) or options.get("username", ""),
        password=unquote(password) or options.get("password", ""),
        tls=tls if scheme in ("rediss", "sentinels") else None,
        primary=_primary(options) if scheme.startswith("sentinel") else "",
        sentinel_username=options.get("sentinel_username", ""),
        sentinel_password=options.get("sentinel_password", ""),
        sentinel_tls=tls if asks_over_tls else None,
    )


_ENCODE = (
    "its parts can't be told apart; encode the special characters of user and password:"
    " @ as %40, : as %3A, / as %2F, # as %23, ? as %3F, % as %25"
)


def _wrong(why: str) -> NoReturn:
    raise ConfigError(f"CALLSCHED_REDIS_URL: {why}")


def _options(query: str, *, is_sentinel: bool) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = (*_TLS, *_OTHERS, *(_OF_SENTINEL if is_sentinel else ()))
    if set(options) - set(known):
        # Don't name it: it may be a piece of a password.
        text = f"after ? it has an option that is not known; known are {', '.join(sorted(known))}"
        _wrong(f"{text}; where it has none, {_ENCODE}")
    for name in _FILES:
        if name in options and not Path(options[name]).is_file():
            _wrong(f"{name}: there is no file {options[name]}")
    return options


def _hosts(address: str, scheme: str) -> tuple[tuple[str, int], ...]:
    if scheme == "unix":
        return ()
    port = SENTINEL_PORT if scheme.startswith("sentinel") else REDIS_PORT
    hosts = tuple(_host(one, port) for one in address.split(","))
    if len(hosts) > 1 and not scheme.startswith("sentinel"):
        _wrong("it names more than one server; several hosts are for sentinel:// and sentinels://")
    return hosts


def _host(written: str, port: int) -> tuple[str, int]:
    if written.startswith("["):
        host, _, rest = written[1:].partition("]")
        mark, number = rest[:1], rest[1:]
    else:
        host, mark, number = written.partition(":")
    if mark and not (_is_number(number) and int(number) < 65_536):
        _wrong(f"its port is no number; where it is one, {_ENCODE}")
    return unquote(host) or "localhost", int(number) if mark else port


def _database(written: str) -> int:
    if not written:
        return 0
    if not _is_number(written):
        _wrong("expected a number, that of the database, after the last /")
    return int(written)


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdigit() and len(written) < 10


def _socket(path: str) -> str:
    if len(path) < 2:
        _wrong("expected the path of a socket: unix:///run/redis/redis.sock")
    return unquote(path)


def _primary(options: Mapping[str, str]) -> str:
    if not options.get("master"):
        _wrong("a URL of Sentinels needs the name of the primary: …/0?master=mymaster")
    return options["master"]


def _tls(options: Mapping[str, str]) -> dict[str, Any]:
    """Return the TLS options; certificates are checked unless the URL turns that off."""
    record: dict[str, Any] = {name: options[name] for name in _TLS if name in options}
    if record.setdefault("ssl_cert_reqs", "required") not in ("required", "none"):
        _wrong("ssl_cert_reqs: expected required or none")
    record["ssl_check_hostname"] = _yes(options, "ssl_check_hostname", default=True)
    if record["ssl_cert_reqs"] == "none":
        record["ssl_check_hostname"] = False
    return record


def _yes(options: Mapping[str, str], name: str, *, default: bool) -> bool:
    written = options.get(name)
    if written is None:
        return default
    if written.lower() not in _YES_OR_NO:
        _wrong(f"{name}: expected true or false")
    return _YES_OR_NO[written.lower()]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
