"""How late calls ended, and how late their first stops were sent, as a sandbox saw both.

A call is late by its end: the first stop may be lost, refused or slow. A journal has it at the
instant at which the API ended the call; callsched knows it one answer later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Within this of its deadline a call counts as ended on time here, and a stop as sent on time.
ON_TIME_SECONDS = 0.1

#: What happened, and by how many seconds it came late.
Late = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of calls that reached their deadline: when each was late, and by how much."""

    ends: Late
    sendings: Late

    def between(self, since: float, until: float) -> Lateness:
        """Return those of a while."""
        ends, sendings = (
            [each for each in late if since <= each[0] < until]
            for late in (self.ends, self.sendings)
        )
        return Lateness(ends, sendings)

    def show(self) -> None:
        """Print both figures."""
        print(f"calls ended late by  {told(self.ends)}")
        print(f"stops sent late by   {told(self.sendings)}")


def of(journal: Iterable[Mapping[str, Any]], seconds: float) -> Lateness:
    """Read a journal of calls that must be over so long after their answers."""
    due: dict[str, float] = {}
    ended: dict[str, float] = {}
    sent: dict[str, float] = {}
    for event in journal:
        name, at = str(event.get("connection_id")), event["at"]
        if event["event"] == "answered":
            due[name] = at + seconds
        elif event["event"] == "ended":
            ended[name] = at
        elif event["event"] == "stop":
            sent.setdefault(name, at)
    # One that its far end ended before is not in it.
    over = {one: at for one, at in ended.items() if one in due and at >= due[one]}
    return Lateness(
        [(at, at - due[one]) for one, at in over.items()],
        [(sent[one], sent[one] - due[one]) for one in over if one in sent],
    )


def told(late: Sequence[tuple[float, float]]) -> str:
    """Return how many, by how much, and how many of them on time."""
    found = sorted(seconds for _, seconds in late)
    if not found:
        return "none"
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
    within = sum(each <= ON_TIME_SECONDS for each in found) / len(found)
    return (
        f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, most {found[-1] * 1000:.0f} ms;"
        f" {within:.1%} of {len(found):,} within {ON_TIME_SECONDS * 1000:.0f} ms"
    )
