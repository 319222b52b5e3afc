"""Holds what is on record of callbacks against what callees pressed and heard at the sandbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from scheduler.providers.callbacks import read_path
from tests.chaos.judge import Problem, Record
from tests.chaos.twilio_world import NEVER_AGAIN, STEP, YES

#: Which key led to what is said, as the script has it.
_KEY_OF = {YES: "1", NEVER_AGAIN: "9"}


class CallbackJudge:
    """Judges one campaign each of whose starts names where its call is told of."""

    def __init__(
        self,
        journal: Collection[Record],
        attempts: Mapping[str, Mapping[str, str]],
        listed: Collection[str],
    ) -> None:
        """`listed` are the numbers that nobody may call any more."""
        self._attempts = attempts
        self._listed = set(listed)
        self._accepted = [event for event in journal if event["event"] == "accepted"]
        self._named = {event["connection_id"]: _named_by(event) for event in self._accepted}
        self._pressed: dict[str, list[str]] = defaultdict(list)  # by connection
        self._said: dict[str, set[str]] = defaultdict(set)
        self._nines: set[str] = set()
        for event in journal:
            if event["event"] == "pressed":
                self._pressed[event["connection_id"]].append(event["keys"])
                self._nines |= {event["phone_number"]} if event["keys"] == "9" else set()
            elif event["event"] == "verb":
                self._said[event["connection_id"]].add(event["text"])

    def problems(self) -> list[Problem]:
        """Return every broken promise."""
        return [
            *self._misnamed(),
            *self._never_pressed(),
            *self._said_and_not_on_record(),
            *self._wrongly_listed(),
        ]

    def figures(self) -> dict[str, int]:
        """Return what the table tells of a run with callbacks."""
        keys = [key for pressed in self._pressed.values() for key in pressed if key]
        return {
            "runs with callbacks": 1,
            "keys pressed": len(keys),
            "answers on record": sum(_answer(one) is not None for one in self._attempts.values()),
            "numbers put on the do-not-call list": len(self._listed),
        }

    def _misnamed(self) -> Iterator[Problem]:
        """Each start names an attempt, no two the same, and its call is stored under no other."""
        seen: set[str] = set()
        for event in self._accepted:
            number, connection = event["phone_number"], event["connection_id"]
            attempt = self._named[connection]
            if not attempt:
                yield Problem("its start names no attempt", number)
            elif attempt in seen:
                yield Problem(f"{attempt} was placed twice", number)
            seen.add(attempt)
        number_of = {event["connection_id"]: event["phone_number"] for event in self._accepted}
        for attempt, record in self._attempts.items():
            connection = record.get("connection_id", "")
            if self._named.get(connection, attempt) != attempt:
                what = f"the call of {self._named[connection]} is stored under {attempt}"
                yield Problem(what, number_of[connection])

    def _never_pressed(self) -> Iterator[Problem]:
        """What is on record as an answer was pressed in a call of that attempt."""
        pressed: dict[str, list[str]] = defaultdict(list)
        for connection, keys in self._pressed.items():
            pressed[self._named.get(connection, "")] += keys
        for attempt, record in self._attempts.items():
            answer = _answer(record)
            if answer is not None and answer not in pressed[attempt]:
                yield Problem(f"{attempt} has {answer!r}, pressed was {pressed[attempt]}")

    def _said_and_not_on_record(self) -> Iterator[Problem]:
        """Who hears what a key leads to is on record with it; so is who is not called again."""
        for event in self._accepted:
            number, connection = event["phone_number"], event["connection_id"]
            for said in self._said[connection] & set(_KEY_OF):
                attempt, key = self._named[connection], _KEY_OF[said]
                answer = _answer(self._attempts.get(attempt, {}))
                if answer != key:
                    yield Problem(f"{attempt} has {answer!r}, and heard {said!r}", number)
                if said == NEVER_AGAIN and number not in self._listed:
                    yield Problem("it was told so, and is not on the do-not-call list", number)

    def _wrongly_listed(self) -> Iterator[Problem]:
        for number in sorted(self._listed - self._nines):
            yield Problem("it is on the do-not-call list, and never asked for it", number)


def _named_by(event: Record) -> str:
    """Return the attempt that an accepted start has named; "" for none."""
    url = event["request"].get("StatusCallback")
    return str(read_path(urlsplit(url).path)[1]) if url else ""


def _answer(record: Mapping[str, str]) -> str | None:
    return record.get(f"answer:{STEP}")
