"""Look the pinned packages up among published advisories: `make audit`.

Ends with 1 when one of them has an advisory. Where nothing can be looked up (no network, an index
without advisories) it says so and ends with 0: a check that can't be made is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def main(pip_audit: str, requirements: str) -> int:
    """Run pip-audit, and tell of what it finds."""
    found = _audited(pip_audit, requirements)
    looked_up = [package for package in found if "skip_reason" not in package]
    if not looked_up:
        print("notice: no advisories can be looked up from here: nothing was audited")
        return 0
    bad = [package for package in looked_up if package["vulns"]]
    for package in bad:
        for advisory in package["vulns"]:
            mended = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {advisory['id']}, mended in {mended}")
    left = len(found) - len(looked_up)
    print(
        f"{len(looked_up)} packages were looked up, {left} could not be, {len(bad)} have advisories"
    )
    return 1 if bad else 0


def _audited(pip_audit: str, requirements: str) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package; nothing when it could not say anything."""
    if not Path(pip_audit).is_file():
        return []
    words = [pip_audit, "--disable-pip", "--no-deps", "--requirement", requirements]
    words += ["--progress-spinner", "off", "--timeout", "15", "--format", "json"]
    try:
        told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
        return list(json.loads(told.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
