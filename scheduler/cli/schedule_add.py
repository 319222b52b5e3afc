"""`callsched schedule add`: have a campaign file launched at set times."""

from __future__ import annotations

from pathlib import Path

from scheduler.campaign.reading import Reading
from scheduler.cli import (
    campaigns,
    options,
    orders,
    schedule_options,
    schedule_questions,
    schedule_view,
    served,
)
from scheduler.cli.access import changed_ledger
from scheduler.errors import ConfigError
from scheduler.ledger import schedules as in_ledger
from scheduler.operations import schedules
from scheduler.settings import settings


def add(
    file: options.CampaignFile,
    id_: schedule_options.NewName = None,
    cron: schedule_options.Cron = None,
    at: schedule_options.At = None,
    timezone: schedule_options.Timezone = None,
    overlap: schedule_options.OnOverlap = None,
    catch_up: schedule_options.CatchUp = None,
    account: options.Account = None,
    region: options.Region = None,
    encoding: options.Encoding = "utf-8",
    yes: options.Yes = False,
    json: options.Json = False,
) -> None:
    """Launch a campaign file at the times in its `schedule:`, or in these options.

    The file is checked now and read again at each launch. Repeating the command changes nothing; to
    change a schedule, remove it and add it again.

    Example: `callsched schedule add nightly.yaml --cron '0 9 * * mon-fri' --timezone Europe/Paris`
    """
    path, chosen = Path(file), settings()
    with campaigns.check(path, chosen, Reading(encoding, region=region), account) as checked:
        rule = schedule_options.rule_of(checked.schedule, path, cron, at, timezone)
        dials_on = checked.account.name
        if account not in (None, dials_on):  # each firing reads only the file
            raise ConfigError(
                f"{path} names account {dials_on}: leave --account out, or change the file"
            )
        name = id_ or checked.slug
        schedules.expect_files(checked)
        rule = schedule_options.changed(rule, overlap, catch_up)
        launch, next_at = schedules.launch_of(path, encoding, rule, region)
        if not yes:
            schedule_questions.confirm_added(checked, checked.account, rule, next_at)
    with changed_ledger(beside=path) as ledger:
        is_new = in_ledger.add(ledger, name, dials_on, launch, next_at=next_at, who=orders.who())
        view = in_ledger.view(ledger, name)
        served.warn_of_account(ledger, view.account)
    schedule_view.show_added(view, is_new=is_new, json=json)
