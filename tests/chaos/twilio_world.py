"""How calls go at Twilio in one run, and how its times are shortened to fit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

#: Seconds for which a call may ring, and may last from its answer.
RING_SECONDS, CALL_SECONDS = 1.0, 1.0

#: What calls ask where there are callbacks, and what is said upon a 1 and upon a 9.
STEP, YES, NEVER_AGAIN = "confirm", "Thank you.", "Never again."


@dataclass(frozen=True, slots=True)
class World:
    """What is drawn of an account at Twilio, and of those who are called."""

    is_exclusive: bool  #: nobody but us places calls: a lost one that is found goes on
    list_lag_seconds: tuple[float, float] = (0.0, 0.0)
    read_lag_seconds: tuple[float, float] = (0.0, 0.0)  #: of single calls
    limit: int = 500  #: hidden; below our own slots it is met
    limit_answer: str = "error"  #: 10004 as an answer, or as a call that failed
    starts_per_second: float = 0.0  #: at which it dials; 0 for any
    stop_takes_seconds: float = 0.0  #: from the answer to a stop until it is done
    has_callbacks: bool = False  #: what happens is told to a receiver of ours as well
    callbacks_lost: float = 0.0  #: shares of them
    callbacks_doubled: float = 0.0
    callbacks_shuffled: float = 0.0
    takes_over: bool = True  #: after every worker was killed and all calls had ended, others start

    @property
    def lag_seconds(self) -> float:
        """The most by which a read is old."""
        return max(self.list_lag_seconds[1], self.read_lag_seconds[1])

    @property
    def margin_seconds(self) -> float:
        """From where somebody must have answered to the deadline before the answer; 35 s else."""
        return 3.0 + self.lag_seconds / 2

    @property
    def net_seconds(self) -> int:
        """From our own stop to theirs; 15 s else."""
        return 5 + round(self.lag_seconds)

    @property
    def time_limit_seconds(self) -> int:
        """What each start has to say, so that a call ends when nobody of ours lives."""
        return round(CALL_SECONDS) + self.net_seconds

    @property
    def kinds(self) -> list[str]:
        """What of it counts as a fault."""
        known = {
            "lists lag": self.list_lag_seconds[1],
            "single reads lag": self.read_lag_seconds[1],
            f"no call more: as {self.limit_answer}": self.limit < 500,
            "stops take a while": self.stop_takes_seconds,
            "starts wait in the queue": self.starts_per_second,
            "callbacks get lost": self.callbacks_lost,
            "callbacks come twice": self.callbacks_doubled,
            "callbacks come in any order": self.callbacks_shuffled,
        }
        return [kind for kind, is_so in known.items() if is_so]

    def written(self) -> str:
        """Return it as CHAOS_WORLD has it."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> World:
        """Read what `written` has made of it."""
        known = json.loads(written)
        lags = {name: tuple(known[name]) for name in ("list_lag_seconds", "read_lag_seconds")}
        return cls(**known | lags)
