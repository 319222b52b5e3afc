"""Whose credentials, ceiling and pace: the accounts that a process may dial from.

Without more the `CALLSCHED_…` variables make one; `CALLSCHED_ACCOUNTS` names a file of several.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scheduler.errors import ConfigError

#: How an account may be called.
NAME_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"

#: The account of a trial in the sandbox; its name keeps a real worker from ever dialling it.
SANDBOX_ACCOUNT = "sandbox"


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials at one provider, by name, and how much of it callsched may use."""

    name: str
    provider: str  #: the name of the API
    credentials: Any = field(default=None, repr=False)  #: of its provider's model
    max_concurrency: int = 5  #: slots that the account has at most
    reserve: int = 0  #: slots that are left to other traffic on it
    starts_per_second: float = 0.0  #: at most; 0 for any
    caller_ids: tuple[str, ...] = ()  #: E.164; what the callee may see
    exclusive: bool = False  #: callsched alone uses it
    fault: str = ""  #: why nobody can use it: a secret that can't be had; "" when it can be opened

    @property
    def ceiling(self) -> int:
        """Slots that callsched may use; one at least, or nothing would ever be dialled."""
        return max(1, self.max_concurrency - self.reserve)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account that this process knows, by name."""

    by_name: dict[str, Account]
    default: str | None  #: whose name stands for none; None when there are several, and none is it
    path: Path | None = None  #: the file of them; None: the variables make the only one
    warnings: tuple[str, ...] = ()  #: what is dangerous about the file, in words
    doubts: tuple[str, ...] = ()  #: what is wrong with other accounts of it, which are left out

    def __iter__(self) -> Iterator[Account]:
        return iter(self.by_name.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of the file."""
        return tuple(self.by_name)

    def named(self, name: str | None) -> Account:
        """Return an account, without a name the default. Raises ConfigError with those there are.

        It may have a `fault`: who is to open it says so then.
        """
        if name is None:
            name = self.default
            if name is None:
                raise ConfigError(
                    f"which account? {self.path} has {self._listed}, and none of them has default:"
                    " true"
                )
        found = self.by_name.get(name)
        if found is None:
            raise ConfigError(self._no_such(name))
        return found

    def of_ledger(self, name: str | None) -> Account:
        """Return an account that is to be looked at in the ledger.

        The variables know of one, and yet the ledger may have any: its ceiling is then theirs.
        Raises ConfigError as `named` does for one that a file has not.
        """
        if name is None or self.path is not None or name in self.by_name:
            return self.named(name)
        return replace(self.named(None), name=name)

    def ceiling_of(self, name: str) -> int:
        """Return how many slots an account has as the settings here say; 0 where they don't."""
        found = self.by_name.get(name)
        if found is not None:
            return found.max_concurrency
        return 0 if self.path is not None else self.named(None).max_concurrency

    def only(self, names: tuple[str, ...]) -> Accounts:
        """Return these of them; without names all. Raises ConfigError for one that is not there."""
        if not names:
            return self
        chosen = {name: self.named(name) for name in names}
        default = self.default if self.default in chosen else None
        return replace(self, by_name=chosen, default=default)

    def _no_such(self, name: str) -> str:
        if self.path is None:
            ours = next(iter(self.by_name))
            return (
                f"these credentials are for account {ours}, not for {name}: set"
                f" CALLSCHED_ACCOUNT={name}, its credentials and its base URL, or name a file of"
                " several accounts with CALLSCHED_ACCOUNTS"
            )
        return f"there is no account {name} in {self.path}, which has {self._listed}"

    @property
    def _listed(self) -> str:
        return ", ".join(self.by_name)
