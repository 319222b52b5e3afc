"""What is wrong with the ledger's Redis or an account, and what mends it. It only reads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.exceptions import ResponseError

from scheduler.errors import ConfigError, LedgerFault, LedgerShut, LedgerUnreachable
from scheduler.fields.counts import counted
from scheduler.ledger import clocks, keys, rubbish, searches, views, workers
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.client import connect_once, expect_redis, reaching
from scheduler.ledger.redis.connections import primary_address
from scheduler.ledger.redis.durability import expect_durable
from scheduler.ledger.redis.releases import mended_in, parsed
from scheduler.ledger.redis.rights import lacking
from scheduler.ledger.redis.url import RedisUrl, parse
from scheduler.ledger.views import AccountView
from scheduler.masking import mask, mask_text
from scheduler.models import Durability

#: A machine whose clock differs by more than this shows wrong times; Redis' clock decides.
CLOCK_SECONDS = 2.0

#: A longer round trip slows down every call, which takes some ten of them.
SLOW_SECONDS = 0.01

#: Shares of the memory that Redis may use at which to warn, and to fail.
TIGHT_SHARE, FULL_SHARE = 0.75, 0.95

_ROUNDS = 5


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  #: it works, and something may go wrong
    FAIL = "fail"  #: it does not work, or a promise does not hold


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    level: Level
    text: str
    remedy: str = ""  #: what to do about it


def ok(name: str, text: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(name, Level.OK, text)


def warn(name: str, text: str, remedy: str) -> Finding:
    """Return the finding that something may go wrong."""
    return Finding(name, Level.WARN, text, remedy)


def fail(name: str, text: str, remedy: str) -> Finding:
    """Return the finding that something does not work."""
    return Finding(name, Level.FAIL, text, remedy)


@dataclass(frozen=True, slots=True)
class _Server:
    """What a server says about itself, and the durability that the settings ask for."""

    info: Mapping[str, Any]
    config: Mapping[str, str]  #: empty if we may not run CONFIG, as on managed servers
    durability: Durability

    def setting(self, name: str, in_info: str = "") -> str:
        """Return the server's value of a setting; "" if it does not say."""
        return str(self.config.get(name) or self.info.get(in_info or name, ""))


def of_redis(url: str, durability: Durability) -> list[Finding]:
    """Check a server. The list ends early if it does not answer, or refuses us."""
    named = parse(url)
    client: Any = connect_once(url)
    try:
        with reaching():
            found = [_round_trip(client), *_primary(client, named, durability), _tls(named)]
            found.append(_rights(client, named))
            if found[-1].level is Level.FAIL:
                return found
            info, config = _asked(client.info), _asked(lambda: client.config_get("*"))
            if info is None:
                text = "the server does not let us read INFO: nothing more can be checked"
                return [*found, warn("redis", text, "allow INFO to this user")]
            server = _Server(info, config or {}, durability)
            found += [_version(server, named), _role(server), *_kept(server), _policy(server)]
            found += [_memory(server), _waits(client, server), _clock(client), _schema(client)]
            found += _jumps(client)
            return found
    except LedgerShut as error:
        return [fail("redis", f"CALLSCHED_REDIS_URL: {error}", "fix it, or the server")]
    except (LedgerUnreachable, LedgerFault, ConfigError) as error:
        return [fail("redis", str(error), "start it, or mend CALLSCHED_REDIS_URL")]
    finally:
        client.close()


def _asked(ask: Any) -> Any:
    """Return the answer to a command; None if we have no right to run it."""
    try:
        return ask()
    except ResponseError:
        return None


def _round_trip(client: Any) -> Finding:
    expect_redis(client)  # which opens the connection
    took = []
    for _ in range(_ROUNDS):
        began_at = time.perf_counter()
        client.ping()
        took.append(time.perf_counter() - began_at)
    middle = sorted(took)[_ROUNDS // 2]
    text = f"answers within {middle * 1000:.1f} ms"
    if middle > SLOW_SECONDS:
        return warn("redis", text, "bring workers and Redis nearer to each other")
    return ok("redis", text)


def _primary(client: Any, url: RedisUrl, durability: Durability) -> Iterator[Finding]:
    address = primary_address(client)
    if address is None:
        return
    text = f"{address[0]}:{address[1]} is the primary of {url.primary}"
    if durability is Durability.REPLICA:
        yield ok("sentinel", text)
    else:
        words = f"{text}; a failover forgets its last starts, and their people are called again"
        yield warn("sentinel", words, "set CALLSCHED_DURABILITY=replica")


def _tls(url: RedisUrl) -> Finding:
    if url.tls is None and url.is_local:
        return ok("tls", "off, and nothing leaves this machine")
    if url.tls is None:
        text = "off: login and phone numbers can be read on the way"
        return warn("tls", text, "use rediss:// or sentinels://, or a network of its own")
    if url.tls["ssl_cert_reqs"] == "none":
        text = "on, and whoever answers is believed to be Redis"
        return warn("tls", text, "leave out ssl_cert_reqs=none, name the CA with ssl_ca_certs")
    return ok("tls", "on, and the certificate is checked")


def _rights(client: Any, url: RedisUrl) -> Finding:
    user = url.username or "default"
    if missing := lacking(client, url.database):
        text = f"user {user} may not do all that workers do"
        return fail("rights", text, f"ACL SETUSER {user} {' '.join(missing)}")
    return ok("rights", f"user {user} may do what workers do")


def _version(server: _Server, url: RedisUrl) -> Finding:
    follows = str(server.info.get("redis_version", "0"))
    number = str(server.info.get("valkey_version", follows))
    kind = "Valkey" if "valkey_version" in server.info else "Redis"
    name = f"{kind} {number}"
    if parsed(follows)[:2] < (6, 2):
        return fail("version", name, "use Redis 6.2 or newer, or Valkey")
    mended = mended_in(kind, number)
    if not mended:
        return ok("version", name)
    faults = f"{name}; judging by its number, its scripting has faults that {mended} fixes"
    if url.path:
        # That user could start any program anyway.
        return ok("version", f"{faults}, but only this user can open its socket")
    text = f"{faults}: anybody who can send it commands can take it over"
    remedy = "update it, unless your distribution has fixed it without a new number"
    return warn("version", text, remedy)


def _role(server: _Server) -> Finding:
    if int(server.info.get("cluster_enabled", 0)):
        return fail("role", "a cluster", "use one server, with or without replicas")
    if server.info.get("role") == "slave":
        return fail("role", "a replica, which takes no writes", "name the server that it follows")
    return ok(
        "role", f"takes writes; {counted(int(server.info.get('connected_slaves', 0)), 'replica')}"
    )


def _kept(server: _Server) -> Iterator[Finding]:
    info = server.info
    if int(info.get("loading", 0)):
        yield fail("persistence", "the server still reads its data", "wait")
    if info.get("aof_enabled") == 1:
        yield _fsync(server)
    elif server.durability is Durability.REPLICA:
        text = "no append-only file: what the last replica has not is lost with the server"
        yield warn("persistence", text, "set appendonly yes on it")
    else:
        text = "no append-only file: after a restart, people may be called again"
        yield fail("persistence", text, "set appendonly yes on it")
    broken = [
        name
        for name in ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
        if info.get(name, "ok") != "ok"
    ]
    if broken:
        text = f"the last writing to disk failed: {', '.join(broken)}"
        yield fail("writing", text, "look at the disk and the log of Redis; it may refuse writes")


def _fsync(server: _Server) -> Finding:
    fsync = server.setting("appendfsync")
    text = f"append-only file, appendfsync {fsync or '(not told)'}"
    if fsync == "always" or (fsync == "everysec" and server.durability is not Durability.SERVER):
        return ok("persistence", text)
    if fsync == "no":
        words = f"{text}: a machine that dies loses half a minute, and calls people again"
        return fail("persistence", words, "set appendfsync always on it")
    has_waitaof = tuple(map(int, str(server.info["redis_version"]).split(".")[:2])) >= (7, 2)
    setting = "set CALLSCHED_DURABILITY=disk, or appendfsync always on it"
    old = "set appendfsync always on it (CALLSCHED_DURABILITY=disk needs Redis 7.2 or newer)"
    words = f"{text}: a machine that dies may lose a second, and call again who was dialled in it"
    return warn("persistence", words, setting if has_waitaof else old)


def _policy(server: _Server) -> Finding:
    policy = server.setting("maxmemory-policy", "maxmemory_policy")
    if policy == "noeviction":
        return ok("eviction", "noeviction")
    text = f"maxmemory-policy {policy or '(not told)'}"
    remedy = "set maxmemory-policy noeviction on it"
    if not policy or not int(server.info.get("maxmemory", 0)):
        return warn("eviction", f"{text}: with a limit of memory, calls would be forgotten", remedy)
    return fail("eviction", f"{text}: calls are forgotten when memory is short", remedy)


def _memory(server: _Server) -> Finding:
    used = int(server.info.get("used_memory", 0))
    limit = int(server.info.get("maxmemory", 0)) or int(server.info.get("total_system_memory", 0))
    text = f"{used / 2**20:.0f} MB"
    if not limit:
        return ok("memory", text)
    text += f" of {limit / 2**20:.0f} MB"
    remedy = "give it more, or remove campaigns that are over"
    if used > FULL_SHARE * limit:
        return fail("memory", text, remedy)
    return warn("memory", text, remedy) if used > TIGHT_SHARE * limit else ok("memory", text)


def _waits(client: Any, server: _Server) -> Finding:
    try:
        expect_durable(client, server.durability)
    except ConfigError as error:
        return fail("durability", str(error), "unset CALLSCHED_DURABILITY, or mend the server")
    if server.durability is Durability.REPLICA and not int(server.info.get("connected_slaves", 0)):
        text = "a start waits for a replica, and there is none: nothing is dialled"
        return fail("durability", text, "start a replica, or unset CALLSCHED_DURABILITY")
    return ok("durability", _WAITS[server.durability])


_WAITS = {
    Durability.SERVER: "each call is recorded in the memory of Redis before it is dialled",
    Durability.DISK: "a start waits for the server's disk",
    Durability.REPLICA: "a start waits for a replica",
}


def _clock(client: Any) -> Finding:
    before = time.time()
    seconds, microseconds = client.time()
    middle = (before + time.time()) / 2
    offset = middle - (seconds + microseconds / 1e6)
    text = f"{abs(offset):.2f} s {'ahead of' if offset > 0 else 'behind'} the clock of Redis"
    if abs(offset) > CLOCK_SECONDS:
        words = f"{text}, which decides; times that are shown here are off"
        return warn("clock", words, "synchronise this machine's clock")
    return ok("clock", text)


def _jumps(client: Any) -> Iterator[Finding]:
    if text := clocks.last_jump(client):
        remedy = "have the machine of Redis keep its time by NTP that slews"
        yield warn("clock jumped", text, remedy)


def _schema(client: Any) -> Finding:
    found = client.get(f"{keys.ROOT}schema")
    if found is None:
        return ok("ledger", "empty")
    known = keys.count_of(found, -1)
    if known < 0:
        text = f"{keys.ROOT}schema is no number: another program has set it"
        return fail("ledger", text, "use another database")
    if known > keys.SCHEMA:
        text = f"schema {found}, this release knows {keys.SCHEMA}"
        return fail("ledger", text, "upgrade callsched on this machine")
    return ok("ledger", f"schema {found}")


def _dials_nobody(ledger: Ledger, view: AccountView) -> bool:
    """Whether so many stops are so late that workers dial nobody, see `too_many_late` in Lua."""
    before = ledger.time() - ledger.leases.stop_late
    with reaching():
        late = int(ledger.redis.zcount(keys.account(view.account, "live"), "-inf", before))
    return late > max(3, view.live // 10)


def of_account(ledger: Ledger, account: str, fingerprint: str) -> list[Finding]:
    """Check whether an account's calls end on time, and whether it can dial.

    Raises LedgerUnreachable.
    """
    view = views.account(ledger, account)
    found = [ok("account", f"{account}: {view.live} live, {counted(view.slots, 'slot')} in use")]
    if view.is_late:
        age = view.oldest_overdue_seconds
        text = (
            f"{counted(view.overdue, 'call is', 'calls are')} past the deadline, the oldest by"
            f" {age:.0f} s"
        )
        remedy = "start a worker; if one runs, see its log for why the API confirms no stop"
        level = fail if _dials_nobody(ledger, view) else warn
        found.append(level("stops", text, remedy))
    else:
        found.append(ok("stops", "no stop is late"))
    found += [*_orphans(ledger, account), *_callers(view)]
    if fingerprint in view.blocks:
        text = f"these credentials can't dial: {view.blocks[fingerprint]}"
        found.append(fail("blocked", text, "mend them, and start a worker again"))
    for worker in workers.all_of(ledger, account):
        if worker.is_well and worker.stops_only:
            text = f"worker {worker.name} only sends stops: {worker.stops_only}"
            found.append(fail("stops only", text, "mend that where it runs, and start it again"))
    if strange := rubbish.find(ledger, account):
        text = (
            f"{counted(len(strange), 'thing lies', 'things lie')} there that we did not write:"
            f" {'; '.join(strange[:3])}"
        )
        remedy = "find out who else writes to this Redis, then delete them"
        found.append(warn("rubbish", text, remedy))
    if view.outage:
        text = "the API did not answer three times in a row: one probe goes out at a time"
        found.append(warn("outage", text, "none: it ends with the first answer"))
    return found


def _orphans(ledger: Ledger, account: str) -> Iterator[Finding]:
    if strays := searches.orphans(ledger, account):
        shown = ", ".join(f"{one.connection_id} ({mask_text(one.address)})" for one in strays[:3])
        text = f"{counted(len(strays), 'live call')} at the provider that no attempt has: {shown}"
        remedy = "end them there; on an account of its own, said to be exclusive, workers do"
        yield warn("orphans", text, remedy)


def _callers(view: AccountView) -> Iterator[Finding]:
    for number, why in view.caller_blocks.items():
        text = f"nobody is called from {mask(number)}: {mask_text(why)}"
        remedy = "fix it at the provider or leave it out, and start a worker again"
        yield warn("caller id", text, remedy)
