"""Reads and checks a campaign file, in one pass over its rows."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from scheduler.accounts import NAME_PATTERN
from scheduler.campaign.checked import CheckedCampaign
from scheduler.campaign.checking import Checked, Records, check_all
from scheduler.campaign.columns import too_many
from scheduler.campaign.do_not_call import NO_LISTS, DoNotCall, read_lists
from scheduler.campaign.doubtful_ids import DoubtfulIds
from scheduler.campaign.file.formats import Format, format_of, open_contacts, stem
from scheduler.campaign.file.inline import open_inline
from scheduler.campaign.file.problems import KEPT, Problems
from scheduler.campaign.file.rejects import Rejects
from scheduler.campaign.file.shapes import Contacts
from scheduler.campaign.file.source import (
    STDIN,
    Lines,
    codec_name,
    open_file,
    read_whole,
    shown_path,
    whole_text,
)
from scheduler.campaign.file.xlsx import Sheet, file_of, named_sheet, open_sheet
from scheduler.campaign.keys import webhooks
from scheduler.campaign.keys.calling_hours import closes_nothing
from scheduler.campaign.keys.presets import chooses_by_state
from scheduler.campaign.keys.presets import rules as preset_rules
from scheduler.campaign.names import Names
from scheduler.campaign.reading import AS_IT_IS, Reading
from scheduler.campaign.route import ASKS_NOTHING, Asked, Route, RouteOf, first_provider
from scheduler.campaign.rows import Rules
from scheduler.campaign.schema import Campaign, campaign_of, read_campaign
from scheduler.campaign.script_faults import target_refused
from scheduler.campaign.script_rules import keys_hide, says_nothing
from scheduler.campaign.script_rules import problems as script_problems
from scheduler.campaign.start import Start
from scheduler.errors import CampaignError, ConfigError, Problem, refusal
from scheduler.fields import document
from scheduler.fields.counts import counted
from scheduler.fields.key_problems import dotted
from scheduler.fields.scripts import target
from scheduler.fields.templates import Templates
from scheduler.hours.weeks import Week, read_week
from scheduler.masking import shown
from scheduler.models import Hours, OnMachine, Policy, Reason
from scheduler.settings import CALLING_HOURS

_DEFAULT = Policy()
_DEFAULT_WEEK = read_week(CALLING_HOURS)

#: Ends that a provider reports only if its answer comes while the phone rings.
_OF_RINGING = frozenset({Reason.BUSY, Reason.NO_ANSWER, Reason.FAILED})

_ADVICE = "{}; write it under call in a YAML file that names this one under contacts"

_CheckColumns: TypeAlias = Callable[[Set[str]], None]


def load(
    path: Path,
    reading: Reading = AS_IT_IS,
    *,
    max_duration_ceiling_seconds: float,
    route_of: RouteOf = first_provider,
    allowed: frozenset[str] = frozenset(),
    default_hours: Week = _DEFAULT_WEEK,
    on_progress: Callable[[int], None] | None = None,
) -> CheckedCampaign:
    """Read and check a campaign file. The path `-` is standard input.

    A row that can't be called is kept with its reason, unless the reading is strict. `route_of`
    chooses the account. `allowed` are the only parties to whom a call may be transferred; empty:
    anybody. `default_hours` are for a campaign that names none. The callback `on_progress` gets the
    number of rows read so far. Raises CampaignError with the first problems and their number.
    """
    codec = codec_name(reading.encoding, shown_path(path))
    with ExitStack() as files:
        reader = _Reader(
            codec,
            max_duration_ceiling_seconds,
            reading.account,
            route_of,
            allowed,
            files,
            region=reading.region,
            beside=reading.beside,
        )
        plan = reader.plan(path)
        name = _name(plan.campaign, path)
        policy = _policy(plan.campaign, name, plan.rules, default_hours)
        checked = _without_rows(plan, name, _at_any_hour(policy) if reading.any_hour else policy)
        rules = replace(plan.rules, policy=checked.policy, allowed=allowed, now=time.time())
        cores = reading.processes or _cores()
        found = check_all(plan.contacts, rules, reading.first, processes=cores)
        try:
            sink = files.enter_context(_rejecting(reading.rejects, codec, plan))
            _fill(checked, plan, reader.problems, found, sink, on_progress or _ignore)
            _expect_valid(checked, reader.problems, shown_path(path), strict=reading.strict)
        except BaseException:
            checked.close()
            raise
        finally:
            found.close()
    _describe(checked, reader, plan)
    return checked


def _without_rows(plan: _Plan, name: str, policy: Policy) -> CheckedCampaign:
    return CheckedCampaign(
        name=name,
        policy=policy,
        account=plan.route.account,
        callbacks=plan.route.callbacks,
        can_verify=plan.route.can_verify,
        schedule=plan.campaign.schedule.rule() if plan.campaign.schedule else None,
        inputs=plan.inputs,
    )


def _describe(checked: CheckedCampaign, reader: _Reader, plan: _Plan) -> None:
    """Add the digests, warnings and problems, which are known once every row was read."""
    checked.digest = reader.digest.hexdigest()
    checked.lists_digest = reader.lists_digest.hexdigest()
    checked.lists = plan.rules.do_not_call.sizes
    in_the_clear = webhooks.warnings(plan.campaign.webhooks)
    checked.warnings = (*reader.warnings, *plan.rules.do_not_call.warnings, *in_the_clear)
    checked.problems = tuple(reader.problems.kept)
    checked.problems_alike = reader.problems.alike
    checked.problem_counts = reader.problems.counts


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the file says about the campaign, and the rows that are still to be read."""

    campaign: Campaign
    route: Route
    rules: Rules
    contacts: Contacts[Any]
    inputs: tuple[Path, ...]  #: the files from which it is read
    #: Called with all columns after the last row, if they were not known before.
    check_columns: _CheckColumns


@dataclass(slots=True)
class _Reader:
    """One pass over the bytes of a campaign."""

    encoding: str
    ceiling_seconds: float
    account: str | None  #: takes precedence over the file's
    route_of: RouteOf
    allowed: frozenset[str]
    files: ExitStack  #: closes the open files
    region: str | None = None  #: of national numbers, if the file names none
    beside: bool = False  #: whether the sender of the document also sent the file of contacts
    templates: Templates = field(default_factory=Templates)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    #: Not part of `digest`, which makes the campaign's id: the same file with a longer list is the
    #: same campaign, and another id would call everybody again.
    lists_digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    problems: Problems = field(default_factory=Problems)
    warnings: list[str] = field(default_factory=list)

    def plan(self, path: Path) -> _Plan:
        """Open the file, and read it as far as its rows."""
        if format_of(path) is Format.DOCUMENT:
            return self._document(path)
        route = self.route_of(self.account, ASKS_NOTHING)
        campaign = self._in_region(campaign_of(route.api)(contacts=path.name), path, None)
        if route.api.needs_script:
            raise refusal(str(path), _ADVICE.format(says_nothing(route.api)), code="script")
        file = file_of(path)
        names = Names(contact_keys=tuple(route.api.keys_of_contacts()))
        contacts = self._contacts(open_file(file), path, names)
        rules = self._rules(campaign, path, route)
        return _Plan(campaign, route, rules, contacts, (file,), _ignore)

    def _document(self, path: Path) -> _Plan:
        with open_file(path) as file:
            data = read_whole(file, str(path))
        self.digest.update(data)
        root = document.compose(whole_text(data, str(path), self.encoding), str(path))
        route = self._route(root, path)
        api = route.api
        campaign = read_campaign(root, str(path), self.ceiling_seconds, self.templates, api)
        campaign = self._in_region(campaign, path, root)
        rules = self._rules(campaign, path, route, self._do_not_call(campaign, path, root))
        self._expect_able(campaign, path, root, rules, route)
        self._warn_of_keys(campaign, path, root, route)
        self._warn_of_retries(campaign, path, root, route)
        names = Names.of(campaign.columns, api.keys_of_contacts())

        def check_columns(columns: Set[str]) -> None:
            _expect_columns(rules.start, names, columns, root, path)

        inputs: tuple[Path, ...] = (path,)
        if isinstance(campaign.contacts, str):
            contacts, beside = self._named(root, path, campaign.contacts, names)
            inputs = (path, beside)
        else:
            contacts = open_inline(campaign.contacts, str(path), names)
        _expect_no_repeated_column(rules.start, contacts.repeated, root, path)
        if contacts.columns is None:
            return _Plan(campaign, route, rules, contacts, inputs, check_columns)
        check_columns(contacts.columns)
        return _Plan(campaign, route, rules, contacts, inputs, _ignore)

    def _in_region(self, campaign: Campaign, path: Path, root: document.Node | None) -> Campaign:
        """Return the campaign with the region of `--region`, if it names none itself."""
        if self.region is None or self.region == campaign.default_region:
            return campaign
        if campaign.default_region:
            where = document.place_of(root, "default_region")
            message = (
                f"default_region: the file says {campaign.default_region}, and --region"
                f" {self.region}: leave --region out, or change the file"
            )
            raise refusal(str(path), message, *where, "invalid_value")
        # The region changes which numbers are called, so it must change the campaign's id: else
        # rows of an earlier load would count as known.
        self.digest.update(f"default_region: {self.region}\n".encode())
        return campaign.model_copy(update={"default_region": self.region})

    def _route(self, root: document.Node | None, path: Path) -> Route:
        """Choose the account, before anything else: its provider says which keys there are."""
        written = _value(root, "account")
        # The check of all keys refuses a value that is no name.
        is_name = isinstance(written, str) and re.fullmatch(NAME_PATTERN, written) is not None
        own = str(written) if is_name else None
        try:
            return self.route_of(self.account or own, _asked(root))
        except ConfigError as error:
            if own is None or self.account is not None:
                raise
            message = f"account: {error}"
            raise refusal(str(path), message, *document.place_of(root, "account")) from None

    def _expect_able(
        self,
        campaign: Campaign,
        path: Path,
        root: document.Node | None,
        rules: Rules,
        route: Route,
    ) -> None:
        """Refuse a campaign that its provider can't carry out, or whose script is impossible."""

        def read_target(written: str) -> str:
            found = target(written, rules.default_region, rules.countries)
            if why := target_refused(found, self.allowed, rules.do_not_call):
                raise ValueError(why)
            return found

        problems = [
            Problem(str(path), f"{dotted(way)}: {fault}", *document.place_of(root, *way), "script")
            for way, fault in script_problems(campaign.call, route, read_target)
        ]
        if problems:
            raise CampaignError(problems[:KEPT], len(problems))

    def _warn_of_keys(
        self, campaign: Campaign, path: Path, root: document.Node | None, route: Route
    ) -> None:
        """Warn if the campaign's key presses keep the provider from reporting machines."""
        call = campaign.call
        tells = call.on_machine not in (None, OnMachine.GO_ON)
        if call.dtmf and tells and route.api.traits.keys_hide_machines:
            line, column = document.place_of(root, "call", "dtmf")
            self.warnings.append(f"{path}:{line}:{column}: call.dtmf: {keys_hide(route.api)}")

    def _warn_of_retries(
        self, campaign: Campaign, path: Path, root: document.Node | None, route: Route
    ) -> None:
        """Warn of retries that never happen, because the provider does not report such an end."""
        if route.api.traits.rings:
            return
        for end in sorted(campaign.retry.rules().keys() & _OF_RINGING):
            line, column = document.place_of(root, "retry", end, at_key=True)
            self.warnings.append(
                f"{path}:{line}:{column}: retry.{end}: {route.api.name} can't tell that a call"
                " ended so, and nobody is called again for it; not_reached has what it can tell"
            )

    def _named(
        self, root: document.Node | None, path: Path, name: str, names: Names
    ) -> tuple[Contacts[Any], Path]:
        """Open the file that a document names; if it can't be opened, the document is at fault."""
        beside = STDIN if name == str(STDIN) else path.parent / name
        try:
            format_of(beside, contacts=True)
            file = open_file(file_of(beside))
        except CampaignError as error:
            line, column = document.place_of(root, "contacts")
            message = f"contacts: {error}"
            raise refusal(str(path), message, line, column) from None
        return self._contacts(file, beside, replace(names, discreet=not self.beside)), file_of(
            beside
        )

    def _contacts(self, file: BinaryIO, path: Path, names: Names) -> Contacts[Any]:
        if format_of(path, contacts=True) is not Format.SHEET:
            self.files.enter_context(file)
            lines = Lines(
                file, shown_path(path), self.encoding, self.digest.update, discreet=names.discreet
            )
            return open_contacts(lines, path, names)
        _, name = named_sheet(path)
        with file:
            sheet = Sheet(file, shown_path(path), name, self.digest.update)
        self.files.callback(sheet.close)
        self.digest.update(name.encode())  # another sheet makes another campaign
        if sheet.hidden_rows:
            self.warnings.append(
                f"{shown_path(path)}:"
                f" {counted(sheet.hidden_rows, 'hidden row is', 'hidden rows are')}"
                " read, too"
            )
        return open_sheet(sheet, shown_path(path), names)

    def _do_not_call(self, campaign: Campaign, path: Path, root: document.Node | None) -> DoNotCall:
        return read_lists(
            campaign.do_not_call,
            path,
            root,
            region=campaign.default_region,
            encoding=self.encoding,
            seen=self.lists_digest.update,
            problems=self.problems,
        )

    def _rules(
        self, campaign: Campaign, path: Path, route: Route, do_not_call: DoNotCall = NO_LISTS
    ) -> Rules:
        start = Start(campaign.call, self.templates, _name(campaign, path), route.api)
        region, countries = campaign.default_region, route.countries
        zone = campaign.calling_hours.timezone
        by_state = chooses_by_state(campaign.preset)
        return Rules(
            self.ceiling_seconds,
            start,
            region,
            countries,
            route.api.countries_setting,
            do_not_call,
            zone,
            by_state,
            callbacks=route.callbacks,
            account=route.account.name,
        )


@contextmanager
def _rejecting(path: Path | None, codec: str, plan: _Plan) -> Iterator[Rejects | None]:
    """Open the file of rejects, if there is to be one."""
    if path is None:
        yield None
        return
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        raise ConfigError(f"--rejects {path}: rejects are never a workbook; name a .csv file")
    with closing(Rejects(path, codec, plan.inputs)) as rejects:
        rejects.begin(plan.contacts.shape)
        yield rejects


def _fill(
    checked: CheckedCampaign,
    plan: _Plan,
    problems: Problems,
    found: Iterable[tuple[Records, Checked]],
    rejects: Rejects | None,
    on_progress: Callable[[int], None],
) -> None:
    """Collect the results of all chunks."""
    read, columns, shape = 0, frozenset[str](), plan.contacts.shape
    ids = DoubtfulIds()
    for chunk, done in found:
        read, columns = read + done.read, columns | done.columns
        if message := too_many(len(columns) // 2):  # each has two names: its key, and as written
            raise refusal(shape.path, f"{message} or more in all contacts", code="header")
        checked.add(done.rows, done.callable_rows, done.packed)
        checked.take(done.taken)
        checked.cleanings.merge(done.cleanings)
        checked.columns |= done.others
        problems.merge(done.problems)
        ids.merge(done.ids, shape.path)
        on_progress(read)
        if rejects is not None:
            for place, reason, message in done.rejects:
                rejects.add(shape.reject(chunk[place][1], reason, message))
    if ids.problems:
        problems.refuse(ids.problems)
    if not problems.refuse_file:
        plan.check_columns(columns)
        if rejects:
            rejects.done()


def _cores() -> int:
    """Return how many processes may check rows."""
    return min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def _expect_valid(checked: CheckedCampaign, problems: Problems, path: str, *, strict: bool) -> None:
    """Raise CampaignError if the file is refused as a whole."""
    if problems.refuse_file or (strict and problems.faults):
        raise problems.error()
    if not checked.row_count:
        raise refusal(path, "no valid contacts: there are no rows", code="nobody")
    if not checked.callable_count:
        barred = " or on a do-not-call list" * bool(problems.counts[Reason.DO_NOT_CALL])
        count = checked.refused_count
        which = "the only row is" if count == 1 else f"all {counted(count, 'row')} are"
        message = f"no valid contacts: {which} rejected{barred}"
        raise problems.error(Problem(path, message, code="nobody"))


def _name(campaign: Campaign, path: Path) -> str:
    return campaign.name or stem(path)


def _at_any_hour(policy: Policy) -> Policy:
    return replace(policy, hours=(), not_before=None)


def _policy(campaign: Campaign, name: str, rules: Rules, default_hours: Week) -> Policy:
    hours, caps = preset_rules(campaign.preset)
    return Policy(
        max_duration_seconds=campaign.max_duration
        or min(_DEFAULT.max_duration_seconds, rules.ceiling_seconds),
        default_region=rules.default_region or "",
        max_concurrency=campaign.max_concurrency,
        max_starts_per_second=campaign.max_starts_per_second or 0.0,
        priority=campaign.priority,
        weight=campaign.weight,
        options=rules.start.options,
        script=rules.start.script,
        machine_script=rules.start.machine_script,
        campaign_name=name if rules.start.script or rules.start.machine_script else "",
        ring_seconds=campaign.call.ring_time,
        record=bool(campaign.call.record),
        transcribe=bool(campaign.call.transcribe),
        on_machine=rules.start.on_machine,
        hears_machines=rules.start.hears_machines,
        opt_outs=rules.start.opt_outs,
        insights=tuple(campaign.insights),
        on_unknown=campaign.on_unknown,
        hours=(*_hours(campaign, default_hours), *hours),
        timezone=rules.timezone,
        not_before=campaign.not_before,
        not_after=campaign.not_after,
        caps=(*campaign.caps.rules(), *caps),
        when_capped=campaign.caps.when_full,
        retry=campaign.retry.rules(),
        retry_total=campaign.retry.most_attempts(),
        circuit_breaker=campaign.circuit_breaker.rule() if campaign.circuit_breaker else None,
        canary=campaign.canary.rule() if campaign.canary else None,
        budget_seconds=campaign.budget.minutes * 60 if campaign.budget else None,
        webhooks=tuple(webhook.rule() for webhook in campaign.webhooks),
    )


def _hours(campaign: Campaign, default: Week) -> tuple[Hours, ...]:
    """Return the rule of the campaign's own keys; none if it never closes."""
    own = campaign.calling_hours.week
    name = "CALLSCHED_CALLING_HOURS" if own is None else "calling_hours"
    week = default if own is None else own
    rule = Hours(name, week, campaign.blackout_dates, campaign.holidays)
    return () if closes_nothing(rule) else (rule,)


def _expect_columns(
    start: Start, names: Names, columns: Set[str], root: document.Node | None, path: Path
) -> None:
    """Refuse templates that name columns which the file does not have."""
    problems = [
        Problem(
            str(path),
            f"columns.{key}: {fault}",
            *document.place_of(root, "columns", key),
            "invalid_value",
        )
        for key, fault in names.missing(columns)
    ]
    for way, fault in start.unknown_columns(columns):
        message = f"{dotted(way)}: {fault}"
        problems.append(Problem(str(path), message, *document.place_of(root, *way), "template"))
    if problems:
        raise CampaignError(problems[:KEPT], len(problems))


def _expect_no_repeated_column(
    start: Start, repeated: Set[str], root: document.Node | None, path: Path
) -> None:
    """Refuse templates that name a column which the file has twice: either may be meant."""
    twice = {name.casefold() for name in repeated}
    ways = [(way, name) for way, name in start.named_columns() if name.casefold() in twice]
    problems = [
        Problem(
            str(path),
            f"{dotted(way)}: the column {shown(name)} is there twice: rename one of the two",
            *document.place_of(root, *way),
            "header",
        )
        for way, name in ways
    ]
    if problems:
        raise CampaignError(problems[:KEPT], len(problems))


def _ignore(_count: object) -> None:
    pass


def _value(root: document.Node | None, key: str) -> object:
    named = root.pairs.get(key) if isinstance(root, document.Mapping) else None
    return document.plain(named[1]) if named is not None else None


def _asked(root: document.Node | None) -> Asked:
    """Return what a document asks of its provider; nothing where it has no name and no keys."""
    written, call = _value(root, "provider"), _value(root, "call")
    keys = frozenset(call) if isinstance(call, dict) else frozenset()
    return Asked(written if isinstance(written, str) else "", keys)
