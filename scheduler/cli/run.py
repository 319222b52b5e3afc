"""`callsched run`: a whole campaign on this machine, its workers included."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scheduler import providers
from scheduler.campaign.reading import Reading
from scheduler.cli import batches, campaigns, console, options, repeats
from scheduler.cli.results import expect_writable, export, format_of
from scheduler.cli.supervision import Ending, Supervision
from scheduler.errors import ConfigError, NotDone
from scheduler.ledger import campaigns as ledger_campaigns
from scheduler.ledger import limits
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.opening import opened
from scheduler.ledger.reading import CampaignView, campaign_view, live_calls, results
from scheduler.models import CampaignState, Policy
from scheduler.operations.pool import Pool, SandboxProcess
from scheduler.providers.posting import Poster
from scheduler.settings import Overrides, Settings, read_settings


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the command line says, apart from the file."""

    id: str | None  #: with placeholders, as it was said
    timezone: str | None
    if_running: batches.IfRunning | None
    max_duration: str | None
    max_concurrency: int | None
    workers: int
    again: bool
    sandbox: bool
    reading: Reading
    plan: str | None
    now: bool
    yes: bool
    wait: bool
    quiet: bool
    json: bool
    results: Path | None


def run(
    file: options.CampaignFile,
    max_duration: options.MaxDuration = None,
    max_concurrency: options.MaxConcurrency = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Worker processes to start.")
    ] = 2,
    id_: batches.DatedId = None,
    timezone: batches.Zone = None,
    if_running: batches.WhenRunning = None,
    again: options.Again = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Call a sandbox on this machine: nobody is called.")
    ] = False,
    strict: options.Strict = False,
    rejects: options.Rejects = None,
    first: options.First = None,
    encoding: options.Encoding = "utf-8",
    plan: options.Plan = None,
    now: options.Now = False,
    yes: options.Yes = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave calls that are due only later; exit code 3.")
    ] = False,
    quiet: batches.Quiet = False,
    json: options.Json = False,
    results: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write the results to this .csv, .xlsx or .jsonl file."),
    ] = None,
) -> None:
    """Call every contact of a campaign file, and wait until the last call has ended.

    The same command again goes on with an unfinished campaign and calls nobody twice; a finished
    one is refused unless you say --again. When the file has changed, whom an earlier campaign of
    its name has called in the last 20 hours, or has yet to call, is skipped unless you say --again
    or --id. Ctrl-C stops every live call before it leaves.

    Exit codes: 0 ran to its end; 1 the file, the settings or the account is wrong, or the campaign
    stopped itself; 2 bad usage; 3 calls were left pending by --no-wait; 4 another one of its kind
    runs here, and --if-running is fail; 130 after Ctrl-C.

    Example: `callsched run contacts.csv --max-duration 90s --max-concurrency 10 --sandbox`
    """
    if results is not None:
        _expect_writable(results)
    wishes = _Wishes(
        id=id_,
        timezone=timezone,
        if_running=if_running,
        max_duration=max_duration,
        max_concurrency=max_concurrency,
        workers=workers,
        again=again,
        sandbox=sandbox,
        reading=Reading(encoding, strict, first, rejects),
        plan=plan,
        now=now,
        yes=yes,
        wait=not no_wait,
        quiet=quiet,
        json=json,
        results=results,
    )
    raise typer.Exit(_run(Path(file), wishes))


def _expect_writable(path: Path) -> None:
    """Before anybody is called, look whether the results can be written."""
    expect_writable(format_of(path))
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"--results {path}: the folder can't be written, or is not there")


def _run(path: Path, wishes: _Wishes) -> int:
    wanted = batches.dated_id(wishes.id, wishes.timezone)
    if wishes.quiet:
        console.be_quiet()
    overrides = _overrides(wishes)
    chosen = read_settings(overrides)
    with ExitStack() as stack:
        # Before anything is started: what the file says, and whom it would call.
        checked = stack.enter_context(campaigns.check(path, chosen, wishes.reading))
        campaigns.expect_unscheduled(checked, path, now=wishes.now)
        policy = campaigns.policy_of(checked, wishes.max_duration, chosen)
        campaigns.expect_plan(wishes.plan, path, checked, policy, chosen, wishes.reading)
        _expect_secret(policy, chosen)
        kind = batches.kind_of(wishes.id, checked.slug)
        code = batches.stands_back(stack, kind, wishes.if_running, chosen.state_dir)
        if code is not None:
            return code
        keep_fds: tuple[int, ...] = ()
        if wishes.sandbox:
            sandbox = stack.enter_context(
                SandboxProcess(chosen.max_concurrency, chosen.state_dir / "sandbox")
            )
            keep_fds = (sandbox.needed_fd,)
            overrides = {**overrides, **_at_sandbox(chosen, sandbox.url)}
            chosen = read_settings(overrides)
        account = campaigns.account_of(checked, chosen, sandbox=wishes.sandbox)
        ledger, embedded = stack.enter_context(opened(chosen, upgrades=True))
        if wishes.sandbox:
            limits.forget(ledger, account)  # each run's sandbox is a new one
        fingerprint = _try_account(ledger, chosen, policy.max_duration_seconds)
        campaign_id = campaigns.choose_id(ledger, checked, wanted, account, again=wishes.again)
        was_finished = campaigns.is_finished(ledger, campaign_id)
        window = repeats.window_of(ledger, campaign_id, wanted, chosen, again=wishes.again)
        left = repeats.tell(ledger, checked, campaign_id, account, window)
        if not (wishes.yes or wishes.sandbox):
            campaigns.confirm(left, policy, chosen)
        supervision = Supervision(
            ledger, embedded, chosen, campaign_id, fingerprint=fingerprint, wait=wishes.wait
        )
        with supervision.signals():
            state = campaigns.submit_rows(
                ledger, checked, campaign_id, policy, account, window.of_campaign
            )
            if was_finished:
                _refuse_finished(state, campaign_id)
            # One that stopped itself, or that an operator has paused, goes on when somebody says
            # so, not when cron says it again.
            view = campaign_view(ledger, campaign_id)
            if not view.stopped_itself and not view.paused_by:
                ledger_campaigns.resume(ledger, campaign_id)
            logs = chosen.state_dir / "logs"
            with Pool(campaign_id, wishes.workers, logs, overrides, keep_fds) as pool:
                ending = supervision.watch(pool)
        return _close(ledger, campaign_id, ending, wishes)


def _overrides(wishes: _Wishes) -> Overrides:
    ceiling = wishes.max_concurrency
    return {} if ceiling is None else {"CALLSCHED_MAX_CONCURRENCY": str(ceiling)}


def _expect_secret(policy: Policy, chosen: Settings) -> None:
    """Webhooks are told by our own workers, and nothing is told without a signature."""
    secret = chosen.webhook_secret
    if not policy.webhooks:
        return
    if secret is None:
        raise ConfigError(
            "the campaign has webhooks: set CALLSCHED_WEBHOOK_SECRET, which signs what they are"
            ' told; make one with: echo "whsec_$(openssl rand -base64 32)"'
        )
    Poster(secret.get_secret_value())


def _at_sandbox(chosen: Settings, url: str) -> Overrides:
    """Return what points a process at the sandbox, with an account of its own."""
    at_sandbox = providers.of(chosen).at_sandbox(url)
    return {**at_sandbox, "CALLSCHED_ACCOUNT": campaigns.SANDBOX_ACCOUNT}


def _try_account(ledger: Ledger, chosen: Settings, max_duration_seconds: float) -> str:
    """Fetch a token before anything is loaded, so that wrong settings are told at once.

    What blocked these credentials before is forgotten: it is mended, or is told again. Returns
    their fingerprint.
    """
    api = providers.of(chosen)
    provider = api.open(chosen, None)
    try:
        provider.authorize(max_duration_seconds)
        limits.unblock(ledger, chosen.account)
    except NotDone as error:
        said = f"{api.address(chosen)} does not answer, check {api.address_setting}: {error}"
        # With calls to be stopped the workers start all the same, and go on trying.
        if not live_calls(ledger, chosen.account):
            raise ConfigError(said) from error
        console.say(said)
    finally:
        provider.close()
    return provider.fingerprint


def _refuse_finished(state: CampaignState, campaign_id: str) -> None:
    if state is CampaignState.FINISHED:
        raise ConfigError(
            f"campaign {campaign_id} is finished, and nobody is called twice:"
            f" see `callsched results {campaign_id}`, or say --again to call everyone again"
        )


def _close(ledger: Ledger, campaign_id: str, ending: Ending, wishes: _Wishes) -> int:
    view = campaign_view(ledger, campaign_id)
    if wishes.json:
        console.emit(
            {
                **view.as_record(),
                "exit_code": ending.code,
                "peak_slots": ending.peak_slots,
                "seconds": round(ending.seconds, 3),
                "results": str(wishes.results) if wishes.results else None,
            }
        )
    elif ending.code or not wishes.quiet:
        _show(view, ending, wishes)
    if ending.message:
        console.say(*ending.message.split("\n"))
    if wishes.results is not None:
        export(results(ledger, campaign_id), wishes.results)
    return ending.code


def _show(view: CampaignView, ending: Ending, wishes: _Wishes) -> None:
    rows = [(count, *_explained(label)) for label, count in view.dispositions.items()]
    rows += [
        (count, state, "") for state, count in view.calls.items() if count and state != "ended"
    ]
    title = f"{view.campaign_id}: {view.total} contacts in {ending.seconds:.1f} s"
    console.out.print(console.table(title, ("calls", "ended as", "reason"), rows))
    where = wishes.results or f"callsched results {view.campaign_id}"
    console.out.print("")
    console.out.print(f"at most {ending.peak_slots} slots in use; results: {where}", markup=False)


def _explained(label: str) -> tuple[str, str]:
    disposition, _, reason = label.partition(":")
    return disposition, reason.replace("_", " ")
