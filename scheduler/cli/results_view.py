"""Results as `callsched results` and `run` write them: to a file, or to standard output."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from scheduler.cli import console, streams
from scheduler.cli.output import replacing, writing
from scheduler.errors import ConfigError
from scheduler.fields.conditions import asked_in
from scheduler.fields.counts import counted as counted_in_words
from scheduler.ledger import columns
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.operations.export import Layout, ResultFormat, text_of
from scheduler.operations.export_columns import columns_of

_ENDINGS = {
    ".csv": ResultFormat.CSV,
    ".jsonl": ResultFormat.JSONL,
    ".ndjson": ResultFormat.JSONL,
    ".json": ResultFormat.JSONL,
    ".xlsx": ResultFormat.XLSX,
}


def format_of(path: Path | None) -> ResultFormat:
    """Return the format of a path's ending; CSV without a path."""
    if path is None:
        return ResultFormat.CSV
    if chosen := _ENDINGS.get(path.suffix.lower()):
        return chosen
    expected = "expected a path that ends in .csv, .jsonl or .xlsx, or say --format"
    raise ConfigError(f"{path}: {expected}")


_OURS_ALONE = Layout()

#: After so many records the command begins to say how many it has written.
_PROGRESS_EVERY = 100


@contextmanager
def counted(
    records: Iterable[dict[str, Any]], path: Path | None, total: int
) -> Iterator[Iterable[dict[str, Any]]]:
    """Show on a terminal how many of so many records were read, if they go to a file."""
    if path is None:
        yield records
        return
    with console.counting(f"writing {path.name}", "calls") as on_progress:
        yield _counted(records, on_progress, total)


def _counted(
    records: Iterable[dict[str, Any]], on_progress: Callable[..., None], total: int
) -> Iterator[dict[str, Any]]:
    for done, record in enumerate(records):
        if done % _PROGRESS_EVERY == 0:
            on_progress(done, total)
        yield record


def layout_of(ledger: Ledger, campaign: CampaignView, chosen: ResultFormat) -> Layout:
    """Return the columns of a campaign's results; JSON Lines need none."""
    if chosen is ResultFormat.JSONL:
        return Layout()
    variables = columns.every(ledger, campaign.campaign_id)
    return Layout(columns_of(asked_in(campaign.policy), variables))


def export(
    records: Iterable[dict[str, Any]],
    path: Path | None,
    format_: ResultFormat | None = None,
    layout: Layout = _OURS_ALONE,
) -> int:
    """Write records to a file, or to standard output; return their number.

    An existing file is replaced once the new one is complete.
    """
    chosen = format_ or format_of(path)
    tally = Tally(records)
    if chosen is ResultFormat.XLSX:
        _write_workbook(tally, path, layout)
        return tally.count
    layout = replace(layout, ascii_only=not streams.takes_unicode())
    with writing(path) as file:
        file.writelines(text_of(tally, chosen, layout))
    return tally.count


class Tally:
    """Passes records on, and counts them."""

    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for record in self._records:
            self.count += 1
            yield record


def _write_workbook(records: Iterable[dict[str, Any]], path: Path | None, layout: Layout) -> None:
    # Imported only here: only workbooks need the library.
    from scheduler.operations.export_workbook import TooLarge, write_workbook

    try:
        if path is None:
            with tempfile.TemporaryFile() as file:
                write_workbook(records, file, layout)
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
        else:
            with replacing(path) as part, part.open("wb") as file:
                write_workbook(records, file, layout)
    except TooLarge as error:
        raise ConfigError(f"{error}: say --format csv") from error


def say_written(path: Path, campaign: CampaignView, count: int, *, json: bool) -> None:
    """Say how many calls a file of results has."""
    if json:
        console.emit(
            {
                "campaign_id": campaign.campaign_id,
                "path": str(path),
                "records": count,
                "contacts": campaign.total,
            }
        )
    elif count == campaign.total:
        console.say(f"{path}: {counted_in_words(count, 'call')}")
    else:
        console.say(f"{path}: {count:,} of {counted_in_words(campaign.total, 'call')}")
