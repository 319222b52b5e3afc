"""One run: start everything, strike as the plan says, mend all, wait for the end, judge."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from scheduler.errors import SchedulerError
from scheduler.ledger import keys, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.models import Insight, OnUnknown, Policy
from tests.chaos.account import CALL_SECONDS, NAMES, SLOTS, Account, CutOff
from tests.chaos.blows import Blows
from tests.chaos.judge import Judge, Problem
from tests.chaos.lives import Worker
from tests.chaos.plan import Plan
from tests.chaos.proxy import Proxy, Switchboard
from tests.functional.campaign import numbers
from tests.sandbox_process import SandboxProcess

#: After the last blow everything is mended; then all must come to its end within this time. An
#: outage may have the account wait for a minute between two probes.
PATIENCE_SECONDS = 120.0


#: A worker that dies sooner after the answer to a start may leave an unknown call behind: it may
#: have been frozen, and then without Redis.
LEARNED_SECONDS = 6.0


#: The figure of starts on an account that was not cut off, while another one was.
MEANWHILE = "dialled while another account was cut off"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run."""

    seed: int
    seconds: float
    faults: dict[str, int]  #: those that struck, by kind
    figures: dict[str, int]
    problems: list[str]
    evidence: str  #: enough to understand them; "" when there are none


def run(plan: Plan, folder: Path) -> Outcome:
    """Do one run, with everything that it starts in this folder."""
    began_at = time.monotonic()
    with _kind_of(plan)(plan, folder) as one:
        one.go_through()
        judges = one.judges()
        problems = [problem for judge in judges for problem in judge.problems()]
        problems += one.held_up()
        return Outcome(
            plan.seed,
            round(time.monotonic() - began_at, 1),
            dict(sorted(one.faults().items())),
            _figures(plan, judges, one.cuts),
            [f"{problem.phone_number} {problem.what}".strip() for problem in problems],
            _evidence(plan, judges, problems),
        )


def _kind_of(plan: Plan) -> type[Run]:
    if plan.twilio is None:
        return Run
    from tests.chaos.twilio_run import TwilioRun  # which is a Run

    return TwilioRun


def _figures(plan: Plan, judges: list[Judge], cuts: list[CutOff]) -> dict[str, int]:
    """Return those of all accounts together."""
    figures: Counter[str] = Counter()
    for judge in judges:
        figures.update(judge.figures())
    figures["runs with two accounts"] = int(plan.accounts > 1)
    figures[MEANWHILE] = sum(cut.dialled_on() for cut in cuts)
    return dict(figures)


def _evidence(plan: Plan, judges: list[Judge], problems: list[Problem]) -> str:
    if not problems:
        return ""
    who = list(dict.fromkeys(one.phone_number for one in problems if one.phone_number))
    return "\n\n".join(
        [
            f"python -m tests.chaos --seed {plan.seed}"
            + (" --provider twilio" if plan.twilio else ""),
            str(plan),
            *(judge.evidence(one) for judge in judges for one in who if one in judge.results),
        ]
    )


class Run:
    """Everything that one run consists of. All of it is gone when the block is left."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._struck = folder / "struck"
        self._stack = ExitStack()

    def __enter__(self) -> Run:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        plan, folder, enter = self._plan, self._folder, self._stack.enter_context
        # So deep that no socket's path is short enough: it listens on a port.
        deep = folder.joinpath(*["a-folder-too-deep-for-a-socket"] * 4)
        self.redis = enter(EmbeddedRedis(deep))
        self.ledger = Ledger(self.redis.url)
        self._stack.callback(self.ledger.close)
        board = enter(Switchboard())
        self._accounts = [self._account(name, board) for name in NAMES[: plan.accounts]]
        self._load()
        workers = range(len(plan.lives))
        self._lines = [Proxy(board, _port(self.redis.url)) for _ in workers]
        self._workers = [
            Worker(plan, number, folder, self._env(number), self._program) for number in workers
        ]
        for worker in self._workers:
            self._stack.callback(worker.end)
        self._blows = self._blows_of(
            self._accounts, self.redis, self.ledger, self._workers, self._lines
        )

    # What differs from provider to provider -----------------------------------------------------

    _program = "tests.chaos.worker"
    _blows_of: type[Blows] = Blows

    def _sandbox_options(self) -> dict[str, object]:
        return {"limit": 500, "answer_after": 0.1, "line_every": 0.2}

    def _policy(self) -> Policy:
        return Policy(
            CALL_SECONDS,
            insights=(Insight.TRANSCRIPT, Insight.SUMMARY),
            on_unknown=OnUnknown.REDIAL if self._plan.redials else OnUnknown.HOLD,
        )

    def _phone_numbers(self, first: int, count: int) -> list[str]:
        """Return so many of the numbers that there are, from one on."""
        return numbers(first + count)[first:]

    def _of_accounts(self) -> dict[str, str]:
        """Return what makes one account, or names the file of several."""
        if len(self._accounts) > 1:
            return {"CALLSCHED_ACCOUNTS": str(self._folder / "accounts.yaml")}
        return {
            "CALLSCHED_SYMBL_BASE_URL": f"http://127.0.0.1:{self._accounts[0].api.port}",
            "CALLSCHED_SYMBL_APP_ID": "app",
            "CALLSCHED_SYMBL_APP_SECRET": "secret",
            "CALLSCHED_ACCOUNT": self._accounts[0].name,
            "CALLSCHED_MAX_CONCURRENCY": str(SLOTS),
        }

    # --------------------------------------------------------------------------------------------

    def _account(self, name: str, board: Switchboard) -> Account:
        plan = self._plan
        sandbox = self._stack.enter_context(
            SandboxProcess(
                latency=plan.latency_seconds,
                journal=self._folder / f"journal-{name}.jsonl",
                hangup_share=plan.hangup_share,
                hangup_after=(0.2, 0.9),
                seed=plan.seed,
                **self._sandbox_options(),
            )
        )
        return Account(name, sandbox, Proxy(board, _port(sandbox.url)))

    def _load(self) -> None:
        self.ledger.open()
        plan = self._plan
        # Two accounts have as much to do together as one has alone, and half as much again.
        each = plan.contacts if plan.accounts == 1 else plan.contacts * 3 // 4
        for number, account in enumerate(self._accounts):
            called = self._phone_numbers(number * each, each)
            account.load(self.ledger, called, self._policy())
        if plan.accounts > 1:
            file = self._folder / "accounts.yaml"
            file.write_text("".join(account.in_file for account in self._accounts))
            file.chmod(0o600)

    def _env(self, worker: int) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CALLSCHED_", "CELERY_"))}
        whole = self.redis.url
        return (
            kept
            | self._of_accounts()
            | {
                "CALLSCHED_REDIS_URL": whole.replace(
                    f":{_port(whole)}/", f":{self._lines[worker].port}/"
                ),
                "CALLSCHED_WORKER_THREADS": "12",
                "CALLSCHED_STOP_THREADS": "4",
                "CALLSCHED_STOP_PATIENCE": "5s",
                "CALLSCHED_INSIGHTS_PATIENCE": "6s",
            }
        )

    # The course of events -----------------------------------------------------------------------

    def go_through(self) -> None:
        """Let everything strike, mend it, and wait until all is over, or our patience is."""
        for worker in self._workers:
            worker.start()
        self._until(lambda: all(worker.is_up for worker in self._workers), 60.0)
        for account in self._accounts:
            account.seal(self.ledger)
        began_at = time.monotonic()
        for at_seconds, is_blow, action in self._blows.agenda(self._plan.blows):
            self._wait(began_at + at_seconds)
            if not (is_blow and self._is_over()):
                action()
        self._until(self._is_over, PATIENCE_SECONDS)
        self._blows.close()

    def _wait(self, until: float) -> None:
        self._until(lambda: time.monotonic() >= until, PATIENCE_SECONDS)

    def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        while not holds() and time.monotonic() < give_up_at:
            self._tend()

    def _tend(self) -> None:
        for worker in self._workers:
            worker.tend()
        self._blows.tend()
        time.sleep(0.1)  # whoever looks more often takes the processor from the workers

    def _is_over(self) -> bool:
        """Whether every call has ended, and nothing is due or held any more."""
        with suppress(SchedulerError, RedisError):
            return all(map(self._is_over_on, self._accounts))
        return False

    def _is_over_on(self, account: Account) -> bool:
        parts = ("slots", "live", "stops", "collect")
        left = [keys.account(account.name, part) for part in parts]
        view = views.campaign(self.ledger, account.campaign_id)
        return view.state == "finished" and self.ledger.redis.exists(*left) == 0

    def judges(self) -> list[Judge]:
        """End the workers, so that nothing moves any more, and look at each account."""
        for worker in self._workers:
            worker.end()
        learned = self._learned()
        return [
            Judge(
                self.ledger, account.name, account.campaign_id, account.sandbox.journal(), learned
            )
            for account in self._accounts
        ]

    @property
    def cuts(self) -> list[CutOff]:
        """When one of the accounts was cut off."""
        return self._blows.cuts

    def held_up(self) -> list[Problem]:
        """Return which accounts had to wait until another one was mended."""
        return [
            Problem(f"{cut.other.name} was not dialled on while {cut.account.name} was cut off")
            for cut in self.cuts
            if cut.held_up
        ]

    def _learned(self) -> set[str]:
        """Return the connections that a worker has learned of and had the time to deal with."""
        lines = [line.split() for line in (self._folder / "learned").read_text().splitlines()]
        died_at = {pid: at for worker in self._workers for pid, at in worker.died_at.items()}
        return {
            connection
            for pid, at, connection in lines
            if died_at.get(int(pid), float("inf")) - float(at) > LEARNED_SECONDS
        }

    def faults(self) -> Counter[str]:
        """Return how many faults struck, by kind."""
        faults = Counter(self._blows.struck)
        if self._struck.exists():
            faults.update(self._struck.read_text().splitlines())
        faults["messages twice"] += self._plan.twice
        faults["clock shifted"] += sum(shift != 0 for shift in self._plan.clock_shifts)
        return +faults


def _port(url: str) -> int:
    return int(url.partition("@")[2].partition("/")[0].rpartition(":")[2] or url.rpartition(":")[2])


def as_json(outcome: Outcome) -> str:
    """Return an outcome on one line."""
    known: dict[str, Any] = {name: getattr(outcome, name) for name in outcome.__slots__}
    return json.dumps(known)
