"""Users, their sessions and tokens, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher

from scheduler.errors import ConfigError, LedgerError
from scheduler.ledger import keys, sessions, web_tokens
from scheduler.ledger import users as in_ledger
from scheduler.ledger.ledger import Ledger
from scheduler.operations import access_tokens, users
from scheduler.operations.access_tokens import Uses
from scheduler.operations.users import SignedIn, SignInRefused, TooManyTries
from scheduler.rights import Scope, Visitor

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True, scope="module")
def quick_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        users._nobodys.cache_clear()
        yield
    users._nobodys.cache_clear()


def add(ledger: Ledger, name: str = "ada", role: Scope = Scope.OPERATE, **may: Any) -> None:
    users.add(ledger, name, role, PASSWORD, who="test", **may)


def enter(ledger: Ledger, name: str = "ada", password: str = PASSWORD) -> SignedIn:
    return users.sign_in(ledger, name, password, "192.0.2.1")


def visitor(ledger: Ledger, signed_in: SignedIn) -> Visitor | None:
    return users.visitor_of(ledger, signed_in.cookie, by_key=False)


def test_who_signs_in_has_their_role_of_now(ledger: Ledger) -> None:
    add(ledger, accounts=frozenset({"main"}))
    signed_in = enter(ledger)
    found = visitor(ledger, signed_in)
    digest = signed_in.session.digest
    assert found == Visitor("ada", Scope.OPERATE, frozenset({"main"}), session=digest)

    user = users.expect_user(ledger, "ada")
    assert in_ledger.replace(ledger, user, replace(user, role=Scope.LOOK))
    assert (now := visitor(ledger, signed_in)) is not None
    assert now.scope is Scope.LOOK


def test_neither_password_nor_cookie_nor_token_lies_in_the_ledger(ledger: Ledger) -> None:
    add(ledger)
    cookie = enter(ledger).cookie
    _, token = access_tokens.create(ledger, "load", Scope.START, who="test")
    secrets = (PASSWORD, cookie, token, token.rpartition("_")[2])
    kept = ""
    for key in ledger.redis.scan_iter(f"{keys.ROOT}web:*"):
        kind = ledger.redis.type(key)
        kept += key + str(ledger.redis.hgetall(key) if kind == "hash" else "")
        kept += str(ledger.redis.zrange(key, 0, -1) if kind == "zset" else "")
    assert "argon2id" in kept
    assert [secret for secret in secrets if secret in kept] == []


def test_a_session_is_over_with_its_user_and_no_namesake_has_it(ledger: Ledger) -> None:
    add(ledger)
    signed_in = enter(ledger)
    users.remove(ledger, "ada")
    assert visitor(ledger, signed_in) is None
    add(ledger)
    # As if the session had been written while the user was being removed.
    sessions.start(ledger, signed_in.session)
    assert visitor(ledger, signed_in) is None


def test_another_password_ends_every_session(ledger: Ledger) -> None:
    add(ledger)
    signed_in = enter(ledger)
    users.set_password(ledger, "ada", "another password")
    assert visitor(ledger, signed_in) is None
    with pytest.raises(SignInRefused):
        enter(ledger)
    assert visitor(ledger, enter(ledger, password="another password"))


def test_a_session_ends_when_it_is_idle_and_after_a_week(ledger: Ledger) -> None:
    add(ledger)
    session = enter(ledger).session
    at = session.started_at
    assert sessions.find(ledger, session.digest, at + sessions.IDLE_SECONDS) is None
    seen = at
    while seen + 11 * 3600 < session.ends_at:
        seen += 11 * 3600
        assert sessions.find(ledger, session.digest, seen) is not None
    assert sessions.find(ledger, session.digest, session.ends_at) is None
    kept = sessions.find(ledger, session.digest, seen + 100, is_used=False)
    assert kept is not None
    assert sessions.find(ledger, session.digest, seen + 200, is_used=False) == kept
    left = ledger.redis.ttl(keys.web("session", session.digest))
    assert 0 < left <= sessions.IDLE_SECONDS


def test_a_session_that_is_ended_while_it_is_used_stays_ended(ledger: Ledger) -> None:
    add(ledger)
    session = enter(ledger).session
    sessions.end(ledger, session)
    sessions._note(ledger, session, session.started_at + 100)
    assert sessions.find(ledger, session.digest) is None


def test_a_user_who_is_removed_while_they_are_changed_stays_removed(ledger: Ledger) -> None:
    add(ledger)
    user = users.expect_user(ledger, "ada")
    users.remove(ledger, "ada")
    assert not in_ledger.replace(ledger, user, replace(user, role=Scope.ADMIN))
    assert in_ledger.every(ledger) == []


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_password_is_looked_at_as_long_whether_there_is_such_a_user_or_not(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    add(ledger)
    looked_at = []

    class Noting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            looked_at.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(users, "_hasher", Noting(time_cost=1, memory_cost=64, parallelism=1))
    with pytest.raises(SignInRefused):
        enter(ledger, name, "wrong" * 3)
    assert looked_at == ["$argon2id$v=19$m=64,t=1,p=1"]


def test_who_comes_while_others_are_signed_in_comes_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger)
    monkeypatch.setattr(users, "_WAIT_SECONDS", 0.01)
    with users._a_place(), users._a_place():
        for _ in range(users.TRIES_OF_USER + 1):
            with pytest.raises(TooManyTries):
                enter(ledger)
    enter(ledger)  # none of these counted as a try of the user's


def test_after_five_wrong_passwords_the_right_one_has_to_wait(ledger: Ledger) -> None:
    add(ledger)
    for _ in range(users.TRIES_OF_USER):
        with pytest.raises(SignInRefused):
            enter(ledger, password="wrong" * 3)
    with pytest.raises(TooManyTries) as refused:
        enter(ledger)
    assert 0 < refused.value.seconds <= sessions.TRIES_SECONDS
    users.set_password(ledger, "ada", PASSWORD)
    enter(ledger)


def test_the_right_password_begins_the_count_anew(ledger: Ledger) -> None:
    add(ledger)
    for _ in range(3):
        for _ in range(users.TRIES_OF_USER - 1):
            with pytest.raises(SignInRefused):
                users.sign_in(ledger, "ada", "wrong" * 3, "192.0.2.2")
        users.sign_in(ledger, "ada", PASSWORD, "192.0.2.2")


def test_an_address_has_so_many_tries_whoever_it_claims_to_be(ledger: Ledger) -> None:
    add(ledger)
    for n in range(users.TRIES_FROM_ADDRESS):
        with pytest.raises(SignInRefused):
            enter(ledger, f"nobody-{n}")
    with pytest.raises(TooManyTries):
        enter(ledger)
    users.sign_in(ledger, "ada", PASSWORD, "192.0.2.9")


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(ledger)
    before = users.expect_user(ledger, "ada")
    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    monkeypatch.setattr(users, "_hasher", stronger)
    signed_in = enter(ledger)
    after = users.expect_user(ledger, "ada")
    assert before.password != after.password
    assert "t=2" in after.password
    assert visitor(ledger, signed_in)


def test_who_has_one_address_of_the_sixth_version_has_its_neighbours_too(ledger: Ledger) -> None:
    for n in range(users.TRIES_FROM_ADDRESS):
        with pytest.raises(SignInRefused):
            users.sign_in(ledger, f"nobody-{n}", PASSWORD, f"2001:db8::{n}")
    with pytest.raises(TooManyTries):
        users.sign_in(ledger, "ada", PASSWORD, "2001:db8::ffff")
    with pytest.raises(SignInRefused):
        users.sign_in(ledger, "ada", PASSWORD, "2001:db8:0:1::1")


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "-a", "x" * 65, "a\n"])
def test_a_name_that_could_be_taken_for_another_is_none(ledger: Ledger, name: str) -> None:
    with pytest.raises(ConfigError):
        add(ledger, name)
    with pytest.raises(ConfigError):
        access_tokens.create(ledger, name, Scope.LOOK, who="test")


@pytest.mark.parametrize("password", ["", "nine char", "x" * 1001])
def test_a_password_has_its_length(ledger: Ledger, password: str) -> None:
    with pytest.raises(ConfigError):
        users.add(ledger, "ada", Scope.LOOK, password, who="test")
    assert in_ledger.count(ledger) == 0


def test_there_is_one_user_and_one_token_of_a_name(ledger: Ledger) -> None:
    add(ledger)
    access_tokens.create(ledger, "load", Scope.LOOK, who="test")
    with pytest.raises(LedgerError):
        add(ledger)
    with pytest.raises(LedgerError):
        access_tokens.create(ledger, "load", Scope.ADMIN, who="test")


def test_a_token_is_who_it_was_made_for_until_it_is_revoked(ledger: Ledger) -> None:
    may = {"accounts": frozenset({"main"}), "sees_numbers": True}
    _, written = access_tokens.create(ledger, "a_b.c-d", Scope.START, who="test", **may)  # type: ignore[arg-type]
    uses = Uses(ledger)
    found = access_tokens.visitor_of(ledger, written, uses)
    assert found == Visitor("token a_b.c-d", Scope.START, frozenset({"main"}), sees_numbers=True)
    ((_, used_at),) = web_tokens.every(ledger)
    assert used_at == pytest.approx(ledger.time(), abs=5)

    access_tokens.revoke(ledger, "a_b.c-d")
    assert access_tokens.visitor_of(ledger, written, uses) is None
    _, other = access_tokens.create(ledger, "a_b.c-d", Scope.LOOK, who="test")
    assert access_tokens.visitor_of(ledger, written, uses) is None
    assert access_tokens.visitor_of(ledger, other, uses)


def test_the_use_of_a_token_is_written_down_once_a_minute_at_most(ledger: Ledger) -> None:
    _, written = access_tokens.create(ledger, "load", Scope.LOOK, who="test")
    uses = Uses(ledger)
    access_tokens.visitor_of(ledger, written, uses)
    ledger.redis.hset(keys.web("token_uses"), "load", "1")
    access_tokens.visitor_of(ledger, written, uses)
    assert [used_at for _, used_at in web_tokens.every(ledger)] == [1.0]


@pytest.mark.parametrize("change", ["", "x", "upper", "cut", "long", "prefix"])
def test_what_is_almost_a_token_is_none(ledger: Ledger, change: str) -> None:
    _, written = access_tokens.create(ledger, "load", Scope.LOOK, who="test")
    other = {
        "": "",
        "x": written[:-1] + ("0" if written[-1] != "0" else "1"),
        "upper": written.upper(),
        "cut": written[:-1],
        "long": written + "0",
        "prefix": written.removeprefix("cs_"),
    }[change]
    assert access_tokens.visitor_of(ledger, other, Uses(ledger)) is None


def test_a_key_session_counts_only_where_keys_do(ledger: Ledger) -> None:
    signed_in = users.sign_in_by_key(ledger, "root@box (key)")
    assert users.visitor_of(ledger, signed_in.cookie, by_key=False) is None
    found = users.visitor_of(ledger, signed_in.cookie, by_key=True)
    assert found is not None
    assert (found.name, found.scope) == ("root@box (key)", Scope.ADMIN)


def test_a_change_that_is_sent_twice_is_done_once_and_is_no_failure(ledger: Ledger) -> None:
    add(ledger)
    user = in_ledger.find(ledger, "ada")
    assert user is not None
    changed = replace(user, role=Scope.LOOK)
    assert [in_ledger.replace(ledger, user, changed) for _ in range(2)] == [True, True]
    assert in_ledger.find(ledger, "ada") == changed
