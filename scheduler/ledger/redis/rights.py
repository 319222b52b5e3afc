"""Which rights does a user of Redis need, and which does this user lack?

All our keys begin with `callsched:`, those of the broker with `callsched:broker:`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redis.exceptions import NoPermissionError, ResponseError

from scheduler.ledger import keys

#: What an operator grants: categories of commands, without those that touch the server or other
#: programs' data, and single commands.
KINDS = "-@all +@read +@write +@connection +@transaction +@scripting +@pubsub -@dangerous"
SINGLE = "+info +time +wait"

_BROKER = f"{keys.ROOT}broker:"

#: A command of every sort that the verbs and kombu use, with as many arguments as it takes.
_ON_KEYS = (
    "BRPOP {} 1",
    "DECR {}",
    "DEL {}",
    "EXISTS {}",
    "EXPIRE {} 1",
    "EXPIREAT {} 1",
    "GET {}",
    "HDEL {} f",
    "HKEYS {}",
    "HEXISTS {} f",
    "HGET {} f",
    "HGETALL {}",
    "HINCRBY {} f 1",
    "HINCRBYFLOAT {} f 1",
    "HLEN {}",
    "HMGET {} f",
    "HSCAN {} 0",
    "HSET {} f v",
    "HSETNX {} f v",
    "INCR {}",
    "LLEN {}",
    "LPUSH {} v",
    "PERSIST {}",
    "PEXPIRE {} 1",
    "PTTL {}",
    "RPUSH {} v",
    "SADD {} v",
    "SCARD {}",
    "SET {} v",
    "SMEMBERS {}",
    "SPOP {}",
    "SREM {} v",
    "UNLINK {}",
    "XADD {} * f v",
    "XDEL {} 1-1",
    "XLEN {}",
    "XRANGE {} - +",
    "XREAD STREAMS {} 0",
    "XREVRANGE {} + -",
    "XTRIM {} MAXLEN 1",
    "ZADD {} 1 m",
    "ZCARD {}",
    "ZCOUNT {} 0 1",
    "ZINCRBY {} 1 m",
    "ZMSCORE {} m",
    "ZRANGE {} 0 1",
    "ZRANGEBYSCORE {} 0 1",
    "ZREM {} m",
    "ZREMRANGEBYRANK {} 0 1",
    "ZREMRANGEBYSCORE {} 0 1",
    "ZREVRANGE {} 0 1",
    "ZREVRANGEBYSCORE {} 1 0",
    "ZSCORE {} m",
)
_OTHERS = (
    *("EVAL script 0", "EVALSHA sha 0", "SCRIPT LOAD script"),
    *("PING", "TIME", "WAIT 1 1"),
)


def channels(database: int) -> list[str]:
    """Return the channels of Celery's events and of its remote control in a database.

    Redis compares a subscription with these letter by letter, patterns included.
    """
    under = f"{_BROKER}/{database}."
    return [f"{under}celery.pidbox", f"{under}celeryev/*", f"{under}celeryev/worker.*"]


def grant(user: str, password: str, database: int = 0) -> str:
    """Return the ACL command that gives a user the rights that it needs, and no others."""
    heard = " ".join(f"&{channel}" for channel in channels(database))
    return (
        f"ACL SETUSER {user} on >{password} resetkeys ~{keys.ROOT}* resetchannels {heard}"
        f" {KINDS} {SINGLE}"
    )


def lacking(client: Any, database: int) -> list[str]:
    """Return the rights that this user lacks, as ACL SETUSER takes them.

    It runs nothing: the server checks rights as it queues the commands of a transaction, which this
    discards. Raises redis-py's errors.
    """
    connection = client.connection_pool.get_connection()
    try:
        if _refused(connection, "MULTI"):
            return ["+multi"]
        wanted = (_refused(connection, *command) for command in _commands(database))
        found = dict.fromkeys(one for one in wanted if one)
        return [*found, *([refused] if (refused := _refused(connection, "DISCARD")) else [])]
    finally:
        # It may be in the middle of a transaction, so it must not go back to the pool open.
        connection.disconnect()
        client.connection_pool.release(connection)


def _commands(database: int) -> Iterator[tuple[str, ...]]:
    for written in _ON_KEYS:
        yield tuple(written.format(f"{keys.ROOT}rights").split())
    for written in _OTHERS:
        yield tuple(written.split())
    for channel in channels(database):
        yield "PSUBSCRIBE", channel
        yield "PUBLISH", channel, "v"


def _refused(connection: Any, *command: str) -> str:
    """Send a command; return the right that it lacks, "" if it may run."""
    connection.send_command(*command)
    try:
        connection.read_response()
    except NoPermissionError as error:
        if " run " in str(error):
            return f"+{command[0].lower()}"
        return f"&{command[1]}" if "channel" in str(error) else f"~{keys.ROOT}*"
    except ResponseError:
        pass  # if the server does not know the command, `doctor` says so elsewhere
    return ""
