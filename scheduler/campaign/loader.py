"""How a campaign file becomes checked rows, in one pass over it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

from scheduler.campaign import document
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.columns import RawRow
from scheduler.campaign.explained import dotted
from scheduler.campaign.inline import read_inline
from scheduler.campaign.problems import KEPT, Problems, refusal
from scheduler.campaign.rows import Rules, check, problems_of
from scheduler.campaign.schema import Campaign, read_campaign
from scheduler.campaign.source import Lines, codec_name, open_file, read_whole, whole_text
from scheduler.campaign.start import Start
from scheduler.campaign.table import read_table
from scheduler.campaign.templates import Templates
from scheduler.errors import CampaignError, Problem
from scheduler.models import Policy

_TABLES = (".csv", ".tsv", ".txt")
_DOCUMENTS = (".yaml", ".yml")
_PROGRESS_ROWS = 1000
_DEFAULT = Policy()

_Heed: TypeAlias = Callable[[Set[str]], None]


def load(
    path: Path,
    *,
    encoding: str = "utf-8",
    strict: bool = False,
    first: int | None = None,
    max_duration_ceiling_seconds: float,
    countries: frozenset[str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> CheckedCampaign:
    """Read and check a campaign file; CampaignError has its first problems and their number.

    A row that can't be called is kept with its reason, unless `strict`: then it refuses the file.
    `countries` are those whose numbers may be called; None: any. `first` keeps only that many
    rows. `on_progress` is told now and then how many were read.
    """
    codec = codec_name(encoding, str(path))
    reading = _Reading(codec, max_duration_ceiling_seconds, countries)
    plan = reading.plan(path)
    checked = CheckedCampaign(
        name=_name(plan.campaign, path),
        policy=_policy(plan.campaign, plan.rules),
        account=plan.campaign.account,
    )
    try:
        _fill(checked, plan, reading.problems, first, on_progress or _nobody_listens)
        _judge(checked, reading.problems, str(path), strict=strict)
    except BaseException:
        checked.close()
        raise
    checked.digest = reading.digest.hexdigest()
    checked.problems = tuple(reading.problems.kept)
    checked.problem_counts = reading.problems.counts
    return checked


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the file says about the campaign, and the rows that are still to be read."""

    campaign: Campaign
    rules: Rules
    rows_path: str
    rows: Iterator[RawRow]


@dataclass(slots=True)
class _Reading:
    """One pass over the bytes of a campaign."""

    encoding: str
    ceiling_seconds: float
    countries: frozenset[str] | None
    templates: Templates = field(default_factory=Templates)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    problems: Problems = field(default_factory=Problems)

    def plan(self, path: Path) -> _Plan:
        """Open the file, and read it as far as its rows."""
        _expect_ending(path, _DOCUMENTS + _TABLES)
        file = open_file(path)
        if path.suffix.lower() in _TABLES:
            campaign = Campaign(contacts=path.name)
            rules = self._rules(campaign, path)
            return _Plan(campaign, rules, str(path), self._table(file, path, _nobody_listens))
        return self._document(file, path)

    def _document(self, file: BinaryIO, path: Path) -> _Plan:
        with file:
            data = read_whole(file, str(path))
        self.digest.update(data)
        root = document.compose(whole_text(data, str(path), self.encoding), str(path))
        campaign = read_campaign(root, str(path), self.ceiling_seconds, self.templates)
        rules = self._rules(campaign, path)

        def heed(columns: Set[str]) -> None:
            _expect_columns(rules.start, columns, root, path)

        if isinstance(campaign.contacts, str):
            beside = path.parent / campaign.contacts
            rows = self._named_table(root, path, beside, heed)
            return _Plan(campaign, rules, str(beside), rows)
        rows = read_inline(campaign.contacts, str(path), self.problems, heed)
        return _Plan(campaign, rules, str(path), rows)

    def _named_table(
        self, root: document.Node | None, path: Path, beside: Path, heed: _Heed
    ) -> Iterator[RawRow]:
        """Open the CSV that a document names; where it can't be, the document is to be mended."""
        try:
            _expect_ending(beside, _TABLES)
            return self._table(open_file(beside), beside, heed)
        except CampaignError as error:
            line, column = document.place_of(root, "contacts")
            message = f"contacts: {error}"
            raise refusal(str(path), message, line, column) from None

    def _table(self, file: BinaryIO, path: Path, heed: _Heed) -> Iterator[RawRow]:
        with file:
            lines = Lines(file, str(path), self.encoding, self.digest.update)
            yield from read_table(lines, str(path), self.problems, heed)

    def _rules(self, campaign: Campaign, path: Path) -> Rules:
        start = Start(campaign.call, self.templates, _name(campaign, path))
        return Rules(self.ceiling_seconds, start, campaign.default_region, self.countries)


def _fill(
    checked: CheckedCampaign,
    plan: _Plan,
    problems: Problems,
    first: int | None,
    on_progress: Callable[[int], None],
) -> None:
    """Check every row; beyond the first ones only the shape of the file counts."""
    read = 0
    try:
        for read, raw in enumerate(plan.rows, start=1):
            if read % _PROGRESS_ROWS == 0:
                on_progress(read)
            if first is None or read <= first:
                row, faults = check(raw, plan.rules)
                checked.add(row)
                for problem in problems_of(raw, faults, plan.rows_path):
                    problems.add(problem)
    except CampaignError as error:
        problems.refuse(error.problems)
    on_progress(read)


def _judge(checked: CheckedCampaign, problems: Problems, path: str, *, strict: bool) -> None:
    """Raise what refuses the file as a whole."""
    if problems.refuse_file or (strict and problems.total):
        raise problems.error()
    if not checked.row_count:
        raise refusal(path, "nobody is left to call: there are no rows", code="nobody")
    if not checked.callable_count:
        message = f"nobody is left to call: {checked.refused_count} rows refused"
        raise problems.error(Problem(path, message, code="nobody"))


def _name(campaign: Campaign, path: Path) -> str:
    return campaign.name or path.stem


def _policy(campaign: Campaign, rules: Rules) -> Policy:
    return Policy(
        max_duration_seconds=campaign.max_duration
        or min(_DEFAULT.max_duration_seconds, rules.ceiling_seconds),
        max_concurrency=campaign.max_concurrency,
        max_starts_per_second=campaign.max_starts_per_second or 0.0,
        priority=campaign.priority,
        weight=campaign.weight,
        options=rules.start.options,
        on_machine=rules.start.on_machine,
        insights=tuple(campaign.insights),
        on_unknown=campaign.on_unknown,
    )


def _expect_columns(
    start: Start, columns: Set[str], root: document.Node | None, path: Path
) -> None:
    """Refuse texts that name columns which the file does not have."""
    problems = []
    for way, fault in start.unknown_columns(columns):
        message = f"{dotted(way)}: {fault}"
        problems.append(Problem(str(path), message, *document.place_of(root, *way), "template"))
    if problems:
        raise CampaignError(problems[:KEPT], len(problems))


def _expect_ending(path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise refusal(str(path), f"expected a file that ends in {', '.join(endings)}")


def _nobody_listens(_told: object) -> None:
    pass
