"""What is remembered of calls stays within bounds."""

from __future__ import annotations

from scheduler.calls.frozen import Latest


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    kept: Latest[str, int] = Latest(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1

    kept.put("c", 3)

    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_what_is_remembered_is_asked_once() -> None:
    kept: Latest[str, int] = Latest(2)
    asked: list[str] = []

    def question() -> int:
        asked.append("a")
        return len(asked)

    assert [kept.ask("a", question) for _ in range(3)] == [1, 1, 1]
