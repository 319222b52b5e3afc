"""One account of a run: its API in a sandbox, the way there that can be cut, and its campaign."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.ledger import campaigns
from scheduler.ledger.ledger import Ledger
from scheduler.models import Contact, Policy, Row
from tests.chaos.proxy import Proxy
from tests.sandbox_process import SandboxProcess

#: In the order of their places in a plan.
NAMES = ("default", "other")

CALL_SECONDS = 1.0

#: Slots that each of them has.
SLOTS = 8

#: So long after an account was cut off its starts hang or are known to fail: what it does to others
#: shows from then on.
FELT_AFTER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Account:
    """An account, by name."""

    name: str
    sandbox: SandboxProcess
    api: Proxy  #: the way of all workers to its sandbox

    @property
    def campaign_id(self) -> str:
        """The one campaign that is dialled on it."""
        return f"chaos-{self.name}"

    def load(self, ledger: Ledger, called: Sequence[str], policy: Policy) -> None:
        """Load its campaign, which calls these numbers."""
        campaigns.create(
            ledger, self.campaign_id, account=self.name, name="chaos", policy=policy, digest="d"
        )
        rows = [Row(Contact(number, number), line) for line, number in enumerate(called, 2)]
        campaigns.load(ledger, self.campaign_id, "1", 1, rows)

    def seal(self, ledger: Ledger) -> None:
        """Have it dialled."""
        campaigns.seal(ledger, self.campaign_id, "1")

    def turn(self, **knobs: object) -> None:
        """Turn knobs of its sandbox."""
        self.sandbox.knobs(**knobs)

    @property
    def in_file(self) -> str:
        """What the accounts' file has of it."""
        return (
            f"{self.name}: {{provider: symbl, base_url: 'http://127.0.0.1:{self.api.port}',"
            f" app_id: app, app_secret: secret, max_concurrency: {SLOTS}}}\n"
        )


@dataclass(slots=True)
class CutOff:
    """A time in which one account is cut off from its API, while another is not."""

    account: Account
    other: Account
    until: float  #: it is mended then, or later
    began_at: float = 0.0  #: epoch seconds, as the sandbox has them
    over_at: float = 0.0

    @classmethod
    def begun(cls, account: Account, other: Account, seconds: float, how: str) -> CutOff:
        """Cut the line to an account's API."""
        cut = cls(account, other, time.monotonic() + seconds, time.time())
        account.api.cut(how)
        return cut

    def has_lasted(self, patience_seconds: float) -> bool:
        """Whether its time is over, and the other account was dialled on in it.

        Other faults may hold that one up as well, so that is waited for, with some patience.
        """
        late = time.monotonic() - self.until
        return late > patience_seconds or (late >= 0 and bool(self.dialled_on()))

    def mend(self) -> None:
        """Let bytes through again."""
        self.account.api.mend()
        self.over_at = time.time()

    def dialled_on(self) -> int:
        """Return how many starts the other account has had since it was felt, until it was over."""
        until = self.over_at or time.time()
        felt_at = self.began_at + FELT_AFTER_SECONDS
        return sum(felt_at < at <= until for at in self._others())

    @property
    def held_up(self) -> bool:
        """Whether the other account had to wait until this one was mended."""
        return not self.dialled_on() and any(at > self.over_at for at in self._others())

    def _others(self) -> list[float]:
        return [event["at"] for event in self.other.sandbox.events("accepted")]
