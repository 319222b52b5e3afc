"""How what there is to see is drawn: with rich, on the screen and on paper alike.

Whatever comes from a file or from the ledger goes through `visible`: nothing in it acts on a
terminal, and nothing in it is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from scheduler.cli.screen import chart
from scheduler.cli.suggested import as_typed, suggested
from scheduler.fields.visible import visible
from scheduler.ledger.accounts import Happening, Load
from scheduler.ledger.workers import WorkerView
from scheduler.live.pace import clock, roughly
from scheduler.live.picture import Alarm, Picture, Severity, ShownCall, ShownCampaign
from scheduler.masking import mask_text
from scheduler.models import OPEN_STATES, Attempt, CallState, CampaignState

#: Colours are those of the terminal's own palette, which are readable on its own background.
_BAD, _POOR, _GOOD, _FAINT = "bold red", "yellow", "green", "dim"
_STATE_STYLES = {
    CampaignState.ACTIVE: _GOOD,
    CampaignState.PAUSED: _POOR,
    CampaignState.FINISHED: _FAINT,
    CampaignState.LOADING: "",
}
_ALARM_STYLES = {Severity.FAIL: _BAD, Severity.WARN: _POOR}
_HAPPENING_STYLES = {"refused": _POOR, "limit": "cyan", "outage": _BAD, "control": "magenta"}
_BAR_WIDTH = 8


def grid(header: Sequence[str], flexible: Sequence[str]) -> Table:
    """Return an empty table of one line a row; the flexible columns take what room there is."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), expand=True, header_style=_FAINT)
    for name in header:
        ratio = 1 if name in flexible else None
        width = None if ratio else _WIDTHS[name]
        right = name in _RIGHT
        table.add_column(
            name.rstrip("_"),
            ratio=ratio,
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if right else "left",
        )
    return table


#: Columns whose width does not depend on what stands in them, so that nothing jumps.
_WIDTHS = {
    " ": 1,
    "state": 8,
    "done": _BAR_WIDTH,
    "ended": 15,
    "open": 4,
    "ends": 15,
    "left": 9,
    "number": 6,
    "stands": 10,
}
_RIGHT = ("ended", "open", "left")

CAMPAIGN_COLUMNS = (" ", "campaign", "state", "done", "ended", "open", "ends")
CALL_COLUMNS = (" ", "left", "contact", "number", "stands", "campaign")


def campaigns(shown: Iterable[ShownCampaign], cursor: str | None = None) -> Table:
    """Return a line for each of these campaigns."""
    table = grid(CAMPAIGN_COLUMNS, ("campaign",))
    for each in shown:
        view = each.view
        here = view.campaign_id == cursor
        table.add_row(
            _mark(here, bad=each.overdue > 0),
            Text(visible(view.campaign_id)),
            Text(view.state, style=_STATE_STYLES[view.state]),
            bar(view.calls[CallState.ENDED], view.total),
            f"{view.calls[CallState.ENDED]:,}/{view.total:,}",
            f"{view.open:,}",
            Text(visible(each.expected.text), style=_POOR if each.expected.is_held else ""),
            style="reverse" if here else "",
        )
    return table


def _mark(here: bool, *, bad: bool) -> Text:
    """Return the sign in front of a line; without colours it is all that tells them apart."""
    return Text("!" if bad else "▸" if here else " ", style=_BAD if bad else "")


def bar(done: int, total: int) -> Text:
    """Return a bar that is full only when all is done."""
    filled = _BAR_WIDTH * done // total if total else _BAR_WIDTH
    return Text.assemble(("━" * filled, _GOOD), ("╌" * (_BAR_WIDTH - filled), _FAINT))


def in_detail(shown: ShownCampaign) -> Text:
    """Return the counts of a campaign: by state, and how its calls ended."""
    view = shown.view
    states = [f"{view.calls[CallState.PENDING]:,} pending"]
    states += [f"{view.calls[state]:,} {state}" for state in OPEN_STATES if view.calls[state]]
    ends = [f"{count:,} {_spelled(label)}" for label, count in view.dispositions.items()]
    text = Text(visible(view.campaign_id), style="bold")
    text.append(f" {', '.join(states)}; {', '.join(ends) or 'none has ended'}", style="not bold")
    if shown.overdue:
        text.append(f"; {shown.overdue:,} past the deadline", style=_BAD)
    if shown.expected.is_held:
        text.append(f"; {visible(shown.expected.text)}", style=_POOR)
    return text


def _spelled(label: str) -> str:
    disposition, _, reason = label.partition(":")
    return visible(f"{disposition} {reason}".replace("_", " "))


def calls(shown: Iterable[ShownCall], now: float, cursor: Attempt | None = None) -> Table:
    """Return a line for each of these live calls."""
    table = grid(CALL_COLUMNS, ("contact", "campaign"))
    for call in shown:
        left, here = call.deadline - now, call.attempt == cursor
        late = left <= -1
        table.add_row(
            _mark(here, bad=late),
            Text(minutes(left), style=_BAD if late else ""),
            Text(visible(call.name)),
            call.number,
            call.standing,
            Text(visible(call.attempt.campaign_id)),
            style="reverse" if here else "",
        )
    return table


def minutes(seconds: float) -> str:
    """Return the time to a deadline; negative when it has passed."""
    whole = int(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    written = f"{rest // 60:02}:{rest % 60:02}"
    return f"{sign}{hours}:{written}" if hours else f"{sign}{written}"


def slots(picture: Picture, width: int, height: int) -> Text:
    """Return the slots in use over the last minutes, under the limit."""
    shown = chart.columns(picture.loads, picture.at, chart.span(picture.loads, picture.at), width)
    lines = chart.drawn(shown, height)
    text = Text("\n".join(lines), style=_GOOD, no_wrap=True)
    text.highlight_regex(chart.LIMIT_MARK + "+", style="cyan")
    return text


def slots_title(picture: Picture) -> str:
    """Return how full the account is, in words."""
    account = picture.account
    if account is None:
        return "slots"
    span, refused = chart.span(picture.loads, picture.at), _refused(picture.loads)
    parts = [f"{account.slots} of {account.learned} slots as learned"]
    # Workers whose limit is above it were told another one than we are.
    if account.learned <= picture.ceiling:
        parts.append(f"ceiling {picture.ceiling}")
    parts.append(f"last {span / 60:.0f} min")
    if refused:
        parts.append(f"{refused:,} refused")
    return ", ".join(parts)


def _refused(loads: Sequence[Load]) -> int:
    return loads[-1].refused - loads[0].refused if loads else 0


def happenings(shown: Sequence[Happening], now: float, most: int) -> Text:
    """Return the last things that happened, a line each, the newest last."""
    lines = [_happening(each, now) for each in shown[-most:]] if most > 0 else []
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _happening(each: Happening, now: float) -> Text:
    style = _HAPPENING_STYLES.get(each.what, "")
    line = Text.assemble((clock(each.at, now), _FAINT), " ", (f"{visible(each.what):8}", style))
    detail = visible(mask_text(each.detail))
    text = _spelled(detail) if each.what in ("ended", "amended") else detail
    return line.append(f" {_which(each)} {text}".rstrip())


def _which(each: Happening) -> str:
    """Return a call as people see it, by its row; whatever else as it is."""
    parts = visible(each.which).rsplit(":", 2)
    return f"{parts[0]} #{parts[1]}" if len(parts) == 3 else parts[0]


def workers_title(shown: Sequence[WorkerView]) -> str:
    """Return how many workers there are, and how many of them are unwell."""
    silent = sum(not worker.is_well for worker in shown)
    return f"workers: {len(shown)}" + (f", {silent} silent" if silent else "")


def workers(shown: Sequence[WorkerView], now: float) -> Text:
    """Return a line for each worker; those that are unwell come first."""
    if not shown:
        return Text(f"none: {suggested('worker')} starts one", style=_FAINT)
    ordered = sorted(shown, key=lambda worker: worker.is_well)
    lines = (_worker(each, now) for each in ordered)
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


def _worker(each: WorkerView, now: float) -> Text:
    silent = f"silent for {roughly(each.seen_seconds_ago)}"
    style, health = (_GOOD, "well") if each.is_well else (_BAD, silent)
    lines = [f"dials {each.dialling} of {each.threads}", f"stops {each.stopping}"]
    lines += [f"sockets {each.sockets}", f"reads {each.collecting}"]
    up = roughly(max(0.0, now - each.started_at))
    text = Text.assemble((health, style), f" {visible(each.name)}: {', '.join(lines)}, up {up}")
    return text.append(f", {visible(each.version)}", style=_FAINT)


def alarms(shown: Sequence[Alarm], most: int) -> Text:
    """Return what is wrong, the worst first."""
    lines = [
        Text(as_typed(visible(mask_text(each.text))), style=_ALARM_STYLES[each.level])
        for each in shown[:most]
    ]
    if len(shown) > most:
        lines[-1].append(f" (and {len(shown) - most + 1} more)")
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
