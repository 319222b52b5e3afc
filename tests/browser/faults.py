"""What is wrong with a page for those who can't see it, use no mouse, or hold it in one hand."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: It runs in the page as often as asked for, and is loaded once.
_LOAD = Axe().axe_script
_RUN = """() => axe.run({ resultTypes: ["violations"] })"""

#: Those that Tab should reach; of a group of radio buttons it reaches the one that is chosen.
_REACHABLE = """() => {
  const group = (e) => [...document.querySelectorAll("input[type=radio]")]
    .filter(each => each.name === e.name && each.form === e.form);
  const leads = (e) => e === (group(e).find(each => each.checked) ?? group(e)[0]);
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary,"
    + "[tabindex='0'], audio[controls]";
  window.usable = [...document.querySelectorAll(usable)]
    .filter(e => !e.disabled && e.tabIndex >= 0)
    .filter(e => e.checkVisibility({ visibilityProperty: true }))
    .filter(e => e.type !== "radio" || leads(e));
  window.reached = new Set();
  document.addEventListener("focusin", (event) => reached.add(event.target));
  document.activeElement?.blur();
  return window.usable
    .map(e => `${e.tagName} ${e.name || e.getAttribute("href") || e.textContent.trim()}`);
}"""
#: What has gone meanwhile needs no reaching.
_MISSED = "() => window.usable.flatMap((e, at) => e.isConnected && !reached.has(e) ? [at] : [])"


def unfit(page: Page) -> list[str]:
    """Return what axe finds serious or critical, each with where it is."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_LOAD)
    found: list[dict[str, Any]] = page.evaluate(_RUN)["violations"]
    return [
        f"{page.url}: {each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def too_wide(page: Page) -> list[str]:
    """Tell of a page that has to be pushed sideways, and of what is to blame."""
    width = page.evaluate("document.documentElement.clientWidth")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide <= width:
        return []
    blamed = page.evaluate(
        """(width) => [...document.querySelectorAll('main *, header *')]
          .filter(e => e.getBoundingClientRect().right > width + 1)
          .slice(-3).map(e => e.outerHTML.slice(0, 160))""",
        width,
    )
    return [f"{page.url} is {wide} px wide on {width}: {blamed}"]


def out_of_reach(page: Page) -> list[str]:
    """Return what can be used and is not reached by Tab."""
    wanted: list[str] = page.evaluate(_REACHABLE)
    missed = list(range(len(wanted)))
    for _ in range(2):
        for _ in range(len(wanted) + 5):
            page.keyboard.press("Tab")
        missed = page.evaluate(_MISSED)
        if not missed:
            break
    return [f"{page.url}: Tab does not reach {wanted[each]}" for each in missed]
