"""What `callsched run` shows, says and asks while it runs a campaign."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from scheduler.accounts import Account
from scheduler.cli import campaigns, console, repeats_view
from scheduler.cli.notices import notice
from scheduler.cli.progress import Progress
from scheduler.errors import ConfigError, LedgerTrouble, SchedulerError
from scheduler.fields.counts import counted
from scheduler.ledger.views import CampaignView
from scheduler.models import Policy
from scheduler.operations.launch import Intent
from scheduler.operations.progress import Count
from scheduler.operations.supervision import Interruptible, Look


class RunView:
    """The host of a run at a terminal, or in a log."""

    def __init__(self, policy: Policy, account: Account, *, asks: bool) -> None:
        """`asks`: ask before real calls."""
        self._policy = policy
        self._account = account
        self._asks = asks
        self._progress = Progress(account.max_concurrency)

    def counting(self, what: str, unit: str) -> AbstractContextManager[Count]:
        """Show how many rows are done."""
        return console.counting(what, unit)

    def api_is_away(self, why: str) -> None:
        """Say that the API does not answer."""
        console.say(why)

    def intended(self, intent: Intent) -> None:
        """Say whom earlier campaigns have called, and ask."""
        repeats_view.tell(intent.campaign_id, intent.earlier)
        if self._asks:
            campaigns.confirm(intent.earlier.left, self._policy, self._account)

    def loaded(self, campaign: CampaignView) -> None:
        """Say what an existing campaign of this id keeps."""
        campaigns.tell_loaded(campaign, self._policy)

    @contextmanager
    def interruptible(self, run: Interruptible) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and SIGHUP as an order to stop every live call and leave."""
        kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {kind: signal.signal(kind, lambda *_: run.interrupt()) for kind in kinds}
        # The pace is that of the run, without the time that the user took to answer.
        self._progress = Progress(self._account.max_concurrency)
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def watching(self) -> AbstractContextManager[None]:
        """Draw on a terminal; elsewhere write lines."""
        return self._progress.on_screen()

    @property
    def look_seconds(self) -> float:
        """How often it needs a look while many calls are left."""
        return self._progress.look_seconds

    def looked(self, look: Look) -> None:
        """Show the campaign's state."""
        self._progress.notice = notice(look, self._account.credentials.address)
        self._progress.show(look.campaign, look.account, look.sample)

    def interrupted_early(self) -> None:
        """Say that nobody was called yet."""
        console.say("interrupted before anybody was called; the same command continues")

    def interrupted(self) -> None:
        """Say that live calls are being stopped."""
        console.say("interrupted: no new calls; stopping every live one …")

    def still_live(self, live: list[str]) -> None:
        """List the live calls."""
        if not live:
            console.say("no call is live any more; the workers are being ended")
            return
        console.say(f"{counted(len(live), 'call is', 'calls are')} live, and being stopped:")
        for attempt in live:
            console.say(f"  {attempt}")

    def workers_die(self, why: ConfigError, open_calls: int) -> None:
        """Say why the workers died, and that they are started again."""
        left = f"{counted(open_calls, 'call is', 'calls are')} open, so they are started again"
        console.say(*map(str, why.args), left)

    def redis_restarted(self) -> None:
        """Say that the private Redis was started again."""
        console.say("the private Redis had died and has been started again")

    def redis_away(self, why: LedgerTrouble) -> None:
        """Say that the run waits for Redis."""
        console.say(f"waiting for Redis: {why}")

    def redis_stays_away(self, why: SchedulerError) -> None:
        """Say why the run does not wait for Redis any more."""
        console.say(str(why))
