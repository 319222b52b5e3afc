# The settings of Celery, each with its reason. A `celeryconfig.py` in the working directory, or the
# file that CALLSCHED_CELERY_CONFIG names, overrides them name by name.
#
# A message of ours only says that work may be ready. Losing, repeating or delaying any of them does
# no harm: the ledger decides what is dialled, and the timekeeper says the same again. What is set
# here is about latency and about a worker that goes on.

from kombu import Queue

from scheduler.providers import accounts_of
from scheduler.settings import settings_of_worker

_settings = settings_of_worker()
_accounts = accounts_of(_settings, is_tolerant=True).names

# JSON only: a pickled message would run code of whoever can write to Redis.
task_serializer = "json"
accept_content = ["json"]

# No result backend: results are in the ledger, and a backend's keys and its pub/sub channels leak
# (celery#3808, #6963) and cost a third of the throughput.
task_ignore_result = True
result_backend = None

# A dial waits for HTTP: threads take a third of the memory of processes, are safe with open
# connections (prefork is not, celery PR #10339), and were the one pool whose SIGTERM stranded
# nothing. They have no time limits, so every HTTP exchange and every command of Redis has its own.
worker_pool = "threads"
# Every account has threads of its own, which no other takes; so many more are made as are needed.
worker_concurrency = _settings.worker_threads + 3 * (len(_accounts) - 1)
if _settings.accounts is not None:
    worker_concurrency += 3 * 8  # of accounts that are added while it runs

# A message is acknowledged when its task is over, and put back when the process that ran it died
# (celery#1628, #7924). The second run finds nothing that the first has claimed.
task_acks_late = True
task_reject_on_worker_lost = True

# A worker takes no more messages than it has threads, so that none waits in one worker while
# another is idle.
worker_prefetch_multiplier = 1

# One queue for each account: only workers with its credentials can dial for it. Stops are in
# no queue: in one worker's pool a stop would wait behind slow dials whatever its queue, so the
# timekeeper hands stops to threads of their own.
# What was said is read from a queue of its own, so that a hundred conversations never stand before
# a dial there; inside a worker the one has no more than its share of the threads.
# Schedules that fire have one as well: the workers of `run`, which serve one campaign, take none.
task_queues = tuple(
    Queue(f"{work}.{account}") for account in _accounts for work in ("dial", "collect", "launch")
)
task_default_queue = f"dial.{_accounts[0]}"

# Whatever is not acknowledged for this long is delivered again, whether or not its worker lives
# (celery#2599, kombu#337). A dial task leaves after a minute, so nothing is repeated while it runs;
# a longer time would only keep what a killed worker held out of sight for longer. Nothing of ours
# has an ETA or a countdown: those are what that timeout repeats without end.
broker_transport_options = {
    "visibility_timeout": 300,
    # A half-open socket (NAT, failover) would hang a publish for ever (kombu#2590).
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # The broker's keys apart from the ledger's, so that one can be looked at without the other.
    "global_keyprefix": "callsched:broker:",
}

# A worker outlives its Redis: it asks for ever instead of a hundred times, at the start as well.
broker_connection_retry = True
broker_connection_retry_on_startup = True
broker_connection_max_retries = None

# A dial that is under way when the broker goes is not repeated in parallel (6.0 turns this on).
worker_cancel_long_running_tasks_on_connection_loss = False

# A message that can't be published is dropped: the timekeeper says it again within a second, while
# a thread that waits here would hold up a stop.
task_publish_retry = False
broker_connection_timeout = 2
broker_pool_acquire_timeout = 2

# SIGQUIT gives a start that is under way the time to be answered before it is torn apart.
worker_soft_shutdown_timeout = 20

# Task events cost 30 % of the throughput; who wants them says `celery worker -E`.
worker_send_task_events = False

# Instants are epoch seconds everywhere.
timezone = "UTC"
enable_utc = True

# The tasks, and with them what a worker of ours does besides.
imports = ("scheduler.tasks",)
