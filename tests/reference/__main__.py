"""Write every table of the reference: `python -m tests.reference`."""

from __future__ import annotations

from tests.reference.pages import PAGES, made

for page in PAGES:
    was = page.read_text("utf-8")
    if (now := made(was)) != was:
        page.write_text(now, "utf-8")
        print(f"wrote {page}")
