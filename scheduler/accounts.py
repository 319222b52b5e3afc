"""Whose limit and pace calls are dialled by. Without more the settings say one account."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.settings import Settings


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials at one provider, by name, and how much of it callsched may use."""

    name: str
    max_concurrency: int  #: slots that the account has at most
    reserve: int = 0  #: slots that are left to other traffic on it
    starts_per_second: float = 0.0  #: at most; 0 for any

    @property
    def ceiling(self) -> int:
        """Slots that callsched may use; one at least, or nothing would ever be dialled."""
        return max(1, self.max_concurrency - self.reserve)


def of(settings: Settings) -> Account:
    """Return the account that the settings name."""
    return Account(
        settings.account,
        settings.max_concurrency,
        settings.reserve,
        settings.max_starts_per_second,
    )
