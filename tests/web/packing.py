"""Bytes as gzip packs them."""

from __future__ import annotations

import gzip


def packed(data: bytes) -> bytes:
    """Pack bytes, the same ones always to the same: the names of tests are made of them."""
    return gzip.compress(data, mtime=0)
