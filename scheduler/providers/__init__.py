"""Telephony APIs behind one small protocol; the only place that imports requests."""

from scheduler.providers.base import Leave, Order, Provider, StopAnswer
from scheduler.providers.symbl import Symbl

__all__ = ["Leave", "Order", "Provider", "StopAnswer", "Symbl"]
