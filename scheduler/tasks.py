"""Which messages reach the dialer, and the step that starts the timekeeper in every worker."""

from __future__ import annotations

import logging
from typing import Any

from celery import bootsteps, signals

from scheduler import logs
from scheduler.celery import app
from scheduler.errors import LedgerTrouble, SchedulerError
from scheduler.fields.visible import visible_lines
from scheduler.ledger.redis import broker
from scheduler.settings import settings_of_worker
from scheduler.worker.health import worker_name
from scheduler.worker.process import Assignment, Worker

logger = logging.getLogger(__name__)

#: What messages bring: the first part of the name of each queue.
_WORK = ("dial", "collect", "launch")

_assignment = Assignment()
_worker: Worker | None = None


def assign(assignment: Assignment) -> None:
    """Set what the worker of this process is for, before it starts."""
    global _assignment
    _assignment = assignment


def _is_ours(what: object) -> bool:
    """Tell whether a message is for this worker's account; any other one is dropped."""
    ours = (settings_of_worker().account,)
    if what != ours:
        broker.dropped.note(f"its arguments are not {ours}")
    return what == ours


@app.task(name="callsched.dial", throws=(LedgerTrouble,))
def dial(*account: object) -> None:
    """Dial what is due on an account. Claims by itself, so the message carries nothing else."""
    if _worker is not None and _is_ours(account):
        _worker.dial()


@app.task(name="callsched.collect", throws=(LedgerTrouble,))
def collect(*account: object) -> None:
    """Read what was said in the calls of an account that are over."""
    if _worker is not None and _is_ours(account):
        _worker.collect()


@app.task(name="callsched.launch", throws=(LedgerTrouble,))
def launch(*account: object) -> None:
    """Load the campaigns of an account's schedules that fire. Finds by itself which those are."""
    if _worker is not None and _is_ours(account) and not _assignment.campaign_id:
        _worker.launch()


def send_dial() -> bool:
    """Say that a call can be dialled. Should that fail, the timekeeper says it again."""
    return _send(dial)


def send_collect() -> bool:
    """Say that a conversation can be read. Should that fail, the timekeeper says it again."""
    return _send(collect)


def send_launch() -> bool:
    """Say that a schedule fires. Should that fail, the timekeeper says it again."""
    return _send(launch)


def _send(task: Any) -> bool:
    try:
        task.apply_async((settings_of_worker().account,), retry=False)
    except Exception as error:
        logger.warning("a message was not sent: %s", type(error).__name__)
        return False
    return True


class TimekeeperStep(bootsteps.StartStopStep):
    """Opens the ledger and ticks once before the worker is ready."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        global _worker
        try:
            _worker = Worker(
                settings_of_worker(),
                _assignment,
                send_dial=send_dial,
                send_collect=send_collect,
                send_launch=send_launch,
            )
        except SchedulerError as error:
            raise SystemExit(f"error: {visible_lines(error.args)}") from None
        if _worker.stops_only:
            # Messages are for workers that can do something about them.
            others = [f"{work}.{settings_of_worker().account}" for work in _WORK]
            app.amqp.queues.deselect(others)
        if _worker.embedded is not None:
            app.conf.update(broker_url=_worker.embedded.broker_url)

    def start(self, parent: Any) -> None:
        """Start what does not come by message."""
        if _worker is not None:
            _worker.start()


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
