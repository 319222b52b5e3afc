"""One run: start everything, strike as the plan says, mend all, wait for the end, judge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from redis.exceptions import RedisError

from scheduler.clock import since_boot
from scheduler.embedded import EmbeddedRedis
from scheduler.errors import SchedulerError
from scheduler.models import Contact, Insight, OnUnknown, Policy, Row
from scheduler.store import Store, campaign_view, keys
from tests.chaos.judge import Judge, Problem
from tests.chaos.plan import ALL, FREEZE_SECONDS, Blow, Plan, Strike
from tests.chaos.proxy import Proxy, Switchboard
from tests.chaos.worker import Fate
from tests.functional.campaign import numbers
from tests.sandbox_process import SandboxProcess

ROOT = Path(__file__).parents[2]
ACCOUNT = "default"
CAMPAIGN = "chaos"
CALL_SECONDS = 1.0

#: After the last blow everything is mended; then all must come to its end within this time. An
#: outage may have the account wait for a minute between two probes.
PATIENCE_SECONDS = 120.0


#: Starts or stops that go wrong in a row. Three lost starts would be an outage, which makes the
#: account wait.
AT_ONCE = 2

#: A worker that dies sooner after the answer to a start may leave an unknown call behind: it may
#: have been frozen, and then without Redis.
LEARNED_SECONDS = 6.0


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
    with Run(plan, folder) as one:
        one.go_through()
        judge = one.judge()
        problems = judge.problems()
        return Outcome(
            plan.seed,
            round(time.monotonic() - began_at, 1),
            dict(sorted(one.faults().items())),
            judge.figures(),
            [f"{problem.phone_number} {problem.what}".strip() for problem in problems],
            _evidence(plan, judge, problems),
        )


def _evidence(plan: Plan, judge: Judge, problems: list[Problem]) -> str:
    if not problems:
        return ""
    who = list(dict.fromkeys(one.phone_number for one in problems if one.phone_number))
    return "\n\n".join(
        [f"python -m tests.chaos --seed {plan.seed}", str(plan), *map(judge.evidence, who)]
    )


class Run:
    """Everything that one run consists of. All of it is gone when the block is left."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._struck = folder / "struck"
        self._dealt: Counter[str] = Counter()
        self._armed: dict[str, str] = {}  #: knob of a fault that waits for its request -> its kind
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
        self.sandbox = enter(
            SandboxProcess(
                limit=500,
                latency=plan.latency_seconds,
                journal=folder / "journal.jsonl",
                hangup_share=plan.hangup_share,
                hangup_after=(0.2, 0.9),
                answer_after=0.1,
                line_every=0.2,
                seed=plan.seed,
            )
        )
        # So deep that no socket's path is short enough: it listens on a port.
        deep = folder.joinpath(*["a-folder-too-deep-for-a-socket"] * 4)
        self.redis = enter(EmbeddedRedis(deep))
        self.store = Store(self.redis.url)
        self._stack.callback(self.store.close)
        self._load()
        board = enter(Switchboard())
        self._api = Proxy(board, _port(self.sandbox.url))
        workers = range(len(plan.lives))
        self._lines = [Proxy(board, _port(self.redis.url)) for _ in workers]
        self._workers = [Worker(plan, number, folder, self._env(number)) for number in workers]
        for worker in self._workers:
            self._stack.callback(worker.end)

    def _load(self) -> None:
        self.store.open()
        policy = Policy(
            CALL_SECONDS,
            insights=(Insight.TRANSCRIPT, Insight.SUMMARY),
            on_unknown=OnUnknown.REDIAL if self._plan.redials else OnUnknown.HOLD,
        )
        self.store.create(CAMPAIGN, account=ACCOUNT, name="chaos", policy=policy, digest="d")
        rows = [Row(Contact(n, n), line) for line, n in enumerate(numbers(self._plan.contacts), 2)]
        self.store.load(CAMPAIGN, "1", 1, rows)

    def _env(self, worker: int) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CALLSCHED_", "CELERY_"))}
        whole = self.redis.url
        return kept | {
            "CALLSCHED_REDIS_URL": whole.replace(
                f":{_port(whole)}/", f":{self._lines[worker].port}/"
            ),
            "CALLSCHED_SYMBL_BASE_URL": f"http://127.0.0.1:{self._api.port}",
            "CALLSCHED_SYMBL_APP_ID": "app",
            "CALLSCHED_SYMBL_APP_SECRET": "secret",
            "CALLSCHED_ACCOUNT": ACCOUNT,
            "CALLSCHED_MAX_CONCURRENCY": "8",
            "CALLSCHED_WORKER_THREADS": "12",
            "CALLSCHED_STOP_THREADS": "4",
            "CALLSCHED_STOP_PATIENCE": "5s",
            "CALLSCHED_INSIGHTS_PATIENCE": "6s",
        }

    # The course of events -----------------------------------------------------------------------

    def go_through(self) -> None:
        """Let everything strike, mend it, and wait until all is over, or our patience is."""
        for worker in self._workers:
            worker.start()
        self._until(lambda: all(worker.is_up for worker in self._workers), 60.0)
        self.store.seal(CAMPAIGN, "1")
        agenda = self._agenda()
        began_at = time.monotonic()
        while agenda:
            at_seconds, action = agenda[0]
            if time.monotonic() - began_at >= at_seconds:
                agenda.pop(0)
                action()
            self._tend()
        self._until(self._is_over, PATIENCE_SECONDS)
        self._disarm()

    def _agenda(self) -> list[tuple[float, Callable[[], None]]]:
        """Return every blow and every mending with its instant, the soonest first."""
        agenda: list[tuple[float, Callable[[], None]]] = []
        for blow in self._plan.blows:
            deal, mend = self._ways(blow)
            agenda.append((blow.at_seconds, deal))
            if mend is not None:
                agenda.append((blow.at_seconds + blow.seconds, mend))
        return sorted(agenda, key=lambda entry: entry[0])

    def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        while not holds() and time.monotonic() < give_up_at:
            self._tend()

    def _tend(self) -> None:
        for worker in self._workers:
            worker.tend()
        time.sleep(0.03)

    def _is_over(self) -> bool:
        """Whether every call has ended, and nothing is due or held any more."""
        parts = [keys.account(ACCOUNT, part) for part in ("slots", "live", "stops", "collect")]
        with suppress(SchedulerError):
            view = campaign_view(self.store, CAMPAIGN)
            return view.state == "finished" and self.store.redis.exists(*parts) == 0
        return False

    def judge(self) -> Judge:
        """End the workers, so that nothing moves any more, and look."""
        for worker in self._workers:
            worker.end()
        return Judge(self.store, ACCOUNT, CAMPAIGN, self.sandbox.journal(), self._learned())

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
        faults = Counter(self._dealt)
        if self._struck.exists():
            faults.update(self._struck.read_text().splitlines())
        faults["messages twice"] += self._plan.twice
        faults["clock shifted"] += sum(shift != 0 for shift in self._plan.clock_shifts)
        return +faults

    # Blows --------------------------------------------------------------------------------------

    def _ways(self, blow: Blow) -> tuple[Callable[[], None], Callable[[], None] | None]:
        """Return what deals a blow, and what mends it when it does not pass by itself."""
        match blow.kind:
            case "redis cut":
                lines = self._lines if blow.worker == ALL else [self._lines[blow.worker]]
                return self._cutting(blow, lines)
            case "api cut":
                return self._cutting(blow, [self._api])
            case "redis killed":
                return lambda: self._kill_redis(blow), self._revive_redis
            case "frozen":
                worker = self._workers[blow.worker]
                return lambda: self._count(blow, worker.freeze()), None
            case "killed":
                return lambda: self._kill_workers(blow), None
            case "answer lost":
                return lambda: self._arm("start", blow), None
            case "stop failed" | "stop denied":
                return lambda: self._arm("stop", blow), None
            case _:
                return lambda: self._harm_sockets(blow), lambda: self._turn(sockets="open")

    def _count(self, blow: Blow, struck: bool = True) -> None:
        self._dealt[blow.kind + (f": {blow.how}" if blow.how else "")] += struck

    def _cutting(
        self, blow: Blow, lines: list[Proxy]
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        def cut() -> None:
            self._count(blow)
            for line in lines:
                line.cut(blow.how)

        def mend() -> None:
            for line in lines:
                line.mend()

        return cut, mend

    def _kill_workers(self, blow: Blow) -> None:
        for worker in self._workers if blow.worker == ALL else [self._workers[blow.worker]]:
            self._count(blow, worker.kill())

    def _kill_redis(self, blow: Blow) -> None:
        with suppress(RedisError):  # it is dead already
            psutil.Process(self.store.redis.info("server")["process_id"]).kill()
            self._count(blow)

    def _revive_redis(self) -> None:
        self.redis.ensure()

    def _arm(self, operation: str, blow: Blow) -> None:
        """Have the next requests of their kind go wrong."""
        self._disarm(operation)
        fault = "404" if blow.kind == "stop denied" else blow.how
        self._turn(**{f"{operation}_fault": fault, f"{operation}_fault_count": AT_ONCE})
        self._armed[operation] = blow.kind + (f": {blow.how}" if blow.how else "")

    def _disarm(self, *operations: str) -> None:
        """Count what has struck; what has not is taken back."""
        knobs = self.sandbox.knobs()
        for operation in operations or tuple(self._armed):
            kind = self._armed.pop(operation, None)
            if kind is not None and knobs[f"{operation}_fault"] is None:
                self._dealt[kind] += 1
            self._turn(**{f"{operation}_fault": None, f"{operation}_fault_count": None})

    def _harm_sockets(self, blow: Blow) -> None:
        if blow.how == "refused":
            self._turn(sockets="refused")
            self._count(blow)
        else:
            self._count(blow, self.sandbox.drop_sockets(how=blow.how) > 0)

    def _turn(self, **knobs: object) -> None:
        self.sandbox.knobs(**knobs)


class Worker:
    """One worker that is started again when it has died, for its next life."""

    def __init__(self, plan: Plan, number: int, folder: Path, env: dict[str, str]) -> None:
        self._lives = list(plan.lives[number])
        self._life: tuple[Strike, ...] = ()
        self._shift = plan.clock_shifts[number]
        self._twice = plan.twice
        self._struck = folder / "struck"
        self._log = folder / f"worker-{number}.log"
        self._folder = folder
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen_at: float | None = None
        self.died_at: dict[int, float] = {}  #: of lives that did not end in peace, by process id

    def start(self) -> None:
        """Begin the next life; after those of the plan, one without a fate."""
        self._life = self._lives.pop(0) if self._lives else ()
        fate = Fate(self._life, self._shift, self._twice, str(self._struck))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker"],
                env=self._env | {"CHAOS_PLAN": fate.written(), "PYTHONPATH": str(ROOT)},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def is_up(self) -> bool:
        """Whether its first life has become ready, or is over."""
        return "ready." in self._log.read_text(errors="replace") or not self._lives_now()

    def _lives_now(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tend(self) -> None:
        """Start it again when it is dead, wake it when it has been frozen for long enough."""
        assert self._process is not None
        if not self._lives_now():
            self.died_at[self._process.pid] = since_boot()
            self._frozen_at = None
            self.start()
            return
        if psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            self._frozen_at = None
        elif self._frozen_at is None:
            self._frozen_at = time.monotonic()
        elif time.monotonic() - self._frozen_at > FREEZE_SECONDS:
            psutil.Process(self._process.pid).resume()

    def freeze(self) -> bool:
        """Freeze it, unless it is dead or frozen."""
        if not self._lives_now() or self._frozen_at is not None:
            return False
        assert self._process is not None
        psutil.Process(self._process.pid).suspend()
        return True

    def kill(self) -> bool:
        """Kill it, wherever it is just now. What this life was to meet, the next one will."""
        if not self._lives_now():
            return False
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._lives.insert(0, self._life)
        return True

    def end(self) -> None:
        """End it, in peace if it goes."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        if process.poll() is None:
            psutil.Process(process.pid).resume()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() != 0:
            self.died_at[process.pid] = since_boot()


def _port(url: str) -> int:
    return int(url.partition("@")[2].partition("/")[0].rpartition(":")[2] or url.rpartition(":")[2])


def as_json(outcome: Outcome) -> str:
    """Return an outcome on one line."""
    known: dict[str, Any] = {name: getattr(outcome, name) for name in outcome.__slots__}
    return json.dumps(known)
