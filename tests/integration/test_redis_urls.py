"""Which Redis a URL names, for ledger and broker alike: logins, TLS, Sentinels and rights."""

from __future__ import annotations

import json
import re
import ssl
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from kombu import Connection
from pydantic import SecretStr
from redis.exceptions import ConnectionError

from scheduler.celery import configuration
from scheduler.errors import ConfigError, LedgerShut, LedgerUnreachable
from scheduler.ledger import campaigns, health, keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis import broker, rights
from scheduler.ledger.redis.client import connect_once, reaching
from scheduler.ledger.redis.rights import grant, lacking
from scheduler.ledger.redis.url import parse
from scheduler.models import Durability
from scheduler.settings import Settings
from tests.integration.sentinels import NAME, Guarded, client
from tests.integration.test_durability import ANY, Machine, Server, free_port
from tests.integration.tls_proxy import TlsProxy
from tests.waiting import wait_until

LUA = Path(keys.__file__).parent / "lua"

SECRET = "hush"

#: What a password may be, and how it is written into a URL.
AWKWARD, ENCODED = "hush:/?#@ %é", "hush%3A%2F%3F%23%40%20%25%C3%A9"


# What is written ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://h", {"hosts": (("h", 6379),), "database": 0, "tls": None, "primary": ""}),
        ("redis://:hush@h:1/3", {"password": "hush", "username": "", "database": 3}),
        (f"redis://ana:{ENCODED}@[::1]:1", {"password": AWKWARD, "hosts": (("::1", 1),)}),
        ("redis://h/1?db=4&password=hush", {"password": "hush", "database": 4}),
        ("unix:///run/a@b.sock?db=2", {"path": "/run/a@b.sock", "database": 2, "hosts": ()}),
        ("unix:///r.sock?password=p@w", {"path": "/r.sock", "password": "p@w"}),
        ("unix://ana:hush@/r.sock", {"path": "/r.sock", "username": "ana", "password": "hush"}),
        (
            "sentinel://ana:hush@a:1,b,c:3/5?master=m&sentinel_username=eve&sentinel_password=pst",
            {
                "hosts": (("a", 1), ("b", 26379), ("c", 3)),
                "primary": "m",
                "database": 5,
                "sentinel_username": "eve",
                "sentinel_password": "pst",
                "sentinel_tls": None,
                "tls": None,
            },
        ),
    ],
)
def test_a_url_is_taken_apart(url: str, wanted: dict[str, object]) -> None:
    named = parse(url)

    assert {name: getattr(named, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("url", "checked", "by_name", "of_sentinels"),
    [
        ("rediss://h", "required", True, False),
        ("rediss://h?ssl_check_hostname=false", "required", False, False),
        ("rediss://h?ssl_cert_reqs=none", "none", False, False),
        ("sentinels://h?master=m", "required", True, True),
        ("sentinels://h?master=m&sentinel_ssl=no", "required", True, False),
    ],
)
def test_certificates_are_checked_unless_it_is_written_that_they_are_not(
    url: str, checked: str, by_name: bool, of_sentinels: bool
) -> None:
    named = parse(url)

    assert named.tls == {"ssl_cert_reqs": checked, "ssl_check_hostname": by_name}
    assert named.sentinel_tls == (named.tls if of_sentinels else None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis:/h", "starts with redis://"),
        (f"http://{SECRET}@h", "starts with redis://"),
        (f"redis://ana:{SECRET}#x@h:1/0", "# as %23"),
        (f"redis://ana:{SECRET}?x@h:1/0", "? as %3F"),
        (f"redis://{SECRET}?x@h:1/0", "? as %3F"),
        (f"redis://ana:{SECRET}/0", "its port is no number"),
        ("redis://h:70000", "its port is no number"),
        ("redis://h/first", "number, that of the database"),
        ("redis://a,b", "more than one server"),
        (f"redis://h?socket_timeout=9&{SECRET}=1", "an option that is not known"),
        ("redis://h?master=m", "an option that is not known"),
        ("rediss://h?ssl_ca_certs=/not/there.pem", "ssl_ca_certs: there is no file /not/there"),
        ("rediss://h?ssl_cert_reqs=optional", "expected required or none"),
        ("rediss://h?ssl_check_hostname=perhaps", "expected true or false"),
        ("sentinel://a,b", "master=mymaster"),
        ("unix://", "the path of a socket"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as wrong:
        parse(url)

    told = "".join(traceback.format_exception(wrong.value))
    assert "CALLSCHED_REDIS_URL: " in told
    assert SECRET not in told


FULL = (
    f"sentinels://ana:{SECRET}1@a,b/2?master=m&sentinel_password={SECRET}2&ssl_password={SECRET}3"
)


def test_a_url_that_is_shown_keeps_its_passwords() -> None:
    named = parse(FULL)

    shown = f"{named} {named!r} {named.__json__()}"

    assert SECRET not in shown
    assert "sentinels://a:26379,b:26379" in shown


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://h", "redis://h:6379/0"),
        (f"redis://ana:{ENCODED}@[::1]/2", f"redis://ana:{ENCODED}@[::1]:6379/2"),
        ("rediss://:hush@h:1/2", "rediss://:hush@h:1/2"),
        ("unix://:hush@/run/a b.sock?db=2", "redis+socket:///run/a%20b.sock?virtual_host=2"),
        ("sentinels://:hush@a,b/2?master=m", "sentinel://:hush@a:26379/2"),
    ],
)
def test_kombu_is_told_the_same_place(url: str, wanted: str) -> None:
    assert parse(url).broker_url == wanted


def celery(url: str) -> dict[str, Any]:
    return configuration(Settings(redis_url=SecretStr(url)))


def test_what_a_worker_shows_of_its_broker_has_no_password_in_it() -> None:
    config = celery(FULL)
    options = config["broker_transport_options"]

    # What Celery itself masks, or leaves out of `celery inspect stats`.
    shown = Connection(
        config["broker_url"], transport_options=options, ssl=config["broker_use_ssl"]
    )
    info = {name: one for name, one in shown.info().items() if name != "password"}

    assert SECRET not in repr(info) + shown.as_uri() + json.dumps(options["address"].__json__())
    assert options["master_name"] == "m"
    assert options["visibility_timeout"] == 300
    assert config["broker_use_ssl"]["ssl_cert_reqs"] is ssl.CERT_REQUIRED


# Connections ------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(tmp_path, stack)


def ledger_answers(url: str) -> None:
    """Open the ledger, in which both its clients take part, and read it."""
    with closing(Ledger(url)) as ledger:
        ledger.open()
        assert views.campaign_ids(ledger) == []
        assert ledger.once.ping()


def broker_at(url: str) -> Connection:
    """Return a connection as Celery opens it."""
    broker.register()
    config = celery(url)
    return Connection(
        config["broker_url"],
        ssl=config.get("broker_use_ssl", False),
        transport_options=config["broker_transport_options"],
    )


def broker_answers(url: str) -> None:
    """Send a message to ourselves."""
    with broker_at(url) as connection, connection.SimpleQueue("q") as queue:
        queue.put("work")
        message = queue.get(timeout=30)
        assert message.payload == "work"
        message.ack()


def works(url: str) -> None:
    ledger_answers(url)
    broker_answers(url)


def fails(url: str, said: str, error: type[Exception] = LedgerShut) -> None:
    with closing(Ledger(url)) as ledger, pytest.raises(error, match=said) as refused:
        ledger.open()
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def server_at(machine: Machine, port: int) -> Server:
    return machine.server(ANY, "--port", str(port))


def admit(server: Server, user: str, password: str, *more: str) -> None:
    """Grant a user what the documentation says that it needs."""
    words = [f">{password}" if word == ">PW" else word for word in grant(user, "PW").split()]
    server.redis.execute_command(*words, *more)


def test_a_user_with_an_awkward_password_is_let_in(machine: Machine) -> None:
    port = free_port()
    server = server_at(machine, port)
    admit(server, "ana", AWKWARD)
    server.redis.config_set("requirepass", "the operator's")

    works(f"redis://ana:{ENCODED}@127.0.0.1:{port}/0")
    works(f"unix://ana:{ENCODED}@{server.socket}?db=0")


def test_a_wrong_password_is_told_and_not_shown(machine: Machine) -> None:
    port = free_port()
    server_at(machine, port).redis.config_set("requirepass", "right")

    fails(f"redis://:{SECRET}@127.0.0.1:{port}/0", "refuses the login, check user and password")
    fails(f"redis://127.0.0.1:{port}/0", "refuses the login")


# TLS --------------------------------------------------------------------------------------------


class Certified:
    """A server behind TLS, its CA, and a CA that did not sign anything."""

    def __init__(self, machine: Machine, home: Path, stack: ExitStack) -> None:
        self.plain_port = free_port()
        self.server = server_at(machine, self.plain_port)
        ca = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(self._context)
        ca.configure_trust(self._context)
        self.ca, self.other_ca = home / "ca.pem", home / "other.pem"
        ca.cert_pem.write_to_path(str(self.ca))
        trustme.CA().cert_pem.write_to_path(str(self.other_ca))
        ours = ca.issue_cert("callsched.example")
        self.key, self.certificate = home / "key.pem", home / "certificate.pem"
        ours.private_key_pem.write_to_path(str(self.key))
        ours.cert_chain_pems[0].write_to_path(str(self.certificate))
        self.proxy = stack.enter_context(TlsProxy(self.plain_port, self._context))

    def url(self, host: str = "localhost", /, **options: object) -> str:
        words = "&".join(f"{name}={value}" for name, value in options.items())
        return f"rediss://{host}:{self.proxy.port}/0?{words}"

    def want_certificates(self) -> None:
        """Let in only who shows a certificate that the CA has signed."""
        self._context.verify_mode = ssl.CERT_REQUIRED


@pytest.fixture
def certified(machine: Machine, tmp_path: Path) -> Iterator[Certified]:
    with ExitStack() as stack:
        yield Certified(machine, tmp_path, stack)


def test_a_server_whose_ca_is_named_is_believed(certified: Certified) -> None:
    works(certified.url(ssl_ca_certs=certified.ca))
    served = certified.proxy.served
    works(certified.url(ssl_cert_reqs="none"))

    assert certified.proxy.served > served > 0


def test_a_server_that_cannot_be_believed_is_told_nothing(certified: Certified) -> None:
    url, ca = certified.url, certified.ca

    for named, said in (
        (url(), "ssl_ca_certs"),
        (url(ssl_ca_certs=certified.other_ca), "ssl_ca_certs"),
        (url("127.0.0.1", ssl_ca_certs=ca), "another name"),
    ):
        fails(named, said)
        with (
            broker_at(named) as connection,
            pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            connection.channel()

    assert certified.proxy.served == 0


def test_a_name_that_the_certificate_lacks_may_be_waived(certified: Certified) -> None:
    works(certified.url("127.0.0.1", ssl_ca_certs=certified.ca, ssl_check_hostname="false"))


def test_a_server_that_wants_our_certificate_gets_it(certified: Certified) -> None:
    certified.want_certificates()
    ours = {"ssl_certfile": certified.certificate, "ssl_keyfile": certified.key}

    works(certified.url(ssl_ca_certs=certified.ca, **ours))
    # Python sees the refusal only when it reads, and may find the connection gone instead.
    fails(certified.url(ssl_ca_certs=certified.ca), "Redis", LedgerUnreachable)


def test_the_doctor_says_what_is_encrypted(certified: Certified) -> None:
    def told(url: str) -> tuple[str, str]:
        found = {one.name: one for one in health.of_redis(url, Durability.SERVER)}
        return str(found["tls"].level), found["tls"].text

    assert told(certified.url(ssl_ca_certs=certified.ca)) == (
        "ok",
        "on, and the certificate is checked",
    )
    assert told(certified.url(ssl_cert_reqs="none"))[0] == "warn"
    assert told(f"redis://127.0.0.1:{certified.plain_port}")[0] == "ok"


# Sentinels --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with ExitStack() as stack:
        yield Guarded(tmp_path_factory.mktemp("guarded"), stack, password=SECRET)


def test_the_sentinels_are_asked_for_the_primary(guarded: Guarded) -> None:
    url = f"{guarded.url}&sentinel_password={SECRET}"

    works(url)
    assert guarded.primary.redis.exists("callsched:schema")

    found = {one.name: one for one in health.of_redis(url, Durability.REPLICA)}
    assert found["sentinel"].level == "ok"
    assert f"127.0.0.1:{guarded.port} is the primary of {NAME}" in found["sentinel"].text
    forgets = {one.name: one for one in health.of_redis(url, Durability.SERVER)}["sentinel"]
    assert (forgets.level, forgets.remedy) == ("warn", "set CALLSCHED_DURABILITY=replica")


def test_one_sentinel_that_answers_is_enough(guarded: Guarded) -> None:
    dead, lives = f"127.0.0.1:{free_port()}", f"127.0.0.1:{guarded.ports[2]}"

    works(f"sentinel://{dead},{lives}/0?master={NAME}&sentinel_password={SECRET}")


def test_sentinels_are_asked_over_tls(guarded: Guarded, tmp_path: Path) -> None:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    with TlsProxy(guarded.ports[0], context) as proxy:
        hosts = f"localhost:{proxy.port}/0?master={NAME}&sentinel_password={SECRET}"
        trusted = f"&ssl_ca_certs={tmp_path / 'ca.pem'}"
        works(f"sentinel://{hosts}{trusted}&sentinel_ssl=true")
        assert proxy.served > 0
        fails(f"sentinels://{hosts}", "ssl_ca_certs")


def test_what_the_sentinels_do_not_know_is_told(guarded: Guarded) -> None:
    hosts, login = guarded.url.partition("?")[0], f"&sentinel_password={SECRET}"

    fails(f"{hosts}?master=other{login}", f"know no primary 'other', but {NAME}")
    fails(f"{hosts}?master={NAME}{login}2", "the Sentinels refuse us")
    fails(f"{hosts}?master={NAME}", "the Sentinels refuse us")
    nobody = f"sentinel://:{SECRET}@127.0.0.1:{free_port()}/0?master={NAME}"
    fails(nobody, "no Sentinel can be asked for the primary", LedgerUnreachable)


# A primary that is none any more ------------------------------------------------------------------


def test_a_connection_to_a_replica_is_given_up(machine: Machine) -> None:
    first, second = free_port(), free_port()
    demoted, promoted = server_at(machine, first), server_at(machine, second)
    with closing(connect_once(f"redis://127.0.0.1:{first}/0")) as once:
        script = once.register_script("return redis.call('SET', KEYS[1], 'v')")
        script(keys=["callsched:k"])
        served = demoted.redis.info("stats")["total_connections_received"]
        demoted.redis.replicaof("127.0.0.1", second)
        wait_until(lambda: demoted.redis.info("replication")["master_link_status"] == "up", 30)

        # By a script, of which Redis 6.2 says so in the middle of a sentence; and by a command.
        for write in (lambda: script(keys=["callsched:k"]), lambda: once.set("callsched:k", "v")):
            with pytest.raises(LedgerUnreachable, match="become a replica"), reaching():
                write()

    assert promoted.redis.exists("callsched:k") == 0
    # The second one came on a connection of its own.
    assert demoted.redis.info("stats")["total_connections_received"] > served


# Rights -----------------------------------------------------------------------------------------


def test_the_documented_rights_are_enough_and_each_that_lacks_is_named(machine: Machine) -> None:
    port = free_port()
    server = server_at(machine, port)
    admit(server, "ana", "pw")
    with client(port, username="ana", password="pw") as ana:
        assert lacking(ana, 0) == []
        before = server.redis.dbsize()

        without = ("-hset", "-time", "-brpop", "resetkeys", "resetchannels")
        server.redis.execute_command("ACL", "SETUSER", "ana", *without)
        found = lacking(ana, 0)
        assert {"+hset", "+time", "+brpop", "~callsched:*"} < set(found)
        assert "&callsched:broker:/0.celery.pidbox" in found
        looked = health.of_redis(f"redis://ana:pw@127.0.0.1:{port}", Durability.SERVER)
        (told,) = (one for one in looked if one.name == "rights")
        assert (told.level, told.remedy) == ("fail", f"ACL SETUSER ana {' '.join(found)}")

        server.redis.execute_command("ACL", "SETUSER", "ana", *found)
        assert lacking(ana, 0) == []
        assert server.redis.dbsize() == before

        server.redis.execute_command("ACL", "SETUSER", "ana", "-multi")
        assert lacking(ana, 0) == ["+multi"]


def test_a_user_without_rights_is_told_so(machine: Machine) -> None:
    port = free_port()
    admit(server_at(machine, port), "ana", SECRET, "-get")

    fails(f"redis://ana:{SECRET}@127.0.0.1:{port}/0", "lacks a right in Redis, `callsched doctor`")


def test_a_right_that_lacks_inside_a_script_is_told(machine: Machine) -> None:
    port = free_port()
    admit(server_at(machine, port), "ana", SECRET, "-hmget")

    with (
        closing(Ledger(f"redis://ana:{SECRET}@127.0.0.1:{port}/0")) as ledger,
        pytest.raises(LedgerShut, match="lacks a right in Redis"),
    ):
        ledger.open()
        campaigns.halt(ledger, "c")


def test_the_documentation_grants_what_was_tested() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "redis.md").read_text("utf-8")

    assert grant("callsched", "PASSWORD") in " ".join(page.split())


def test_every_command_of_a_script_is_looked_at() -> None:
    scripts = [path for path in LUA.iterdir() if path.name.endswith(".lua")]
    used = {
        name.upper()
        for script in scripts
        for name in re.findall(r"redis\.p?call\(\s*['\"](\w+)", script.read_text("utf-8"))
    }
    looked_at = {line.split()[0] for line in (*rights._ON_KEYS, *rights._OTHERS)}

    assert len(used) > 20
    assert used - looked_at == set()
