"""How many files a worker may open, and who has a right to them before whom."""

from __future__ import annotations

import logging
import resource
from dataclasses import dataclass

logger = logging.getLogger(__name__)

#: What is open in an idle worker, generously: streams, logs, the broker's connections, loops and
#: pipes, and the connections to Redis of threads that neither dial nor stop.
OTHERS = 100
#: A thread that dials, reads or stops has a connection to the API and one to Redis.
OF_A_THREAD = 2
#: At most so many who ask for metrics and health are answered at once.
ASKERS = 16


@dataclass(frozen=True, slots=True)
class Shares:
    """What each kind of work may open."""

    sockets: int  #: of live connections
    askers: int  #: connections of who asks for metrics and health
    missing: int = 0  #: files that stops and dials themselves are short of


def needed(*, stops: int, dials: int, sockets: int) -> int:
    """Return how many files a worker with so many threads and sockets needs."""
    return OTHERS + OF_A_THREAD * (stops + dials) + sockets + ASKERS


def shared(allowed: int, *, stops: int, dials: int, sockets: int) -> Shares:
    """Share files out: for stops first, then dials, then sockets, then who asks.

    Somebody who asks is always answered, from what stands by for others: else a worker that is
    short of files would be taken for one that hangs.
    """
    left = allowed - needed(stops=stops, dials=dials, sockets=0) + ASKERS
    kept = max(0, min(sockets, left))
    return Shares(kept, max(1, min(ASKERS, left - kept)), max(0, -left))


def share_out(*, stops: int, dials: int, sockets: int) -> Shares:
    """Have the system allow what is needed, as far as it does, and share that out.

    That there is less is logged, and what mends it.
    """
    allowed = _allow(needed(stops=stops, dials=dials, sockets=sockets))
    shares = shared(allowed, stops=stops, dials=dials, sockets=sockets)
    mend = f"this worker may open {allowed} files: raise the limit (ulimit -Hn)"
    if shares.missing:
        logger.error("%s, or stops and dials may fail: they need %d more", mend, shares.missing)
    if shares.sockets < sockets:
        logger.warning(
            "%s, or lower CALLSCHED_LISTENER_SOCKETS: %d sockets are kept open, of %d",
            *(mend, shares.sockets, sockets),
        )
    return shares


def _allow(wanted: int) -> int:
    """Raise the limit of open files to what is wanted; return what it is then, at most that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
