"""Shows the findings of `callsched doctor` in groups, and the verdict last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from scheduler.cli import console
from scheduler.cli.suggested import as_typed
from scheduler.fields.counts import counted
from scheduler.fields.visible import visible
from scheduler.ledger.health import Finding, Level

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}

#: Which checks belong together; all others belong to the first group.
_GROUPS = {
    "settings and accounts": (),
    "redis": (
        *("redis", "sentinel", "tls", "rights", "version", "role", "persistence", "writing"),
        *("eviction", "memory", "durability", "clock", "clock jumped", "ledger"),
    ),
    "calls and workers": (
        *("account", "stops", "blocked", "stops only", "rubbish", "outage", "orphans"),
        *("caller id", "webhooks", "callbacks", "waiting", "workers"),
    ),
    "this machine": ("files", "disk", "folder", "working folder"),
}
_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}


def show(found: Sequence[Finding]) -> None:
    """Show each finding on a line of its own, each group under its heading."""
    for group in _GROUPS:
        lines = [each for each in found if _GROUP_OF.get(each.name, next(iter(_GROUPS))) == group]
        if lines:
            console.out.print(Text(group, style="bold"))
        for each in lines:
            console.out.print(_line(each))
    console.out.print()
    console.out.print(_verdict(found))


def _line(finding: Finding) -> Text:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    text = " ".join(f"{finding.text}{remedy}".split())
    line = as_typed(visible(f"{finding.name:<12} {text}"))
    return Text.assemble((f"{finding.level:<5}", _STYLES[finding.level]), " ", line)


def _verdict(found: Sequence[Finding]) -> Text:
    """Say in one line whether all is well, and what to look at."""
    levels = Counter(each.level for each in found)
    if levels[Level.FAIL]:
        names = ", ".join(dict.fromkeys(each.name for each in found if each.level is Level.FAIL))
        text = f"{counted(levels[Level.FAIL], 'check fails', 'checks fail')}: {names}"
        return Text(text, style=_STYLES[Level.FAIL])
    if levels[Level.WARN]:
        text = counted(levels[Level.WARN], "check warns", "checks warn")
        return Text(f"it works; {text}", style=_STYLES[Level.WARN])
    return Text(f"all is well: {counted(len(found), 'check')}", style=_STYLES[Level.OK])
