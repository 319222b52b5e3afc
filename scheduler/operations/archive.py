"""Writes finished campaigns to files, so that Redis may erase them.

A campaign ID has two files in a folder: ID.jsonl.gz has a record for each contact, ID.json
describes the campaign. Each replaces an older one once it is complete.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from scheduler.errors import ConfigError, LedgerError
from scheduler.fields.counts import counted
from scheduler.fields.json_line import json_line
from scheduler.ledger import controls, retirement, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.views import CampaignView
from scheduler.models import CampaignState

#: Gets how many results, or calls, are done, and of how many.
OnProgress = Callable[[int, int], None]


def expect_folder(folder: Path) -> None:
    """Raise ConfigError unless files can be written into a folder."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder}: the folder can't be written, or is not there")


def finished(ledger: Ledger, campaign_id: str) -> CampaignView:
    """Return a campaign that may be archived.

    Raises LedgerError if it is not finished, or Redis no longer has its results.
    """
    view = views.campaign(ledger, campaign_id)
    view.expect_kept()
    if view.state is not CampaignState.FINISHED:
        raise LedgerError(
            f"campaign {campaign_id} is not finished; `callsched status {campaign_id}` shows what"
            f" is left, and `callsched cancel {campaign_id}` ends it"
        )
    return view


def write(
    ledger: Ledger,
    campaign: CampaignView,
    folder: Path,
    on_progress: OnProgress = lambda done, total: None,
) -> Path:
    """Write a finished campaign to its two files, and return the path of the results.

    Raises ConfigError if that file can't be written, and LedgerError if the ledger lacks some of
    the results: then nothing may be erased.
    """
    path, rows = folder / f"{campaign.campaign_id}.jsonl.gz", 0
    with _writing(path) as file:
        for record in views.results(ledger, campaign.campaign_id):
            file.write(json_line(record) + "\n")
            rows += 1
            on_progress(rows, campaign.total)
    if rows != campaign.total:
        raise LedgerError(
            f"{path} has {rows} of {counted(campaign.total, 'result')}: nothing was erased"
        )
    _write_head(ledger, campaign, folder)
    return path


def _write_head(ledger: Ledger, campaign: CampaignView, folder: Path) -> None:
    orders = [each.as_record() for each in controls.of_campaign(ledger, campaign.campaign_id)]
    head = {
        **campaign.as_record(),
        "max_duration_seconds": campaign.policy.max_duration_seconds,
        "max_concurrency": campaign.policy.max_concurrency,
        "controls": orders,
    }
    path = folder / f"{campaign.campaign_id}.json"
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(head, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


def erase(
    ledger: Ledger,
    campaign: CampaignView,
    on_progress: OnProgress = lambda done, total: None,
) -> bool:
    """Erase the contacts and calls of a campaign from Redis; its files keep them.

    Returns False if something of it is still under way: then they stay. If this breaks off, the
    next call goes on where it stopped.
    """
    while (left := retirement.retire(ledger, campaign.campaign_id)) is not None:
        on_progress(campaign.total - left, campaign.total)
        if left == 0:
            return True
    return False


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    """Open a file that replaces the old one once it is complete and on the disk."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8") as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
