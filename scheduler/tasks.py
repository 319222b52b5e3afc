"""Which messages reach the dialer, and the step that starts the timekeeper in every worker."""

from __future__ import annotations

import logging
import signal
from typing import Any

from celery import bootsteps, signals

from scheduler import logs
from scheduler.celery import app
from scheduler.errors import LedgerTrouble, SchedulerError
from scheduler.fields.visible import visible_lines
from scheduler.ledger.redis import broker
from scheduler.settings import settings_of_worker
from scheduler.worker.assignment import Assignment
from scheduler.worker.health import worker_name
from scheduler.worker.process import Worker

logger = logging.getLogger(__name__)

#: What messages bring: the first part of the name of each queue.
_WORK = ("dial", "collect", "launch")

_assignment = Assignment()
_worker: Worker | None = None


def assign(assignment: Assignment) -> None:
    """Set what the worker of this process is for, before it starts."""
    global _assignment
    _assignment = assignment


def _worker_for(what: tuple[object, ...]) -> tuple[Worker, str] | None:
    """Return the worker and the account that a message is for; any other one is dropped."""
    if _worker is None:
        return None
    account = what[0] if len(what) == 1 else None
    if isinstance(account, str) and _worker.roster.get(account) is not None:
        return _worker, account
    if what not in [(name,) for name in _parted]:
        broker.dropped.note(f"its arguments are no account of {', '.join(sorted(_served()))}")
    return None


@app.task(name="callsched.dial", throws=(LedgerTrouble,))
def dial(*account: object) -> None:
    """Dial what is due on an account. Claims by itself, so the message carries nothing else."""
    if (found := _worker_for(account)) is not None:
        worker, name = found
        worker.dial(name)


@app.task(name="callsched.collect", throws=(LedgerTrouble,))
def collect(*account: object) -> None:
    """Read what was said in the calls of an account that are over."""
    if (found := _worker_for(account)) is not None:
        worker, name = found
        worker.collect(name)


@app.task(name="callsched.launch", throws=(LedgerTrouble,))
def launch(*account: object) -> None:
    """Load the campaigns of an account's schedules that fire. Finds by itself which those are."""
    if (found := _worker_for(account)) is not None and not _assignment.campaign_id:
        worker, name = found
        worker.launch(name)


class _Messages:
    """Sends messages by Celery. What is not sent the timekeeper says again."""

    def dial(self, account: str) -> bool:
        """Say that a call can be dialled."""
        return _send(dial, "dial", account)

    def collect(self, account: str) -> bool:
        """Say that a conversation can be read."""
        return _send(collect, "collect", account)

    def launch(self, account: str) -> bool:
        """Say that a schedule fires."""
        return _send(launch, "launch", account)


def _send(task: Any, work: str, account: str) -> bool:
    try:
        task.apply_async((account,), queue=f"{work}.{account}", retry=False)
    except Exception as error:
        logger.warning("a message was not sent: %s", type(error).__name__)
        return False
    return True


# The queues of the accounts -----------------------------------------------------------------------

#: Accounts whose queues this worker takes messages from, and those that it has left.
_followed: set[str] = set()
_parted: set[str] = set()


def _served() -> set[str]:
    """Return the accounts for which messages can do something here."""
    return set() if _worker is None or _worker.stops_only else set(_worker.roster.names)


def _kinds() -> list[str]:
    # A schedule fires in a pool: its file may be on another machine than a run is.
    return [work for work in _WORK if work != "launch" or not _assignment.campaign_id]


def _is_wanted(queue: str) -> bool:
    work, _, account = queue.partition(".")
    return work not in _WORK or (work in _kinds() and account in _served())


def _follow_queues(consumer: Any) -> None:
    """Take messages for every account that is served, and for no other. On the consumer's loop."""
    served, kinds = _served(), _kinds()
    for account in served - _followed:
        for work in kinds:
            consumer.add_task_queue(f"{work}.{account}")
    for account in _followed - served:
        for work in kinds:
            consumer.cancel_task_queue(f"{work}.{account}")
    _parted.update(_followed - served)
    _parted.difference_update(served)
    _followed.clear()
    _followed.update(served)


class TimekeeperStep(bootsteps.StartStopStep):
    """Opens the ledger and ticks once before the worker is ready."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._parent = parent
        global _worker
        try:
            _worker = Worker(
                settings_of_worker(),
                _assignment,
                senders=_Messages(),
                on_change=self._follow_queues,
            )
        except SchedulerError as error:
            raise SystemExit(f"error: {visible_lines(error.args)}") from None
        app.amqp.queues.deselect([name for name in app.amqp.queues if not _is_wanted(name)])
        if _worker.embedded is not None:
            app.conf.update(broker_url=_worker.embedded.broker_url)

    def start(self, parent: Any) -> None:
        """Start what does not come by message."""
        if _worker is None:
            return
        _followed.update(_served())
        _worker.start()
        if settings_of_worker().accounts is not None:
            # Celery's own handler would start the whole process again, in the middle of calls.
            signal.signal(signal.SIGHUP, lambda *_: _reread())

    def _follow_queues(self) -> None:
        """Follow the queues of accounts that have come or gone, once the worker is at work."""
        consumer = getattr(self._parent, "consumer", None)
        if consumer is not None and _worker is not None and not _worker.stops_only:
            consumer.call_soon(_follow_queues, consumer)


def _reread() -> None:
    if _worker is not None:
        _worker.reread()


app.steps["worker"].add(TimekeeperStep)


@signals.after_setup_logger.connect
@signals.after_setup_task_logger.connect
def _dress(logger: logging.Logger, **_: Any) -> None:
    """Have the worker's log written as the setting says."""
    logs.dress(logger, settings_of_worker().log_format, worker_name())
    logs.leave_out_messages(logger)


@signals.task_unknown.connect
def _drop_unknown(name: object = "", **_: Any) -> None:
    broker.dropped.note(f"there is no task {str(name)[:80]!r}")


@signals.task_rejected.connect
def _drop_rejected(exc: object = None, **_: Any) -> None:
    broker.dropped.note(type(exc).__name__ if exc else "it is no task")


@signals.worker_shutting_down.connect
def _drain(**_: Any) -> None:
    """Claim no more, so that the pool's threads come to an end."""
    if _worker is not None:
        _worker.drain()


@signals.worker_shutdown.connect
def _close(**_: Any) -> None:
    """Keep deadlines until the last dial of the pool is on record, then leave."""
    if _worker is not None:
        _worker.close()
