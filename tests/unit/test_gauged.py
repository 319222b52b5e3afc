from __future__ import annotations

import pytest

from scheduler.providers.bounded_socket import BYTES_A_SECOND, BYTES_AT_ONCE, BYTES_IN_ALL, Gauge


@pytest.mark.parametrize(
    ("sizes", "apart_seconds", "excess"),
    [
        ([BYTES_AT_ONCE], 0.0, ""),
        ([BYTES_AT_ONCE + 1], 0.0, "more than 64 KiB a second"),
        ([BYTES_AT_ONCE, 1], 0.0, "more than 64 KiB a second"),
        ([BYTES_AT_ONCE, BYTES_A_SECOND, BYTES_A_SECOND], 1.0, ""),
        ([BYTES_AT_ONCE, BYTES_A_SECOND, BYTES_A_SECOND + 1], 1.0, "more than 64 KiB a second"),
        ([1, BYTES_AT_ONCE + 1], 3600.0, "more than 64 KiB a second"),
        ([2000] * 50_000, 1.0, ""),
        ([BYTES_AT_ONCE] * 256, 3600.0, ""),
        ([BYTES_AT_ONCE] * 257, 3600.0, "more than 256 MiB"),
    ],
)
def test_a_socket_may_send_so_much_a_second_and_in_all(
    sizes: list[int], apart_seconds: float, excess: str
) -> None:
    gauge = Gauge(now=0.0)
    for count, size in enumerate(sizes):
        assert gauge.excess == ""
        assert gauge.takes(size, count * apart_seconds) is (gauge.excess == "")

    assert gauge.excess == excess


def test_so_much_in_all_is_more_than_a_call_of_hours_says() -> None:
    assert BYTES_IN_ALL > 4 * 3600 * 2048 * 8
