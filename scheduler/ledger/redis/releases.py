"""Which releases of a server fix the known security faults of its scripting.

Anybody who can run a script of their own on an unfixed server can take over its process or its
answers. From the advisories of Redis (CVE-2024-31449, CVE-2024-46981, CVE-2025-46817 to
CVE-2025-46819, CVE-2025-49844) and of Valkey (the same, and CVE-2025-67733); a row holds for its
line of releases, and for older lines that get no release any more.
"""

from __future__ import annotations

import re

Release = tuple[int, ...]

_MENDED: dict[str, tuple[Release, ...]] = {
    "Redis": ((6, 2, 20), (7, 2, 11), (7, 4, 6), (8, 0, 4), (8, 2, 2)),
    "Valkey": ((7, 2, 12), (8, 0, 7), (8, 1, 6), (9, 0, 2)),
}


def parsed(number: str) -> Release:
    """Return the numbers of a release from a server's version; zeros if it has none."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", number)
    return tuple(int(each or 0) for each in found.groups()) if found else (0, 0, 0)


def mended_in(server: str, number: str) -> str:
    """Return the first release that fixes the faults of this one; "" if it has none that we know.

    This judges by the number alone; a distribution may fix its packages without a new number.
    """
    ours = parsed(number)
    for release in _MENDED.get(server, ()):
        if ours[:2] <= release[:2]:
            return ".".join(map(str, release)) if ours < release else ""
    return ""
