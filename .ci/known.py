"""Fail unless each package in a folder is one of those that `hashes.txt` knows.

    python .ci/known.py hashes.txt FOLDER

`pip --require-hashes` wants every requirement pinned, those of requirements as well, and ours say
ranges. So what pip has downloaded is looked at before any of it is installed.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path


def main(hashes: str, folder: str) -> int:
    """Name each file that is not known, and tell how many are."""
    known = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", Path(hashes).read_text()))
    files = sorted(Path(folder).iterdir())
    strange = [file.name for file in files if _digest(file) not in known]
    for name in strange:
        print(f"{name} is none of the files in {hashes}", file=sys.stderr)
    print(f"{len(files) - len(strange)} of {len(files)} packages are known")
    return 1 if strange or not files else 0


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
