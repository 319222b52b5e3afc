"""How many files a worker may open, and which work gets them first."""

from __future__ import annotations

import logging
import resource
from dataclasses import dataclass

logger = logging.getLogger(__name__)

#: Files that an idle worker has open, generously counted: streams, logs, the broker's connections,
#: loops and pipes, and the connections to Redis of threads that neither dial nor stop.
OTHERS = 100
#: A thread that dials, reads or stops has a connection to the API and one to Redis.
OF_A_THREAD = 2
#: How many clients of metrics and health it answers at once, at most.
ASKERS = 16


@dataclass(frozen=True, slots=True)
class Shares:
    """What each kind of work may open."""

    sockets: int  #: of live connections
    askers: int  #: connections of clients of metrics and health
    missing: int = 0  #: how many files stops and dials lack


def needed(*, stops: int, dials: int, sockets: int) -> int:
    """Return how many files a worker with so many threads and sockets needs."""
    return OTHERS + OF_A_THREAD * (stops + dials) + sockets + ASKERS


def shared(allowed: int, *, stops: int, dials: int, sockets: int) -> Shares:
    """Share files out: first for stops, then dials, then sockets, then clients of the metrics.

    One client always gets a file, if need be from the reserve for others: else a worker that is
    short of files would look like one that hangs.
    """
    left = allowed - needed(stops=stops, dials=dials, sockets=0) + ASKERS
    kept = max(0, min(sockets, left))
    return Shares(kept, max(1, min(ASKERS, left - kept)), max(0, -left))


def share_out(*, stops: int, dials: int, sockets: int) -> Shares:
    """Raise the limit of open files as far as needed and allowed, and share the files out.

    If there are too few, log this with its remedy.
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
    """Raise the limit of open files to this number; return the new limit, at most this number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
