"""What a log line may show: which call it is about, no whole number, nothing that acts."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from scheduler.fields.visible import indented, visible
from scheduler.masking import mask_text
from scheduler.models import Attempt

#: Whose line it is when no argument says so: the attempt that stands first in it.
_FIRST = re.compile(
    r"(?:attempt )?(?P<campaign_id>[A-Za-z0-9][A-Za-z0-9._-]{0,99})"
    r":(?P<row>\d{1,7}):(?P<number>\d{1,7})\b"
)


class Discretion(logging.Filter):
    """Says in each record which attempt it is about, and hides phone numbers.

    It stands at handlers, for what passes a logger's filter may come from any other one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, changed."""
        if not hasattr(record, "masked"):
            _name_the_call(record)
            _name_the_account(record)
            _rewrite(record, message=mask_text, lines=mask_text)
            record.masked = True
        return True


class OneLine(logging.Filter):
    """Makes a record one line, and indents a traceback: whoever is quoted in it forges no line.

    Only for text: JSON escapes what is in a record, and each of its records is a line anyway.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, changed."""
        if not hasattr(record, "escaped"):
            _rewrite(record, message=visible, lines=indented)
            record.escaped = True
        return True


def _rewrite(
    record: logging.LogRecord, *, message: Callable[[str], str], lines: Callable[[str], str]
) -> None:
    """Change a record's message, and the lines of its traceback and of its stack."""
    record.msg, record.args = message(record.getMessage()), None
    if record.exc_info and not record.exc_text:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    if record.exc_text:
        record.exc_info, record.exc_text = None, lines(record.exc_text)
    if record.stack_info:
        record.stack_info = lines(record.stack_info)


#: The account that this thread works for.
_account: ContextVar[str] = ContextVar("account", default="")
_names_accounts = False


@contextmanager
def about(account: str) -> Iterator[None]:
    """Have every line of this thread say for which account it works, for the length of a block."""
    mark = _account.set(account)
    try:
        yield
    finally:
        _account.reset(mark)


def be_about(account: str) -> None:
    """Have every line of this thread say for which account it works, from now on."""
    _account.set(account)


def name_accounts() -> None:
    """Have lines of text say it, too; those of JSON always do. There is more than one account."""
    global _names_accounts
    _names_accounts = True


def _name_the_account(record: logging.LogRecord) -> None:
    account = _account.get()
    if not account:
        return
    record.account = account
    if _names_accounts and f"account {account}" not in (text := record.getMessage()):
        record.msg, record.args = f"account {account}: {text}", None


def _name_the_call(record: logging.LogRecord) -> None:
    attempt = next((arg for arg in _args(record) if isinstance(arg, Attempt)), None)
    if attempt is None and (found := _FIRST.match(record.getMessage())):
        attempt = Attempt(found["campaign_id"], int(found["row"]), int(found["number"]))
    if attempt is not None:
        record.campaign_id = attempt.campaign_id
        record.call = f"{attempt.campaign_id}:{attempt.row}"
        record.attempt = str(attempt)


def _args(record: logging.LogRecord) -> Iterable[object]:
    return record.args if isinstance(record.args, tuple) else ()


def dress(logger: logging.Logger, form: Literal["text", "json"], worker: str) -> None:
    """Have every handler of a logger write so, and hide phone numbers."""
    for handler in logger.handlers:
        _filter(handler, Discretion)
        if form == "json":
            from scheduler.log_lines import json_lines  # only now, since few ask for it

            handler.setFormatter(json_lines(worker))
        else:
            _filter(handler, OneLine)


def leave_out_messages(root: logging.Logger) -> None:
    """Leave out that Celery received and finished a message, unless all is to be told (debug).

    A message only says that work may be ready: three lines of it for each call would hide those
    that say what became of the call.
    """
    level = logging.DEBUG if root.isEnabledFor(logging.DEBUG) else logging.WARNING
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(level)


def be_discreet() -> None:
    """Hide phone numbers in what is logged by a process that has set up no log."""
    if logging.lastResort is not None:
        _filter(logging.lastResort, Discretion)
        _filter(logging.lastResort, OneLine)


def _filter(handler: logging.Handler, kind: type[logging.Filter]) -> None:
    if not any(isinstance(one, kind) for one in handler.filters):
        handler.addFilter(kind())
