"""Telephony APIs behind one small protocol; the only place that imports requests."""

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
