"""Draws campaigns, live calls and workers with rich, for the screen and for one printed picture.

Every text from a file or from the ledger goes through `visible`: nothing in it acts on a terminal,
and nothing in it is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from scheduler.accounts import SANDBOX_ACCOUNT
from scheduler.cli.screen.cells import BAD, FAINT, GOOD, POOR, Cut, bar, grid, percent
from scheduler.cli.suggested import as_typed, suggested
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.late import LATE_SECONDS
from scheduler.ledger.workers import WorkerView
from scheduler.live import late
from scheduler.live.pace import roughly
from scheduler.live.picture import Alarm, Picture, Severity, ShownCall, ShownCampaign
from scheduler.masking import mask_text
from scheduler.models import OPEN_STATES, Attempt, CallState, CampaignState

_STATE_STYLES = {
    CampaignState.ACTIVE: GOOD,
    CampaignState.PAUSED: POOR,
    CampaignState.FINISHED: FAINT,
    CampaignState.LOADING: "",
}
_ALARM_STYLES = {Severity.FAIL: BAD, Severity.WARN: POOR}

#: From how many columns on a campaign has a bar and its state, and how wide a bar may be.
_ROOMY, _BARS = 72, (8, 24)
_PERCENT = 6

#: The style of a chosen line, in the list with the focus and in the other one.
CHOSEN, _MARKED = "reverse", "bold"


def campaigns(
    shown: Iterable[ShownCampaign],
    cursor: str | None = None,
    *,
    width: int = 80,
    chosen: str = CHOSEN,
) -> Table:
    """Return a line for each of these campaigns, for so many columns."""
    listed, is_roomy = list(shown), width >= _ROOMY
    bars = min(max(_BARS[0], (width - 64) // 2), _BARS[1]) if is_roomy else 0
    columns = {" ": 1, "campaign": -1}
    columns |= {"state": 8} if is_roomy else {}
    columns |= {"done": bars + _PERCENT if bars else _PERCENT - 1, "ended": _counts(listed)}
    table = grid(columns | {"live": 4, "ends": 15}, right=("ended", "live"))
    for each in listed:
        here = each.view.campaign_id == cursor
        table.add_row(*_campaign(each, here, is_roomy, bars), style=chosen if here else "")
    return table


def _campaign(each: ShownCampaign, here: bool, is_roomy: bool, bars: int) -> list[Text | Cut]:
    view, ended = each.view, each.view.calls[CallState.ENDED]
    done = bar(ended, view.total, bars)
    done.append(f"{percent(ended, view.total):>{_PERCENT if bars else _PERCENT - 1}}")
    expected = Text(visible(each.expected.text), style=POOR if each.expected.is_held else "")
    cells = [done, Text(f"{ended:,}/{view.total:,}"), Text(f"{view.open:,}"), expected]
    if is_roomy:
        cells.insert(0, Text(view.state, style=_STATE_STYLES[view.state]))
    mark = _mark(here, bad=each.overdue > 0)
    return [mark, Cut(view.campaign_id), *(_plain(cell) if here else cell for cell in cells)]


def _plain(cell: Text) -> Text:
    """Return a cell of the chosen line: colours in it would be hard to read."""
    return Text(cell.plain)


def _counts(listed: Sequence[ShownCampaign]) -> int:
    """Return the width of counts of calls; it does not change while calls end."""
    return max([5, *(len(f"{each.view.total:,}/{each.view.total:,}") for each in listed)])


def _mark(here: bool, *, bad: bool) -> Text:
    """Return the sign in front of a line; without colours it is all that tells them apart."""
    return Text("!" if bad else "▸" if here else " ", style=BAD if bad and not here else "")


def in_detail(shown: ShownCampaign) -> Text:
    """Return the counts of a campaign: by state, and how its calls ended."""
    view = shown.view
    ends = [f"{count:,} {spelled(label)}" for label, count in view.dispositions.items()]
    text = Text(visible(view.campaign_id), style="bold")
    text.append(f" {states(shown)}; {', '.join(ends) or 'none has ended'}", style="not bold")
    if ended_late := late.in_short(view.late):
        text.append(f"; {ended_late}", style=BAD)
    if shown.overdue:
        text.append(f"; {shown.overdue:,} past the deadline", style=BAD)
    if shown.expected.is_held:
        text.append(f"; {visible(shown.expected.text)}", style=POOR)
    return text


def states(shown: ShownCampaign) -> str:
    """Return the states of a campaign's calls that have not ended."""
    counts = shown.view.calls
    lines = [f"{counts[CallState.PENDING]:,} pending"]
    lines += [f"{counts[state]:,} {state}" for state in OPEN_STATES if counts[state]]
    return ", ".join(lines)


def spelled(label: str) -> str:
    """Return an end in words, with its reason if it has one."""
    disposition, _, reason = visible(label).replace("_", " ").partition(":")
    return f"{disposition} ({reason})" if reason else disposition


def calls(
    shown: Iterable[ShownCall],
    now: float,
    cursor: Attempt | None = None,
    *,
    many: bool = True,
    chosen: str = CHOSEN,
) -> Table:
    """Return a line for each of these live calls; with `many` it names their campaigns."""
    columns = {" ": 1, "left": 8, "stands": 10, "contact": -3} | ({"campaign": -2} if many else {})
    table = grid(columns, right=("left",))
    for call in shown:
        left, here = call.deadline - now, call.attempt == cursor
        late = left < -LATE_SECONDS
        cells: list[Text | Cut] = [
            _mark(here, bad=late),
            Text(minutes(left), style=BAD if late and not here else ""),
            Text(call.standing),
            Cut(call.who),
        ]
        campaign = [Cut(call.attempt.campaign_id)] if many else []
        table.add_row(*cells, *campaign, style=chosen if here else "")
    return table


def chosen_style(has_focus: bool) -> str:
    """Return the style of the chosen line of a list."""
    return CHOSEN if has_focus else _MARKED


def minutes(seconds: float) -> str:
    """Return the time to a deadline; negative when it has passed."""
    whole = int(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    written = f"{rest // 60:02}:{rest % 60:02}"
    return f"{sign}{hours}:{written}" if hours else f"{sign}{written}"


def workers_title(shown: Sequence[WorkerView]) -> str:
    """Return how many workers there are, and how many of them are silent."""
    silent = sum(not worker.is_well for worker in shown)
    return f"workers: {len(shown)}" + (f", {silent} silent" if silent else "")


def workers(picture: Picture, width: int = 80) -> Text | Table:
    """Return a line for each worker; silent ones come first."""
    shown = picture.workers
    if not shown and picture.account and picture.account.account == SANDBOX_ACCOUNT:
        return Text("none: a run in the sandbox has its own", style=FAINT)
    if not shown:
        return Text(f"none: {suggested('worker')} starts one", style=FAINT)
    words = max([5, *(len(_health(each)) for each in shown)])
    least = sum(_WORKER_COLUMNS.values()) + len(_WORKER_COLUMNS) + words + _WORKER_NAME
    left_out = ("up", "version") if width < least else ()
    columns = {name: room for name, room in _WORKER_COLUMNS.items() if name not in left_out}
    table = grid({"state": words, "worker": -1, **columns}, right=tuple(columns))
    for each in sorted(shown, key=lambda worker: worker.is_well):
        health = Text(_health(each), style=GOOD if each.is_well else BAD)
        known = _worker(each, picture.at)
        table.add_row(health, Cut(each.name), *(Text(known[name]) for name in columns))
    return table


def _worker(each: WorkerView, now: float) -> dict[str, str]:
    return {
        "dials": f"{each.dialling}/{each.threads}",
        "stops": str(each.stopping),
        "sockets": str(each.sockets),
        "reads": str(each.collecting),
        "up": roughly(max(0.0, now - each.started_at)),
        "version": visible(each.version),
    }


#: The columns of a worker's figures, with their widths.
_WORKER_COLUMNS = {"dials": 6, "stops": 5, "sockets": 7, "reads": 5, "up": 7, "version": 7}
_WORKER_NAME = 22


def _health(each: WorkerView) -> str:
    return "ok" if each.is_well else f"silent {roughly(each.seen_seconds_ago)}"


def alarms(shown: Sequence[Alarm], most: int) -> Text:
    """Return what is wrong, the worst first."""
    lines = [
        Text(as_typed(visible(mask_text(each.text))), style=_ALARM_STYLES[each.level])
        for each in shown[:most]
    ]
    if len(shown) > most:
        lines[-1].append(f" (and {len(shown) - most + 1} more)")
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def waiting(picture: Picture) -> str:
    """Return how much waits on the account."""
    waits = picture.backlog
    if waits is None:
        return ""
    oldest = f" (oldest {roughly(waits.oldest_due_seconds)})" if waits.due else ""
    return f"{waits.due:,} due{oldest}, {counted(waits.collects, 'transcript')} pending"
