from __future__ import annotations

import pytest

from scheduler.fields.variables import is_of_service, unknown

KNOWN = ("CALLSCHED_ALLOWED_NUMBERS", "CALLSCHED_REDIS_URL", "CALLSCHED_METRICS_PORT")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALLSCHED_ALOWED_NUMBERS", "CALLSCHED_ALLOWED_NUMBERS"),
        ("CALLSCHED_ALLOWED_NUMBER", "CALLSCHED_ALLOWED_NUMBERS"),
        ("callsched_alowed_numbers", "CALLSCHED_ALLOWED_NUMBERS"),
        ("CALLSCHED_NUMBERS_ALLOWED", "CALLSCHED_ALLOWED_NUMBERS"),
        ("CALLSCHED_ALLOWED_NUMBERS ", "CALLSCHED_ALLOWED_NUMBERS"),
        ("CALLSCHED__REDIS_URL", "CALLSCHED_REDIS_URL"),
        ("CALLSCHED_REDIS-URL", "CALLSCHED_REDIS_URL"),
        ("CALLSCHED_REDIS", "CALLSCHED_REDIS_URL"),
        # The prefix is the slip.
        ("CALLSHED_ALLOWED_NUMBERS", "CALLSCHED_ALLOWED_NUMBERS"),
        ("CALSCHED_REDIS_URL", "CALLSCHED_REDIS_URL"),
        ("CALLSCHEDREDIS_URL", "CALLSCHED_REDIS_URL"),
        ("CALLSCHED-REDIS_URL", "CALLSCHED_REDIS_URL"),
        ("Callsched.Redis_Url", "CALLSCHED_REDIS_URL"),
        ("\u200bCALLSCHED_REDIS_URL", "CALLSCHED_REDIS_URL"),
    ],
)
def test_a_slip_is_refused_with_the_name_that_is_meant(name: str, meant: str) -> None:
    assert list(unknown([name], KNOWN)) == [(name, f"did you mean {meant}?")]


def test_what_is_like_none_is_refused_all_the_same() -> None:
    assert list(unknown(["CALLSCHED_XYZZY"], KNOWN)) == [("CALLSCHED_XYZZY", "remove it")]


@pytest.mark.parametrize(
    "name",
    [
        "CALLSCHED_REDIS_URL",
        "callsched_redis_url",
        "REDIS_URL",
        "ALLOWED_NUMBERS",
        "CALLBACK_URL",
        "SCHEDULER_REDIS_URL",
        "OTHER_CALLSCHED_REDIS_URL",
    ],
)
def test_known_names_and_those_of_other_programs_pass(name: str) -> None:
    assert list(unknown([name], KNOWN)) == []


#: What a Service called `callsched-redis` gives every pod beside it, with a named port.
REDIS = {
    "CALLSCHED_REDIS_SERVICE_HOST": "10.0.0.1",
    "CALLSCHED_REDIS_SERVICE_PORT": "6379",
    "CALLSCHED_REDIS_SERVICE_PORT_TCP_REDIS": "6379",
    "CALLSCHED_REDIS_PORT": "tcp://10.0.0.1:6379",
    "CALLSCHED_REDIS_PORT_6379_TCP": "tcp://10.0.0.1:6379",
    "CALLSCHED_REDIS_PORT_6379_TCP_PROTO": "tcp",
    "CALLSCHED_REDIS_PORT_6379_TCP_PORT": "6379",
    "CALLSCHED_REDIS_PORT_6379_TCP_ADDR": "10.0.0.1",
    # One called `callsched` itself, and one whose port is our own setting's name.
    "CALLSCHED_SERVICE_HOST": "10.0.0.2",
    "CALLSCHED_PORT": "udp://10.0.0.2:53",
    "CALLSCHED_PORT_53_UDP_ADDR": "10.0.0.2",
    "CALLSCHED_METRICS_PORT": "tcp://10.0.0.3:9464",
}


@pytest.mark.parametrize("name", REDIS)
def test_what_kubernetes_says_of_its_services_is_passed_over(name: str) -> None:
    assert is_of_service(name, REDIS[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLSCHED_METRICS_PORT", "9464"),
        ("CALLSCHED_REDIS_PORT", "6379"),
        ("CALLSCHED_REDIS_HOST", "10.0.0.1"),
        ("CALLSCHED_PORT_NAME", "tcp://10.0.0.1:1"),
        ("CALLSCHED_ALOWED_NUMBERS", "tcp://10.0.0.1:1"),
        ("CALLSCHED_SERVICE", "x"),
    ],
)
def test_what_an_operator_sets_is_not(name: str, value: str) -> None:
    assert not is_of_service(name, value)


@pytest.mark.parametrize("before", ["$env:", "$Env:", "env:", "${env:", "env."])
def test_what_powershell_has_before_a_name_is_refused(before: str) -> None:
    name = f"{before}CALLSCHED_ACCOUNT"

    assert [found for found, _ in unknown([name], ["CALLSCHED_ACCOUNT"])] == [name]
