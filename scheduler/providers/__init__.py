"""Telephony APIs behind one small protocol; the only place that imports requests.

Calls, operations and the worker call in. It knows no ledger and no campaign file, and only errors
of `errors.py` leave it.
"""

from scheduler.providers.base import (
    FoundConversation,
    Leave,
    News,
    Order,
    Provider,
    SpeakerEvent,
    SpeakerEventKind,
    StopAnswer,
    Subscription,
    SummaryPage,
)
from scheduler.providers.symbl import Symbl

__all__ = [
    "FoundConversation",
    "Leave",
    "News",
    "Order",
    "Provider",
    "SpeakerEvent",
    "SpeakerEventKind",
    "StopAnswer",
    "Subscription",
    "SummaryPage",
    "Symbl",
]
