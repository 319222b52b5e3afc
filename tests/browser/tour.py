"""From page to page by the links that they have: one of each kind, so that none is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import Error, Page

#: What stands for somebody or something: ids of campaigns and contacts, numbers, attempts.
_IDS = re.compile(
    r"/(spring-reminders|lab-results|flu-clinic|annual-survey|hostile|dental-recall|weekly|default"
    r"|p-\d+|%23\d+|x(%3C|<)[^/]*|[^/]*:\d+:\d+|\d+|[+%]2?B?1\d{6,})(?=/|$)"
)
#: What narrows a list, and makes no other page of it.
FILTERS = {"account", "campaign", "cursor", "disposition", "q", "state"}
_LINKS = "() => [...document.querySelectorAll('a[href]')].map(a => a.href)"


def kind(url: str) -> str:
    """Return what a page and its like have in common."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query)} - FILTERS)
    return _IDS.sub("/*", _IDS.sub("/*", parts.path)) + "?" * bool(names) + "&".join(names)


def opened(page: Page, url: str, broken: list[str]) -> bool:
    """Go to a page; False for what is no page but a file, or broken."""
    try:
        answer = page.goto(url)
    except Error as error:
        if "Download is starting" in error.message or "ERR_ABORTED" in error.message:
            return False
        raise
    assert answer is not None
    if answer.status >= 400:
        broken.append(f"{url} is answered {answer.status}")
        return False
    return "text/html" in answer.headers.get("content-type", "")


def tour(page: Page, broken: list[str], *starts: str) -> Iterator[str]:
    """Open one page of each kind that links lead to, and say its kind."""
    wanted, seen = list(starts), set[str]()
    own = urlsplit(starts[0]).netloc
    while wanted:
        url = wanted.pop(0)
        if urlsplit(url).netloc != own or (found := kind(url)) in seen:
            continue
        seen.add(found)
        if opened(page, url, broken):
            yield found
            wanted += [urljoin(url, each).partition("#")[0] for each in page.evaluate(_LINKS)]
