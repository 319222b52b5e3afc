"""The accounts that are dialled from, and their limits."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["accounts"])
